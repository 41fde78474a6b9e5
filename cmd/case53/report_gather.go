package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/words"
	"case53/cmd/case53/report"
	"case53/queries"
)

// gatherer collects from a case what its report says.
type gatherer struct {
	*hunter
	title, author, note, capture string
	window                       cases.Span
	named                        []string // hunts
	lists                        []listFile
	cite                         int
	sides                        map[string]string // captures to compare, by side
}

// listFile is a file of --allow or --ioc.
type listFile struct{ flag, path string }

// gather runs the hunts and reads the rest.
func (g *gatherer) gather(ctx context.Context, hunts []*queries.Query) (*report.Report, error) {
	info, err := g.k.Info(ctx)
	if err != nil {
		return nil, err
	}
	g.digests = true
	outcomes, err := g.run(ctx, hunts)
	if err != nil {
		return nil, err
	}
	findings, err := g.ranked(ctx, outcomes)
	if err != nil {
		return nil, err
	}
	r := &report.Report{Title: g.title, Author: g.author, Note: g.note, Limits: limits(g.k.LogTypes(), info), Hunts: g.hunts(outcomes)}
	if r.Title == "" {
		r.Title = "Report on the case " + filepath.Base(g.k.Dir)
	}
	for _, step := range []func(context.Context, *report.Report, cases.Info) error{g.scope, g.objects, g.rejects, g.coverage, g.timelines, g.custody, g.comparison} {
		if err := step(ctx, r, info); err != nil {
			return nil, err
		}
	}
	return r, g.findings(ctx, r, findings)
}

// whoami is who runs the program, as far as this machine knows.
func whoami() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return fmt.Sprintf("%d@%s", os.Getuid(), host)
}

