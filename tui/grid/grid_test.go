package grid_test

import (
	"fmt"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"pgregory.net/rapid"

	"case53/tui/grid"
)

func styles() grid.Styles {
	s := lipgloss.NewStyle
	red := s().Foreground(lipgloss.Color("1"))
	return grid.Styles{Head: s().Bold(true), HeadCursor: s().Bold(true).Underline(true), Cursor: s().Reverse(true), CursorRow: s().Faint(true),
		Null: s().Faint(true), Wait: s().Faint(true), Words: map[string]*lipgloss.Style{"REJECT": &red}}
}

func columns() []grid.Column {
	return []grid.Column{
		{Name: "start"},
		{Name: "srcaddr"},
		{Name: "bytes", Right: true},
		{Name: "action"},
		{Name: "empty"},
		{Name: "name"},
		{Name: "object_id", Hidden: true},
	}
}

// page makes the rows of a result of n rows that are on page p.
func page(p, n int) [][]grid.Cell {
	var rows [][]grid.Cell
	for i := p * grid.PageRows; i < min(n, (p+1)*grid.PageRows); i++ {
		name := []string{"www.example.com.", strings.Repeat("0123456789", 7) + ".tunnel.example.org.", "東京.example.", "evil\x1b[2J\u202e."}[i%4]
		rows = append(rows, []grid.Cell{
			{Text: fmt.Sprintf("10:%02d:%02d", i/60%60, i%60)},
			{Text: fmt.Sprintf("10.0.0.%d", i%250)},
			{Text: fmt.Sprint(i * 840)},
			{Text: []string{"ACCEPT", "REJECT"}[i%2]},
			{Null: true},
			{Text: name},
			{Text: "1"},
		})
	}
	return rows
}

// serve hands in what the grid wants until it wants nothing.
func serve(g *grid.Grid, n int) (pages []int) {
	for {
		p, ok := g.Want()
		if !ok {
			return pages
		}
		g.SetCount(min((p+1)*grid.PageRows, n), (p+1)*grid.PageRows >= n)
		g.Land(p, page(p, n))
		pages = append(pages, p)
	}
}

func TestView(t *testing.T) {
	for _, size := range [][2]int{{40, 6}, {80, 10}, {200, 10}} {
		for name, do := range map[string]func(*grid.Grid){
			"top": func(*grid.Grid) {}, "waiting": nil,
			"cursor": func(g *grid.Grid) { g.Down(3); g.Right(1) },
			"end":    func(g *grid.Grid) { g.Down(999); g.LastColumn() },
			"frozen": func(g *grid.Grid) { g.Freeze(); g.LastColumn() },
			"wide":   func(g *grid.Grid) { g.LastColumn(); g.Widen() },
			"hidden": func(g *grid.Grid) { g.Hide(1, true); g.Hide(0, true); g.Hide(6, false) },
		} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				g := grid.New(columns(), styles())
				g.Resize(size[0], size[1])
				if do != nil {
					serve(g, 1000)
					do(g)
					serve(g, 1000)
				}
				var out []string
				for _, l := range strings.Split(ansi.Strip(g.View()), "\n") {
					out = append(out, strings.TrimRight(l, " "))
				}
				golden.RequireEqual(t, strings.Join(out, "\n")+"\n")
			})
		}
	}
}

func TestWantsOnlyWhatIsNear(t *testing.T) {
	g := grid.New(columns(), styles())
	g.Resize(80, 24)
	if got := serve(g, 1_000_000); fmt.Sprint(got) != "[0]" {
		t.Errorf("at the top it wants pages %v", got)
	}
	g.Down(240)
	if got := serve(g, 1_000_000); fmt.Sprint(got) != "[1]" {
		t.Errorf("near the end of page 0 it wants pages %v", got)
	}
	g.Down(600_000)
	if row, _ := g.Cursor(); row != 600_240 {
		t.Errorf("rows not seen yet stopped the cursor at %d", row)
	}
	if got := serve(g, 1_000_000); len(got) == 0 || got[0] != (600_240-22)/grid.PageRows {
		t.Errorf("far down it wants pages %v", got)
	}
}

func TestEndOfResultStopsTheCursor(t *testing.T) {
	g := grid.New(columns(), styles())
	g.Resize(80, 24)
	g.Down(5000)
	serve(g, 300)
	if row, _ := g.Cursor(); row != 299 {
		t.Errorf("the cursor is on row %d of 300", row)
	}
	if _, ok := g.Cell(); !ok {
		t.Error("the last row is not at hand")
	}
}

