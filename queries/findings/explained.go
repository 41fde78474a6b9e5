package findings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
)

// explains is the saved query that sets calls beside gaps.
const explains = "explained-gaps"

// Explain adds to the coverage of sources the calls that explain why they have no record, or may; see the saved query
// explained-gaps. Where the case has no record of calls nothing is asked.
func Explain(ctx context.Context, k *cases.Case, all []cases.Coverage) error {
	set, err := queries.Load() // the built-in ones: the words are about its columns
	if err != nil {
		return err
	}
	q := set.Get(explains)
	held := k.HeldTypes()
	for _, need := range q.Needs {
		view, _ := k.View(need)
		if len(view.Logs) > 0 && !slices.ContainsFunc(held, func(t cases.LogType) bool { return slices.Contains(view.Logs, t.Name) }) {
			return nil
		}
	}
	sql, args, err := q.Bind(nil)
	if err != nil {
		return err
	}
	rows, err := k.Query(ctx, sql, args)
	if err != nil {
		return fmt.Errorf("query %s: %w", q.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		row := map[string]any{}
		for i, column := range rows.Columns() {
			row[column.Name] = rows.Values()[i]
		}
		text := func(name string) string { s, _ := row[name].(string); return s }
		at := func(name string) time.Time { t, _ := row[name].(time.Time); return t.UTC() }
		comesBack, _ := row["comes_back"].(bool)
		i := slices.IndexFunc(all, func(c cases.Coverage) bool {
			return c.LogType == text("log_type") && c.Capture == text("capture") && c.Source == text("source")
		})
		if i < 0 {
			continue
		}
		all[i].Explained = append(all[i].Explained, cases.Explanation{
			From: at("silent_from"), To: at("silent_to"), ComesBack: comesBack, Certainty: text("certainty"), Because: text("because"),
			EventTime: at("event_time"), EventName: text("event_name"), Calls: Integer(row["calls"]), Resource: text("resource"),
			UserIdentityARN: text("user_identity_arn"), SourceIPAddress: text("source_ip_address"), ErrorCode: text("error_code"),
			ObjectID: Integer(row["object_id"]), RowNo: Integer(row["row_no"]),
		})
	}
	return rows.Err()
}

// Cause is a call, or the same call by the same caller several times, with the sources of a log whose gap it explains, or may.
type Cause struct {
	cases.Explanation // the gap that all its sources have: of one of them it may be longer
	LogType, Capture  string
	Sources           []string
}

// Causes are the explanations of several sources: one call may end the records of them all. Only gaps that have a time in common are
// told together: in the time that is said, none of the sources has a record. The surest come first, then the earliest.
func Causes(all []cases.Coverage) []Cause {
	var out []Cause
	for _, c := range all {
		for _, e := range c.Explained {
			i := slices.IndexFunc(out, func(o Cause) bool {
				return o.LogType == c.LogType && o.Capture == c.Capture && o.ObjectID == e.ObjectID && o.RowNo == e.RowNo &&
					o.Certainty == e.Certainty && o.Because == e.Because && o.ComesBack == e.ComesBack && o.From.Before(e.To) && e.From.Before(o.To)
			})
			if i < 0 {
				out = append(out, Cause{e, c.LogType, c.Capture, []string{c.Source}})
				continue
			}
			o := &out[i]
			o.Sources = append(o.Sources, c.Source)
			o.From = slices.MaxFunc([]time.Time{o.From, e.From}, time.Time.Compare)
			o.To = slices.MinFunc([]time.Time{o.To, e.To}, time.Time.Compare)
		}
	}
	order := []string{cases.Named, cases.Possible, cases.Attempt}
	slices.SortStableFunc(out, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Certainty), slices.Index(order, b.Certainty)), a.EventTime.Compare(b.EventTime))
	})
	return out
}

// mostNamed is how many sources a sentence names.
const mostNamed = 3

// Text says it in a sentence; moment writes a time.
func (c Cause) Text(moment func(time.Time) string) string {
	span := "from " + moment(c.From) + " to " + moment(c.To)
	if !c.ComesBack {
		span = "after " + moment(c.From)
	}
	named := c.Sources[:min(len(c.Sources), mostNamed)]
	who := strings.Join(named, ", ")
	if more := len(c.Sources) - len(named); more > 0 {
		who += fmt.Sprintf(" and %s more", words.Count(int64(more)))
	}
	call := c.EventName
	if c.Calls > 1 {
		call = words.Count(c.Calls) + " × " + call
	}
	for _, part := range []struct{ word, text string }{{" of ", c.Resource}, {" by ", c.UserIdentityARN}, {" from ", c.SourceIPAddress}} {
		if part.text != "" {
			call += part.word + part.text
		}
	}
	call += " at " + moment(c.EventTime)
	switch c.Certainty {
	case cases.Named:
		return fmt.Sprintf("no records of %s %s: %s (%s)", who, span, call, c.Because)
	case cases.Possible:
		return fmt.Sprintf("no records of %s %s, perhaps because of %s (%s)", who, span, call, c.Because)
	}
	return fmt.Sprintf("no records of %s %s, which is not explained: %s was tried (%s)", who, span, call, c.Because)
}
