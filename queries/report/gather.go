package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/notes"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/compare"
	"case53/queries/findings"
	"case53/queries/threads"
)

// Options are what a report is about, and how much of it is told.
type Options struct {
	Title, Author, Note string
	Capture             string          // only this one; "" for all
	Window              cases.Span      // that the pictures show; the hunts have it among their parameters
	Named               []string        // the hunts that were named; none: all were run
	Lists               []ListFile      // that the hunts were given
	Cite                int             // records of a finding
	Compared            compare.Options // captures to compare
	Tool                string          // what writes the report, and its version
	Ran                 func()          // told after each hunt; may be nil
}

// ListFile is a file of --allow or --ioc.
type ListFile struct{ Flag, Path string }

// Gather runs the hunts and reads what else a report says.
func Gather(ctx context.Context, h *findings.Hunter, hunts []*queries.Query, o Options) (*Report, error) {
	g := &gatherer{Hunter: h, opt: o}
	return g.gather(ctx, hunts)
}

// gatherer collects from a case what its report says.
type gatherer struct {
	*findings.Hunter
	opt Options
}

// gather runs the hunts and reads the rest.
func (g *gatherer) gather(ctx context.Context, hunts []*queries.Query) (*Report, error) {
	info, err := g.Case.Info(ctx)
	if err != nil {
		return nil, err
	}
	g.Receipts = true
	var outcomes []findings.Outcome
	if err := g.Run(ctx, hunts, func(o findings.Outcome) {
		if outcomes = append(outcomes, o); g.opt.Ran != nil {
			g.opt.Ran()
		}
	}); err != nil {
		return nil, err
	}
	found, err := g.Rank(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	r := &Report{Title: g.opt.Title, Author: g.opt.Author, Note: g.opt.Note, Outcomes: outcomes}
	for _, t := range g.Case.LogTypes() {
		if info.Tables[t.View] > 0 {
			r.Limits = append(r.Limits, t)
		}
	}
	if r.Title == "" {
		r.Title = "Report on the case " + filepath.Base(g.Case.Dir)
	}
	steps := []func(context.Context, *Report, cases.Info) error{g.scope, g.objects, g.rejects, g.coverage, g.timelines, g.custody, g.comparison, g.kept}
	for _, step := range steps {
		if err := step(ctx, r, info); err != nil {
			return nil, err
		}
	}
	told, err := threads.Draw(ctx, g.Hunter, outcomes, found)
	if err != nil {
		return nil, err
	}
	r.Threads, r.Notes = told.Threads, told.Notes
	return r, g.findings(ctx, r, found)
}

// rows runs a statement and gives its rows to row.
func (g *gatherer) rows(ctx context.Context, sql string, args map[string]any, row func([]any)) error {
	rows, err := g.Case.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row(rows.Values())
	}
	return rows.Err()
}

// scope says what the report is about and what it was limited to.
func (g *gatherer) scope(ctx context.Context, r *Report, info cases.Info) error {
	meta := map[string]string{}
	if err := g.rows(ctx, "SELECT key, value FROM store.meta", nil, func(v []any) { meta[v[0].(string)] = v[1].(string) }); err != nil {
		return err
	}
	asked := "everything that is in the case"
	if !g.opt.Window.From.IsZero() || !g.opt.Window.To.IsZero() {
		asked = g.opt.Window.String()
	}
	hunted := fmt.Sprintf("all %d hunts", len(r.Outcomes))
	if len(g.opt.Named) > 0 {
		hunted = strings.Join(g.opt.Named, ", ")
	}
	r.Scope = []Fact{{Name: "Case", Value: info.Dir}, {Name: "Case made", Value: meta["created_at"] + " by " + meta["created_by"]},
		{Name: "Window of the case", Value: info.Window.String()}, {Name: "Window of this report", Value: asked},
		{Name: "Objects", Value: fmt.Sprintf("%s, %s bytes as received", words.Count(info.Objects), words.Count(info.Bytes))}, {Name: "Hunts", Value: hunted}}
	if g.opt.Capture != "" {
		r.Scope = append(r.Scope, Fact{Name: "Capture", Value: "only " + g.opt.Capture})
	}
	for _, what := range g.Case.Unfinished {
		r.Scope = append(r.Scope, Fact{Name: "Not whole", Value: what})
	}
	for _, s := range g.Case.Scopes {
		r.Scope = append(r.Scope, Fact{Name: "Narrowed", Value: s.String()})
	}
	if info.Again != nil && *info.Again > 0 {
		r.Scope = append(r.Scope, Fact{Name: "In no sum",
			Value: words.Plural(*info.Again, "record that says", "records that say") + " again what a record of another object says"})
	}
	for _, limit := range []string{"from", "to", "capture"} {
		if free := without(r.Outcomes, limit); g.Values[limit] != "" && len(free) > 0 {
			r.Scope = append(r.Scope, Fact{Name: "Not limited by --" + limit, Value: strings.Join(free, ", ")})
		}
	}
	for _, l := range g.opt.Lists {
		values, isSet, err := notes.Values(ctx, g.Case.Dir, l.Path)
		text := []byte(strings.Join(values, "\n"))
		if err == nil && !isSet {
			text, err = os.ReadFile(l.Path)
		}
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		r.Scope = append(r.Scope, Fact{Name: "--" + l.Flag, Value: l.Path + ", SHA-256 " + hex.EncodeToString(sum[:])})
	}
	r.Scope = append(r.Scope, Fact{Name: "Written by", Value: g.opt.Tool})
	r.Captures, r.Sources = info.Captures, info.Slices
	return nil
}

