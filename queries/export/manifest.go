package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"case53/cases"
)

// Manifest says what was exported, from what, and what was not. It names no moment and no machine: the same case and the same request
// give the same bytes.
type Manifest struct {
	Program       string           `json:"program"`
	Format        string           `json:"format"`
	FormatVersion string           `json:"format_version,omitempty"`
	Loses         string           `json:"loses"`
	Case          string           `json:"case"` // SHA-256 of the first line of its custody log
	Custody       Head             `json:"custody"`
	Sources       []SourceManifest `json:"sources"`
	Files         []FileManifest   `json:"files"`
	// Indicators are those of the request, seen or not.
	Indicators []IndicatorManifest `json:"indicators,omitempty"`
	Notes      *NotesManifest      `json:"notes,omitempty"`
}

// Head is the end of the custody log.
type Head struct {
	Lines int    `json:"lines"`
	Head  string `json:"head"`
}

// SourceManifest is what became of the rows of one query.
type SourceManifest struct {
	Rows           string         `json:"rows"` // of which view or saved query
	SQL            string         `json:"sql"`
	Parameters     map[string]any `json:"parameters"`
	Mapping        string         `json:"mapping"`
	RowsIn         int64          `json:"rows_in"`
	RowsOut        int64          `json:"rows_out"`
	Records        int64          `json:"records"` // that they became: several rows may be one
	NotExpressible []Omitted      `json:"not_expressible"`
	Limits         []string       `json:"limits"`
}

// Omitted is rows that the tool has no way to say.
type Omitted struct {
	Why  string `json:"why"`
	Rows int64  `json:"rows"`
}

// FileManifest is a file that was written.
type FileManifest struct {
	Path    string `json:"path"` // beside the manifest
	SHA256  string `json:"sha256"`
	Bytes   int64  `json:"bytes"`
	Records int64  `json:"records"`
}

// omit notes what was left out, the most first.
func (s *SourceManifest) omit(counts map[string]int64) {
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		s.NotExpressible = append(s.NotExpressible, Omitted{why, counts[why]})
	}
	slices.SortStableFunc(s.NotExpressible, func(a, b Omitted) int { return int(b.Rows - a.Rows) })
}

func (s *SourceManifest) omitted() (n int64) {
	for _, o := range s.NotExpressible {
		n += o.Rows
	}
	return n
}

// limits are what has to be said of a source: what the mapping says, and what the logs never show.
func (s source) limits(k *cases.Case) []string {
	limits := slices.Clone(s.Limit)
	for _, name := range s.Views[:1] {
		view, _ := k.View(name)
		for _, log := range view.Logs {
			if t, ok := k.LogType(log); ok {
				for _, b := range t.Blind {
					limits = append(limits, fmt.Sprintf("%s never show %s: %s", t.Many, b.What, b.Why))
				}
			}
		}
	}
	return limits
}

// limits adds what has to be said of a request.
func (r *run) limits(all []string) []string {
	if r.noted == nil {
		return append(all, "marks, tags and notes of an analyst are not exported")
	}
	return append(all, "tags are an analyst's, and no evidence: of the row, or of an address, name, interface or instance in it; notes of the whole "+
		"case are events, whatever the window")
}

// parameters are the arguments of a query as JSON writes them.
func parameters(args map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range args {
		out[name] = cases.JSONValue(value)
	}
	return out
}

// JSON is the manifest as it is written.
func (m *Manifest) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(m)
	return b.Bytes(), err
}
