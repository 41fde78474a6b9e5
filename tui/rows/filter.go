package rows

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/safetext"
	"case53/queries"
	"case53/tui/frame"
)

// The filter line, as the help of its prompt says it:
//
//	beacon                      rows with this text in any column
//	action=REJECT bytes>=1000   every word must hold; = != > >= < <=
//	srcaddr=10.0.0.0/8          an address in a block, where the column holds addresses; alone: in any such column
//	start>=2026-11-01 10:00     a time, in the zone on view unless it says another; time>=… is the column that rows are in order of
//	dstport=1..1023             a number or a time from one to another, both with it; bytes>=5MB, 10k
//	query_name=.example.org     a name and all names under it; alone: in any column of names
//	name~tunnel                 rows with this text in this column
//	!dstport=443  !beacon       rows for which it does not hold
//	rcode=-                     a missing value
//	"two words"                 quotes keep spaces and signs together
//
// A word that looks like a comparison but names no column, or gives a value that the column cannot hold, is an error, not
// text: a slip must not look like an answer.

// filterHelp is what the prompt shows.
func filterHelp(e *frame.Env) []string {
	return []string{
		"text · field=value · field>=n · field~text · field=10.0.0.0/8 · field=.example.org",
		"!… turns a word round · field=- is missing · \"two words\" · port=1..1023 · bytes>5MB",
		"time>=2026-11-01 10:00 is read in " + e.ZoneName() + ", the zone on view",
	}
}

// parseFilter reads the filter line.
func parseFilter(e *frame.Env, line string, fs []field) ([]clause, error) {
	words, err := splitWords(line)
	if err != nil {
		return nil, err
	}
	var clauses []clause
	for i := 0; i < len(words); i++ {
		w := words[i]
		var used int
		if w, used = withTime(e, w, words[i+1:], fs); used > 0 {
			i += used
		}
		c, err := w.clause(e, fs)
		if err != nil {
			return nil, err
		}
		if c.shown == "" {
			c.shown = w.shown
		}
		c.typed = w.shown
		clauses = append(clauses, c)
	}
	return clauses, nil
}

var (
	dateForm = regexp.MustCompile(`^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$`)
	hourForm = regexp.MustCompile(`^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?$`)
)

// withTime joins a date and the words after it that go on with it, the hour and the zone, and says how many these are.
func withTime(e *frame.Env, w word, after []word, fs []field) (word, int) {
	plain := func(o word) bool { return !o.not && o.op == "" && !o.quoted }
	if w.quoted || !dateForm.MatchString(w.value) || w.op == "~" || len(after) == 0 || !plain(after[0]) || !hourForm.MatchString(after[0].value) {
		return w, 0
	}
	if f, err := findField(w.field, fs); w.op != "" && (err != nil || !frame.IsTime(f.Column)) {
		return w, 0
	}
	w.value, w.shown = w.value+" "+after[0].value, w.shown+" "+after[0].shown
	if len(after) > 1 && plain(after[1]) {
		if _, err := e.ReadMoment(w.value + " " + after[1].value); err == nil {
			w.value, w.shown = w.value+" "+after[1].value, w.shown+" "+after[1].shown
			return w, 2
		}
	}
	return w, 1
}

