package queries

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseError is a fault in a query file.
type ParseError struct {
	Path string
	Line int // 0 when the fault is the whole file's
	Err  error
}

func (e *ParseError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
}

func (e *ParseError) Unwrap() error { return e.Err }

const maxFile = 1 << 20

var (
	idForm     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	fieldForm  = regexp.MustCompile(`^([a-z_-]+):(?:\s+(.*))?$`)
	identForm  = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	firstWords = []string{"select", "with", "from"}
)

// columnKinds are the kinds that a column may have beside the kinds of parameters.
var columnKinds = []string{"bytes", "count", "flag", "json", "object", "port", "protocol", "rdata", "sha256", "subnet", "uri"}

// parse reads one query file. name is its path in its folder, shown the path to name in errors.
func parse(name, shown string, text []byte) (*Query, error) {
	p := &parser{q: &Query{Path: shown, Columns: map[string]string{}}}
	p.q.ID = strings.TrimSuffix(path.Base(name), ".sql")
	if p.q.Group = path.Base(path.Dir(name)); p.q.Group == "." {
		p.q.Group = "own"
	}
	err := p.file(text)
	if err != nil {
		return nil, &ParseError{Path: shown, Line: p.line, Err: err}
	}
	return p.q, nil
}

// parser walks the comment header line by line; line is where an error is to be reported.
type parser struct {
	q       *Query
	line    int
	field   string // the field that a further line belongs to: "", cannot or param
	doc     []string
	pending []string // the present paragraph of prose
	steps   []*steps // shared ones, before the query's own
	lines   map[string]int
}

func (p *parser) file(text []byte) error {
	if !idForm.MatchString(p.q.ID) {
		return fmt.Errorf("the name %q is not lower-case words joined by hyphens", p.q.ID)
	}
	if len(text) > maxFile {
		return fmt.Errorf("%d bytes, more than a query file may have (%d)", len(text), maxFile)
	}
	if !utf8.Valid(text) {
		return fmt.Errorf("not valid UTF-8")
	}
	p.lines = map[string]int{}
	rest := strings.TrimPrefix(string(text), "\ufeff")
	for n := 1; ; n++ {
		line, after, _ := strings.Cut(rest, "\n")
		comment, ok := strings.CutPrefix(strings.TrimRight(line, " \t\r"), "--")
		if !ok {
			break
		}
		p.line = n
		if err := p.header(strings.TrimSpace(comment)); err != nil {
			return err
		}
		rest = after
	}
	p.endParagraph()
	p.q.Doc = strings.Join(p.doc, "\n\n")
	p.line++
	if err := p.body(rest); err != nil {
		return err
	}
	return p.whole()
}

func (p *parser) header(text string) error {
	switch m := fieldForm.FindStringSubmatch(text); {
	case p.q.Title == "":
		if text == "" || m != nil {
			return fmt.Errorf("the first line must be the title")
		}
		p.q.Title = text
	case text == "":
		p.endParagraph()
		p.field = ""
	case m != nil:
		p.endParagraph()
		return p.keyed(m[1], strings.TrimSpace(m[2]))
	case p.field == "cannot":
		p.q.Cannot += " " + text
	case isHuntField(p.field):
		return p.q.Hunt.more(p.field, text)
	case p.field == "param":
		last := &p.q.Params[len(p.q.Params)-1]
		last.Doc += " " + text
	case p.field != "":
		return fmt.Errorf("%s: takes one line", p.field)
	default:
		p.pending = append(p.pending, text)
	}
	return nil
}

func (p *parser) endParagraph() {
	if len(p.pending) > 0 {
		p.doc = append(p.doc, strings.Join(p.pending, " "))
		p.pending = nil
	}
}

