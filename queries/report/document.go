package report

import (
	"strings"

	"case53/cases/safetext"
	"case53/cases/words"
)

// text is text that is made safe when it is written. html/template asks for its String.
type text string

func (t text) String() string { return safetext.Show(string(t)) }

// code is text that is meant to be copied: safetext would double its backslashes, so it is left alone where all of it can
// be seen.
type code string

func (c code) String() string {
	lines := strings.Split(string(c), "\n")
	for _, line := range lines {
		if bare := strings.ReplaceAll(line, `\`, ""); safetext.Show(bare) != bare {
			for i := range lines {
				lines[i] = safetext.Show(lines[i])
			}
			break
		}
	}
	return strings.Join(lines, "\n")
}

// span is a piece of a paragraph or cell.
type span struct {
	Style string // "", strong, code; high, medium, low and info for a severity
	Text  text
}

// The kinds of a block.
const (
	isHeading = "heading"
	isPara    = "para"
	isList    = "list"
	isTable   = "table"
	isCode    = "code"
	isPicture = "picture"
)

// block is a part of a document.
type block struct {
	Kind    string
	Level   int    // of a heading: 2 to 4
	ID      string // of a heading of level 2
	Spans   []span // of a heading or paragraph
	Items   [][]span
	Head    []column
	Rows    [][][]span
	Code    code
	Picture picture
}

// column is a column of a table.
type column struct {
	Title text
	Right bool // numbers
	Whole bool // times, which no line ends in
}

// picture is drawn, or written where there is nothing to draw on.
type picture struct {
	Title         text
	Width, Height int
	Labels        []label
	Rects         []rect
	Text          []text // lines of the same width for each character
}

// label is text in a picture.
type label struct {
	X, Y   float64
	Anchor string // start or end
	Text   text
}

// rect is a box in a picture. Class says what it means.
type rect struct {
	X, Y, W, H float64
	Class      string
	Title      text
}

// document is blocks under a title.
type document struct {
	Title  text
	Blocks []block
}

func (d *document) add(b block) { d.Blocks = append(d.Blocks, b) }

// section begins a part that the table of contents names.
func (d *document) section(id, title string) {
	d.add(block{Kind: isHeading, Level: 2, ID: id, Spans: plain(title)})
}

func (d *document) heading(level int, spans ...span) {
	d.add(block{Kind: isHeading, Level: level, Spans: spans})
}

func (d *document) para(spans ...span) { d.add(block{Kind: isPara, Spans: spans}) }

func (d *document) say(text string) { d.para(plain(text)...) }

func (d *document) list(items ...[]span) {
	if len(items) > 0 {
		d.add(block{Kind: isList, Items: items})
	}
}

func (d *document) code(text string) { d.add(block{Kind: isCode, Code: code(text)}) }

// table adds a table; a title that ends in "#" is of a column of numbers.
func (d *document) table(titles []string, rows [][][]span) {
	head := make([]column, len(titles))
	for i, t := range titles {
		head[i] = column{text(strings.TrimSuffix(t, "#")), strings.HasSuffix(t, "#"), strings.HasSuffix(t, "(UTC)")}
	}
	d.add(block{Kind: isTable, Head: head, Rows: rows})
}

// facts is a table of names and values.
func (d *document) facts(facts []Fact) {
	var rows [][][]span
	for _, f := range facts {
		rows = append(rows, [][]span{plain(f.Name), plain(f.Value)})
	}
	d.table([]string{"", ""}, rows)
}

func plain(s string) []span  { return []span{{"", text(s)}} }
func strong(s string) []span { return []span{{"strong", text(s)}} }
func exact(s string) []span  { return []span{{"code", text(s)}} }

func number(n int64) []span { return plain(words.Count(n)) }
