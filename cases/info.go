package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases/internal/layout"
	"case53/cases/words"
)

// Info says what is in a case.
type Info struct {
	Dir     string           `json:"case"`
	Tables  map[string]int64 `json:"tables"`
	Objects int64            `json:"objects"`
	Bytes   int64            `json:"bytes"` // of the objects, as received
	Lines   Counts           `json:"lines"`
	// Window is the window asked for, where every load asked for one; else the times of the records.
	Window   Span          `json:"window"`
	Captures []CaptureInfo `json:"captures"`
	// Again counts the rows that say again what a row of another object says: they are in no sum. Nil: not known yet.
	Again *int64 `json:"again"`
	// Ready says that what is derived from the records is there; hunts and pivots rest on it.
	Ready  bool `json:"ready"`
	Sealed bool `json:"sealed"` // it has a seal; whether that holds, package verify says
	// Problems are sentences: whatever info can see is wrong. Objects with a problem are in Faults too.
	Problems []string    `json:"problems"`
	Faults   []Fault     `json:"faults"` // the first hundred; the view object has all
	Unread   []Unread    `json:"unread"` // the most first, a hundred of them; the view object_part has all
	Slices   []SliceInfo `json:"slices"` // how completely each remote source was read
	Pulls    []PullInfo  `json:"interrupted_pulls,omitempty"`
	// Narrowed is what records were narrowed to before they came.
	Narrowed []Scope `json:"narrowed"`

	behind string // the problem that something is not derived yet
}

// CaptureInfo is a capture and what it holds. Rows counts records by log type.
type CaptureInfo struct {
	Name    string           `json:"name"`
	Role    string           `json:"role"`
	Objects int64            `json:"objects"`
	Rows    map[string]int64 `json:"rows"`
	Window  Span             `json:"window"` // times of its records
	Lines   Counts           `json:"lines"`
}

// Unread is records of a log stream that no type reads.
type Unread struct {
	LogGroup  string `json:"log_group,omitempty"`
	LogStream string `json:"log_stream,omitempty"`
	What      string `json:"what"`
	Records   int64  `json:"records"`
}

// Fault is an object that could not be read whole.
type Fault struct {
	ObjectID uint32 `json:"object_id"`
	URI      string `json:"uri"`
	Problem  string `json:"problem"`
	Rejected int64  `json:"rejected"`
}

// maxProblems bounds what Info lists of a kind; the views object, object_part and slice have all.
const maxProblems = 100

// Info reads what is in the case.
func (c *Case) Info(ctx context.Context) (Info, error) {
	info := Info{
		Dir: c.Dir, Ready: c.NotReady == nil, Sealed: Sealed(c.Dir), Problems: []string{},
		Captures: []CaptureInfo{}, Faults: []Fault{}, Unread: []Unread{}, Slices: []SliceInfo{}, Narrowed: append([]Scope{}, c.Scopes...),
	}
	var err error
	if info.Tables, err = c.Tables(ctx); err != nil {
		return info, err
	}
	if err := c.Each(ctx, "SELECT name, role FROM store.capture ORDER BY created_at, name", nil, func(v []any) error {
		info.Captures = append(info.Captures, CaptureInfo{Name: v[0].(string), Role: v[1].(string), Rows: map[string]int64{}})
		return nil
	}); err != nil {
		return info, err
	}
	captures := map[string]*CaptureInfo{}
	for i := range info.Captures {
		captures[info.Captures[i].Name] = &info.Captures[i]
	}
	asked, bounded, faults := Span{}, true, int64(0)
	err = c.Objects(ctx, func(o Object) error {
		info.Objects++
		info.Bytes += o.Size
		info.Lines.Add(o.Counts)
		if o.Problem != "" {
			faults++
			if len(info.Faults) < maxProblems {
				info.Faults = append(info.Faults, Fault{o.ID, o.URI, o.Problem, o.Rejected})
			}
		}
		bounded = bounded && !o.WindowFrom.IsZero() && !o.WindowTo.IsZero()
		asked = asked.and(o.WindowFrom, o.WindowTo)
		info.Window = info.Window.and(o.First, o.Last)
		capture := captures[o.Capture]
		if capture == nil {
			return fmt.Errorf("%s: no capture %q", o, o.Capture)
		}
		capture.Objects++
		capture.Window = capture.Window.and(o.First, o.Last)
		capture.Lines.Add(o.Counts)
		return nil
	})
	if err == nil {
		err = c.parts(ctx, &info, captures)
	}
	if bounded && info.Objects > 0 {
		info.Window = asked
	}
	if err != nil {
		return info, err
	}
	if err := c.pullInfo(ctx, &info); err != nil {
		return info, err
	}
	if info.Ready {
		again, err := c.Again(ctx)
		if err != nil {
			return info, err
		}
		info.Again = &again
	}
	c.tellProblems(&info, faults)
	if err := c.others(ctx, info.say); err != nil {
		return info, err
	}
	if err := c.sizes(ctx, info.say); err != nil {
		return info, err
	}
	return info, c.implausible(ctx, info.say)
}

