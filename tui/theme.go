package tui

import (
	"image/color"

	"charm.land/lipgloss/v2"

	"case53/tui/grid"
)

// theme is the looks of the workbench; no other file names a colour. Whatever a colour says, a word or a letter says too.
type theme struct {
	plain, dim, strong, title lipgloss.Style
	good, warn, bad           lipgloss.Style
	bar, barNotice            lipgloss.Style // the status line
	cursor, cursorLine        lipgloss.Style
	head, headCursor, box     lipgloss.Style
	kind                      lipgloss.Style
	grid                      grid.Styles
	glyph                     glyphs
}

// glyphs are the signs that ASCII has no equal for.
type glyphs struct {
	crumb, null, dash, dots, more, cursor, to, ok, absent string
	atLeast, spin, up, down                               string
	border                                                lipgloss.Border
}

var unicodeGlyphs = glyphs{crumb: "›", null: "∅", dash: "–", dots: "…", more: "▾", cursor: "▸", to: "→", ok: "█", absent: "·",
	up: "▴", down: "▾", atLeast: "≥ ", spin: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", border: lipgloss.RoundedBorder()}

var asciiGlyphs = glyphs{crumb: ">", null: "-", dash: "-", dots: "~", more: "v", cursor: ">", to: "to", ok: "#", absent: ".",
	up: "^", down: "v", atLeast: ">=", spin: `|/-\`, border: lipgloss.ASCIIBorder()}

func newTheme(dark, ascii bool) theme {
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
	t := theme{
		plain: s(), dim: s().Foreground(faint), strong: s().Bold(true), title: s().Bold(true).Foreground(accent),
		good: s().Foreground(green), warn: s().Foreground(amber), bad: s().Bold(true).Foreground(red),
		bar: s().Background(barBg), barNotice: s().Background(barBg).Bold(true).Foreground(amber),
		cursor: s().Reverse(true), cursorLine: s().Background(rowBg),
		head: s().Bold(true).Underline(true), headCursor: s().Bold(true).Underline(true).Foreground(accent),
		kind:  s().Foreground(accent),
		glyph: unicodeGlyphs,
	}
	if ascii {
		t.glyph = asciiGlyphs
	}
	t.grid = t.gridStyles(ascii)
	t.box = s().Border(t.glyph.border).BorderForeground(accent).Padding(0, 1)
	return t
}

// gridStyles is the theme for a result.
func (t theme) gridStyles(ascii bool) grid.Styles {
	words := map[string]*lipgloss.Style{}
	for _, w := range []string{"REJECT", "BLOCK", "SKIPDATA"} {
		words[w] = &t.bad
	}
	for _, w := range []string{"NXDOMAIN", "SERVFAIL", "REFUSED", "ALERT", "NODATA"} {
		words[w] = &t.warn
	}
	return grid.Styles{Head: t.head, HeadCursor: t.headCursor, Cursor: t.cursor, CursorRow: t.cursorLine,
		Null: t.dim, Wait: t.dim, Words: words, ASCII: ascii}
}