// scope says what the report is about and what it was limited to.
func (g *gatherer) scope(ctx context.Context, r *report.Report, info cases.Info) error {
	meta := map[string]string{}
	if err := g.rows(ctx, "SELECT key, value FROM store.meta", nil, func(v []any) { meta[v[0].(string)] = v[1].(string) }); err != nil {
		return err
	}
	asked := "everything that is in the case"
	if !g.window.From.IsZero() || !g.window.To.IsZero() {
		asked = g.window.String()
	}
	hunted := fmt.Sprintf("all %d hunts", len(r.Hunts))
	if len(g.named) > 0 {
		hunted = strings.Join(g.named, ", ")
	}
	r.Scope = []report.Fact{{Name: "Case", Value: info.Dir}, {Name: "Case made", Value: meta["created_at"] + " by " + meta["created_by"]},
		{Name: "Window of the case", Value: info.Window.String()}, {Name: "Window of this report", Value: asked},
		{Name: "Objects", Value: fmt.Sprintf("%s, %s bytes as received", words.Count(info.Objects), words.Count(info.Bytes))}, {Name: "Hunts", Value: hunted}}
	if g.capture != "" {
		r.Scope = append(r.Scope, report.Fact{Name: "Capture", Value: "only " + g.capture})
	}
	for _, limit := range []string{"from", "to", "capture"} {
		if free := without(r.Hunts, limit); g.values[limit] != "" && len(free) > 0 {
			r.Scope = append(r.Scope, report.Fact{Name: "Not limited by --" + limit, Value: strings.Join(free, ", ")})
		}
	}
	for _, l := range g.lists {
		text, err := os.ReadFile(l.path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		r.Scope = append(r.Scope, report.Fact{Name: "--" + l.flag, Value: l.path + ", SHA-256 " + hex.EncodeToString(sum[:])})
	}
	r.Scope = append(r.Scope, report.Fact{Name: "Written by", Value: "case53 " + version()})
	for _, c := range info.Captures {
		capture := report.Capture{Name: c.Name, Role: c.Role, Objects: c.Objects, Window: c.Window, Lines: report.Lines(c.Lines)}
		for _, name := range slices.Sorted(maps.Keys(c.Rows)) {
			capture.Rows = append(capture.Rows, report.Count{Name: name, N: c.Rows[name]})
		}
		r.Captures = append(r.Captures, capture)
	}
	for _, s := range info.Slices {
		from := report.Source{Name: s.Source, Complete: s.Complete, Unverified: s.Unverified, Partial: s.Partial}
		for _, gap := range s.Gaps {
			from.Gaps = append(from.Gaps, report.Gap{Span: cases.Span{From: gap.From, To: gap.To}, Reason: gap.Reason})
		}
		r.Sources = append(r.Sources, from)
	}
	return nil
}

// without lists the hunts that were run and do not take a parameter.
func without(hunts []report.Hunt, parameter string) []string {
	var ids []string
	for _, h := range hunts {
		if h.NotRun == "" && !slices.ContainsFunc(h.Parameters, func(p report.Fact) bool { return p.Name == parameter }) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

func (g *gatherer) objects(ctx context.Context, r *report.Report, _ cases.Info) error {
	byName := map[string]*report.Capture{}
	for i := range r.Captures {
		byName[r.Captures[i].Name] = &r.Captures[i]
	}
	return g.k.Objects(ctx, func(o cases.Object) error {
		r.Objects = append(r.Objects, report.Object{ID: o.ID, SHA256: o.SHA256, Size: o.Size, Capture: o.Capture, LogType: o.LogType, Kind: o.SourceKind, URI: o.URI,
			Version: o.VersionID, Acquired: o.AcquiredAt.UTC().Format("2006-01-02 15:04:05"), Problem: o.Problem, Lines: report.Lines(o.Counts)})
		byName[o.Capture].Bytes += o.Size
		return nil
	})
}

func (g *gatherer) rejects(ctx context.Context, r *report.Report, _ cases.Info) error {
	return g.rows(ctx, "SELECT reason, count(*) FROM reject GROUP BY reason ORDER BY 2 DESC, 1", nil, func(v []any) {
		r.Rejects = append(r.Rejects, report.Reject{Reason: v[0].(string), N: v[1].(int64)})
	})
}

// hunts says of each hunt what it is and what became of it.
func (g *gatherer) hunts(outcomes []outcome) []report.Hunt {
	var out []report.Hunt
	for _, o := range outcomes {
		q := o.query
		h := report.Hunt{ID: q.ID, Title: q.Title, Doc: q.Doc, Cannot: q.Cannot, Method: q.Hunt.Method, FalsePositives: q.Hunt.FalsePositives, NotProof: q.Hunt.NotProof,
			Measured: q.Hunt.Measured, Attack: strings.Join(q.Hunt.Attack, ", "), Findings: len(o.findings), Allowed: o.allowed, Beyond: o.beyond, Steps: o.trace}
		if o.missing != "" {
			h.NotRun = "the case has no " + o.missing + " records"
			out = append(out, h)
			continue
		}
		for _, p := range q.Params {
			h.Parameters = append(h.Parameters, report.Fact{Name: p.Name, Value: argumentText(o.args[p.Name])})
		}
		h.Rows, h.Digest, h.Command, h.Statement = o.digest.rows, o.digest.sum(), g.command(o), stock(q.ID, q.SQL, o.args)
		out = append(out, h)
	}
	return out
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

// command repeats a hunt.
func (g *gatherer) command(o outcome) string {
	line := []string{"case53", "query", filepath.Base(g.k.Dir), o.query.ID}
	for _, p := range o.query.Params {
		if value := g.values[p.Name]; value != "" {
			line = append(line, "-p", p.Name+"="+value)
		} else if text, _ := o.args[p.Name].(string); p.Name == "ioc" && text != "" {
			line = append(line, "-p", p.Name+"="+text)
		}
	}
	return words.ShellLine(line...)
}

// custody reads the custody log to its end; a chain that does not hold is an error.
func (g *gatherer) custody(_ context.Context, r *report.Report, _ cases.Info) error {
	path := filepath.Join(g.k.Dir, "custody.jsonl")
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
		return fmt.Errorf("custody log of %s: %w", g.k.Dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		r.Custody.Actions = append(r.Custody.Actions, report.Count{Name: name, N: actions[name]})
	}
	r.Custody.Head, err = lastLine(path, r.Custody.Lines)
	return err
}

// stored notes the files in raw/ that are no objects.
func stored(r *report.Report, e custody.Entry) error {
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
	r.Files = append(r.Files, report.File{What: d.What, SHA256: d.SHA256, Detail: fmt.Sprintf("%s bytes, %s flow logs, %s addresses, kept %s UTC",
		words.Count(d.Size), words.Count(d.FlowLogs), words.Count(d.Addresses), e.At.UTC().Format("2006-01-02 15:04:05"))})
	return nil
}

// storedNetworks notes a file that says whose addresses are.
func storedNetworks(r *report.Report, e custody.Entry) error {
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
	r.Files = append(r.Files, report.File{What: d.DatabaseType, SHA256: d.SHA256, Detail: fmt.Sprintf("%s, made %s UTC, %s networks, kept %s UTC",
		d.Name, d.Built.UTC().Format("2006-01-02 15:04:05"), words.Count(d.Networks), e.At.UTC().Format("2006-01-02 15:04:05"))})
	return nil
}

// lastLine is the SHA-256 of a line of the custody log.
func lastLine(path string, n int) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	for i := 1; ; i++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return "", err
		}
		if i == n {
			sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
			return hex.EncodeToString(sum[:]), nil
		}
		if err == io.EOF {
			return "", fmt.Errorf("%w: it has less than %d lines", custody.ErrBroken, n)
		}
	}
}