// OfRecords are what records were narrowed to, and their problems: not that something is not derived from them yet, which goes nowhere
// with them.
func (i Info) OfRecords() []string {
	said := []string{}
	for _, s := range i.Narrowed {
		said = append(said, s.String())
	}
	return append(said, slices.DeleteFunc(slices.Clone(i.Problems), func(p string) bool { return p == i.behind })...)
}

func (i *Info) say(format string, args ...any) {
	i.Problems = append(i.Problems, fmt.Sprintf(format, args...))
}

// tellProblems says what is wrong, the gravest first.
func (c *Case) tellProblems(info *Info, faults int64) {
	say := info.say
	if len(c.interrupted) > 0 {
		say("%s: %s", layout.ErrNotReady, strings.Join(c.interrupted, "; "))
	}
	if c.behind != "" {
		info.behind = fmt.Sprintf("%s: %s", layout.ErrNotReady, c.behind)
		say("%s", info.behind)
	}
	for _, what := range c.Unfinished {
		say("%s", what)
	}
	for _, p := range info.Pulls {
		say("a pull that began at %s was interrupted: the same command goes on with it", p.Began.UTC().Format(time.RFC3339))
	}
	if missing := info.Lines.Missing(); missing != 0 {
		say("%d records that were read have no place", missing)
	}
	for _, s := range info.Slices {
		if s.Partial > 0 {
			say("%s: %s of %s could not be read whole", s.Source, words.Plural(s.Partial, "slice", "slices"),
				words.Count(s.Complete+s.Unverified+s.Partial))
		}
	}
	for _, f := range info.Faults {
		say("%s: %s", f.URI, f.Problem)
	}
	if more := faults - int64(len(info.Faults)); more > 0 {
		say("%s more with a problem: the view object has all", words.Plural(more, "object", "objects"))
	}
}

// parts counts the rows of each capture by log type, and what no type reads.
func (c *Case) parts(ctx context.Context, info *Info, captures map[string]*CaptureInfo) error {
	err := c.Each(ctx, "SELECT capture, log_type, sum(rows)::BIGINT FROM object_part GROUP BY ALL ORDER BY ALL", nil, func(v []any) error {
		if n := v[2].(int64); n > 0 {
			captures[v[0].(string)].Rows[v[1].(string)] = n
		}
		return nil
	})
	if err != nil {
		return err
	}
	const unread = `SELECT log_group, log_stream, format, sum(unread)::BIGINT FROM object_part
		WHERE unread > 0 GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT $most`
	return c.Each(ctx, unread, map[string]any{"most": int64(maxProblems)}, func(v []any) error {
		text := func(i int) string { s, _ := v[i].(string); return s }
		info.Unread = append(info.Unread, Unread{text(0), text(1), text(2), v[3].(int64)})
		return nil
	})
}

// Tables counts the rows of the log types' tables, those of child rows too, by the names of their views.
func (c *Case) Tables(ctx context.Context) (map[string]int64, error) {
	var names []string
	for _, t := range c.types {
		names = append(names, t.View)
		if t.Children != nil {
			names = append(names, t.Children.View)
		}
	}
	return c.rowsOf(ctx, names)
}

// rowsOf counts the rows of these tables of schema store, in one statement.
func (c *Case) rowsOf(ctx context.Context, names []string) (map[string]int64, error) {
	counts := map[string]int64{}
	var each []string
	for _, name := range names {
		each = append(each, fmt.Sprintf(`SELECT '%[1]s', count(*) FROM store."%[1]s"`, name))
	}
	return counts, c.Each(ctx, strings.Join(each, " UNION ALL "), nil, func(v []any) error {
		counts[v[0].(string)] = v[1].(int64)
		return nil
	})
}

// Again counts the records that say again what a record of another object says: they are in no sum.
func (c *Case) Again(ctx context.Context) (n int64, err error) {
	err = c.Each(ctx, "SELECT count(*) FROM derived.again", nil, func(v []any) error {
		n = v[0].(int64)
		return nil
	})
	return n, err
}

// Whole is nil where questions about all of the case have an answer, and else says why they have none: it is empty, or what is
// derived from its records is not ready.
func (c *Case) Whole(ctx context.Context) error {
	empty, err := c.Empty(ctx)
	switch {
	case err != nil:
		return err
	case empty:
		return fmt.Errorf("nothing has been loaded into %s\nhint: case53 load %s PATH... fills it", c.Dir, c.Dir)
	}
	return c.NotReady
}

// Empty says whether nothing has been loaded.
func (c *Case) Empty(ctx context.Context) (empty bool, err error) {
	err = c.Each(ctx, "SELECT count(*) = 0 FROM object", nil, func(v []any) error {
		empty = v[0].(bool)
		return nil
	})
	return empty, err
}
