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
	if len(c.Tag)+len(c.Untag)+len(c.Uncomment) > mostTags {
		return fmt.Errorf("a change of more than %d tags and comments at once", mostTags)
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

// size is how much a change gives and takes.
func (c Change) size() int {
	return len(c.Targets)*(1+len(c.Tag)+len(c.Untag)+len(c.Uncomment)) + len(c.Add) + len(c.Take)
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
