package findings

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/repeat"
)

// Hunter runs hunts on one case.
type Hunter struct {
	Case       *cases.Case
	Values     map[string]string // parameters, for the hunts that have them
	Allow      *Lists            // what is known to be good is left out
	Indicators *Lists            // what is known to be bad is raised to the top
	Most       int               // findings kept of each hunt; 0 for all
	Receipts   bool              // say of each hunt how anybody gets the same rows again

	tables map[string]int64
	owners map[[2]string][]string // interfaces by capture and address; nil until asked for
	there  []cases.Coverage       // of the case, in minutes; nil until asked for
}

// Choose gives the hunts of these names; all where none is named. Every parameter given must belong to one of them.
func (h *Hunter) Choose(set *queries.Set, names []string) ([]*queries.Query, error) {
	if len(names) == 0 {
		hunts := set.Hunts()
		return hunts, h.known(hunts)
	}
	var hunts []*queries.Query
	for _, name := range names {
		q, suggestions := set.Find(name)
		if q == nil || q.Hunt == nil {
			var all []string
			for _, q := range set.Hunts() {
				all = append(all, q.ID)
			}
			hint := "there are " + strings.Join(all, ", ")
			suggestions = slices.DeleteFunc(suggestions, func(s string) bool { return !slices.Contains(all, s) })
			if len(suggestions) > 0 {
				hint = "did you mean " + strings.Join(suggestions, ", ") + "?"
			}
			return nil, queries.Ask("no hunt %q\nhint: %s", name, hint)
		}
		if !slices.Contains(hunts, q) {
			hunts = append(hunts, q)
		}
	}
	return hunts, h.known(hunts)
}

// known makes sure that every parameter given belongs to one of the hunts.
func (h *Hunter) known(hunts []*queries.Query) error {
	for name := range h.Values {
		if !slices.ContainsFunc(hunts, func(q *queries.Query) bool { return q.Param(name) != nil }) {
			return queries.Ask("no hunt here has a parameter %q\nhint: case53 query CASE NAME --help lists those of a hunt", name)
		}
	}
	return nil
}

// Outcome is what became of one hunt.
type Outcome struct {
	Query    *queries.Query
	Args     map[string]any
	Missing  string   // the log type, or the types, that the case has no records of; the hunt was not run
	Narrowed string   // what records were narrowed to, where the hunt needs those that were left out: it was not run
	Without  []string // log types that it reads too, where there are records, and the case has none
	Findings []Finding
	Allowed  int      // findings left out as they are on an --allow list
	Beyond   int      // findings left out as they come after the best
	Trace    []string // how many rows were left after each step, where nothing was found
	Looked   string   // and what it looked at: tables, capture, window, and how much of that is covered
	Unseen   []string // and what the logs that it looked at never show, a sentence each
	Receipt  repeat.Receipt
}

// Run runs the hunts one after another, and tells each as it ends.
func (h *Hunter) Run(ctx context.Context, hunts []*queries.Query, each func(Outcome)) error {
	var err error
	if h.tables, err = h.Case.Tables(ctx); err != nil {
		return err
	}
	for _, q := range hunts {
		o, err := h.one(ctx, q)
		if err != nil {
			return fmt.Errorf("hunt %s: %w", q.ID, err)
		}
		each(o)
	}
	return nil
}

// Rank is what was found in all, best first, with the coverage of its time.
func (h *Hunter) Rank(ctx context.Context, outcomes []Outcome) ([]Finding, error) {
	findings := []Finding{}
	for _, o := range outcomes {
		findings = append(findings, o.Findings...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(slices.Index(queries.Severities, a.Severity), slices.Index(queries.Severities, b.Severity)))
	})
	if err := h.whose(ctx, findings); err != nil {
		return nil, err
	}
	return findings, h.Cover(ctx, findings)
}

// one runs one hunt.
func (h *Hunter) one(ctx context.Context, q *queries.Query) (Outcome, error) {
	o := Outcome{Query: q}
	if o.Missing, o.Without = h.lacks(q); o.Missing != "" {
		return o, nil
	}
	values := map[string]string{}
	for name, value := range h.Values {
		if q.Param(name) != nil {
			values[name] = value
		}
	}
	if q.Param("ioc") != nil && values["ioc"] == "" {
		values["ioc"] = h.Indicators.Text()
	}
	sql, args, err := q.Bind(values)
	if err != nil {
		return o, &queries.AskError{Err: err}
	}
	o.Args = args
	if o.Narrowed = h.narrowed(q, args); o.Narrowed != "" {
		return o, nil
	}
	if err := h.findings(ctx, &o, sql); err != nil {
		return o, err
	}
	if len(o.Findings) == 0 && o.Allowed == 0 {
		if o.Trace, err = h.trace(ctx, q, args); err != nil {
			return o, err
		}
		if o.Looked, o.Unseen, err = h.looked(ctx, q, args); err != nil {
			return o, err
		}
	}
	return o, nil
}