// word is one part of the filter line.
type word struct {
	not              bool
	field, op, value string // field and op are empty for plain text
	shown            string // as typed
	quoted           bool   // its value, or a part of it
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
			w.quoted = true
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

func (w word) clause(e *frame.Env, fs []field) (clause, error) {
	if w.op == "" {
		if strings.Contains(w.value, " ") && !w.quoted {
			return clause{}, fmt.Errorf("a time needs its column: time>=%s", w.value)
		}
		if e.Zone != time.UTC && (dateForm.MatchString(w.value) || hourForm.MatchString(w.value)) {
			return clause{}, fmt.Errorf("text is looked for in times as they are in UTC, and the screen shows %s: time>=2026-11-01 10:00 compares",
				e.ZoneName())
		}
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
	case op == "~" && frame.IsTime(f.Column) && e.Zone != time.UTC:
		return clause{}, fmt.Errorf("text is looked for in times as they are in UTC, and the screen shows %s: >= and < compare", e.ZoneName())
	case op == "~":
		return negate(clause{sql: like(f.Name), arg: pattern(w.value)}, not), nil
	case op == "=" && w.value == "-" && !w.quoted:
		return f.is(cases.Cell{Null: true}, !not), nil
	case op == "=" && isBlock(w.value) && !w.quoted && (f.addresses() || f.Kind == "" && f.Type == "VARCHAR"):
		return negate(f.in(w.value), not), nil
	case op == "=" && isBlock(w.value) && !w.quoted && f.Type != "VARCHAR":
		return clause{}, fmt.Errorf("%s holds no addresses, and %s is a block of them", safetext.Show(f.Name), w.value)
	case op == "=" && f.names() && isDomain(w.value) && !w.quoted:
		return negate(f.under(w.value), not), nil
	case op == "=" && strings.Contains(w.value, "..") && !w.quoted && (frame.IsTime(f.Column) || frame.IsNumber(f.Column)):
		return f.between(e, w, not)
	case frame.IsTime(f.Column):
		return f.moment(e, w, op, not)
	}
	value, err := f.read(w.value, op)
	if err != nil {
		return clause{}, err
	}
	if op == "=" {
		return f.is(cases.Cell{Text: value}, !not), nil
	}
	if frame.IsNumber(f.Column) {
		return negate(clause{sql: quote(f.Name) + " " + op + " CAST(" + argMark + " AS " + f.castType() + ")", arg: value}, not), nil
	}
	if _, err := netip.ParseAddr(value); err == nil && f.number != "" {
		return negate(clause{sql: quote(f.number) + " " + op + " ip(" + argMark + ")", arg: value}, not), nil
	}
	return negate(clause{sql: quote(f.Name) + " " + op + " " + argMark, arg: value}, not), nil
}

// moment compares with a time. What is shown says how it was read.
func (f field) moment(e *frame.Env, w word, op string, not bool) (clause, error) {
	t, err := e.ReadMoment(w.value)
	switch {
	case err != nil && !errors.Is(err, frame.ErrNoTime):
		return clause{}, fmt.Errorf("%s: %w", safetext.Show(f.Name), err)
	case err != nil:
		return clause{}, fmt.Errorf("%s holds times, and %q is none: 2026-11-01, 2026-11-01 10:00 (%s), or RFC 3339",
			safetext.Show(f.Name), w.value, e.ZoneName())
	}
	value := t.Format(frame.CellTime)
	c := negate(clause{sql: quote(f.Name) + " " + op + " CAST(" + argMark + " AS " + f.Type + ")", arg: value}, not)
	if op == "=" {
		c = f.is(cases.Cell{Text: value}, !not)
	}
	c.shown = f.Name + op + e.Stamp(t)
	if not {
		c.shown = "!" + c.shown
	}
	return c, nil
}

// castType is the type to compare numbers with; fractions may be compared with whole numbers. What is short is compared so,
// as it is shown so: 0.1 is not more than 0.1.
func (f field) castType() string {
	if f.Type == "FLOAT" {
		return "FLOAT"
	}
	return "DOUBLE"
}

// anywhere is a word without a field: an address block in the columns of addresses, else text in any column.
func (w word) anywhere(fs []field) clause {
	var parts []string
	c := clause{arg: w.value, any: true}
	if isDomain(w.value) && !w.quoted {
		for _, f := range fs {
			if f.names() {
				parts = append(parts, f.under(w.value).sql)
				c.arg = f.under(w.value).arg
			}
		}
	}
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

// isDomain reports whether a word stands for a name and all names under it: .example.org, or *.example.org.
func isDomain(s string) bool {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(s, "*"), ".")
	return ok && strings.Trim(rest, ".") != "" && !strings.Contains(rest, "..")
}

func (f field) names() bool {
	return f.Type == "VARCHAR" && (f.Kind == "name" || f.Kind == "domain" || f.Kind == "rdata")
}

// under is the condition that a name is a domain, or lies under it. Names are the same in upper and lower case, with a final dot
// and without.
func (f field) under(domain string) clause {
	name := "rtrim(lower(" + quote(f.Name) + "), '.')"
	domain = strings.ToLower(strings.Trim(strings.TrimPrefix(domain, "*"), "."))
	return clause{sql: name + " = " + argMark + " OR ends_with(" + name + ", '.' || " + argMark + ")", arg: domain}
}

// between is the condition that a number or a time is from one to another, both with it.
func (f field) between(e *frame.Env, w word, not bool) (clause, error) {
	from, to, _ := strings.Cut(w.value, "..")
	ends := make([]string, 2)
	for i, text := range []string{from, to} {
		if frame.IsTime(f.Column) {
			t, err := e.ReadMoment(text)
			if err != nil {
				return clause{}, fmt.Errorf("%s: %q: %w", safetext.Show(f.Name), text, err)
			}
			ends[i] = t.Format(frame.CellTime)
			continue
		}
		var err error
		if ends[i], err = f.read(text, ">="); err != nil {
			return clause{}, err
		}
	}
	typ := f.castType()
	if frame.IsTime(f.Column) {
		typ = f.Type
	}
	end := func(i int) string {
		return fmt.Sprintf("CAST((%s)[%d] AS %s)", "string_split("+argMark+", '..')", i, typ)
	}
	return negate(clause{sql: quote(f.Name) + " BETWEEN " + end(1) + " AND " + end(2), arg: strings.Join(ends, "..")}, not), nil
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

// exact are the kinds whose values have a form: a text of another form is the value of no row.
var exact = map[string]string{"ip": "addresses", "account": "accounts", "instance": "instances", "interface": "interfaces", "vpc": "VPCs",
	"hosted_zone": "hosted zones"}

// whole are the types of whole numbers with their bounds, as far as a number of 64 bits goes.
var whole = map[string][2]float64{"TINYINT": {-1 << 7, 1<<7 - 1}, "SMALLINT": {-1 << 15, 1<<15 - 1}, "INTEGER": {-1 << 31, 1<<31 - 1},
	"BIGINT": {-1 << 63, 1<<63 - 1}, "HUGEINT": {-1 << 127, 1 << 127}, "UTINYINT": {0, 1<<8 - 1}, "USMALLINT": {0, 1<<16 - 1},
	"UINTEGER": {0, 1<<32 - 1}, "UBIGINT": {0, 1<<64 - 1}, "UHUGEINT": {0, 1 << 128}}

// read checks that a value can be one of the column's, and gives it as the database takes it.
func (f field) read(value, op string) (string, error) {
	name := safetext.Show(f.Name)
	if holds, ok := exact[f.Kind]; ok {
		accepts, ok := queries.Accepts(f.Kind, value)
		if !ok {
			return "", fmt.Errorf("%s holds %s, and %q is none: %s; %s~%s finds text", name, holds, value, accepts, name, safetext.Show(value))
		}
	}
	switch {
	case frame.IsNumber(f.Column):
		value = plainNumber(value)
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) && whole[f.Type] != [2]float64{} {
			return "", fmt.Errorf("%s holds numbers, and %q is none", name, value)
		}
		if f.Kind == "port" && (n < 0 || n > 65535) {
			return "", fmt.Errorf("%s holds ports, 0 to 65535, and %s is none", name, value)
		}
		if bounds, ok := whole[f.Type]; ok && op == "=" && (n != math.Trunc(n) || n < bounds[0] || n > bounds[1]) {
			return "", fmt.Errorf("%s holds whole numbers, and can never be %s", name, value)
		}
	case f.Type == "BOOLEAN":
		if _, ok := queries.Accepts("bool", strings.ToLower(value)); !ok {
			return "", fmt.Errorf("%s holds true and false, and %q is neither", name, value)
		}
	}
	return value, nil
}

var unitForm = regexp.MustCompile(`^([0-9]{1,15})(k|M|G|T|Ki|Mi|Gi|Ti)?B?$`)

// units are what letters behind a number stand for.
var units = map[string]int64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}

// plainNumber writes a number with a unit, 5MB or 10k, without it. What is none stays as it is.
func plainNumber(text string) string {
	m := unitForm.FindStringSubmatch(text)
	if m == nil || m[1] == text {
		return text
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	if n > math.MaxInt64/units[m[2]] {
		return text
	}
	return strconv.FormatInt(n*units[m[2]], 10)
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
	if norm(name) == "time" {
		for _, f := range fs { // the first, which is the one that rows are in order of
			if frame.IsTime(f.Column) {
				return f, nil
			}
		}
	}
	err := fmt.Errorf("no column is called %q here", name)
	if len(close) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, safetext.Show(strings.Join(close[:min(len(close), 4)], ", ")))
	}
	return field{}, err
}
