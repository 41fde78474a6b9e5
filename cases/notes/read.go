package notes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"case53/cases/custody"
)

// formatVersion is that of the lines. A file of a newer one is not read.
const formatVersion = 1

// What a line says.
const (
	actBegin  = "notes.begin"
	actChange = "notes.change"
	actUndo   = "notes.undo"
	actRedo   = "notes.redo"
	actTorn   = "notes.torn-line"
)

// Bounds of the file.
const (
	mostLineBytes = 16 << 20
	mostFile      = 128 << 20
)

// zero is the "prev" of the first line.
var zero = strings.Repeat("0", 64)

// entry is a line. Its first two keys stand as in the custody log, so that the same recipe checks the chain.
type entry struct {
	Seq    int             `json:"seq"`
	Prev   string          `json:"prev"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Tool   string          `json:"tool"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail"`
}

type (
	begun struct {
		FormatVersion int `json:"format_version"`
	}
	back struct {
		Line int `json:"line"` // of the change that is taken back, or holds again
	}
	torn struct {
		Cut  string `json:"cut"` // its beginning
		Size int    `json:"size"`
	}
)

// event is a line that was read.
type event struct {
	action string
	by     string
	at     time.Time
	change Change
	of     int // of an undo or a redo: the line of its change
}

// readOn reads what is in the file after what has been read. What is wrong with it becomes the fault; the error is of reading.
func (b *Book) readOn() error {
	if b.fault != nil {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() < b.read:
		b.fault = fmt.Errorf("%w: %s was cut back to %d bytes", ErrAltered, b.path, info.Size())
		return nil
	case info.Size() > mostFile:
		b.fault = fmt.Errorf("%w: %s has %d bytes, and no file of notes has more than %d", ErrAltered, b.path, info.Size(), int64(mostFile))
		return nil
	}
	was := len(b.lines)
	lines := bufio.NewReaderSize(io.NewSectionReader(f, b.read, info.Size()-b.read), 64<<10)
	for b.torn = nil; b.fault == nil; {
		line, err := custody.Line(lines, mostLineBytes)
		if err == io.EOF {
			b.torn = line
			break
		}
		if err == nil {
			err = b.take(line)
		} else if !errors.Is(err, custody.ErrLong) {
			return err
		}
		if err != nil {
			b.fault = fmt.Errorf("%w: %s, line %d: %w", ErrAltered, b.path, len(b.lines)+1, err)
		}
	}
	if len(b.lines) > was {
		b.state = fold(b.lines)
	}
	return nil
}

// take checks a line and adds it.
func (b *Book) take(line []byte) error {
	if !bytes.HasPrefix(line, fmt.Appendf(nil, `{"seq":%d,"prev":"%s",`, len(b.lines)+1, b.head)) {
		return errors.New("it does not follow the line before it")
	}
	var e entry
	if err := strictly(line, &e); err != nil {
		return err
	}
	ev := event{action: e.Action, by: e.Actor, at: e.At}
	if e.Actor == "" || len(e.Actor) > mostText || len(e.Tool) > mostText {
		return errors.New("it does not say who wrote it")
	}
	if (len(b.lines) == 0) != (e.Action == actBegin) {
		return fmt.Errorf("the first line is %s, and no other", actBegin)
	}
	if err := ev.read(e.Detail); err != nil {
		return err
	}
	if err := b.state.follows(ev); err != nil {
		return err
	}
	b.lines = append(b.lines, ev)
	b.state.stack(ev, len(b.lines))
	b.head = sumOf(line)
	b.read += int64(len(line)) + 1
	return nil
}

// read reads what a line says beside who and when.
func (ev *event) read(detail []byte) error {
	switch ev.action {
	case actBegin:
		var v begun
		if err := strictly(detail, &v); err != nil {
			return err
		}
		if v.FormatVersion != formatVersion {
			return fmt.Errorf("notes of format version %d; this program knows %d", v.FormatVersion, formatVersion)
		}
		return nil
	case actChange:
		if err := strictly(detail, &ev.change); err != nil {
			return err
		}
		return ev.change.check()
	case actUndo, actRedo:
		var v back
		err := strictly(detail, &v)
		ev.of = v.Line
		return err
	case actTorn:
		return strictly(detail, &torn{})
	}
	return fmt.Errorf("%.40q is nothing that notes say", ev.action)
}

// strictly reads one JSON object that has these keys and no others.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("it is no note: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is something after it")
	}
	return nil
}

// state is what the lines come to.
type state struct {
	notes, sets  []string // keys and names in the order in which they came
	byKey        map[string]*Note
	byName       map[string]*Set
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
	s := state{byKey: map[string]*Note{}, byName: map[string]*Set{}, done: map[string][]int{}, undone: map[string][]int{}}
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
			set = &Set{Name: c.Set}
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
			n = &Note{Target: t}
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
		has := map[string]bool{}
		for _, v := range set.Values {
			has[v.Key()] = true
		}
		return c.Unmake || slices.ContainsFunc(c.Add, func(v Target) bool { return !has[v.Key()] }) ||
			slices.ContainsFunc(c.Take, func(v Target) bool { return has[v.Key()] })
	}
	return slices.ContainsFunc(c.Targets, func(t Target) bool {
		n := s.byKey[t.Key()]
		if n == nil {
			n = &Note{Target: t}
		}
		return c.changes(n)
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
			all = append(all, n.clone())
		}
	}
	return all
}

func (n *Note) clone() Note {
	c := *n
	c.Tags, c.Comments, c.By = append([]string{}, n.Tags...), append([]Comment{}, n.Comments...), append([]string{}, n.By...)
	return c
}

// Find is what is kept of a target.
func (b *Book) Find(key string) (Note, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.state.byKey[key]; n != nil {
		return n.clone(), true
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
			c := *s
			c.Values, c.By = append([]Target{}, s.Values...), append([]string{}, s.By...)
			all = append(all, c)
		}
	}
	return all
}

// Set is a set by its name.
func (b *Book) Set(name string) (Set, bool) {
	for _, s := range b.Sets() {
		if s.Name == name {
			return s, true
		}
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
