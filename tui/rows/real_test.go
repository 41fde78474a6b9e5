package rows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/loader/loadertest"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// realEnv shows a case without records: its database has the macros that filters use.
func realEnv(t *testing.T) *frame.Env {
	k := loadertest.Open(t, loadertest.Case(t, nil))
	return frame.NewEnv(t.Context(), frame.CaseReader{Case: k}, nil, frame.Options{}, nil)
}

// ask reads a whole answer and gives one column of it.
func ask(t *testing.T, e *frame.Env, q question, filters []clause, by []sorting) (small, string) {
	t.Helper()
	sql, args := q.compose(filters, by)
	r, err := readWhole(e, sql, args)(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	var ids []string
	for _, row := range r.rows {
		ids = append(ids, row[0].Text)
	}
	return r, strings.Join(ids, " ")
}

// five rows with one value of each sort that a column may hold; the last has none.
var five = question{sql: `SELECT *, ip(addr) AS addr_n FROM (VALUES
  (1, TIMESTAMP '2026-11-01 10:00:00.5', '10.0.0.1', 443::INTEGER, 'ACCEPT', 0.1::FLOAT, 1.5::DOUBLE, true, 12::HUGEINT,
    ['a', 'b'], '\xAA'::BLOB, '100%_done\'),
  (2, TIMESTAMP '2026-11-01 10:00:01', '10.9.0.1', 80, 'REJECT', 0.2, 2.5, false, 13, ['c'], 'x'::BLOB, 'it''s'),
  (3, TIMESTAMP '2026-11-02 00:00:00', '192.0.2.7', 53, 'ACCEPT', 0.3, 1e20, true, 170141183460469231731687303715884105727, [], 'y'::BLOB, 'Beacon'),
  (4, TIMESTAMP '1970-01-01 00:00:00', '2001:db8::1', 0, '-', 0, -0.5, false, -1, ['d e'], ''::BLOB, 'x' || chr(27) || '[2J'),
  (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) t(id, start, addr, port, action, f, d, flag, big, list, blob, "od""d name") -- in stored order`, kinds: map[string]string{"addr": "ip"}}

// Keeping the value under the cursor keeps its row; dropping it drops that row and no other. For every type.
func TestFilterByValueOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	all, _ := ask(t, e, five, nil, nil)
	fs := fields(all.cols, five.kinds)
	for i, row := range all.rows {
		for j, c := range row {
			if fs[j].Type == "BLOB" && i == 0 {
				continue // its bytes are no text, so a cell cannot tell them from others
			}
			_, kept := ask(t, e, five, []clause{fs[j].is(c, true)}, nil)
			_, dropped := ask(t, e, five, []clause{fs[j].is(c, false)}, nil)
			id := fmt.Sprint(i + 1)
			if !strings.Contains(kept, id) || strings.Contains(dropped, id) || len(kept)+len(dropped) != len("1 2 3 4 5")-1 {
				t.Errorf("%s (%s) = %q: kept %q, dropped %q", fs[j].Name, fs[j].Type, c.Text, kept, dropped)
			}
		}
	}
}

func TestTypedFilterOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	all, _ := ask(t, e, five, nil, nil)
	fs := fields(all.cols, five.kinds)
	for _, c := range []struct{ line, want string }{
		{"", "1 2 3 4 5"},
		{"beacon", "3"},
		{"!beacon", "1 2 4 5"},
		{"100%_", "1"}, {"100%%", ""}, {`done\`, "1"}, {"it's", "2"},
		{`x\x1b[2J`, "4"},
		{"port>=80", "1 2"}, {"!port>=80", "3 4 5"}, {"port=443", "1"}, {"port=-", "5"}, {"!port=-", "1 2 3 4"},
		{"port>79.5", "1 2"},
		{"d>1e6", "3"}, {"f=0.1", "1"}, {"f>0.1", "2 3"}, {"d=1e20", "3"}, {"big>=13", "2 3"}, {"flag=true", "1 3"},
		{"start>=2026-11-01T10:00:01", "2 3"}, {"start=2026-11-01T10:00:00.5", "1"}, {"start<2026-11-01", "4"},
		{"addr=10.0.0.0/8", "1 2"}, {"10.0.0.0/8", "1 2"}, {"!addr=10.0.0.0/8", "3 4 5"}, {"addr=2001:db8::/32", "4"},
		{"addr=10.9.0.1", "2"}, {"addr>10.0.0.1", "2 3 4"},
		{"port=53..100", "2 3"}, {"!port=53..100", "1 4 5"}, {"d=0..3", "1 2"}, {"big>=1k", "3"}, {"port<=1kB", "1 2 3 4"},
		{"start=2026-11-01T10:00:00..2026-11-01T10:00:01", "1 2"}, {`action="-"`, "4"},
		{"action~rej", "2"}, {"action=ACCEPT port<100", "3"}, {`action=-`, "5"}, {`"od""d`, ""},
	} {
		clauses, err := parseFilter(e, c.line, fs)
		if err != nil {
			if c.want != "" {
				t.Errorf("%s: %v", c.line, err)
			}
			continue
		}
		if _, got := ask(t, e, five, clauses, nil); got != c.want {
			t.Errorf("%s: rows %s, want %s", c.line, got, c.want)
		}
	}
}

// A filter made of the value under the cursor can be typed again: it reads as the very same condition, or is not offered to be
// changed.
func TestFilterByValueIsTyped(t *testing.T) {
	e := realEnv(t)
	all, _ := ask(t, e, five, nil, nil)
	fs := fields(all.cols, five.kinds)
	typed := 0
	for _, row := range all.rows {
		for j, c := range row {
			for _, keep := range []bool{true, false} {
				is := fs[j].is(c, keep)
				text := typedAs(e, fs[j], is, c, keep)
				if text == "" {
					continue
				}
				typed++
				read, err := parseFilter(e, text, fs)
				if err != nil || len(read) != 1 || read[0].sql != is.sql || fmt.Sprint(read[0].arg) != fmt.Sprint(is.arg) {
					t.Errorf("%s = %q is typed as %s, which reads as %v, %v", fs[j].Name, c.Text, text, read, err)
				}
			}
		}
	}
	if typed < 80 {
		t.Errorf("only %d of %d can be typed", typed, 2*len(all.rows)*len(fs))
	}
}

// A domain is its name and all names under it, however they are written, and no name that only ends alike.
func TestDomainFilterOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	q := question{sql: `FROM (VALUES (1, 'example.org.'), (2, 'a.B.example.org'), (3, 'badexample.org.'), (4, 'example.org.evil.test.'), (5, NULL),
		(6, 'Example.ORG')) t(id, name)`, kinds: map[string]string{"name": "name"}}
	all, _ := ask(t, e, q, nil, nil)
	fs := fields(all.cols, q.kinds)
	for _, c := range []struct{ line, want string }{
		{"name=.example.org", "1 2 6"}, {"name=*.EXAMPLE.org.", "1 2 6"}, {".b.example.org", "2"},
		{"!name=.example.org", "3 4 5"}, {`name~".org"`, "1 2 3 4 6"},
	} {
		clauses, err := parseFilter(e, c.line, fs)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := ask(t, e, q, clauses, nil); got != c.want {
			t.Errorf("%s: rows %s, want %s", c.line, got, c.want)
		}
	}
}

// The window keeps the records that some of its time touches, and leaves rows alone that are no records.
func TestWindowOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	q := question{sql: `FROM (VALUES (1, TIMESTAMP '2026-11-01 09:59:00', TIMESTAMP '2026-11-01 10:00:30', 1, 1),
		(2, TIMESTAMP '2026-11-01 10:30:00', TIMESTAMP '2026-11-01 10:30:01', 1, 2),
		(3, TIMESTAMP '2026-11-01 11:00:00', TIMESTAMP '2026-11-01 11:00:01', 1, 3),
		(4, NULL, NULL, 1, 4), (5, NULL, TIMESTAMP '2026-11-01 10:10:00', 1, 5)) t(id, start, "end", object_id, row_no)`}
	all, _ := ask(t, e, q, nil, nil)
	fs := fields(all.cols, nil)
	w, err := e.ReadWindow("2026-11-01 10:00 to 2026-11-01 11:00")
	if err != nil {
		t.Fatal(err)
	}
	e.SetWindow(w)
	if _, got := ask(t, e, q, q.within(e, fs), nil); got != "1 2 5" {
		t.Errorf("in the window: %s", got)
	}
	e.SetWindow(cases.Span{From: w.To})
	if _, got := ask(t, e, q, q.within(e, fs), nil); got != "3" {
		t.Errorf("from its end on: %s", got)
	}
	if within := q.within(e, fs[:3]); within != nil {
		t.Errorf("rows that are no records are narrowed by %v", within)
	}
}

func TestSortAndFrequencyOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	if _, got := ask(t, e, five, nil, []sorting{{"port", true}}); got != "1 2 3 4 5" {
		t.Errorf("largest port first: %s", got)
	}
	if _, got := ask(t, e, five, nil, []sorting{{"action", false}, {"port", false}, {"id", true}}); got != "4 3 1 2 5" {
		t.Errorf("by action, then port: %s", got)
	}
	if _, got := ask(t, e, five, nil, []sorting{{"d", false}}); got != "4 1 2 3 5" {
		t.Errorf("smallest d first: %s", got)
	}
	if _, got := ask(t, e, five, nil, []sorting{{`od"d name`, false}}); !strings.HasSuffix(got, " 5") {
		t.Errorf("missing values are not last: %s", got)
	}
	r, _ := ask(t, e, five.frequency(nil, "action"), nil, nil)
	if got := fmt.Sprint(r.rows[0]); got != "[{ACCEPT false} {2 false} {40 false}]" {
		t.Errorf("most frequent: %s", got)
	}
}

// A list that is put in order step by step has the rows of the whole list in order: none twice, none left out, however many have
// the same time, or none.
func TestStepsAreTheWholeList(t *testing.T) {
	e := realEnv(t)
	q := question{
		sql: `SELECT CASE WHEN i % 5 = 3 THEN NULL ELSE TIMESTAMP '2026-11-01' + to_seconds((i * 7919 % 400)::INTEGER) END AS start,
			(i * 31 % 7)::UINTEGER AS object_id, i::UINTEGER AS row_no, 'r' || i AS text FROM range(50000) t(i)`,
		order: []string{"start", "object_id", "row_no"},
	}
	read := func(o *frame.Opened, err error) (texts []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		for off := 0; ; off += 999 {
			rows, err := o.Fetch(t.Context(), off, 999)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				texts = append(texts, r[3].Text)
			}
			if n, complete := o.Count(); len(rows) < 999 {
				if n != len(texts) || !complete {
					t.Errorf("counted %d (%t), read %d", n, complete, len(texts))
				}
				return texts
			}
		}
	}
	for _, line := range []string{"", "row_no>=25000", "row_no<100", "row_no<4096", "row_no<0", "start=-", "row_no<9000 !start>2026-11-01"} {
		fs := fields(frametest.Columns("start:TIMESTAMP object_id:UINTEGER row_no:UINTEGER text"), nil)
		filters, err := parseFilter(e, line, fs)
		if err != nil {
			t.Fatal(err)
		}
		want := read(e.Query(q.asked(filters, nil))(t.Context()))
		got := read(inSteps(e, q, filters)(t.Context()))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d rows in steps, %d at once, or another order", line, len(got), len(want))
		}
	}
}

// The pieces of time are those that the strip draws, also where they are days on end; what is before and after the span is one each,
// however far it is.
func TestOverTimeOnTheDatabase(t *testing.T) {
	e := realEnv(t)
	q := question{sql: `SELECT start, 1 AS object_id, 1 AS row_no FROM (VALUES (TIMESTAMP '2026-11-01 10:00:00'), ('2026-11-07 23:59:59'),
		('2026-11-08 00:00:00'), ('1970-01-01'), ('2026-10-31 23:00:00'), ('2090-01-01'), (NULL)) t(start)`}
	cols := []field{{Column: cases.Column{Name: "start", Type: "TIMESTAMP"}}, {Column: cases.Column{Name: "object_id"}}, {Column: cases.Column{Name: "row_no"}}}
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	for _, every := range []time.Duration{time.Hour, 12 * time.Hour, 24 * time.Hour, 5 * 24 * time.Hour, 7 * 24 * time.Hour} {
		span := cases.Span{From: day(11, 1), To: day(12, 31)}
		sql, args := q.overTime(nil, cols, span, every)
		r, err := readWhole(e, sql, args)(t.Context())
		if err != nil {
			t.Fatalf("%v\n%s", err, sql)
		}
		got := bucketed(r.rows, span, every, false)
		want := stripCounts{counts: make([]int64, pieces(span, every)), later: 1}
		first := span.From.Truncate(every)
		for _, at := range []time.Time{day(11, 1).Add(10 * time.Hour), day(11, 8).Add(-time.Second), day(11, 8), day(10, 31).Add(23 * time.Hour),
			time.Unix(0, 0)} {
			if at.Before(first) {
				want.earlier++
				continue
			}
			want.counts[at.Sub(first)/every]++
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v: %v, want %v", every, got, want)
		}
	}
}
