package queries

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/sahilm/fuzzy"

	"case53/cases/words"
)

//go:embed sql/groups.txt
var groups string

//go:embed sql/*/*.sql
var embedded embed.FS

// builtin is the folder of the built-in queries, a folder a group, and of the steps that they share.
var builtin = func() fs.FS {
	folder, err := fs.Sub(embedded, "sql")
	if err != nil {
		panic(err) // only a name that is no path
	}
	return folder
}()

// groupOrder is the order in which groups are listed; others follow by name.
var groupOrder = strings.Fields(groups)

// Set is the saved queries at hand.
type Set struct {
	// Problems are the user's files that could not be read, each naming file and line.
	Problems []error
	byID     map[string]*Query
}

// Folder is a folder of a user's queries whose files are named with their whole path in messages.
type Folder struct {
	fs.FS
	Dir string
}

// Dir is a folder on disk. It need not exist.
func Dir(dir string) Folder { return Folder{os.DirFS(dir), dir} }

// Load reads the built-in queries and lays the users' folders over them, the later over the earlier: a query of the
// same ID replaces the one before. The error is about the built-in ones; faults in folders are in Set.Problems.
func Load(user ...fs.FS) (*Set, error) {
	s := &Set{byID: map[string]*Query{}}
	s.add(builtin, ours)
	if len(s.Problems) > 0 {
		return nil, errors.Join(s.Problems...)
	}
	for _, folder := range user {
		s.add(folder, users)
	}
	return s, nil
}

// AddOfCase adds the queries that a case brings along. It may be a stranger's: one with the name of a query that is there
// already is a problem, and left out. The titles of those that are added say whose they are.
func (s *Set) AddOfCase(folder fs.FS) { s.add(folder, aCase) }

// Who wrote a folder of queries.
type author int

const (
	ours author = iota
	users
	aCase
)

// add lays one folder over what is there.
func (s *Set) add(folder fs.FS, by author) {
	here := map[string]string{} // ID to path, within this folder
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			if name == "." && errors.Is(err, fs.ErrNotExist) {
				return fs.SkipAll
			}
			s.Problems = append(s.Problems, &ParseError{Path: shownPath(folder, name), Err: err})
			return nil
		}
		if base := d.Name(); d.IsDir() && (name != "." && strings.HasPrefix(base, ".") || by == ours && name == stepsFolder) {
			return fs.SkipDir
		} else if d.IsDir() || !strings.HasSuffix(base, ".sql") || strings.HasPrefix(base, ".") {
			return nil
		}
		var q *Query
		if by == aCase && !d.Type().IsRegular() { // a link may lead out of the case
			err = &ParseError{Path: shownPath(folder, name), Err: errors.New("not a regular file")}
		} else {
			q, err = readQuery(folder, name)
		}
		if err == nil && here[q.ID] != "" {
			err = &ParseError{Path: q.Path, Err: fmt.Errorf("%s has the name %s too", here[q.ID], q.ID)}
		}
		if err == nil && by == aCase && s.byID[q.ID] != nil {
			err = &ParseError{Path: q.Path, Err: fmt.Errorf("%s is %s already: a case's own queries add to others, and replace none", q.ID, s.byID[q.ID].Path)}
		}
		if err != nil {
			s.Problems = append(s.Problems, err)
			return nil
		}
		here[q.ID] = q.Path
		if q.Builtin = by == ours; by == aCase {
			q.OfCase, q.Title = true, "of the case: "+q.Title
		}
		if old := s.byID[q.ID]; old != nil {
			q.Replaces = old.Path
		}
		s.byID[q.ID] = q
		return nil
	})
	if err != nil {
		s.Problems = append(s.Problems, err)
	}
}

func readQuery(folder fs.FS, name string) (*Query, error) {
	shown := shownPath(folder, name)
	info, err := fs.Stat(folder, name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file")
	}
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%d bytes, more than a query file may have (%d)", info.Size(), maxFile)
	}
	var text []byte
	if err == nil {
		text, err = fs.ReadFile(folder, name)
	}
	if err != nil {
		return nil, &ParseError{Path: shown, Err: err}
	}
	return parse(name, shown, text)
}

func shownPath(folder fs.FS, name string) string {
	if f, ok := folder.(Folder); ok {
		return filepath.Join(f.Dir, filepath.FromSlash(name))
	}
	return name
}

// All lists the queries by group, then by name.
func (s *Set) All() []*Query {
	all := make([]*Query, 0, len(s.byID))
	for _, q := range s.byID {
		all = append(all, q)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.Group != b.Group {
			return groupLess(a.Group, b.Group)
		}
		return a.ID < b.ID
	})
	return all
}

func groupLess(a, b string) bool {
	i, j := slices.Index(groupOrder, a), slices.Index(groupOrder, b)
	switch {
	case i >= 0 && j >= 0:
		return i < j
	case i >= 0 || j >= 0:
		return i >= 0
	}
	return a < b
}

// Groups lists the groups in the order of All.
func (s *Set) Groups() []string {
	var groups []string
	for _, q := range s.All() {
		if !slices.Contains(groups, q.Group) {
			groups = append(groups, q.Group)
		}
	}
	return groups
}

// Get finds a query by its ID; nil when there is none.
func (s *Set) Get(id string) *Query { return s.byID[id] }

// Pivots lists the queries that a value of the kind can be followed into.
func (s *Set) Pivots(kind string) []*Query {
	var pivots []*Query
	for _, q := range s.All() {
		if p := q.Entry(); p != nil && p.Kind == kind {
			pivots = append(pivots, q)
		}
	}
	return pivots
}

// Find finds a query by a name as typed: case, "_" for "-", a group before a slash and the ending .sql do not matter.
// When there is none, it suggests up to five that were perhaps meant.
func (s *Set) Find(name string) (q *Query, suggestions []string) {
	id := strings.ReplaceAll(strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), ".sql")), "_", "-")
	group, last, ok := strings.Cut(id, "/")
	if !ok {
		group, last = "", id
	}
	if q := s.byID[last]; q != nil && (group == "" || group == q.Group) {
		return q, nil
	}
	return nil, s.suggest(last)
}

func (s *Set) suggest(typed string) []string {
	var ids []string
	for _, q := range s.All() {
		ids = append(ids, q.ID)
	}
	close := words.Near(typed, ids)
	for _, m := range fuzzy.Find(typed, ids) {
		if !slices.Contains(close, m.Str) {
			close = append(close, m.Str)
		}
	}
	return close[:min(len(close), 5)]
}
