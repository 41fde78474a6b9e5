package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// table is events in rows and columns under a header: what the CloudWatch console, Logs Insights, PowerShell's Export-Csv,
// steampipe and Kibana save as CSV, with commas, semicolons or tabs, and what the console copies as a table drawn with "|".
// The columns may stand in any order, with others between them. Of CSV:
//
//   - A cell in quotes may hold delimiters, line ends, and quotes, doubled. A quote that never ends makes its line broken.
//   - Where the message is the last column and not in quotes, all that is left of the line is the message: whoever quotes no
//     cell quotes no delimiter.
//   - A row of another number of cells than the header has is broken.
//
// The blanks on both sides of a drawn cell are the table's. A row may have more bars than the header: they are the message's.
type table struct {
	name    string
	delim   byte
	columns []column
	header  []byte // as written
	message int    // its column
	notes   int    // lines before the header: #TYPE of PowerShell, sep= of Excel, the rule above a drawn one
	rest    []byte // a cell unescaped
}

// column is what a column says.
type column uint8

const (
	colOther column = iota
	colMessage
	colTime
	colIngestion
	colGroup
	colStream
	colOwner
	colID
)

// columnOf tells a column by its name.
func columnOf(name []byte) column {
	plain := plainName(bytes.TrimSpace(name))
	if plain == "message" || plain == "@message" || plain == "event.original" {
		return colMessage
	}
	var s said
	switch s.place(plain) {
	case &s.group:
		return colGroup
	case &s.stream:
		return colStream
	case &s.owner:
		return colOwner
	case &s.id:
		return colID
	case &s.at:
		return colTime
	case &s.ingested:
		return colIngestion
	}
	return colOther
}

// bareRow is a row of two cells without a header: a time in ms and a message in quotes, as jq's @csv writes
// [.timestamp, .message].
var bareRow = regexp.MustCompile(`^\d{13},"`)

// findTable finds a header that names the message, and with it the time, the stream or the group; or @message alone; or rows of
// a time and a message without a header.
func findTable(lines [][]byte) form {
	if bareRow.Match(lines[0]) {
		return &table{name: "csv", delim: ',', columns: []column{colTime, colMessage}, message: 1}
	}
	delims, notes := []byte(",;\t"), 0
	for ; notes < len(lines) && notes < 3; notes++ {
		switch line := lines[notes]; {
		case bytes.HasPrefix(line, []byte("#TYPE ")):
		case len(line) == len("sep=,") && bytes.HasPrefix(line, []byte("sep=")):
			delims = line[4:5]
		case rule(line):
		default:
			if line[0] == '|' {
				delims = []byte("|")
			}
			return tableOf(line, delims, notes)
		}
	}
	return nil
}

func tableOf(header, delims []byte, notes int) form {
	for _, delim := range delims {
		t := &table{name: "csv", delim: delim, header: bytes.Clone(header), message: -1, notes: notes}
		cells, ok := t.cells(header)
		if delim == '|' {
			t.name, ok = "table", true
			cells = drawnCells(header, -1, 0)
		}
		if !ok {
			continue
		}
		known, sure := 0, false
		for i, cell := range cells {
			cell = t.plain(cell)
			c := columnOf(cell)
			t.columns = append(t.columns, c)
			switch {
			case c == colMessage && t.message >= 0:
				return nil
			case c == colMessage:
				t.message, sure = i, opens(cell, '@')
			case c != colOther:
				known++
			}
		}
		if t.message >= 0 && (known > 0 || sure) {
			return t
		}
	}
	return nil
}

func (t *table) String() string { return t.name }

// rule says whether a line is one that a drawn table is ruled with.
func rule(line []byte) bool {
	return len(bytes.Trim(line, "-+=|: ")) == 0 && bytes.Contains(line, []byte("--"))
}

func (t *table) next(s *stream, r *Reader) (bool, error) {
	line, next, how := s.lineAt(r, 0)
	switch {
	case how == lineNone, how == lineLong:
		return s.line(r)
	case how == lineLast && s.err != io.EOF:
		return s.line(r) // broken, or half a record of a sound object
	case blank(line):
		return s.line(r)
	case t.notes > 0, t.header != nil && bytes.Equal(line, t.header), t.delim == '|' && rule(line):
		t.notes = max(t.notes-1, 0)
		s.pos += next
		s.note(r, t.name)
		r.put(Control, line, s.facts(r))
		return true, nil
	case t.delim == '|' && line[0] != '|':
		return s.line(r)
	case t.delim == '|':
		s.pos += next
		return t.row(s, r, line, drawnCells(line, len(t.columns), t.message)), nil
	}
	end, next, ok := t.extent(s, r)
	if !ok && s.failed() {
		return false, io.EOF
	}
	var cells [][]byte
	why := errors.New("a quote opens a cell of this line and does not end")
	if ok {
		if cells, ok = t.cells(s.bytes()[:end]); !ok {
			why = errors.New("a cell goes on behind its quotes")
		}
	}
	if !ok {
		s.skip(r, until{line: true, indent: -1})
		s.broken(r, why)
		return true, nil
	}
	row := s.bytes()[:end]
	s.pos += next
	return t.row(s, r, row, cells), nil
}

