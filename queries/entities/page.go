package entities

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/queries"
	"case53/queries/findings"
)

// Page is all that is said of a value.
type Page struct {
	Kind, Value string
	Within      cases.Span // what it was asked for; a zero end is open
	Capture     string     // "" for all
	Span        cases.Span // that counts over time go over
	Every       time.Duration
	Parts       []Told
	Covered     []string           // how much of that time each log covers in which a part found nothing
	Findings    []findings.Finding // that name it; nil: nobody hunted
	Steps       []Step             // of threads
	Kept        Kept
}

// Told is a part of a page, or why it cannot be told.
type Told struct {
	Part
	Missing string // the views that the case has no records of; it was not asked
	Err     error
}

// counted is how many counts over time there are at most.
const counted = 60

// Given are the values for parameters that a page gives its queries.
func Given(within cases.Span, capture string, every time.Duration) map[string]string {
	given := map[string]string{}
	set := func(name, text string) {
		if text != "" {
			given[name] = text
		}
	}
	end := func(name string, t time.Time) {
		if !t.IsZero() {
			set(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	end("from", within.From)
	end("to", within.To)
	set("capture", capture)
	set("every", strconv.Itoa(int(every/time.Minute)))
	return given
}

// held is the time that a case has records of.
func held(ctx context.Context, k *cases.Case, capture string) (span cases.Span, err error) {
	found := capture == ""
	err = k.Each(ctx, `SELECT c.name, min(o.first_time), max(o.last_time)
		FROM capture c LEFT JOIN object o ON o.capture = c.name GROUP BY ALL`, nil, func(v []any) error {
		found = found || v[0] == capture
		from, _ := v[1].(time.Time)
		to, _ := v[2].(time.Time)
		if !from.IsZero() && (span.From.IsZero() || from.Before(span.From)) {
			span.From = from
		}
		if to.After(span.To) {
			span.To = to
		}
		return nil
	})
	if err == nil && !found {
		err = queries.Ask("the case has no capture %q\nhint: case53 info lists them", capture)
	}
	return span, err
}

// SpanOf is the time that counts go over, and how long one of them goes: the window, where it is open the time of the case.
func SpanOf(within, held cases.Span) (cases.Span, time.Duration) {
	if within.From.IsZero() {
		within.From = held.From
	}
	if within.To.IsZero() {
		within.To = held.To.Add(time.Microsecond)
	}
	return within, Every(within, counted)
}

// Look asks a case for the page of a value. most is how many rows of each part are kept.
func Look(ctx context.Context, k *cases.Case, all []*queries.Query, p *Page, most int) error {
	whole, err := held(ctx, k, p.Capture)
	if err != nil {
		return err
	}
	rows, err := k.Tables(ctx)
	if err != nil {
		return err
	}
	p.Span, p.Every = SpanOf(p.Within, whole)
	given := Given(p.Within, p.Capture, p.Every)
	ask := func(ctx context.Context, sql string, args map[string]any, apart bool) (Rows, error) {
		if apart {
			return k.Apart().Result(ctx, sql, args)
		}
		return k.Result(ctx, sql, args)
	}
	for _, q := range all {
		told := Told{Part: Part{Query: q}}
		if lacking, none := k.Lacking(q.Needs, rows); none && len(lacking) > 0 {
			told.Missing = strings.Join(q.Needs, ", ")
		} else if told.Part, told.Err = Read(ctx, ask, q, p.Value, given, most); ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.Parts = append(p.Parts, told)
	}
	var looked []*queries.Query
	for _, t := range p.Parts {
		if t.empty() {
			looked = append(looked, t.Query)
		}
	}
	p.Covered, _, err = (&findings.Hunter{Case: k}).Covered(ctx, looked, p.Capture, p.Within)
	return err
}

// MarshalJSON gives a part with what is missing of it, or what is wrong.
func (t Told) MarshalJSON() ([]byte, error) {
	part, err := t.Part.MarshalJSON()
	if err != nil || t.Missing == "" && t.Err == nil {
		return part, err
	}
	said := struct {
		Missing string `json:"missing,omitempty"`
		Error   string `json:"error,omitempty"`
	}{Missing: t.Missing}
	if t.Err != nil {
		said.Error = t.Err.Error()
	}
	more, err := json.Marshal(said)
	return append(append(part[:len(part)-1], ','), more[1:]...), err
}

// MarshalJSON gives the page as case53 entity --json prints it.
func (p *Page) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Kind     string             `json:"kind"`
		Value    string             `json:"value"`
		Within   cases.Span         `json:"window"`
		Capture  string             `json:"capture,omitempty"`
		Every    int                `json:"minutes_of_a_count"`
		Parts    []Told             `json:"parts"`
		Covered  []string           `json:"covered"` // of what was looked at and has nothing
		Hunted   bool               `json:"hunted"`
		Findings []findings.Finding `json:"findings"`
		Steps    []Step             `json:"steps"`
		Kept     Kept               `json:"kept"`
	}{p.Kind, p.Value, p.Within, p.Capture, int(p.Every / time.Minute), p.Parts, p.Covered, p.Findings != nil, p.Findings, p.Steps, p.Kept})
}

// Sections are the parts of a page by heading: those of one heading stand together, where they have the same columns.
func (p *Page) Sections() [][]Told { return Sections(p.Parts) }

// Sections puts parts that have one heading, and columns, together. A part without columns, as it was not told, is with its heading.
func Sections(parts []Told) (sections [][]Told) {
	for _, t := range parts {
		at := slices.IndexFunc(sections, func(section []Told) bool {
			return section[0].Query.Page == t.Query.Page &&
				!slices.ContainsFunc(section, func(u Told) bool {
					return len(u.Columns) > 0 && len(t.Columns) > 0 && !sameColumns(u.Columns, t.Columns)
				})
		})
		if at < 0 {
			sections = append(sections, []Told{t})
			continue
		}
		sections[at] = append(sections[at], t)
	}
	return sections
}

func sameColumns(a, b []cases.Column) bool {
	return slices.EqualFunc(a, b, func(a, b cases.Column) bool { return a.Name == b.Name })
}

// Seen reports whether any part has a row.
func (p *Page) Seen() bool {
	return slices.ContainsFunc(p.Parts, func(t Told) bool { return len(t.Rows) > 0 })
}

// empty says whether a part was looked for, and nothing found.
func (t Told) empty() bool { return t.Missing == "" && t.Err == nil && len(t.Rows) == 0 }

// Without are the parts that were looked at and have no row, with the views that they read, and the views that parts
// need and the case has no records of.
func (p *Page) Without() (empty, missing []string) {
	var headings []string
	views := map[string][]string{}
	for _, t := range p.Parts {
		heading := t.Query.Page.Heading
		switch {
		case t.Missing != "":
			for _, view := range strings.Split(t.Missing, ", ") {
				if !slices.Contains(missing, view) {
					missing = append(missing, view)
				}
			}
		case t.empty():
			if views[heading] == nil {
				headings = append(headings, heading)
			}
			for _, view := range t.Query.Needs {
				if !slices.Contains(views[heading], view) {
					views[heading] = append(views[heading], view)
				}
			}
		}
	}
	for _, heading := range headings {
		empty = append(empty, heading+" ("+strings.Join(views[heading], ", ")+")")
	}
	return empty, missing
}
