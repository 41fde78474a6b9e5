package notes

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// state is what the lines come to.
type state struct {
	notes, sets  []string // keys and names in the order in which they came
	byKey        map[string]*kept
	byName       map[string]*keptSet
	done, undone map[string][]int // by person: lines of changes that hold, and of those that were taken back, the newest last
}

// follows says whether an undo or a redo is of the change that it can be of.
func (s *state) follows(ev event) error {
	stack := s.done[ev.by]
	switch ev.action {
	case actRedo:
		stack = s.undone[ev.by]
	case actUndo:
	default:
		return nil
	}
	if len(stack) == 0 || stack[len(stack)-1] != ev.of {
		return fmt.Errorf("it is an %s of line %d, which is not the change to take back", strings.TrimPrefix(ev.action, "notes."), ev.of)
	}
	return nil
}

// stack notes what can be undone and redone after a line.
func (s *state) stack(ev event, line int) {
	last := func(stack []int) []int { return stack[:len(stack)-1] }
	switch ev.action {
	case actChange:
		s.done[ev.by], s.undone[ev.by] = append(s.done[ev.by], line), nil
	case actUndo:
		s.done[ev.by], s.undone[ev.by] = last(s.done[ev.by]), append(s.undone[ev.by], ev.of)
	case actRedo:
		s.undone[ev.by], s.done[ev.by] = last(s.undone[ev.by]), append(s.done[ev.by], ev.of)
	}
}

// fold makes the state from all lines: the changes that hold, in their order.
func fold(lines []event) state {
	s := state{byKey: map[string]*kept{}, byName: map[string]*keptSet{}, done: map[string][]int{}, undone: map[string][]int{}}
	for i, ev := range lines {
		s.stack(ev, i+1)
	}
	var holds []int
	for _, done := range s.done {
		holds = append(holds, done...)
	}
	slices.Sort(holds)
	for _, line := range holds {
		ev := lines[line-1]
		s.apply(ev.change, line, ev.by, ev.at)
	}
	return s
}

func (s *state) apply(c Change, line int, by string, at time.Time) {
	if c.Set != "" {
		if c.Unmake {
			delete(s.byName, c.Set)
		}
		set := s.byName[c.Set]
		if set == nil && len(c.Add) > 0 {
			set = &keptSet{name: c.Set}
			s.byName[c.Set], s.sets = set, append(s.sets, c.Set)
		}
		if set != nil {
			set.take(c, by, at)
		}
		return
	}
	for _, t := range c.Targets {
		key := t.Key()
		n := s.byKey[key]
		if n == nil {
			n = &kept{target: t}
			s.byKey[key], s.notes = n, append(s.notes, key)
		}
		if n.take(c, line, by, at); n.empty() {
			delete(s.byKey, key)
		}
	}
}

// would says whether a change changes anything.
func (s *state) would(c Change) bool {
	if c.Set != "" {
		set := s.byName[c.Set]
		if set == nil {
			return len(c.Add) > 0
		}
		return c.Unmake || slices.ContainsFunc(c.Add, func(v Target) bool { return !set.values.has(v.Key()) }) ||
			slices.ContainsFunc(c.Take, func(v Target) bool { return set.values.has(v.Key()) })
	}
	return slices.ContainsFunc(c.Targets, func(t Target) bool {
		n := s.byKey[t.Key()]
		if n == nil {
			n = &kept{target: t}
		}
		return n.changes(c)
	})
}

// Notes are what is kept, in the order in which it was first kept. They are copies.
func (b *Book) Notes() []Note {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Note
	seen := map[string]bool{}
	for _, key := range b.state.notes { // one that was removed and kept again stands twice
		if n := b.state.byKey[key]; n != nil && !seen[key] {
			seen[key] = true
			all = append(all, n.note())
		}
	}
	return all
}

// Find is what is kept of a target.
func (b *Book) Find(key string) (Note, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.state.byKey[key]; n != nil {
		return n.note(), true
	}
	return Note{}, false
}

// Sets are the named sets, in the order in which they were made.
func (b *Book) Sets() []Set {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Set
	seen := map[string]bool{}
	for _, name := range b.state.sets {
		if s := b.state.byName[name]; s != nil && !seen[name] {
			seen[name] = true
			all = append(all, s.set())
		}
	}
	return all
}

// Set is a set by its name.
func (b *Book) Set(name string) (Set, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.state.byName[name]; s != nil {
		return s.set(), true
	}
	return Set{}, false
}

// Tags are all tags, in the order of the alphabet.
func (b *Book) Tags() []string {
	var tags []string
	for _, n := range b.Notes() {
		tags = append(tags, n.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}