// lacks says which log type a hunt cannot do without and the case has no records of, and which it then does without.
func (h *Hunter) lacks(q *queries.Query) (missing string, without []string) {
	if lacking, _ := h.Case.Lacking(q.Needs, h.tables); len(lacking) > 0 {
		return lacking[0].Name, nil
	}
	names := func(views []string) (names []string, all bool) {
		lacking, all := h.Case.Lacking(views, h.tables)
		for _, t := range lacking {
			if !slices.Contains(without, t.Name) {
				names = append(names, t.Name)
			}
		}
		return names, all
	}
	for _, group := range q.OneOf {
		lacking, all := names(group)
		if all {
			return strings.Join(lacking, " or "), nil
		}
		without = append(without, lacking...)
	}
	lacking, _ := names(q.Uses)
	return "", append(without, lacking...)
}

// caseFor is the case to ask for a hunt: apart, where we have not written it.
func (h *Hunter) caseFor(q *queries.Query) *cases.Case {
	if q.Builtin {
		return h.Case
	}
	return h.Case.Apart()
}

// findings reads the rows of a hunt, which come best first. What is on a list is told before the best are taken: an
// indicator counts however weak its finding is, and what is allowed does not take the place of another.
func (h *Hunter) findings(ctx context.Context, o *Outcome, sql string) error {
	var digest *repeat.Digest
	if h.Receipts {
		digest = repeat.NewDigest()
		sql = digest.Statement(sql)
	}
	rows, err := h.caseFor(o.Query).Query(ctx, sql, o.Args)
	if err != nil {
		return err
	}
	defer rows.Close()
	among := h.among(o.Query)
	for rows.Next() {
		columns, values := rows.Columns(), rows.Values()
		if digest != nil {
			columns, values = digest.Row(columns, values)
		}
		if full := h.Most > 0 && len(o.Findings) >= h.Most; full && h.Allow.empty() && h.Indicators.empty() {
			o.Beyond++
			continue
		}
		row := map[string]any{}
		for i, column := range columns {
			row[column.Name] = values[i]
		}
		f, err := New(o.Query.ID, row)
		if err != nil {
			return err
		}
		f.Reason += among[f.Capture]
		h.keep(o, f)
	}
	if digest != nil {
		digest.End(rows.Columns())
		o.Receipt = repeat.Receipt{
			SHA256:    digest.Sum(),
			Rows:      digest.Rows(),
			Statement: repeat.Statements(o.Query.ID, o.Query.SQL, o.Args),
			Command:   h.command(o),
		}
	}
	return rows.Err()
}

// command repeats a hunt.
func (h *Hunter) command(o *Outcome) string {
	line := []string{"case53", "query", filepath.Base(h.Case.Dir), o.Query.ID}
	for _, p := range o.Query.Params {
		if value := h.Values[p.Name]; value != "" {
			line = append(line, "-p", p.Name+"="+value)
		} else if text, _ := o.Args[p.Name].(string); p.Name == "ioc" && text != "" {
			line = append(line, "-p", p.Name+"="+text)
		}
	}
	return words.ShellLine(line...)
}

// keep adds a finding to an outcome, as the lists say. Of what is on the --ioc list the better ones still come first.
func (h *Hunter) keep(o *Outcome, f Finding) {
	entry, bad := h.Indicators.match(f.Subject)
	if bad {
		f.Severity, f.Score, f.Reason = "high", 0.99+f.Score/100, f.Reason+"; on the --ioc list: "+entry
	}
	switch _, good := h.Allow.match(f.Subject); {
	case good:
		o.Allowed++
	case !bad && h.Most > 0 && len(o.Findings) >= h.Most:
		o.Beyond++
	default:
		o.Findings = append(o.Findings, f)
	}
}

// trace says what a hunt looked at: how many rows were left after each of its steps.
func (h *Hunter) trace(ctx context.Context, q *queries.Query, args map[string]any) ([]string, error) {
	rows, err := h.caseFor(q).Query(ctx, q.Hunt.Trace(), args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parts := []string{}
	for rows.Next() {
		for i, step := range q.Hunt.Steps {
			parts = append(parts, fmt.Sprintf("%s %s", words.Count(Integer(rows.Values()[i])), step.Text))
		}
	}
	return parts, rows.Err()
}
