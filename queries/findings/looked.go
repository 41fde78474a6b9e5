package findings

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
)

// looked says what a query has looked at, for a hunt that found nothing: its tables, the capture and the window that it was
// limited to, and how much of that time the logs cover. "Nothing found" says no more than that. unseen is what such logs never show.
func (h *Hunter) looked(ctx context.Context, q *queries.Query, args map[string]any) (text string, unseen []string, err error) {
	capture, _ := args["capture"].(string)
	from, _ := args["from"].(time.Time)
	to, _ := args["to"].(time.Time)
	window := cases.Span{From: from, To: to}
	parts, unseen, err := h.Covered(ctx, []*queries.Query{q}, capture, window)
	if err != nil {
		return "", nil, err
	}
	return strings.Join(append([]string{"looked at " + strings.Join(q.Reads(), ", ") + limits(capture, window)}, parts...), "; "), unseen, nil
}

// Covered says how much of a window each log that queries read covers, and what explains that it does not; unseen is what such logs never
// show.
func (h *Hunter) Covered(ctx context.Context, of []*queries.Query, capture string, within cases.Span) (parts, unseen []string, err error) {
	all, err := h.coverage(ctx)
	if err != nil {
		return nil, nil, err
	}
	from, to := within.From, within.To
	for _, t := range h.Case.LogTypes() {
		if !slices.ContainsFunc(of, func(q *queries.Query) bool { return h.reads(q, t) }) {
			continue
		}
		var sum cases.Share
		sources := 0
		for _, c := range all {
			window := clipped(c.Window, from, to)
			if c.LogType != t.Name || capture != "" && c.Capture != capture || !window.To.After(window.From) {
				continue
			}
			sum.Add(c, window)
			sources++
		}
		scopes := scopesOf(h.Case, t, capture)
		parts = append(append(parts, coveredBy(t, sum, sources, len(scopes) > 0)), scopes...)
		parts = append(parts, explainedBy(all, t, capture, from, to)...)
		if sources > 0 {
			unseen = append(unseen, fmt.Sprintf("not visible in %s, however complete they are: %s", t.Many, strings.Join(t.BlindTexts(), "; ")))
		}
	}
	return parts, unseen, nil
}

// mostCauses is how many calls are told beside a log.
const mostCauses = 3

// explainedBy says which calls explain why a log has no records for some of that time, or may.
func explainedBy(all []cases.Coverage, t cases.LogType, capture string, from, to time.Time) []string {
	var silent []cases.Coverage
	for _, c := range all {
		if c.LogType == t.Name && (capture == "" || c.Capture == capture) {
			c.Explained = slices.DeleteFunc(slices.Clone(c.Explained), func(e cases.Explanation) bool {
				gap := clipped(cases.Span{From: e.From, To: e.To}, from, to)
				return !gap.To.After(gap.From)
			})
			silent = append(silent, c)
		}
	}
	causes := Causes(silent)
	var parts []string
	for i, c := range causes {
		if i == mostCauses {
			return append(parts, fmt.Sprintf("%s more that may explain such a time", words.Plural(int64(len(causes)-i), "call", "calls")))
		}
		parts = append(parts, c.Text(func(t time.Time) string { return t.Format(time.DateTime) + " UTC" }))
	}
	return parts
}

// reads says whether a query reads records of a log type.
func (h *Hunter) reads(q *queries.Query, t cases.LogType) bool {
	return slices.ContainsFunc(q.Reads(), func(name string) bool {
		view, _ := h.Case.View(name)
		return slices.Contains(view.Logs, t.Name)
	})
}

// limits says what a query was limited to.
func limits(capture string, window cases.Span) string {
	text := " of all captures"
	if capture != "" {
		text = " of the capture " + capture
	}
	if window.From.IsZero() && window.To.IsZero() {
		return text + " at all times"
	}
	return text + ", " + window.String()
}

// clipped is the part of a span that lies between two moments; the zero time is no bound.
func clipped(s cases.Span, from, to time.Time) cases.Span {
	if from.After(s.From) {
		s.From = from
	}
	if !to.IsZero() && to.Before(s.To) {
		s.To = to
	}
	return s
}

// coveredBy says how much of the time that was looked at a log covers.
func coveredBy(t cases.LogType, sum cases.Share, sources int, narrowed bool) string {
	minutes := words.Plural(sum.Windows, "minute", "minutes")
	if sources > 1 {
		minutes += fmt.Sprintf(", summed over %s sources,", words.Count(int64(sources)))
	}
	switch {
	case sum.Windows == 0:
		return t.One + ": nothing of that time, so that nothing can be said"
	case sum.Covered == 0:
		return fmt.Sprintf("%s: none of %s covered, so that nothing can be said", t.One, minutes)
	case narrowed:
		return fmt.Sprintf("%s: records in %s of %s; the others say nothing, as it was narrowed",
			t.One, words.Count(sum.Covered), strings.TrimSuffix(minutes, ","))
	case t.Silence == cases.StatusNone:
		return fmt.Sprintf("%s: records in %s of %s; the others may be quiet, cached or not logged",
			t.One, words.Count(sum.Covered), strings.TrimSuffix(minutes, ","))
	}
	return fmt.Sprintf("%s: %s of %s covered, %s SKIPDATA", t.One, words.Count(sum.Covered), minutes, words.Count(sum.SkipData))
}
