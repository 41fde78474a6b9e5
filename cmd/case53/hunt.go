package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries"
)

func newHunt() *cobra.Command {
	c := &cobra.Command{
		Use:   "hunt CASE [NAME]...",
		Short: "Run hunts, all or those named, and rank what they find",
		Long: `A hunt is a saved query whose rows are findings: each has a score from 0 to 1, which the reason explains part by part, a
severity, and the coverage of the time it speaks about. case53 query CASE NAME --help explains one: its method, what
else looks like it, and what a hit does not prove. A hunt that finds nothing says how many rows it looked at.

Lists are files with an address, a block or a name a line; a name stands for what is under it too; # begins a comment.
What is on an --allow list is left out of the findings; what is on an --ioc list is raised to the top.

Of each hunt the best findings are shown, --most of them and whatever is on an --ioc list; how many more there are is said.`,
		Args: between(1, -1),
		RunE: runHunt,
	}
	addHuntFlags(c, 1000)
	return c
}

// Finding is a row of a hunt.
type Finding struct {
	Hunt     string    `json:"hunt"`
	Severity string    `json:"severity"`
	Score    float64   `json:"score"`
	Subject  Subject   `json:"subject"`
	Reason   string    `json:"reason"`
	Rows     int64     `json:"rows"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Capture  string    `json:"capture,omitempty"`
	Coverage Covered   `json:"coverage"`
	Places   []string  `json:"places,omitempty"` // whose the outside addresses of its subject are

	values map[string]any // its row, by column
}

// Subject is what a finding is about; only what applies is set.
type Subject struct {
	Src              string `json:"src,omitempty"`
	Dst              string `json:"dst,omitempty"`
	DstPort          *int64 `json:"dstport,omitempty"`
	Client           string `json:"client,omitempty"`
	Name             string `json:"name,omitempty"`
	RegisteredDomain string `json:"registered_domain,omitempty"`
	InterfaceID      string `json:"interface_id,omitempty"`
}

// hunter runs hunts on one case.
type hunter struct {
	k       *cases.Case
	values  map[string]string // of -p
	allow   *list
	ioc     *list
	most    int  // findings kept of each hunt; 0 for all
	digests bool // digest the rows of each hunt
	tables  map[string]int64
}

func runHunt(c *cobra.Command, args []string) error {
	h, hunts, err := openHunter(c, args[0], args[1:])
	if err != nil {
		return err
	}
	defer h.k.Close()
	outcomes, err := h.run(c.Context(), hunts)
	if err != nil {
		return err
	}
	printOutcomes(c.ErrOrStderr(), outcomes)
	findings, err := h.ranked(c.Context(), outcomes)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return printJSON(c.OutOrStdout(), findings)
	}
	printFindings(c.OutOrStdout(), findings)
	return nil
}

// addHuntFlags gives a command the flags of hunts; most is how many findings of each it keeps unless told otherwise.
func addHuntFlags(c *cobra.Command, most int) {
	c.Flags().StringArrayP("param", "p", nil, "a parameter, name=value, for the hunts that have it; may be repeated")
	c.Flags().StringArray("allow", nil, "a file of addresses, blocks and names that are known to be good; may be repeated")
	c.Flags().StringArray("ioc", nil, "a file of addresses, blocks and names that are known to be bad; may be repeated")
	c.Flags().Int("most", most, "findings of each hunt, the best first; 0 for all")
}

// openHunter reads the flags of addHuntFlags, opens the case, and finds the hunts of these names. The case is the caller's
// to close.
func openHunter(c *cobra.Command, dir string, names []string) (h *hunter, hunts []*queries.Query, err error) {
	h = &hunter{}
	given, _ := c.Flags().GetStringArray("param")
	if h.values, err = parameters(given); err != nil {
		return nil, nil, err
	}
	if h.most, _ = c.Flags().GetInt("most"); h.most < 0 {
		return nil, nil, usage("--most %d: less than none", h.most)
	}
	if h.allow, h.ioc, err = listFlags(c); err != nil {
		return nil, nil, err
	}
	if h.k, err = openCase(c.Context(), dir, c.ErrOrStderr()); err != nil {
		return nil, nil, err
	}
	opened := h.k
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	if h.k.Stale != nil {
		return nil, nil, h.k.Stale
	}
	set, err := library(h.k.Dir, c.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	if hunts, err = chosen(set, names); err != nil {
		return nil, nil, err
	}
	return h, hunts, h.known(hunts)
}

// chosen are the hunts of these names; all where none is named.
func chosen(set *queries.Set, names []string) ([]*queries.Query, error) {
	if len(names) == 0 {
		return set.Hunts(), nil
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
			return nil, usage("no hunt %q\nhint: %s", name, hint)
		}
		if !slices.Contains(hunts, q) {
			hunts = append(hunts, q)
		}
	}
	return hunts, nil
}

// known makes sure that every parameter given belongs to one of the hunts.
func (h *hunter) known(hunts []*queries.Query) error {
	for name := range h.values {
		if !slices.ContainsFunc(hunts, func(q *queries.Query) bool { return q.Param(name) != nil }) {
			return usage("no hunt here has a parameter %q\nhint: case53 query CASE NAME --help lists those of a hunt", name)
		}
	}
	return nil
}

// outcome is what became of one hunt.
type outcome struct {
	query    *queries.Query
	args     map[string]any
	missing  string // the log type that the case has no records of; the hunt was not run
	findings []Finding
	allowed  int      // findings left out as they are on an --allow list
	beyond   int      // findings left out as they come after the best
	trace    []string // how many rows were left after each step, where nothing was found
	digest   *digest  // of its rows, where it was asked for
}

// run runs the hunts one after another.
func (h *hunter) run(ctx context.Context, hunts []*queries.Query) ([]outcome, error) {
	var err error
	if h.tables, err = h.k.Tables(ctx); err != nil {
		return nil, err
	}
	var outcomes []outcome
	for _, q := range hunts {
		o, err := h.one(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("hunt %s: %w", q.ID, err)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// ranked is what was found in all, best first, with the coverage of its time.
func (h *hunter) ranked(ctx context.Context, outcomes []outcome) ([]Finding, error) {
	findings := []Finding{}
	for _, o := range outcomes {
		findings = append(findings, o.findings...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(slices.Index(queries.Severities, a.Severity), slices.Index(queries.Severities, b.Severity)))
	})
	if err := h.placed(ctx, findings); err != nil {
		return nil, err
	}
	return findings, h.cover(ctx, findings)
}

// printOutcomes says what was not run, what found nothing, and what was left out.
func printOutcomes(stderr io.Writer, outcomes []outcome) {
	allowed := 0
	for _, o := range outcomes {
		allowed += o.allowed
		switch {
		case o.missing != "":
			fmt.Fprintf(stderr, "%s: not run: the case has no %s records\n", safetext.Show(o.query.ID), o.missing)
		case o.trace != nil:
			fmt.Fprintf(stderr, "%s: nothing found: %s\n", safetext.Show(o.query.ID), safetext.Show(strings.Join(o.trace, "; ")))
		case o.beyond > 0:
			fmt.Fprintf(stderr, "%s: %s not shown; --most 0 shows all\n", safetext.Show(o.query.ID), words.Plural(int64(o.beyond), "weaker finding", "weaker findings"))
		}
	}
	if allowed > 0 {
		fmt.Fprintf(stderr, "%s left out: on an --allow list\n", words.Plural(int64(allowed), "finding", "findings"))
	}
}

// one runs one hunt.
func (h *hunter) one(ctx context.Context, q *queries.Query) (outcome, error) {
	o := outcome{query: q}
	if lacking, _ := h.k.Lacking(q.Needs, h.tables); len(lacking) > 0 {
		o.missing = lacking[0].Name
		return o, nil
	}
	values := map[string]string{}
	for name, value := range h.values {
		if q.Param(name) != nil {
			values[name] = value
		}
	}
	if q.Param("ioc") != nil && values["ioc"] == "" {
		values["ioc"] = h.ioc.text()
	}
	sql, args, err := q.Bind(values)
	if err != nil {
		return o, &statusError{exitUsage, err}
	}
	o.args = args
	if err := h.findings(ctx, &o, sql); err != nil {
		return o, err
	}
	if len(o.findings) == 0 && o.allowed == 0 {
		if o.trace, err = h.trace(ctx, q, args); err != nil {
			return o, err
		}
	}
	return o, nil
}

// findings reads the rows of a hunt, which come best first. What is on a list is told before the best are taken: an
// indicator counts however weak its finding is, and what is allowed does not take the place of another.
func (h *hunter) findings(ctx context.Context, o *outcome, sql string) error {
	if h.digests {
		o.digest = newDigest()
		sql = o.digest.statement(sql)
	}
	rows, err := h.k.Query(ctx, sql, o.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		columns, values := rows.Columns(), rows.Values()
		if o.digest != nil {
			columns, values = o.digest.row(columns, values)
		}
		if full := h.most > 0 && len(o.findings) >= h.most; full && h.allow.empty() && h.ioc.empty() {
			o.beyond++
			continue
		}
		f := Finding{Hunt: o.query.ID, values: map[string]any{}}
		for i, column := range columns {
			f.values[column.Name] = values[i]
		}
		if err := f.read(); err != nil {
			return err
		}
		h.keep(o, f)
	}
	if o.digest != nil {
		o.digest.end(rows.Columns())
	}
	return rows.Err()
}

// keep adds a finding to an outcome, as the lists say. Of what is on the --ioc list the better ones still come first.
func (h *hunter) keep(o *outcome, f Finding) {
	entry, bad := h.ioc.match(f.Subject)
	if bad {
		f.Severity, f.Score, f.Reason = "high", 0.99+f.Score/100, f.Reason+"; on the --ioc list: "+entry
	}
	switch _, good := h.allow.match(f.Subject); {
	case good:
		o.allowed++
	case !bad && h.most > 0 && len(o.findings) >= h.most:
		o.beyond++
	default:
		o.findings = append(o.findings, f)
	}
}

// read takes the columns that every hunt has, and those of its subject.
func (f *Finding) read() error {
	text := func(name string) string { s, _ := f.values[name].(string); return s }
	var ok [3]bool
	f.Score, ok[0] = f.values["score"].(float64)
	f.From, ok[1] = f.values["from_time"].(time.Time)
	f.To, ok[2] = f.values["to_time"].(time.Time)
	f.From, f.To = f.From.UTC(), f.To.UTC()
	f.Rows = number(f.values["rows"])
	f.Severity, f.Reason, f.Capture = text("severity"), text("reason"), text("capture")
	if ok != [3]bool{true, true, true} || f.Reason == "" || !slices.Contains(queries.Severities, f.Severity) {
		return fmt.Errorf("a row is no finding: it needs score (DOUBLE), severity, reason, rows, from_time and to_time")
	}
	f.Subject = Subject{Src: text("src"), Dst: text("dst"), Client: text("client"), Name: text("name"), RegisteredDomain: text("registered_domain"), InterfaceID: text("interface_id")}
	if f.values["dstport"] != nil {
		port := number(f.values["dstport"])
		f.Subject.DstPort = &port
	}
	return nil
}

func number(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case uint64:
		return int64(v)
	case float64:
		return int64(v)
	case duck.Number:
		var n int64
		fmt.Sscan(string(v), &n)
		return n
	}
	return 0
}

// trace says what a hunt looked at: how many rows were left after each of its steps.
func (h *hunter) trace(ctx context.Context, q *queries.Query, args map[string]any) ([]string, error) {
	rows, err := h.k.Query(ctx, q.Hunt.Trace(), args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	parts := []string{}
	for rows.Next() {
		for i, step := range q.Hunt.Steps {
			parts = append(parts, fmt.Sprintf("%s %s", words.Count(number(rows.Values()[i])), step.Text))
		}
	}
	return parts, rows.Err()
}

// printFindings writes findings for people: what, about whom, why, and how much of the time is really there.
func printFindings(w io.Writer, findings []Finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "%-6s  %.3f  %-16s  %s\n", f.Severity, f.Score, safetext.Show(f.Hunt), safetext.Show(f.Subject.String()))
		fmt.Fprintf(w, "               %s\n", safetext.Show(f.Reason))
		fmt.Fprintf(w, "               %s, %s; %s\n", words.Plural(f.Rows, "record", "records"), cases.Span{From: f.From, To: f.To}.String(), f.Coverage)
		if len(f.Places) > 0 {
			fmt.Fprintf(w, "               %s\n", safetext.Show(strings.Join(f.Places, "; ")))
		}
	}
	fmt.Fprintln(w, words.Plural(int64(len(findings)), "finding", "findings"))
}

func (s Subject) String() string {
	port := ""
	if s.DstPort != nil {
		port = fmt.Sprintf(" port %d", *s.DstPort)
	}
	var parts []string
	for _, part := range []string{cmp.Or(s.Src, s.Client), cmp.Or(s.Dst, ""), cmp.Or(s.Name, s.RegisteredDomain), s.InterfaceID} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if s.Dst != "" && len(parts) > 1 {
		return parts[0] + " → " + strings.Join(parts[1:], " ") + port
	}
	return strings.Join(parts, " ") + port
}