func (p *parser) keyed(key, value string) error {
	p.field = key
	if value == "" {
		return fmt.Errorf("%s: is empty", key)
	}
	once := slices.Contains([]string{"cannot", "needs", "uses", "pivot", "page", "records", "steps"}, key) || isHuntField(key) && key != "step"
	if once && p.lines[key] > 0 {
		return fmt.Errorf("%s: is given twice", key)
	}
	p.lines[key] = p.line
	switch key {
	case "cannot":
		p.q.Cannot = value
	case "needs", "uses":
		return p.views(key, value)
	case "one-of":
		return p.oneOf(value)
	case "pivot":
		p.q.Pivot = value
	case "page":
		return p.page(value)
	case "records":
		if !idForm.MatchString(value) {
			return fmt.Errorf("records: %q is not the name of a query", value)
		}
		p.q.Records = value
	case "steps":
		return p.shared(value)
	case "column":
		return p.column(value)
	case "param":
		return p.param(value)
	default:
		if !isHuntField(key) {
			return fmt.Errorf("unknown key %q, want cannot, needs, one-of, uses, steps, param, column, pivot, page or records", key)
		}
		if p.q.Hunt == nil {
			p.q.Hunt = &Hunt{}
		}
		return p.q.Hunt.set(key, value)
	}
	return nil
}

// views takes the views that are needed, or used where they have records.
func (p *parser) views(key, value string) error {
	list := map[string]*[]string{"needs": &p.q.Needs, "uses": &p.q.Uses}[key]
	for _, view := range items(value) {
		if err := p.view(key, view); err != nil {
			return err
		}
		*list = append(*list, view)
	}
	return nil
}

// oneOf takes views of which one at least must have records.
func (p *parser) oneOf(value string) error {
	group := items(value)
	if len(group) < 2 {
		return fmt.Errorf("one-of: takes two views or more, has %q", value)
	}
	p.q.OneOf = append(p.q.OneOf, nil)
	for _, view := range group {
		if err := p.view("one-of", view); err != nil {
			return err
		}
		last := len(p.q.OneOf) - 1
		p.q.OneOf[last] = append(p.q.OneOf[last], view)
	}
	return nil
}

// view makes sure that a key names a view, and one that is not named yet.
func (p *parser) view(key, name string) error {
	if !identForm.MatchString(name) {
		return fmt.Errorf("%s: %q is not the name of a view", key, name)
	}
	if slices.Contains(p.q.Reads(), name) {
		return fmt.Errorf("%s: %s is named twice", key, name)
	}
	return nil
}

// items parts a list at commas and spaces.
func items(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
}

func (p *parser) column(value string) error {
	words := strings.Fields(value)
	if len(words) != 2 {
		return fmt.Errorf("column: takes a name and a kind, has %q", value)
	}
	name, kind := words[0], words[1]
	if !IsKind(kind) {
		return fmt.Errorf("column: unknown kind %q", kind)
	}
	if _, ok := p.q.Columns[name]; ok {
		return fmt.Errorf("column: %s is named twice", name)
	}
	p.q.Columns[name] = kind
	return nil
}

func (p *parser) param(value string) error {
	name, rest := word(value)
	kind, rest := word(rest)
	switch {
	case !identForm.MatchString(name):
		return fmt.Errorf("param: %q is not a name of lower-case letters, digits and _", name)
	case p.q.Param(name) != nil:
		return fmt.Errorf("param: %s is declared twice", name)
	}
	if _, ok := kinds[kind]; !ok {
		return fmt.Errorf("param: %s: unknown kind %q, want one of %s", name, kind, strings.Join(Kinds(), " "))
	}
	param := Param{Name: name, Kind: kind, Doc: rest}
	switch first, after := word(rest); first {
	case "required":
		param.Required, param.Doc = true, after
	case "=":
		var err error
		if param.Default, param.Doc, err = defaultValue(after); err != nil {
			return fmt.Errorf("param: %s: %w", name, err)
		}
		if _, err := kinds[kind].read(param.Default); err != nil {
			return fmt.Errorf("param: %s: the default %q is not accepted: %w", name, param.Default, err)
		}
	}
	if param.Doc == "" {
		return fmt.Errorf("param: %s has no description", name)
	}
	p.q.Params = append(p.q.Params, param)
	p.lines["$"+name] = p.line
	return nil
}