// without lists the hunts that were run and do not take a parameter.
func without(outcomes []findings.Outcome, parameter string) []string {
	var ids []string
	for _, o := range outcomes {
		if o.NotRun() == "" && o.Query.Param(parameter) == nil {
			ids = append(ids, o.Query.ID)
		}
	}
	return ids
}

func (g *gatherer) objects(ctx context.Context, r *Report, _ cases.Info) error {
	return g.Case.Objects(ctx, func(o cases.Object) error {
		r.Objects = append(r.Objects, o)
		return nil
	})
}

func (g *gatherer) rejects(ctx context.Context, r *Report, _ cases.Info) error {
	return g.rows(ctx, "SELECT reason, count(*) FROM reject GROUP BY reason ORDER BY 2 DESC, 1", nil, func(v []any) {
		r.Rejects = append(r.Rejects, cases.Reason{Text: v[0].(string), Count: v[1].(int64)})
	})
}

// argumentText writes an argument of a query.
func argumentText(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case string:
		if v == "" {
			return "(none)"
		}
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// custody reads the custody log to its end; a chain that does not hold is an error.
func (g *gatherer) custody(_ context.Context, r *Report, _ cases.Info) error {
	path := cases.CustodyFile(g.Case.Dir)
	actions := map[string]int64{}
	err := custody.Read(path, func(e custody.Entry) error {
		if r.Custody.Lines == 0 {
			r.Custody.First = e.At
		}
		r.Custody.Lines, r.Custody.Last = e.Seq, e.At
		actions[e.Action]++
		return stored(r, e)
	})
	if err != nil {
		return fmt.Errorf("custody log of %s: %w", g.Case.Dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		r.Custody.Actions = append(r.Custody.Actions, Count{Name: name, N: actions[name]})
	}
	r.Custody.Head, err = custody.Head(path, r.Custody.Lines)
	return err
}

// stored notes the files in raw/ that are no objects.
func stored(r *Report, e custody.Entry) error {
	if e.Action == "network.import" {
		return storedNetworks(r, e)
	}
	if e.Action != "describe.import" {
		return nil
	}
	var d struct {
		What      string
		SHA256    string
		Size      int64
		FlowLogs  int64 `json:"flow_logs"`
		Addresses int64
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return fmt.Errorf("%w: line %d: %w", custody.ErrBroken, e.Seq, err)
	}
	r.Files = append(r.Files, File{What: d.What, SHA256: d.SHA256, Detail: fmt.Sprintf("%s bytes, %s flow logs, %s addresses, kept %s UTC",
		words.Count(d.Size), words.Count(d.FlowLogs), words.Count(d.Addresses), e.At.UTC().Format("2006-01-02 15:04:05"))})
	return nil
}

// storedNetworks notes a file that says whose addresses are.
func storedNetworks(r *Report, e custody.Entry) error {
	var d struct {
		Name         string
		DatabaseType string    `json:"database_type"`
		Built        time.Time `json:"built_at"`
		SHA256       string
		Networks     int64
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return fmt.Errorf("%w: line %d: %w", custody.ErrBroken, e.Seq, err)
	}
	r.Files = append(r.Files, File{What: d.DatabaseType, SHA256: d.SHA256, Detail: fmt.Sprintf("%s, made %s UTC, %s networks, kept %s UTC",
		d.Name, d.Built.UTC().Format("2006-01-02 15:04:05"), words.Count(d.Networks), e.At.UTC().Format("2006-01-02 15:04:05"))})
	return nil
}
