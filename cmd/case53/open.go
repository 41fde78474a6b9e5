package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"case53/cases"
	"case53/loader"
	"case53/tui"
)

func newOpen() *cobra.Command {
	c := &cobra.Command{
		Use:   "open CASE",
		Short: "Open the workbench on a case",
		Long:  "The case is opened read-only. ? shows the keys of the screen you are on.",
		Args:  exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return openWorkbench(c, args[0])
		},
	}
	addWorkbenchFlags(c)
	return c
}

func addWorkbenchFlags(c *cobra.Command) {
	c.Flags().Bool("ascii", false, "draw with ASCII characters only")
	c.Flags().String("theme", "", "dark or light; asks the terminal when not given")
}

// openWorkbench shows the case until the user quits.
func openWorkbench(c *cobra.Command, dir string) error {
	if !hasTerminal(c) {
		return usage("the workbench needs a terminal\nhint: case53 query, info and coverage work without one")
	}
	k, err := openCase(c.Context(), dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	set, err := library(k.Dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	opt := tui.Options{CaseName: filepath.Base(k.Dir)}
	opt.ASCII, _ = c.Flags().GetBool("ascii")
	opt.Theme, _ = c.Flags().GetString("theme")
	return tui.Run(c.Context(), reader{k}, set, opt)
}

func hasTerminal(c *cobra.Command) bool {
	in, ok := c.InOrStdin().(*os.File)
	return ok && term.IsTerminal(in.Fd()) && isTerminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb"
}

// reader shows a case to the workbench.
type reader struct{ k *cases.Case }

func (r reader) Query(ctx context.Context, sql string, args map[string]any) (tui.Result, error) {
	return r.k.Result(ctx, sql, args)
}

// overviewBin is the width of the windows that the overview's coverage is counted in.
const overviewBin = 10 * time.Minute

func (r reader) Overview(ctx context.Context) (tui.Overview, error) {
	info, err := r.k.Info(ctx)
	if err != nil {
		return tui.Overview{}, err
	}
	o := tui.Overview{Path: info.Dir, Tables: info.Tables, From: info.Window.From, To: info.Window.To, Lines: tui.Lines(info.Lines), Objects: info.Objects}
	for _, c := range info.Captures {
		o.Captures = append(o.Captures, tui.Capture{Name: c.Name, Role: c.Role, From: c.Window.From, To: c.Window.To, Rows: c.Rows})
	}
	if err := r.answers(ctx, o.Captures); err != nil {
		return o, err
	}
	if o.Rejects, err = r.rejects(ctx); err != nil {
		return o, err
	}
	if r.k.Stale != nil {
		o.Stale = r.k.Stale.Error()
		return o, nil // what follows is derived
	}
	if o.Hours, err = r.hours(ctx); err != nil {
		return o, err
	}
	all, err := r.k.Coverage(ctx, overviewBin)
	for _, c := range all {
		minutes := func(status ...string) (n int64) {
			for _, s := range status {
				n += c.Counts[s] * int64(overviewBin/time.Minute)
			}
			return n
		}
		o.Coverage = append(o.Coverage, tui.Coverage{LogType: c.LogType, Source: c.Source, Capture: c.Capture, From: c.Window.From, To: c.Window.To,
			Expected: c.Windows * int64(overviewBin/time.Minute), OK: minutes(cases.StatusOK, cases.StatusRecords), NoData: minutes(cases.StatusNoData),
			SkipData: minutes(cases.StatusSkipData), Absent: minutes(cases.StatusAbsent, cases.StatusNone)})
	}
	return o, err
}

// answers counts the Resolver answers of each capture.
func (r reader) answers(ctx context.Context, captures []tui.Capture) error {
	const sql = "SELECT o.capture, sum(n)::BIGINT FROM (SELECT object_id, count(*) AS n FROM store.dns_answer GROUP BY 1) JOIN store.object o USING (object_id) GROUP BY 1"
	return r.each(ctx, sql, func(v []any) {
		for i := range captures {
			if captures[i].Name == v[0].(string) {
				captures[i].Rows["dns_answer"] = v[1].(int64)
			}
		}
	})
}

func (r reader) rejects(ctx context.Context) ([]tui.Reason, error) {
	var out []tui.Reason
	err := r.each(ctx, "SELECT reason, count(*) FROM reject GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 10", func(v []any) {
		out = append(out, tui.Reason{Text: v[0].(string), Count: v[1].(int64)})
	})
	return out, err
}

func (r reader) hours(ctx context.Context) ([]tui.Histogram, error) {
	var out []tui.Histogram
	err := r.each(ctx, "SELECT log_type, date_trunc('hour', minute) AS hour, sum(records)::BIGINT FROM minute GROUP BY ALL ORDER BY 1, 2", func(v []any) {
		logType := v[0].(string)
		if len(out) == 0 || out[len(out)-1].LogType != logType {
			out = append(out, tui.Histogram{LogType: logType})
		}
		h := &out[len(out)-1]
		h.Times, h.Counts = append(h.Times, v[1].(time.Time)), append(h.Counts, v[2].(int64))
	})
	return out, err
}

func (r reader) each(ctx context.Context, sql string, row func([]any)) error {
	rows, err := r.k.Query(ctx, sql, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row(rows.Values())
	}
	return rows.Err()
}

// Record finds a row's record in the raw bytes of its object.
func (r reader) Record(ctx context.Context, objectID, rowNo int64) (tui.Record, error) {
	o, err := r.k.Object(ctx, objectID)
	if err != nil {
		return tui.Record{}, err
	}
	rec := tui.Record{LogType: o.LogType, URI: o.URI, SHA256: o.SHA256, ObjectID: objectID, RowNo: rowNo, Capture: o.Capture, Format: o.Format, AcquiredAt: o.AcquiredAt}
	raw, err := loader.FindRecord(ctx, r.k.RawStore(), o.SHA256, uint32(rowNo))
	rec.Raw, rec.RawErr = raw.Data, err
	if raw.Event != nil {
		rec.LogGroup, rec.LogStream, rec.EventID = raw.Event.Group, raw.Event.Stream, raw.Event.ID
		rec.EventTimestamp, rec.IngestionTime = milliTime(raw.Event.Timestamp), milliTime(raw.Event.Ingestion)
	}
	return rec, nil
}

// milliTime is a CloudWatch time; zero is unknown.
func milliTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
