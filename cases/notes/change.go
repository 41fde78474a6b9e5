package notes

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Severities are what a note can have, the worst first, as findings have them.
var Severities = []string{"high", "medium", "low", "info"}

// Change is what one act of the examiner does, to one target or to several, or to a set. It is one line of the file, and is undone as one.
type Change struct {
	Targets   []Target `json:"targets,omitempty"`
	Mark      *bool    `json:"mark,omitempty"`
	Tag       []string `json:"tag,omitempty"`
	Untag     []string `json:"untag,omitempty"`
	Severity  *string  `json:"severity,omitempty"` // "" takes it off
	Comment   string   `json:"comment,omitempty"`
	Uncomment []int    `json:"uncomment,omitempty"` // lines whose comments are taken off
	Remove    bool     `json:"remove,omitempty"`    // all that is kept of the targets is taken off

	Set    string   `json:"set,omitempty"` // a set that gets values and loses values
	Add    []Target `json:"add,omitempty"`
	Take   []Target `json:"take,omitempty"`
	Unmake bool     `json:"unmake,omitempty"` // the set goes
	From   string   `json:"from,omitempty"`   // how the values were found, in words: union of a and b
}

// Marks is a change that sets the mark of targets, or takes it off.
func Marks(on bool, targets ...Target) Change { return Change{Targets: targets, Mark: &on} }

// Note is what is kept of one target.
type Note struct {
	Target
	Marked   bool      `json:"marked"`
	Tags     []string  `json:"tags"`
	Severity string    `json:"severity,omitempty"`
	Comments []Comment `json:"comments"`
	By       []string  `json:"by"` // whose changes made it what it is, the first first
	At       time.Time `json:"at"` // of the last change
}

// Comment is what somebody said of a target. Line is that of the file, and names it.
type Comment struct {
	Line int       `json:"line"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Set is values under a name.
type Set struct {
	Name   string    `json:"name"`
	Values []Target  `json:"values"`
	By     []string  `json:"by"`
	At     time.Time `json:"at"`
}

// Texts are the values as lists take them, each once.
func (s Set) Texts() []string {
	var texts []string
	for _, v := range s.Values {
		texts = append(texts, v.Value)
	}
	return texts
}

// check says what is wrong with a change, of one's own or of a file.
func (c Change) check() error {
	if len(c.Targets) > MostTargets || len(c.Add)+len(c.Take) > 20*MostTargets {
		return fmt.Errorf("a change of more than %d rows and values at once", MostTargets)
	}
	about := len(c.Targets) > 0
	if about == (c.Set != "") || c.Set != "" && !c.Unmake && len(c.Add)+len(c.Take) == 0 {
		return errors.New("a change is of targets, or of a set")
	}
	for _, t := range slices.Concat(c.Targets, c.Add, c.Take) {
		if err := t.check(); err != nil {
			return err
		}
	}
	for _, t := range slices.Concat(c.Add, c.Take) {
		if t.Kind == Row {
			return errors.New("a set holds values, not rows")
		}
	}
	for _, tag := range slices.Concat(c.Tag, c.Untag) {
		if err := CheckName(tag); err != nil {
			return err
		}
	}
	if c.Set != "" {
		if err := CheckName(c.Set); err != nil {
			return err
		}
	}
	if c.Severity != nil && *c.Severity != "" && !slices.Contains(Severities, *c.Severity) {
		return fmt.Errorf("%.40q is no severity: there are %v", *c.Severity, Severities)
	}
	if c.Comment != "" {
		return checkComment(c.Comment)
	}
	return nil
}

// changes says whether the note would be another after the change.
func (c Change) changes(n *Note) bool {
	switch {
	case c.Remove:
		return !n.empty()
	case c.Mark != nil && *c.Mark != n.Marked, c.Severity != nil && *c.Severity != n.Severity, c.Comment != "":
		return true
	}
	return slices.ContainsFunc(c.Tag, func(t string) bool { return !slices.Contains(n.Tags, t) }) ||
		slices.ContainsFunc(c.Untag, func(t string) bool { return slices.Contains(n.Tags, t) }) ||
		slices.ContainsFunc(n.Comments, func(k Comment) bool { return slices.Contains(c.Uncomment, k.Line) })
}

// empty says whether nothing is kept.
func (n *Note) empty() bool {
	return !n.Marked && len(n.Tags) == 0 && n.Severity == "" && len(n.Comments) == 0
}

// take applies a change.
func (n *Note) take(c Change, line int, by string, at time.Time) {
	if !c.changes(n) {
		return
	}
	if c.Remove {
		*n = Note{Target: n.Target}
		return
	}
	if c.Mark != nil {
		n.Marked = *c.Mark
	}
	if c.Severity != nil {
		n.Severity = *c.Severity
	}
	n.Tags = slices.DeleteFunc(n.Tags, func(t string) bool { return slices.Contains(c.Untag, t) })
	for _, t := range c.Tag {
		if !slices.Contains(n.Tags, t) {
			n.Tags = append(n.Tags, t)
		}
	}
	n.Comments = slices.DeleteFunc(n.Comments, func(k Comment) bool { return slices.Contains(c.Uncomment, k.Line) })
	if c.Comment != "" {
		n.Comments = append(n.Comments, Comment{line, by, at, c.Comment})
	}
	if n.At = at; !slices.Contains(n.By, by) {
		n.By = append(n.By, by)
	}
}

// take applies a change.
func (s *Set) take(c Change, by string, at time.Time) {
	taken, has := map[string]bool{}, map[string]bool{}
	for _, v := range c.Take {
		taken[v.Key()] = true
	}
	s.Values = slices.DeleteFunc(s.Values, func(v Target) bool { return taken[v.Key()] })
	for _, v := range s.Values {
		has[v.Key()] = true
	}
	for _, v := range c.Add {
		if !has[v.Key()] {
			has[v.Key()] = true
			s.Values = append(s.Values, v)
		}
	}
	if s.At = at; !slices.Contains(s.By, by) {
		s.By = append(s.By, by)
	}
}

// Union is the values of sets, each once; Difference those of the first that no other has.
func Union(sets ...Set) []Target {
	var all []Target
	seen := map[string]bool{}
	for _, s := range sets {
		for _, v := range s.Values {
			if !seen[v.Key()] {
				seen[v.Key()] = true
				all = append(all, v)
			}
		}
	}
	return all
}

// Difference is the values of a set that none of the others has.
func Difference(of Set, others ...Set) []Target {
	seen := map[string]bool{}
	for _, v := range Union(others...) {
		seen[v.Key()] = true
	}
	return slices.DeleteFunc(slices.Clone(of.Values), func(v Target) bool { return seen[v.Key()] })
}