// extent finds the end of the row that begins here: a line's end outside of quotes.
func (t *table) extent(s *stream, r *Reader) (end, next int, ok bool) {
	quoted, start, closed, col := false, true, false, 0
	for i := 0; ; i++ {
		b := s.bytes()
		if i == len(b) {
			if i > r.opt.MaxRecord {
				return 0, 0, false
			}
			if !s.more() {
				return i, i, !quoted && s.err == io.EOF
			}
			b = s.bytes()
		}
		if start && b[i] != '"' && t.open(col) {
			line, next, how := s.lineAt(r, i)
			return i + len(line), next, how == lineWhole || how == lineLast && s.err == io.EOF
		}
		was := closed
		closed = false
		switch c := b[i]; {
		case c == '"' && quoted:
			quoted, closed = false, true
		case c == '"' && (start || was):
			quoted, start = true, false
		case quoted:
		case c == '\n':
			return i - cr(b, i), i + 1, true
		case c == t.delim:
			start = true
			col++
		default:
			start = false
		}
	}
}

// open says whether a cell without quotes in this column goes on to the end of its line.
func (t *table) open(col int) bool { return col == t.message && col == len(t.columns)-1 }

// cr is 1 where a carriage return stands before the line's end at i.
func cr(b []byte, i int) int {
	if i > 0 && b[i-1] == '\r' {
		return 1
	}
	return 0
}

// cells takes a row of CSV apart. A cell in quotes keeps them, so that it is told from one without.
func (t *table) cells(row []byte) (cells [][]byte, ok bool) {
	for {
		if t.open(len(cells)) && !opens(row, '"') {
			return append(cells, row), true
		}
		end := 0
		if opens(row, '"') {
			for end = 1; end < len(row); end++ {
				if row[end] == '"' {
					if end++; end == len(row) || row[end] != '"' {
						break
					}
				}
			}
			if end < 2 || row[end-1] != '"' || end < len(row) && row[end] != t.delim {
				return nil, false
			}
		} else if end = bytes.IndexByte(row, t.delim); end < 0 {
			end = len(row)
		}
		cells = append(cells, row[:end])
		if end == len(row) {
			return cells, true
		}
		row = row[end+1:]
	}
}

// drawnCells takes a drawn row apart. With more bars than columns, those too many are the message's.
func drawnCells(row []byte, columns, message int) [][]byte {
	row = bytes.TrimRight(row, " \t")
	cells := bytes.Split(bytes.TrimSuffix(bytes.TrimPrefix(row, []byte("|")), []byte("|")), []byte("|"))
	if more := len(cells) - columns; columns > 0 && more > 0 {
		whole := bytes.Join(cells[message:message+more+1], []byte("|"))
		cells = append(append(cells[:message:message], whole), cells[message+more+1:]...)
	}
	for i := range cells {
		cells[i] = bytes.TrimSpace(cells[i])
	}
	return cells
}

// row gives the message of a row's cells.
func (t *table) row(s *stream, r *Reader, row []byte, cells [][]byte) bool {
	if len(cells) != len(t.columns) {
		r.broken(row, fmt.Errorf("%d cells, and the header has %d", len(cells), len(t.columns)))
		return true
	}
	var h head
	for i, c := range t.columns {
		if c != colOther && c != colMessage {
			h.take(c, bytes.TrimSpace(t.plain(cells[i])))
		}
	}
	return s.headedMessage(r, t.name, t.plain(cells[t.message]), &h)
}

// plain is the text of a cell, valid until the next.
func (t *table) plain(cell []byte) []byte {
	if t.delim == '|' || !opens(cell, '"') {
		return cell
	}
	cell = cell[1 : len(cell)-1]
	if bytes.IndexByte(cell, '"') < 0 {
		return cell
	}
	t.rest = t.rest[:0]
	for i := 0; i < len(cell); i++ {
		t.rest = append(t.rest, cell[i])
		if cell[i] == '"' {
			i++
		}
	}
	return t.rest
}
