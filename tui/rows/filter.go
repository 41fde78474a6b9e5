package rows

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/safetext"
	"case53/tui/frame"
)

// The filter line, as the help of its prompt says it:
//
//	beacon                      rows with this text in any column
//	action=REJECT bytes>=1000   every word must hold; = != > >= < <=
//	srcaddr=10.0.0.0/8          an address in a block, where the column holds addresses; alone: in any such column
//	name~tunnel                 rows with this text in this column
//	!dstport=443  !beacon       rows for which it does not hold
//	rcode=-                     a missing value
//	"two words"                 quotes keep spaces and signs together
//
// A word that looks like a comparison but names no column is an error, not text: a slip must not look like an answer.

// filterHelp is what the prompt shows.
var filterHelp = []string{
	"text · field=value · field>=n · field~text · field=10.0.0.0/8",
	"!… turns a word round · field=- is missing · \"two words\"",
}

// parseFilter reads the filter line.
func parseFilter(line string, fs []field) ([]clause, error) {
	words, err := splitWords(line)
	if err != nil {
		return nil, err
	}
	var clauses []clause
	for _, w := range words {
		c, err := w.clause(fs)
		if err != nil {
			return nil, err
		}
		c.shown = w.shown
		clauses = append(clauses, c)
	}
	return clauses, nil
}

// word is one part of the filter line.
type word struct {
	not              bool
	field, op, value string // field and op are empty for plain text
	shown            string // as typed
}

// splitWords parts the line at spaces outside quotes. Signs within quotes are text.
func splitWords(line string) ([]word, error) {
	var words []word
	rest := strings.TrimLeft(line, " ")
	for rest != "" {
		w, after, err := readWord(rest)
		if err != nil {
			return nil, err
		}
		if w.value == "" && w.op == "" {
			return nil, errors.New("an empty word: what is to be found?")
		}
		words = append(words, w)
		rest = strings.TrimLeft(after, " ")
	}
	return words, nil
}

func readWord(s string) (w word, rest string, err error) {
	all := s
	if w.not = strings.HasPrefix(s, "!"); w.not {
		s = s[1:]
	}
	var b strings.Builder
	for s != "" && s[0] != ' ' {
		switch {
		case s[0] == '"':
			end := strings.IndexByte(s[1:], '"')
			if end < 0 {
				return w, "", errors.New(`a quote is not closed: "`)
			}
			b.WriteString(s[1 : 1+end])
			s = s[end+2:]
		case w.op == "" && operator(s) != "" && b.Len() > 0:
			w.op, w.field = operator(s), b.String()
			b.Reset()
			s = s[len(w.op):]
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	w.value = plainText(b.String())
	w.shown = all[:len(all)-len(s)]
	return w, s, nil
}

// operator is the comparison that s begins with, or "".
func operator(s string) string {
	for _, op := range []string{">=", "<=", "!=", "=", ">", "<", "~"} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

// plainText takes text as it was copied from the screen, escapes included; where there are none it stays as typed.
func plainText(s string) string {
	if t, err := safetext.Unshow(s); err == nil {
		return t
	}
	return s
}

func (w word) clause(fs []field) (clause, error) {
	if w.op == "" {
		return w.anywhere(fs), nil
	}
	f, err := findField(w.field, fs)
	if err != nil {
		return clause{}, err
	}
	not := w.not
	op := w.op
	if op == "!=" {
		op, not = "=", !not
	}
	switch {
	case op == "~":
		return negate(clause{sql: like(f.Name), arg: pattern(w.value)}, not), nil
	case op == "=" && w.value == "-":
		return f.is(cases.Cell{Null: true}, !not), nil
	case op == "=" && isBlock(w.value):
		return negate(f.in(w.value), not), nil
	}
	value, err := f.read(w.value)
	if err != nil {
		return clause{}, err
	}
	if op == "=" {
		return f.is(cases.Cell{Text: value}, !not), nil
	}
	if frame.IsNumber(f.Column) || frame.IsTime(f.Column) {
		return negate(clause{sql: quote(f.Name) + " " + op + " CAST(" + argMark + " AS " + f.castType() + ")", arg: value}, not), nil
	}
	if _, err := netip.ParseAddr(value); err == nil && f.number != "" {
		return negate(clause{sql: quote(f.number) + " " + op + " ip(" + argMark + ")", arg: value}, not), nil
	}
	return negate(clause{sql: quote(f.Name) + " " + op + " " + argMark, arg: value}, not), nil
}

// castType is the type to compare with; fractions may be compared with whole numbers.
func (f field) castType() string {
	if frame.IsNumber(f.Column) {
		return "DOUBLE"
	}
	return f.Type
}

// anywhere is a word without a field: an address block in the columns of addresses, else text in any column.
func (w word) anywhere(fs []field) clause {
	var parts []string
	c := clause{arg: w.value}
	if isBlock(w.value) {
		for _, f := range fs {
			if f.addresses() {
				parts = append(parts, f.in(w.value).sql)
			}
		}
	}
	if len(parts) == 0 {
		c.arg = pattern(w.value)
		for _, f := range fs {
			parts = append(parts, like(f.Name))
		}
	}
	c.sql = strings.Join(parts, " OR ")
	return negate(c, w.not)
}

// negate turns a condition round; where it cannot be told (a missing value), the row stays.
func negate(c clause, not bool) clause {
	if not {
		c.sql = "(" + c.sql + ") IS NOT TRUE"
	}
	return c
}

func like(column string) string {
	return "CAST(" + quote(column) + " AS VARCHAR) ILIKE " + argMark + ` ESCAPE '\'`
}

// pattern finds text as it stands.
func pattern(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func isBlock(s string) bool {
	_, err := netip.ParsePrefix(s)
	return err == nil
}

func (f field) addresses() bool { return f.Kind == "ip" || f.Kind == "rdata" }

func (f field) in(block string) clause {
	column := f.Name
	if f.number != "" {
		column = f.number
	}
	p := netip.MustParsePrefix(block).Masked()
	return clause{sql: "in_cidr(" + quote(column) + ", " + argMark + ")", arg: p.String()}
}

// read checks a value against the type of the column, and gives it as the database takes it.
func (f field) read(value string) (string, error) {
	switch {
	case frame.IsNumber(f.Column):
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return "", fmt.Errorf("%s holds numbers, and %q is none", safetext.Show(f.Name), value)
		}
	case frame.IsTime(f.Column):
		for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
			if t, err := time.Parse(form, value); err == nil {
				return t.UTC().Format(frame.CellTime), nil
			}
		}
		return "", fmt.Errorf("%s holds times: 2026-11-01, 2026-11-01T10:00 (UTC), or RFC 3339", safetext.Show(f.Name))
	}
	return value, nil
}

// findField finds a column by name; upper and lower case do not matter, nor - for _.
func findField(name string, fs []field) (field, error) {
	norm := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	var close []string
	for _, f := range fs {
		if norm(f.Name) == norm(name) {
			return f, nil
		}
		if strings.Contains(norm(f.Name), norm(name)) {
			close = append(close, f.Name)
		}
	}
	err := fmt.Errorf("no column is called %q here", name)
	if len(close) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, safetext.Show(strings.Join(close[:min(len(close), 4)], ", ")))
	}
	return field{}, err
}
