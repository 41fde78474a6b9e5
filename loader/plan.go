package loader

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/loader/logs"
	"case53/loader/source"
)

// Plan is what to load and how.
type Plan struct {
	Sources []source.Source
	Window  cases.Span     // records outside it are counted, not kept
	Type    *logs.Type     // nil: told from each object's content
	Formats [][]string     // of flow logs that carry no header; nil: inferred
	Access  []string       // formats of web servers' access logs, as LogFormat or log_format has them
	Zone    *time.Location // of times that do not say theirs; nil: not known
	Capture string         // created with Role where it does not exist
	Role    string
	// Narrowed is what the records were narrowed to before they came: the text of a predicate; "" where all of them did.
	Narrowed string
	Workers  int // decoders at a time; 0: one per core
	Pull     *Pull

	batchBytes int64 // decoded bytes of a transaction; 0: batchBytes
}

// Pull is what is said of a load of remote sources.
type Pull struct {
	// Options are, beside the plan itself, what two commands must share to be the same pull.
	Options map[string]any
	// Provenance is who pulls, with what, from where. Never a key, a token or a signature.
	Provenance map[string]any
}

// Roles are what a capture can be.
var Roles = []string{"incident", "replay", "baseline"}

func (p *Plan) check() error {
	if p.Capture == "" {
		return fmt.Errorf("a capture needs a name")
	}
	if !slices.Contains(Roles, p.Role) {
		return fmt.Errorf("no role %q\nhint: one of incident, replay, baseline", p.Role)
	}
	if p.Workers == 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if p.batchBytes == 0 {
		p.batchBytes = batchBytes
	}
	return nil
}

// action is what the custody log calls it.
func (p *Plan) action() string {
	if p.Pull != nil {
		return "pull"
	}
	return "load"
}

// title is the plan in a few words.
func (p *Plan) title() string {
	var uris []string
	for _, s := range p.Sources {
		uris = append(uris, strings.Fields(s.URI())...) // a source of several paths has several
	}
	switch len(uris) {
	case 0:
		return p.action()
	case 1:
		return p.action() + " of " + uris[0]
	}
	return fmt.Sprintf("%s of %s and %d more", p.action(), uris[0], len(uris)-1)
}

// record is the plan as the custody log keeps it.
func (p *Plan) record() map[string]any {
	uris := []string{}
	for _, s := range p.Sources {
		uris = append(uris, s.URI())
	}
	out := map[string]any{"sources": uris, "capture": p.Capture, "role": p.Role, "window": p.Window}
	if p.Type != nil {
		out["format"] = p.Type.Name
	}
	if p.Formats != nil {
		out["flow_format"] = p.Formats
	}
	if p.Zone != nil {
		out["log_timezone"] = p.Zone.String()
	}
	if p.Access != nil {
		out["access_format"] = p.Access
	}
	if p.Narrowed != "" {
		out["narrowed"] = p.Narrowed
	}
	return out
}

// given are the formats that the user gives of a type.
func (p *Plan) given(t *logs.Type) [][]string {
	switch t.Option {
	case "flow-format":
		return p.Formats
	case "access-format":
		var out [][]string
		for _, format := range p.Access {
			out = append(out, []string{format})
		}
		return out
	}
	return nil
}

// Progress is how far a load has come: a copy, which may be kept.
type Progress struct {
	Phase     string // "load", or the derived table being built
	Listed    bool   // every source has been listed
	Objects   int    // listed
	Done      int    // loaded, skipped or failed
	Bytes     int64  // of the listed objects, as far as their sizes are known
	BytesDone int64
	Lines     cases.Counts // of what has been committed
	Elapsed   time.Duration
	Sources   []SourceProgress
}

// SourceProgress is how far one source has come.
type SourceProgress struct {
	URI                          string
	Remote                       bool // it is fetched while it is listed
	Listed                       bool
	Found, Fetched, Done, Failed int
	Bytes, BytesFetched          int64
	Rows, Rejected               int64 // of what has been committed
	source.Activity
}

// Failure is an object, or a part of a source, that could not be loaded at all.
type Failure struct {
	URI string
	Err error
}

// Report says what a load has done.
type Report struct {
	Listed   int
	Loaded   int // objects that are part of the case now and were not before, duplicates included
	Skipped  int // the same object was in the case already
	Copies   int // same bytes as an object from another place
	Lines    cases.Counts
	Problems int              // objects that could not be read whole, or were not recognised
	Reasons  map[string]int   // why not → number of objects
	Formats  map[string]int   // how objects were read: "flow: version account-id … (inferred)" → number of objects
	Unread   map[string]int64 // records that no type reads, by what they are and where: "an Apache … log (stream x)" → records
	Again    int64            // records of the whole case that say again what another object has: no sum counts them
	Failures []Failure
	Slices   []source.Slice // of remote sources, as they stand at the end
	Remarks  []string       // of the sources: what they passed over, what is an archive, what looks masked
	Elapsed  time.Duration  // of loading
	Deriving time.Duration  // of building the derived tables
}

// ReasonNames gives the keys of Reasons, the most frequent first.
func (r *Report) ReasonNames() []string {
	return slices.SortedFunc(maps.Keys(r.Reasons), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Reasons[b], r.Reasons[a]), cmp.Compare(a, b))
	})
}

// count notes how the parts of an object were read, and what no type reads.
func (r *Report) count(o cases.Object) {
	if len(o.Parts) > 0 && o.Parts[0].Duplicate == o.Read && strings.HasPrefix(o.Format, copyFormat) {
		r.Formats[o.LogType+": "+o.Format]++
		return
	}
	seen := map[string]bool{}
	for _, p := range o.Parts {
		if p.Unread > 0 {
			r.Unread[p.Source()+": "+p.Format] += p.Unread
		}
		if key := p.LogType + ": " + p.Format; p.LogType != cases.Unknown && p.Format != "" && !seen[key] {
			seen[key] = true
			r.Formats[key]++
		}
	}
}

// FormatNames gives the keys of Formats in order.
func (r *Report) FormatNames() []string { return slices.Sorted(maps.Keys(r.Formats)) }
