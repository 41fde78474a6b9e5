// Package spark draws counts in one line: a histogram over time.
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
