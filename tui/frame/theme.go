package frame

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"case53/tui/grid"
)

// Theme is the looks of the workbench; no other file names a colour. Whatever a colour says, a word or a letter says too.
type Theme struct {
	Plain, Dim, Strong, Title lipgloss.Style
	Good, Warn, Bad           lipgloss.Style
	Bar, BarNotice            lipgloss.Style // the status line
	Cursor, cursorLine        lipgloss.Style
	head, headCursor, Box     lipgloss.Style
	Kind                      lipgloss.Style
	Grid                      grid.Styles
	accent                    color.Color
	Glyph                     glyphs
}

// glyphs are the signs that ASCII has no equal for.
type glyphs struct {
	Crumb, Null, Dash, Dots, More, Cursor, To, OK, NoData, Absent string
	Some, PartGone                                                string
	AtLeast, Spin, Up, Down, Mark                                 string
	border                                                        lipgloss.Border
}

var unicodeGlyphs = glyphs{Crumb: "›", Null: "∅", Dash: "–", Dots: "…", More: "▾", Cursor: "▸", To: "→", OK: "█", NoData: "░", Absent: "·",
	Some: "▓", PartGone: "▒", Mark: "●", Up: "▴", Down: "▾", AtLeast: "≥ ", Spin: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", border: lipgloss.RoundedBorder()}

var asciiGlyphs = glyphs{Crumb: ">", Null: "-", Dash: "-", Dots: "~", More: "v", Cursor: ">", To: "to", OK: "#", NoData: "-", Absent: ".",
	Some: "+", PartGone: ":", Mark: "*", Up: "^", Down: "v", AtLeast: ">=", Spin: `|/-\`, border: lipgloss.ASCIIBorder()}

func NewTheme(dark, ascii bool) Theme {
	pick := lipgloss.LightDark(dark)
	hue := func(light, dark string) color.Color { return pick(lipgloss.Color(light), lipgloss.Color(dark)) }
	var (
		faint  = hue("#6c6c6c", "#8a8a8a")
		accent = hue("#005f87", "#5fafd7")
		green  = hue("#00720a", "#87d787")
		amber  = hue("#8a5a00", "#ffaf5f")
		red    = hue("#b00020", "#ff7b7b")
		barBg  = hue("#e4e4e4", "#303030")
		rowBg  = hue("#eeeeee", "#262626")
	)
	s := lipgloss.NewStyle
	t := Theme{
		Plain: s(), Dim: s().Foreground(faint), Strong: s().Bold(true), Title: s().Bold(true).Foreground(accent),
		Good: s().Foreground(green), Warn: s().Foreground(amber), Bad: s().Bold(true).Foreground(red),
		Bar: s().Background(barBg), BarNotice: s().Background(barBg).Bold(true).Foreground(amber),
		Cursor: s().Reverse(true), cursorLine: s().Background(rowBg),
		head: s().Bold(true).Underline(true), headCursor: s().Bold(true).Underline(true).Foreground(accent),
		Kind:  s().Foreground(accent),
		Glyph: unicodeGlyphs, accent: accent,
	}
	if ascii {
		t.Glyph = asciiGlyphs
	}
	t.Grid = t.gridStyles(ascii)
	t.Box = s().Border(t.Glyph.border).BorderForeground(accent).Padding(0, 1)
	return t
}

// gridStyles is the theme for a result.
func (t Theme) gridStyles(ascii bool) grid.Styles {
	words := map[string]*lipgloss.Style{}
	for _, w := range []string{"REJECT", "BLOCK", "SKIPDATA"} {
		words[w] = &t.Bad
	}
	for _, w := range []string{"NXDOMAIN", "SERVFAIL", "REFUSED", "ALERT", "NODATA"} {
		words[w] = &t.Warn
	}
	return grid.Styles{Head: t.head, HeadCursor: t.headCursor, Cursor: t.Cursor, CursorRow: t.cursorLine,
		Null: t.Dim, Wait: t.Dim, Mark: t.Strong, Words: words, ASCII: ascii,
		Sought: lipgloss.NewStyle().Bold(true).Reverse(true).Foreground(t.accent)}
}
