package report

import (
	"context"
	"time"

	"case53/cases"
	"case53/queries/findings"
)

// Widths of the windows and bins of a report, the first that gives few enough.
var (
	reportBins = []time.Duration{time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
		day, 7 * day, 30 * day, 365 * day, 3650 * day, 36500 * day}
	mostTimeBins    = 100
	mostCoverageBin = 1500
)

const day = 24 * time.Hour

// binFor is the narrowest bin, of at least least, of which no more than most lie in a window.
func binFor(window cases.Span, least time.Duration, most int) time.Duration {
	for _, bin := range reportBins {
		if bin >= least && window.Seconds()/bin.Seconds() < float64(most) {
			return bin
		}
	}
	return reportBins[len(reportBins)-1]
}

// coverage is what is there of every source, inside the report's window.
func (g *gatherer) coverage(ctx context.Context, r *Report, info cases.Info) error {
	all := cases.Span{}
	for _, c := range info.Captures {
		if w := c.Window; g.wanted(c.Name) && !w.From.IsZero() {
			if all.From.IsZero() || w.From.Before(all.From) {
				all.From = w.From
			}
			if w.To.After(all.To) {
				all.To = w.To
			}
		}
	}
	r.Window = all
	r.CoverageBin = binFor(r.Window, 10*time.Minute, mostCoverageBin)
	sources, err := g.Case.Coverage(ctx, r.CoverageBin)
	if err != nil {
		return err
	}
	for _, c := range sources {
		if !g.wanted(c.Capture) {
			continue
		}
		window, ok := g.clip(c.Window.From, c.Window.To)
		if !ok {
			continue
		}
		out := c
		out.Window, out.Windows, out.Spans, out.Counts = window, 0, nil, map[string]int64{}
		for _, s := range c.Spans {
			if span, ok := g.clip(s.From, s.To); ok {
				out.Spans = append(out.Spans, cases.CoverageSpan{From: span.From, To: span.To, Status: s.Status})
				n := int64(span.Bins(c.Bin))
				out.Counts[s.Status] += n
				out.Windows += n
			}
		}
		r.Coverage = append(r.Coverage, out)
	}
	return nil
}

// wanted says whether a capture is part of the report.
func (g *gatherer) wanted(capture string) bool {
	return g.opt.Capture == "" || g.opt.Capture == capture
}

// clip is the part of a span that lies in the report's window; false where there is none.
func (g *gatherer) clip(from, to time.Time) (cases.Span, bool) {
	if !g.opt.Window.From.IsZero() && from.Before(g.opt.Window.From) {
		from = g.opt.Window.From
	}
	if !g.opt.Window.To.IsZero() && to.After(g.opt.Window.To) {
		to = g.opt.Window.To
	}
	return cases.Span{From: from, To: to}, to.After(from)
}

// timelines counts the records of each capture in bins.
func (g *gatherer) timelines(ctx context.Context, r *Report, info cases.Info) error {
	for _, c := range info.Captures {
		if !g.wanted(c.Name) || c.Window.From.IsZero() {
			continue
		}
		window, ok := g.clip(c.Window.From, c.Window.To.Add(time.Microsecond))
		if !ok {
			continue
		}
		t := Timeline{Capture: c.Name, Bin: binFor(window, time.Minute, mostTimeBins)}
		if t.From = window.From.Truncate(t.Bin); t.From.IsZero() { // which says that it is unknown
			t.From = window.From
		}
		bins := cases.Span{From: t.From, To: window.To}.Bins(t.Bin)
		t.To = cases.Later(t.From, float64(bins)*t.Bin.Seconds())
		const sql = `SELECT log_type, (epoch_us(minute) - epoch_us($from::TIMESTAMP)) // $bin AS bin, sum(records)::BIGINT
			FROM minute WHERE capture = $capture AND minute >= $from::TIMESTAMP AND minute < $to::TIMESTAMP GROUP BY ALL ORDER BY 1, 2`
		err := g.rows(ctx, sql, map[string]any{"capture": c.Name, "bin": t.Bin.Microseconds(), "from": t.From, "to": t.To}, func(v []any) {
			if n := len(t.Series); n == 0 || t.Series[n-1].LogType != v[0].(string) {
				t.Series = append(t.Series, Series{LogType: v[0].(string), Counts: make([]int64, bins)})
			}
			t.Series[len(t.Series)-1].Counts[v[1].(int64)] = v[2].(int64)
		})
		if err != nil {
			return err
		}
		if len(t.Series) > 0 {
			r.Timelines = append(r.Timelines, t)
		}
	}
	return nil
}

// mark puts a finding into the timeline of its capture; into all where it names none.
func mark(r *Report, n int, f *findings.Finding) {
	for i := range r.Timelines {
		t := &r.Timelines[i]
		if (f.Capture == "" || f.Capture == t.Capture) && f.From.Before(t.To) && !f.To.Before(t.From) {
			t.Marks = append(t.Marks, Mark{Finding: n, Hunt: f.Hunt, Subject: f.About(), Severity: f.Severity, Span: cases.Span{From: f.From, To: f.To}})
		}
	}
}