func TestEmptyColumnReturnsWithItsFirstValue(t *testing.T) {
	g := grid.New(columns(), styles())
	g.Resize(120, 10)
	serve(g, 1000)
	if folded, empty := g.Folded(4); !folded || !empty {
		t.Fatal("a column without a value is drawn")
	}
	rows := page(2, 1000)
	rows[7][4] = grid.Cell{Text: "found"}
	g.Land(2, rows)
	if folded, _ := g.Folded(4); folded || !strings.Contains(g.View(), "empty") {
		t.Error("a value turned up, and its column is still folded")
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		right bool
		want  string
	}{
		{"abc", 5, false, "abc  "}, {"abc", 5, true, "  abc"}, {"abc", 3, false, "abc"},
		{"abcdefghijklmnop", 10, false, "abcd…(+12)"}, {"abcdefghijklm", 9, false, "abcd…(+9)"},
		{"abcdefgh", 5, false, "abcd…"}, {"ab", 1, false, "…"}, {"ab", 0, false, ""},
		{"東京東京東京", 9, false, "東京…(+4)"}, {"東京東京", 4, false, "東… "},
	} {
		if got := grid.Fit(c.s, c.width, c.right, false); got != c.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.s, c.width, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-z東京é ]{0,200}`).Draw(t, "s")
		width := rapid.IntRange(0, 100).Draw(t, "width")
		if got := grid.Fit(s, width, false, rapid.Bool().Draw(t, "ascii")); ansi.StringWidth(got) != width {
			t.Fatalf("Fit(%q, %d) = %q, %d wide", s, width, got, ansi.StringWidth(got))
		}
	})
}

// A value of megabytes costs no more than what is seen of it, and the count of what is not stays right.
func TestHugeValue(t *testing.T) {
	g := grid.New([]grid.Column{{Name: "a"}}, styles())
	g.Resize(40, 3)
	g.SetCount(1, true)
	g.Land(0, [][]grid.Cell{{{Text: strings.Repeat("é", 5_000_000)}}})
	if line := strings.Split(ansi.Strip(g.View()), "\n")[1]; strings.TrimRight(line, " ") != ">ééééé…(+4999995)" {
		t.Errorf("drawn as %q", line)
	}
}

// Whatever is done to it, a grid keeps to its size and its cursor to a column that is drawn.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 2000).Draw(t, "rows")
		g := grid.New(columns(), styles())
		w, h := 80, 24
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			by := rapid.IntRange(-30, 30).Draw(t, "by")
			switch rapid.IntRange(0, 11).Draw(t, "step") {
			case 0:
				w, h = rapid.IntRange(0, 130).Draw(t, "w"), rapid.IntRange(0, 50).Draw(t, "h")
				g.Resize(w, h)
			case 1:
				g.Down(by)
			case 2:
				g.PageDown(by)
			case 3:
				g.Right(by)
			case 4:
				_, col := g.Cursor()
				g.Hide(col, true)
			case 5:
				g.Hide(rapid.IntRange(0, 6).Draw(t, "col"), false)
			case 6:
				g.Widen()
			case 7:
				g.Freeze()
			case 8:
				g.End()
			case 9:
				g.Goto(rapid.IntRange(0, 6).Draw(t, "col"))
			case 10:
				serve(g, n)
			case 11:
				next := grid.New(columns(), styles())
				next.Like(g)
				g = next
				g.Resize(w, h)
			}
			lines := strings.Split(g.View(), "\n")
			if len(lines) > max(h, 1) {
				t.Fatalf("%d lines in %d", len(lines), h)
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > w {
					t.Fatalf("%d cells in %d: %q", ansi.StringWidth(l), w, ansi.Strip(l))
				}
			}
			row, col := g.Cursor()
			if folded, _ := g.Folded(col); folded || row < 0 {
				t.Fatalf("the cursor is on row %d, column %d", row, col)
			}
		}
	})
}

// BenchmarkKey is one key and the view after it, in a result of a million rows.
func BenchmarkKey(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {220, 60}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			g := grid.New(columns(), styles())
			g.Resize(size[0], size[1])
			g.SetCount(1_000_000, true)
			serve(g, 1_000_000)
			b.ReportAllocs()
			for b.Loop() {
				g.Down(1)
				serve(g, 1_000_000)
				_ = g.View()
			}
		})
	}
}
