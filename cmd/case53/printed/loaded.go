package printed

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader"
	"case53/loader/logs"
	"case53/loader/source"
)

// Loaded writes what a load did: the balance to stdout, what needs a person's eyes to stderr.
func Loaded(stdout, stderr io.Writer, dir string, r loader.Report) {
	l := r.Lines
	fmt.Fprintf(stdout, "%s: %d objects loaded", safetext.Show(dir), r.Loaded)
	for _, part := range []struct {
		n    int
		what string
	}{{r.Skipped, "already there"}, {r.Copies, "copies of others"}, {len(r.Failures), "failed"}} {
		if part.n > 0 {
			fmt.Fprintf(stdout, ", %d %s", part.n, part.what)
		}
	}
	fmt.Fprintf(stdout, " in %.1f s (+ %.1f s to prepare pivots)\n", r.Elapsed.Seconds(), r.Deriving.Seconds())
	fmt.Fprintf(stdout, "%s\n", l)
	for _, format := range r.FormatNames() {
		how, warnings := logs.Warnings(format)
		fmt.Fprintf(stdout, "%5d × %s\n", r.Formats[format], safetext.Show(how))
		name, _, _ := strings.Cut(how, ": ")
		for _, w := range warnings {
			fmt.Fprintf(stderr, "warning: %d × %s: %s\n", r.Formats[format], safetext.Show(name), safetext.Show(w))
		}
	}
	if r.Again > 0 {
		fmt.Fprintln(stdout, Again(r.Again))
	}
	for _, what := range slices.Sorted(maps.Keys(r.Unread)) {
		fmt.Fprintf(stderr, "unread: %s of %s\n", words.Plural(r.Unread[what], "record", "records"), safetext.Show(what))
	}
	for _, f := range r.Failures {
		Error(stderr, fmt.Errorf("%s: %w", f.URI, f.Err))
	}
}

// Reasons says why what was not read was not, with how many objects of each reason, and where the rest can be looked up:
// rejects where there are any, else the objects with what became of them.
func Reasons(stderr io.Writer, dir string, r loader.Report, pulled bool) {
	const most = 20
	one, many := "file", "files"
	if pulled {
		one, many = "object", "objects"
	}
	names := r.ReasonNames()
	for _, reason := range names[:min(len(names), most)] {
		fmt.Fprintf(stderr, "%s: %s\n", words.Plural(int64(r.Reasons[reason]), one, many), safetext.Show(reason))
	}
	if more := len(names) - most; more > 0 {
		fmt.Fprintf(stderr, "%s more\n", words.Plural(int64(more), "reason", "reasons"))
	}
	if r.Lines.Rejected > 0 || r.Problems > 0 {
		fmt.Fprintf(stderr, "%s rejected, %s with a problem; they are kept\n",
			words.Plural(r.Lines.Rejected, "record", "records"), words.Plural(int64(r.Problems), "object", "objects"))
	}
	var look []string
	for _, q := range []struct {
		n    int64
		name string
	}{{r.Lines.Rejected, "rejects"}, {r.Lines.Unread, "unread"}, {int64(r.Problems), "objects"}} {
		if q.n > 0 {
			look = append(look, q.name)
		}
	}
	if len(look) > 0 {
		fmt.Fprintf(stderr, "hint: case53 query %s %s\n", safetext.Show(dir), strings.Join(look, " | "))
	}
}

// LoadedJSON is what a load did, for scripts.
func LoadedJSON(dir string, plan loader.Plan, r loader.Report) map[string]any {
	type failure struct {
		URI   string `json:"uri"`
		Error string `json:"error"`
	}
	failed := []failure{}
	for _, f := range r.Failures {
		failed = append(failed, failure{f.URI, f.Err.Error()})
	}
	type reason struct {
		Reason  string `json:"reason"`
		Objects int    `json:"objects"`
	}
	reasons := []reason{}
	for _, name := range r.ReasonNames() {
		reasons = append(reasons, reason{name, r.Reasons[name]})
	}
	return map[string]any{
		"case":           dir,
		"capture":        plan.Capture,
		"role":           plan.Role,
		"window":         plan.Window,
		"listed":         r.Listed,
		"loaded":         r.Loaded,
		"skipped":        r.Skipped,
		"copies":         r.Copies,
		"problems":       r.Problems,
		"reasons":        reasons,
		"failed":         failed,
		"slices":         slicesJSON(r.Slices),
		"remarks":        append([]string{}, r.Remarks...),
		"lines":          r.Lines,
		"formats":        r.Formats,
		"unread":         r.Unread,
		"again":          r.Again,
		"seconds":        r.Elapsed.Seconds(),
		"derive_seconds": r.Deriving.Seconds(),
	}
}

// Slices says how completely each source was read.
func Slices(stdout, stderr io.Writer, all []source.Slice) {
	type sum struct {
		states  map[source.State]int
		records int64
	}
	sums, order := map[string]*sum{}, []string{}
	last := map[string]source.Slice{} // the last word on each span
	for _, s := range all {
		last[s.Source+s.From.String()+s.To.String()] = s
	}
	for _, s := range all {
		key := s.Source + s.From.String() + s.To.String()
		now, ok := last[key]
		if !ok {
			continue
		}
		delete(last, key)
		if sums[s.Source] == nil {
			sums[s.Source] = &sum{states: map[source.State]int{}}
			order = append(order, s.Source)
		}
		sums[s.Source].states[now.State]++
		sums[s.Source].records += max(now.Records, 0)
		if now.State == source.Partial {
			fmt.Fprintf(stderr, "partial: %s %s: %s\n", safetext.Show(now.Source), cases.Span{From: now.From, To: now.To}.String(), safetext.Show(now.Reason))
		}
	}
	for _, uri := range order {
		s := sums[uri]
		fmt.Fprintf(stdout, "%s: %d slices complete, %d complete but counted once, %d partial\n", safetext.Show(uri), s.states[source.Complete],
			s.states[source.CompleteUnverified], s.states[source.Partial])
	}
}

// slicesJSON is what was read of each source, slice by slice.
func slicesJSON(all []source.Slice) []cases.Slice {
	out := []cases.Slice{}
	for _, s := range all {
		out = append(out, cases.Slice{
			Source:  s.Source,
			From:    s.From,
			To:      s.To,
			State:   string(s.State),
			Reason:  s.Reason,
			Objects: s.Objects,
			Records: s.Records,
			Bytes:   s.Bytes,
			Digest:  s.Digest,
			Reads:   s.Reads,
		})
	}
	return out
}
