package notes

import (
	"slices"
	"time"
)

// kept is what the changes of one target come to.
type kept struct {
	target   Target
	marked   bool
	severity string
	tags, by ordered[string, string]
	comments ordered[int, Comment] // by their lines
	at       time.Time
}

// note is what is kept, as a copy.
func (n *kept) note() Note {
	return Note{Target: n.target, Marked: n.marked, Tags: n.tags.values(), Severity: n.severity, Comments: n.comments.values(), By: n.by.values(), At: n.at}
}

// changes says whether the note would be another after the change.
func (n *kept) changes(c Change) bool {
	switch {
	case c.Remove:
		return !n.empty()
	case c.Mark != nil && *c.Mark != n.marked, c.Severity != nil && *c.Severity != n.severity, c.Comment != "":
		return true
	}
	return slices.ContainsFunc(c.Tag, func(t string) bool { return !n.tags.has(t) }) || slices.ContainsFunc(c.Untag, n.tags.has) ||
		slices.ContainsFunc(c.Uncomment, n.comments.has)
}

// empty says whether nothing is kept.
func (n *kept) empty() bool {
	return !n.marked && n.tags.len() == 0 && n.severity == "" && n.comments.len() == 0
}

// take applies a change.
func (n *kept) take(c Change, line int, by string, at time.Time) {
	if !n.changes(c) {
		return
	}
	if c.Remove {
		*n = kept{target: n.target}
		return
	}
	if c.Mark != nil {
		n.marked = *c.Mark
	}
	if c.Severity != nil {
		n.severity = *c.Severity
	}
	for _, t := range c.Untag {
		n.tags.drop(t)
	}
	for _, t := range c.Tag {
		n.tags.add(t, t)
	}
	for _, of := range c.Uncomment {
		n.comments.drop(of)
	}
	if c.Comment != "" {
		n.comments.add(line, Comment{line, by, at, c.Comment})
	}
	n.at = at
	n.by.add(by, by)
}

// keptSet is what the changes of a set come to.
type keptSet struct {
	name   string
	values ordered[string, Target]
	by     ordered[string, string]
	at     time.Time
}

// set is the set, as a copy.
func (s *keptSet) set() Set {
	return Set{Name: s.name, Values: s.values.values(), By: s.by.values(), At: s.at}
}

// take applies a change.
func (s *keptSet) take(c Change, by string, at time.Time) {
	for _, v := range c.Take {
		s.values.drop(v.Key())
	}
	for _, v := range c.Add {
		s.values.add(v.Key(), v)
	}
	s.at = at
	s.by.add(by, by)
}

// ordered are values, each once, in the order in which they came. However many there are, one more costs the same: a file of somebody
// else's may say a million of them.
type ordered[K comparable, V any] struct {
	at   map[K]int // in all
	all  []placed[K, V]
	gone int // places whose value was dropped
}

type placed[K comparable, V any] struct {
	key   K
	value V
	gone  bool
}

func (o *ordered[K, V]) has(key K) bool { _, ok := o.at[key]; return ok }

func (o *ordered[K, V]) len() int { return len(o.at) }

// add adds a value at the end, unless it is there.
func (o *ordered[K, V]) add(key K, value V) {
	if o.has(key) {
		return
	}
	if o.at == nil {
		o.at = map[K]int{}
	}
	o.at[key] = len(o.all)
	o.all = append(o.all, placed[K, V]{key: key, value: value})
}

// drop takes a value out.
func (o *ordered[K, V]) drop(key K) {
	i, ok := o.at[key]
	if !ok {
		return
	}
	delete(o.at, key)
	o.all[i] = placed[K, V]{gone: true}
	if o.gone++; o.gone <= len(o.all)/2 {
		return
	}
	o.all, o.gone = slices.DeleteFunc(o.all, func(p placed[K, V]) bool { return p.gone }), 0
	for i, p := range o.all {
		o.at[p.key] = i
	}
}

// values are a copy of them; not nil.
func (o *ordered[K, V]) values() []V {
	all := make([]V, 0, len(o.at))
	for _, p := range o.all {
		if !p.gone {
			all = append(all, p.value)
		}
	}
	return all
}
