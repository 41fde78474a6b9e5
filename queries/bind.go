package queries

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"case53/cases/words"
)

// Bind reads the values given for q's parameters and returns the SQL with its arguments, one per parameter and one for
// each number of an address that the SQL uses. The SQL
// is always q.SQL: a value is only ever an argument. The arguments are string, int64, float64, bool, time.Time (UTC)
// or nil.
func (q *Query) Bind(values map[string]string) (sql string, args map[string]any, err error) {
	args = make(map[string]any, len(q.Params))
	var given []string
	for name := range values {
		given = append(given, name)
	}
	sort.Strings(given)
	for _, name := range given {
		if q.Param(name) == nil {
			return "", nil, fmt.Errorf("%s has no parameter %q\nhint: %s", q.ID, name, q.takes())
		}
	}
	for _, p := range q.Params {
		text, ok := values[p.Name]
		if args[p.Name], err = p.bind(text, ok); err != nil {
			return "", nil, fmt.Errorf("%s: %w", q.ID, err)
		}
	}
	for _, n := range q.numbers {
		args[n.arg] = n.bind(args[n.param])
	}
	return q.SQL, args, nil
}

// bind reads one value. An empty one counts as left out: a form that is not filled in gives empty texts.
func (p *Param) bind(text string, given bool) (any, error) {
	k := kindOf(p.Kind)
	if !given || text == "" {
		switch {
		case p.Required:
			return nil, fmt.Errorf("parameter %s is missing: %s\nhint: -p %s=%s", p.Name, p.Doc, p.Name, words.ShellLine(k.example))
		case given && p.Kind == "capture": // named as empty: all captures, whatever the default
			return "", nil
		case p.Default == "":
			return k.absent, nil
		}
		text = p.Default
	}
	value, err := k.read(text)
	if err == nil {
		return value, nil
	}
	if errors.Is(err, errShape) {
		return nil, fmt.Errorf("parameter %s: %q is not of kind %s\nhint: %s", p.Name, text, p.Kind, k.accepts)
	}
	if strings.Contains(err.Error(), "\nhint: ") {
		return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
	}
	return nil, fmt.Errorf("parameter %s: %q: %w\nhint: %s", p.Name, text, err, k.accepts)
}

// takes says which parameters there are, in a line.
func (q *Query) takes() string {
	if len(q.Params) == 0 {
		return "it takes none"
	}
	var names []string
	for _, p := range q.Params {
		name := p.Name
		if p.Required {
			name += " (required)"
		}
		names = append(names, name)
	}
	return "it takes " + strings.Join(names, ", ")
}
