package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
	"case53/queries"
)

// Finding is a row of a hunt.
type Finding struct {
	Hunt     string      `json:"hunt"`
	Severity string      `json:"severity"`
	Score    float64     `json:"score"`
	Subject  Subject     `json:"subject"`
	Reason   string      `json:"reason"`
	Rows     int64       `json:"rows"`
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	Capture  string      `json:"capture,omitempty"`
	Coverage cases.Share `json:"coverage"`
	Whose    []string    `json:"places,omitempty"` // whose the outside addresses of its subject are

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

// New is the finding that a row of a hunt is, by its columns.
func New(hunt string, row map[string]any) (Finding, error) {
	f := Finding{Hunt: hunt, values: row}
	return f, f.read()
}

// read takes the columns that every hunt has, and those of its subject.
func (f *Finding) read() error {
	text := func(name string) string { s, _ := f.values[name].(string); return s }
	var ok [3]bool
	f.Score, ok[0] = f.values["score"].(float64)
	f.From, ok[1] = f.values["from_time"].(time.Time)
	f.To, ok[2] = f.values["to_time"].(time.Time)
	f.From, f.To = f.From.UTC(), f.To.UTC()
	f.Rows = Integer(f.values["rows"])
	f.Severity, f.Reason, f.Capture = text("severity"), text("reason"), text("capture")
	if ok != [3]bool{true, true, true} || f.Reason == "" || !slices.Contains(queries.Severities, f.Severity) {
		return fmt.Errorf("a row is no finding: it needs score (DOUBLE), severity, reason, rows, from_time and to_time")
	}
	f.Subject = Subject{
		Src:              text("src"),
		Dst:              text("dst"),
		Client:           text("client"),
		Name:             text("name"),
		RegisteredDomain: text("registered_domain"),
		InterfaceID:      text("interface_id"),
	}
	if f.values["dstport"] != nil {
		port := Integer(f.values["dstport"])
		f.Subject.DstPort = &port
	}
	return nil
}

// Value is a column of the row that the finding is; nil where the hunt has none of that name.
func (f *Finding) Value(column string) any { return f.values[column] }

// Text is a column as text; "" where it is none.
func (f *Finding) Text(column string) string { s, _ := f.values[column].(string); return s }

// Number is a column as a number; 0 where it is none.
func (f *Finding) Number(column string) float64 {
	if n, ok := f.values[column].(float64); ok {
		return n
	}
	return float64(Integer(f.values[column]))
}

// Integer is a value of a row as a whole number; 0 where it is none.
func Integer(v any) int64 {
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