// defaultValue takes a value off the front: a word, or '…'.
func defaultValue(text string) (value, rest string, err error) {
	quoted, ok := strings.CutPrefix(text, "'")
	if !ok {
		if value, rest = word(text); value == "" {
			return "", "", fmt.Errorf("= without a value")
		}
		return value, rest, nil
	}
	value, rest, ok = strings.Cut(quoted, "'")
	if !ok {
		return "", "", fmt.Errorf("the quote of the default is not closed")
	}
	if value == "" {
		return "", "", fmt.Errorf("the default is empty\nhint: leave it out")
	}
	return value, strings.TrimSpace(rest), nil
}

func word(text string) (first, rest string) {
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, " \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// body takes the SQL: one statement, which uses just the parameters declared.
func (p *parser) body(sql string) error {
	first := p.line
	scan, err := scanSQL(sql)
	if err != nil {
		p.line = first + scan.line
		return err
	}
	p.q.SQL = p.withSteps(sql[:scan.end], scan.first)
	if p.q.Hunt != nil {
		p.q.Hunt.prefix = p.withSteps(sql[:scan.last], scan.first)
	}
	if !slices.Contains(firstWords, scan.firstWord) {
		p.line = first
		return fmt.Errorf("the query starts with %q, want SELECT, WITH or FROM", scan.firstWord)
	}
	return p.parameters(scan.params, first)
}

// parameters checks that those declared are those used, by the SQL from the line first on or by shared steps.
func (p *parser) parameters(own []usedParam, first int) error {
	used := map[string]bool{}
	use := func(name string) bool {
		if number, ok := p.q.addressNumber(name); ok {
			if !slices.ContainsFunc(p.q.numbers, func(n numberOf) bool { return n.arg == number.arg }) {
				p.q.numbers = append(p.q.numbers, number)
			}
			name = number.param
		}
		used[name] = true
		return p.q.Param(name) != nil
	}
	for _, u := range own {
		if !use(u.name) {
			p.line = first + u.line
			return fmt.Errorf("$%s is used but not declared", u.name)
		}
	}
	for _, s := range p.steps {
		for _, u := range s.params {
			if !use(u.name) {
				p.line = p.lines["steps"]
				return fmt.Errorf("$%s is used by the steps but not declared", u.name)
			}
		}
	}
	for _, param := range p.q.Params {
		if !used[param.Name] {
			p.line = p.lines["$"+param.Name]
			return fmt.Errorf("$%s is declared but not used", param.Name)
		}
	}
	return nil
}

// whole checks what only the whole file can show.
func (p *parser) whole() error {
	p.line = 0
	switch {
	case p.q.Title == "":
		return fmt.Errorf("no title\nhint: the first line must be a comment: -- What the query asks")
	case p.q.Cannot == "":
		return fmt.Errorf("no cannot: paragraph\nhint: say what the answer cannot tell")
	case len(p.q.Needs) == 0:
		return fmt.Errorf("no needs: line\nhint: name the views that the query reads")
	case p.q.Pivot != "" && p.q.firstRequired() == nil:
		p.line = p.lines["pivot"]
		return fmt.Errorf("pivot: needs a required parameter to take the value")
	case p.q.Page.Part != "" && p.q.firstRequired() == nil:
		p.line = p.lines["page"]
		return fmt.Errorf("page: needs a required parameter to take the value")
	case p.q.Hunt != nil:
		for _, view := range p.q.Hunt.NeedsAll {
			if !slices.Contains(p.q.Reads(), view) {
				p.line = p.lines["needs-all"]
				return fmt.Errorf("needs-all: %s is not among the views that the hunt reads", view)
			}
		}
		return p.q.Hunt.whole()
	case p.q.Group == huntGroup:
		return fmt.Errorf("a query in the folder %s is a hunt: %s are missing", huntGroup, strings.Join(huntFields[:4], ", "))
	}
	return nil
}
