package findings

import (
	"slices"
	"strings"

	"case53/cases"
	"case53/queries"
)

// NotRun says why a hunt was not run; "" where it was.
func (o *Outcome) NotRun() string {
	switch {
	case o.Missing != "":
		return "the case has no " + o.Missing + " records"
	case o.Narrowed != "":
		return "it needs records that were left out: " + o.Narrowed
	}
	return ""
}

// narrowed says which records that a hunt needs were left out of what it would look at; "" where it has all of them, or needs no others.
func (h *Hunter) narrowed(q *queries.Query, args map[string]any) string {
	capture, _ := args["capture"].(string)
	var said []string
	for _, s := range h.Case.Scopes {
		if needsAll(h.Case, q, s.LogType) && (capture == "" || s.Capture == capture) {
			said = append(said, s.Has())
		}
	}
	return strings.Join(said, "; ")
}

// needsAll says whether a hunt needs every record of a log type. A view that is of no type in particular is of all.
func needsAll(k *cases.Case, q *queries.Query, logType string) bool {
	return slices.ContainsFunc(q.Hunt.NeedsAll, func(name string) bool {
		view, _ := k.View(name)
		return len(view.Logs) == 0 || slices.Contains(view.Logs, logType)
	})
}

// among says of which records the counts of a hunt's findings are, by capture ("" for any), where others were left out.
func (h *Hunter) among(q *queries.Query) map[string]string {
	among := map[string]string{}
	for _, s := range h.Case.Scopes {
		t, _ := h.Case.LogType(s.LogType)
		if !h.reads(q, t) {
			continue
		}
		for _, capture := range []string{s.Capture, ""} {
			among[capture] += "; counted where " + s.Has()
		}
	}
	return among
}

// scopesOf says of a log which of its records there are, where they were narrowed before they came.
func scopesOf(k *cases.Case, t cases.LogType, capture string) (said []string) {
	for _, s := range k.Narrowed(t.Name, capture) {
		said = append(said, s.String())
	}
	return said
}
