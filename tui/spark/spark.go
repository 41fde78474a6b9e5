// Package spark draws counts in one line: a histogram over time, and a bar that is split among parts.
//
// Rules: a count that is not zero is never drawn as nothing, however small its share; drawing needs no colour; ascii
// draws with ASCII only. The package knows nothing of cases, styles or screens.
package spark

import "strings"

var (
	blocks      = []rune("▁▂▃▄▅▆▇█")
	asciiBlocks = []rune(".:-=+*#@")
)

// Line draws counts as a histogram of the given width. More counts than width are added up in equal steps; fewer are
// drawn one cell each. Zero is a space.
func Line(counts []int64, width int, ascii bool) string {
	if width <= 0 || len(counts) == 0 {
		return ""
	}
	steps := blocks
	if ascii {
		steps = asciiBlocks
	}
	cells := squeeze(counts, width)
	var most int64
	for _, n := range cells {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range cells {
		if n <= 0 {
			b.WriteByte(' ')
			continue
		}
		at := int(float64(n) / float64(most) * float64(len(steps)-1))
		b.WriteRune(steps[min(at, len(steps)-1)])
	}
	return b.String()
}

// squeeze adds counts up into at most width cells.
func squeeze(counts []int64, width int) []int64 {
	if len(counts) <= width {
		return counts
	}
	cells := make([]int64, width)
	for i, n := range counts {
		cells[i*width/len(counts)] += max(n, 0)
	}
	return cells
}

// Split shares width among parts in proportion. Every part that is not zero gets a cell while there are cells, so that
// one lost minute in a month still shows; the largest part pays for it.
func Split(parts []int64, width int) []int {
	cells := make([]int, len(parts))
	var sum int64
	for _, n := range parts {
		sum += max(n, 0)
	}
	if sum == 0 || width <= 0 {
		return cells
	}
	used := 0
	for i, n := range parts {
		if n > 0 {
			cells[i] = max(1, int(float64(n)/float64(sum)*float64(width)))
			used += cells[i]
		}
	}
	for ; used != width; used = total(cells) {
		i := largest(cells)
		if used > width && cells[i] <= 1 { // more parts than cells: the last ones go
			cells[lastNonZero(cells)] = 0
			continue
		}
		cells[i] += width - used
		cells[i] = max(cells[i], 1)
	}
	return cells
}

func total(cells []int) (n int) {
	for _, c := range cells {
		n += c
	}
	return n
}

func largest(cells []int) (at int) {
	for i, c := range cells {
		if c > cells[at] {
			at = i
		}
	}
	return at
}

func lastNonZero(cells []int) (at int) {
	for i, c := range cells {
		if c > 0 {
			at = i
		}
	}
	return at
}
