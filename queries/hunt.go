package queries

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Hunt is what a saved query says about itself when its rows are findings. Each row has a score (0 to 1), a severity
// (high, medium, low or info) and a reason, which explains the score part by part; a subject in some of the columns of
// [SubjectColumns]; rows, from_time and to_time: how many records it rests on, and when. Other columns are parts.
type Hunt struct {
	Method         string // how it is decided, and whose idea that is
	FalsePositives string
	NotProof       string // what a hit does not prove
	Attack         []string
	Measured       string   // precision, recall or rank on labelled data, where there was any
	NeedsAll       []string // views it reads of which it needs every record: where they were narrowed it can say nothing
	Steps          []Step
	Tells          Tells // what its findings say in a thread

	prefix string // the WITH steps of the SQL
}

// Step is a part of a hunt's WITH, from what it looked at to what it found. Its count says what excluded the rest.
type Step struct{ Name, Text string }

// subjectColumns are the columns that say what a finding is about, with their kinds.
var subjectColumns = []struct{ Name, Kind string }{
	{"src", "ip"}, {"dst", "ip"}, {"dstport", "port"}, {"client", "ip"}, {"name", "name"}, {"registered_domain", "domain"}, {"interface_id", "interface"},
}

// Severities are the severities of findings, worst first.
var Severities = []string{"high", "medium", "low", "info"}

// huntGroup is the folder whose queries are hunts.
const huntGroup = "hunts"

// huntFields are the keys that make a query a hunt; the first four must be there. The last say what it tells of in a thread.
var huntFields = append([]string{"method", "false-positives", "not-proof", "attack", "measured", "needs-all", "step"}, tellsFields...)

var (
	techniqueForm = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
	kindOfFinding = map[string]string{"score": "number", "severity": "text", "reason": "text", "rows": "count", "from_time": "time", "to_time": "time"}
)

func isHuntField(key string) bool { return slices.Contains(huntFields, key) }

func init() {
	for _, c := range subjectColumns {
		kindOfFinding[c.Name] = c.Kind
	}
}

// set takes the value of one key.
func (h *Hunt) set(key, value string) error {
	switch key {
	case "attack":
		for _, id := range items(value) {
			if !techniqueForm.MatchString(id) {
				return fmt.Errorf("attack: %q is not a technique, such as T1071.004", id)
			}
			h.Attack = append(h.Attack, id)
		}
	case "needs-all":
		h.NeedsAll = items(value)
	case "step":
		name, text := word(value)
		if !identForm.MatchString(name) || text == "" {
			return fmt.Errorf("step: takes the name of a WITH step and what its rows are, has %q", value)
		}
		h.Steps = append(h.Steps, Step{name, text})
	case "phase", "kind", "log", "weight":
		return h.Tells.set(key, value)
	default:
		*h.text(key) = value
	}
	return nil
}

// text is where the text of a key goes.
func (h *Hunt) text(key string) *string {
	return map[string]*string{"method": &h.Method, "false-positives": &h.FalsePositives, "not-proof": &h.NotProof, "measured": &h.Measured}[key]
}

// more takes a further line of a key.
func (h *Hunt) more(key, line string) error {
	switch key {
	case "attack", "needs-all", "phase", "kind", "log", "weight":
		return fmt.Errorf("%s: takes one line", key)
	case "step":
		h.Steps[len(h.Steps)-1].Text += " " + line
	default:
		*h.text(key) += " " + line
	}
	return nil
}

// whole checks what only the whole file can show.
func (h *Hunt) whole() error {
	for key, missing := range map[string]bool{
		"method":          h.Method == "",
		"false-positives": h.FalsePositives == "",
		"not-proof":       h.NotProof == "",
		"attack":          h.Attack == nil,
		"step":            h.Steps == nil,
	} {
		if missing {
			return fmt.Errorf("a hunt without %q", key+":")
		}
	}
	for _, s := range h.Steps {
		if !regexp.MustCompile(`\b` + s.Name + ` AS (MATERIALIZED |NOT MATERIALIZED )?\(`).MatchString(h.prefix) {
			return fmt.Errorf("step: the query has no WITH step %s AS (…)", s.Name)
		}
	}
	return h.Tells.whole()
}

// Trace is a statement that counts the rows of each step; it takes the arguments of the hunt.
func (h *Hunt) Trace() string {
	counts := make([]string, len(h.Steps))
	for i, s := range h.Steps {
		counts[i] = "(SELECT count(*) FROM " + s.Name + ")"
	}
	return h.prefix + "\nSELECT " + strings.Join(counts, ", ")
}

func (h *Hunt) help() string {
	var b strings.Builder
	for _, part := range []struct{ title, text string }{
		{"Method", h.Method},
		{"What else looks like it", h.FalsePositives},
		{"What a hit does not prove", h.NotProof},
		{"Measured", h.Measured},
		{"ATT&CK", strings.Join(h.Attack, ", ")},
		{"Needs all records of", strings.Join(h.NeedsAll, ", ")},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n%s\n", part.title, wrap(part.text, "  ", 80))
		}
	}
	return b.String()
}

// Hunts lists the hunts, by name.
func (s *Set) Hunts() []*Query {
	return slices.DeleteFunc(s.All(), func(q *Query) bool { return q.Hunt == nil })
}

// KindOf gives the kind of a column of the query's result, as far as the query says; "" otherwise.
func (q *Query) KindOf(column string) string {
	if kind := q.Columns[column]; kind != "" || q.Hunt == nil {
		return kind
	}
	return kindOfFinding[column]
}

// Kinds are the kinds of the columns of the query's result, as far as the query says: those that it makes up, and those that
// every hunt has.
func (q *Query) Kinds() map[string]string {
	kinds := map[string]string{}
	if q.Hunt != nil {
		maps.Copy(kinds, kindOfFinding)
	}
	maps.Copy(kinds, q.Columns)
	return kinds
}
