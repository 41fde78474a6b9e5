package answers

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/compare"
	"case53/queries/export"
	"case53/queries/findings"
	"case53/queries/report"
	"case53/queries/threads"
	"case53/tui/frame"
)

// Desk is what works on a whole case, where a [frame.Reader] gives rows. All of it may take long, and ends with its context.
type Desk interface {
	// Hunts are all hunts of the case, in the order in which they are told.
	Hunts() []*queries.Query
	// Hunt runs one; values are for parameters that it has.
	Hunt(ctx context.Context, q *queries.Query, values map[string]string) (findings.Outcome, error)
	// Draw ranks what all hunts found, and draws it together into threads.
	Draw(ctx context.Context, outcomes []findings.Outcome) (*Drawn, error)
	// Compare compares the captures that their roles name.
	Compare(ctx context.Context) (*compare.Comparison, error)
	// Report runs all hunts and writes a report to a file.
	Report(ctx context.Context, file string, over bool) (said string, err error)
	// Export writes the rows of a query to a file.
	Export(ctx context.Context, file string, over bool, rows frame.Asked) (said string, err error)
}

// CaseDesk is a case and its hunts.
type CaseDesk struct {
	Case *cases.Case
	Set  *queries.Set
	Tool string // what writes a report, and its version

	using sync.RWMutex
	later *cases.Case // what has taken the place of Case; nil: nothing

	hunting sync.Mutex
	hunter  *findings.Hunter
}

// Use takes the case as it is by now.
func (d *CaseDesk) Use(k *cases.Case) {
	d.using.Lock()
	defer d.using.Unlock()
	d.later = k
}

// current is the case as it was last given.
func (d *CaseDesk) current() *cases.Case {
	d.using.RLock()
	defer d.using.RUnlock()
	return cmp.Or(d.later, d.Case)
}

// placesShown is how many places of each list of a comparison the screen has; how many more there are is said.
const placesShown = 100

// citedRecords are the records of a finding in a report, as many as case53 report cites unless told otherwise.
const citedRecords = 5

// findingsKept are the findings of each hunt in a report, as case53 report keeps them unless told otherwise.
const findingsKept = 100

func (d *CaseDesk) Hunts() []*queries.Query { return d.Set.Hunts() }

// Hunt runs one hunt; two at a time would only share the machine.
func (d *CaseDesk) Hunt(ctx context.Context, q *queries.Query, values map[string]string) (o findings.Outcome, err error) {
	d.hunting.Lock()
	defer d.hunting.Unlock()
	k := d.current()
	if err := k.Whole(ctx); err != nil {
		return o, err
	}
	if d.hunter == nil || d.hunter.Case != k {
		d.hunter = &findings.Hunter{Case: k}
	}
	d.hunter.Values = values
	err = d.hunter.Run(ctx, []*queries.Query{q}, func(done findings.Outcome) { o = done })
	return o, err
}

func (d *CaseDesk) Draw(ctx context.Context, outcomes []findings.Outcome) (*Drawn, error) {
	h := &findings.Hunter{Case: d.current()}
	found, err := h.Rank(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	told, err := threads.Draw(ctx, h, outcomes, found)
	return &Drawn{Found: found, Told: told}, err
}

func (d *CaseDesk) Compare(ctx context.Context) (*compare.Comparison, error) {
	if err := d.current().Whole(ctx); err != nil {
		return nil, err
	}
	return compare.Captures(ctx, d.current(), compare.Options{Most: placesShown})
}

func (d *CaseDesk) Report(ctx context.Context, file string, over bool) (string, error) {
	if err := report.Target(d.current().Dir, file, over); err != nil {
		return "", err
	}
	if err := d.current().Whole(ctx); err != nil {
		return "", err
	}
	h := &findings.Hunter{Case: d.current(), Most: findingsKept}
	r, err := report.Gather(ctx, h, d.Set.Hunts(), report.Options{Cite: citedRecords, Tool: d.Tool})
	if err != nil {
		return "", err
	}
	r.Made = report.MadeBy(time.Now(), custody.Actor())
	if err := r.Save(file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s and %s: %s of %d hunts; custody head %.12s after %s",
			file, report.AppendixOf(file), words.Plural(int64(len(r.Findings)), "finding", "findings"), r.Ran(), r.Custody.Head,
			words.Plural(int64(r.Custody.Lines), "line", "lines")),
		r.Altered()
}

func (d *CaseDesk) Export(ctx context.Context, file string, over bool, rows frame.Asked) (string, error) {
	if tool, ok := export.ToolByFile(file); ok {
		return d.exportTo(ctx, tool, file, over, rows)
	}
	form, ok := export.ByFile(file)
	if !ok {
		return "", fmt.Errorf("%s: rows are written to a file that ends in %s", file, export.Endings())
	}
	if err := export.Target(d.current().Dir, file, over); err != nil {
		return "", err
	}
	k := d.current()
	if rows.Apart {
		k = k.Apart()
	}
	var size int64
	err := export.File(file, func(w io.Writer) error {
		counted := &counter{w: w}
		err := form.Query(ctx, counted, k, rows.SQL, rows.Args, false)
		size = counted.n
		return err
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: %s, %s bytes", file, form.Title, words.Count(size)), nil
}

// exportTo writes rows as a tool takes them, with a manifest beside the file.
func (d *CaseDesk) exportTo(ctx context.Context, tool export.Tool, file string, over bool, rows frame.Asked) (string, error) {
	if err := export.Target(d.current().Dir, file, over); err != nil {
		return "", err
	}
	k := d.current()
	if rows.Apart {
		k = k.Apart()
	}
	req := export.Request{Target: file, Force: over, Query: &export.Query{SQL: rows.SQL, Args: rows.Args}, Program: d.Tool}
	m, err := tool.Export(ctx, k, req)
	if err != nil {
		return "", err
	}
	in, out := m.Sources[0].RowsIn, m.Sources[0].RowsOut
	return fmt.Sprintf("%s for %s: %s of %s rows, and why the others are not in it in %s.manifest.json",
		file, tool.Name, words.Count(out), words.Count(in), file), nil
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
