package queries

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// stepsFolder holds what several built-in queries begin with. Its files are no queries.
const stepsFolder = "steps"

// steps are the WITH steps of a file that queries name in their front matter.
type steps struct {
	sql    string // name AS (…), …
	params []usedParam
}

// sharedSteps reads the files of steps, by name.
var sharedSteps = sync.OnceValues(func() (map[string]*steps, error) {
	files, err := fs.Glob(builtin, stepsFolder+"/*.sql")
	if err != nil {
		return nil, err
	}
	all := map[string]*steps{}
	for _, file := range files {
		text, err := fs.ReadFile(builtin, file)
		if err != nil {
			return nil, err
		}
		if all[strings.TrimSuffix(path.Base(file), ".sql")], err = parseSteps(string(text)); err != nil {
			return nil, &ParseError{Path: file, Err: err}
		}
	}
	return all, nil
})

// parseSteps reads a file of steps: a comment that says what they are, then WITH and the steps.
func parseSteps(text string) (*steps, error) {
	if !strings.HasPrefix(text, "-- ") {
		return nil, fmt.Errorf("no title\nhint: the first line must be a comment: -- What the steps give")
	}
	scan, err := scanSQL(text)
	if err != nil {
		return nil, err
	}
	if scan.firstWord != "with" || scan.last > 0 || scan.end < len(text) {
		return nil, fmt.Errorf("takes WITH and steps, without a SELECT or a semicolon after them")
	}
	return &steps{strings.TrimSpace(text[scan.first+len("with"):]), scan.params}, nil
}

// shared takes the names of files of steps.
func (p *parser) shared(value string) error {
	all, err := sharedSteps()
	if err != nil {
		return err
	}
	for _, name := range items(value) {
		s := all[name]
		if s == nil {
			return fmt.Errorf("steps: none are called %q\nhint: there are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
		if slices.Contains(p.steps, s) {
			return fmt.Errorf("steps: %s is named twice", name)
		}
		p.steps = append(p.steps, s)
	}
	return nil
}

// withSteps puts the shared steps in front of the query's own; first is where the SQL's first word is.
func (p *parser) withSteps(sql string, first int) string {
	if len(p.steps) == 0 {
		return strings.TrimSpace(sql)
	}
	lists := make([]string, len(p.steps))
	for i, s := range p.steps {
		lists[i] = s.sql
	}
	first = min(first, len(sql))
	lead, rest := "WITH ", "\n"+sql[first:]
	if own, ok := afterWord(sql[first:], "with"); ok {
		if after, ok := afterWord(own, "recursive"); ok {
			lead, own = "WITH RECURSIVE ", after
		}
		rest = ", " + own
	}
	return strings.TrimSpace(sql[:first] + lead + strings.Join(lists, ", ") + rest)
}

// afterWord is what follows a word that the SQL begins with.
func afterWord(sql, first string) (rest string, ok bool) {
	n := wordLen(sql)
	return strings.TrimSpace(sql[n:]), strings.EqualFold(sql[:n], first)
}
