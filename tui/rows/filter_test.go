package rows

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

var filterFields = fields(frametest.Columns("start:TIMESTAMP:time srcaddr::ip bytes:BIGINT:bytes action srcaddr_n:UHUGEINT:number edns::ip "+
	"dstport:INTEGER:port flag:BOOLEAN:flag interface_id::interface"), nil)

// plainEnv is a workbench without a case.
func plainEnv() *frame.Env {
	return frame.NewEnv(context.Background(), nil, nil, frame.Options{}, nil)
}

func TestParseFilter(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{``, ``},
		{`action=REJECT`, `"action" IS NOT DISTINCT FROM CAST(? AS VARCHAR) [REJECT]`},
		{`!action=REJECT`, `"action" IS DISTINCT FROM CAST(? AS VARCHAR) [REJECT]`},
		{`action!=REJECT`, `"action" IS DISTINCT FROM CAST(? AS VARCHAR) [REJECT]`},
		{`!action!=REJECT`, `"action" IS NOT DISTINCT FROM CAST(? AS VARCHAR) [REJECT]`},
		{`action=-`, `"action" IS NOT DISTINCT FROM NULL [<nil>]`},
		{`ACTION~rej`, `CAST("action" AS VARCHAR) ILIKE ? ESCAPE '\' [%rej%]`},
		{`action~50%_\`, `CAST("action" AS VARCHAR) ILIKE ? ESCAPE '\' [%50\%\_\\%]`},
		{`bytes>=1000`, `"bytes" >= CAST(? AS DOUBLE) [1000]`},
		{`!bytes>1e6`, `("bytes" > CAST(? AS DOUBLE)) IS NOT TRUE [1e6]`},
		{`start>=2026-11-01T10:00`, `"start" >= CAST(? AS TIMESTAMP) [2026-11-01 10:00:00]`},
		{`start<"2026-11-01 10:00:05.5"`, `"start" < CAST(? AS TIMESTAMP) [2026-11-01 10:00:05.5]`},
		{`start<2026-11-01T10:00:00+02:00`, `"start" < CAST(? AS TIMESTAMP) [2026-11-01 08:00:00]`},
		{`srcaddr=10.0.0.1`, `"srcaddr_n" IS NOT DISTINCT FROM ip(?) [10.0.0.1]`},
		{`srcaddr=10.9.9.9/8`, `in_cidr("srcaddr_n", ?) [10.0.0.0/8]`},
		{`edns=10.0.0.0/8`, `in_cidr("edns", ?) [10.0.0.0/8]`},
		{`!srcaddr=2001:db8::/32`, `(in_cidr("srcaddr_n", ?)) IS NOT TRUE [2001:db8::/32]`},
		{`10.0.0.0/8`, `in_cidr("srcaddr_n", ?) OR in_cidr("edns", ?) [10.0.0.0/8]`},
		{`"action=REJECT"`, `… ILIKE [%action=REJECT%]`},
		{`two words`, `… ILIKE [%two%] AND … ILIKE [%words%]`},
		{`"two words"`, `… ILIKE [%two words%]`},
		{`!evil`, `NOT … ILIKE [%evil%]`},
		{`a\x1b[2J`, "… ILIKE [%a\x1b[2J%]"},
		{`back\slash`, `… ILIKE [%back\\slash%]`},
		{`nosuch=1`, `error: no column is called "nosuch" here`},
		{`byte>1`, `error: no column is called "byte" here; did you mean bytes?`},
		{`bytes>x`, `error: bytes holds numbers, and "x" is none`},
		{`start>noon`, `error: start holds times, and "noon" is none: 2026-11-01, 2026-11-01 10:00 (UTC), or RFC 3339`},
		{`start>=2026-10-15 03:38`, `"start" >= CAST(? AS TIMESTAMP) [2026-10-15 03:38:00]`},
		{`time>=2026-10-15 03:38 action=REJECT`,
			`"start" >= CAST(? AS TIMESTAMP) [2026-10-15 03:38:00] AND "action" IS NOT DISTINCT FROM CAST(? AS VARCHAR) [REJECT]`},
		{`!start<2026-10-15 03:38:00.28 UTC x`, `("start" < CAST(? AS TIMESTAMP)) IS NOT TRUE [2026-10-15 03:38:00.28] AND … ILIKE [%x%]`},
		{`start=2026-10-15 03:38+02:00`, `"start" IS NOT DISTINCT FROM CAST(? AS TIMESTAMP) [2026-10-15 01:38:00]`},
		{`start>2026-10-15 25:00`, `error: start holds times, and "2026-10-15 25:00" is none: 2026-11-01, 2026-11-01 10:00 (UTC), or RFC 3339`},
		{`2026-10-15 03:38`, `error: a time needs its column: time>=2026-10-15 03:38`},
		{`2026-10-15 beacon`, `… ILIKE [%2026-10-15%] AND … ILIKE [%beacon%]`},
		{`srcaddr=999`, `error: srcaddr holds addresses, and "999" is none: an IPv4 or IPv6 address; srcaddr~999 finds text`},
		{`srcaddr>=10.0.0`, `error: srcaddr holds addresses, and "10.0.0" is none: an IPv4 or IPv6 address; srcaddr~10.0.0 finds text`},
		{`dstport=10.0.0.0/8`, `error: dstport holds no addresses, and 10.0.0.0/8 is a block of them`},
		{`bytes=1.5`, `error: bytes holds whole numbers, and can never be 1.5`},
		{`bytes=1e30`, `error: bytes holds whole numbers, and can never be 1e30`},
		{`dstport=70000`, `error: dstport holds ports, 0 to 65535, and 70000 is none`},
		{`flag=maybe`, `error: flag holds true and false, and "maybe" is neither`},
		{`interface_id=eth0`, `error: interface_id holds interfaces, and "eth0" is none: an interface id, eni-…; interface_id~eth0 finds text`},
		{`"open`, `error: a quote is not closed: "`},
		{`!`, `error: an empty word: what is to be found?`},
		{`=x`, `… ILIKE [%=x%]`},
	} {
		clauses, err := parseFilter(plainEnv(), c.line, filterFields)
		if got := filterText(clauses, err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

// A typed time is read in the zone on view, whatever summer time makes of it, and the filter says how it was read.
func TestTypedTimeIsInTheZoneOnView(t *testing.T) {
	e := plainEnv()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip(err)
	}
	e.Zone = zone
	for _, c := range []struct{ line, arg, shown string }{
		{"start>=2026-10-15 03:38", "2026-10-15 07:38:00", "start>=2026-10-15 03:38:00 EDT"},
		{"start>=2026-11-15T03:38", "2026-11-15 08:38:00", "start>=2026-11-15 03:38:00 EST"},
		{"start<2026-10-15", "2026-10-15 04:00:00", "start<2026-10-15 00:00:00 EDT"},
		{"start<2026-10-15 03:38 UTC", "2026-10-15 03:38:00", "start<2026-10-14 23:38:00 EDT"},
		{"start<2026-10-15 03:38:00.5 EDT", "2026-10-15 07:38:00.5", "start<2026-10-15 03:38:00.500 EDT"},
		{"start<2026-11-01 01:30 EST", "2026-11-01 06:30:00", "start<2026-11-01 01:30:00 EST"},
		{"start<2026-11-01 01:30 EDT", "2026-11-01 05:30:00", "start<2026-11-01 01:30:00 EDT"},
		{"start<2026-10-15T03:38:00Z", "2026-10-15 03:38:00", "start<2026-10-14 23:38:00 EDT"},
	} {
		clauses, err := parseFilter(e, c.line, filterFields)
		if err != nil || len(clauses) != 1 || clauses[0].arg != c.arg || clauses[0].shown != c.shown {
			t.Errorf("%s: %v %v, want %s shown as %s", c.line, clauses, err, c.arg, c.shown)
		}
	}
	for _, line := range []string{"03:38", "2026-10-15", "start~03:38"} {
		if _, err := parseFilter(e, line, filterFields); err == nil || !strings.Contains(err.Error(), "as they are in UTC") {
			t.Errorf("%s looks for text of another zone: %v", line, err)
		}
	}
	if help := strings.Join(filterHelp(e), " "); !strings.Contains(help, "is read in EST-05:00/EDT-04:00") {
		t.Errorf("the help does not say in which zone: %s", help)
	}
}

// filterText writes conditions so that a table can hold them; text in any column becomes ….
func filterText(clauses []clause, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var out []string
	for _, c := range clauses {
		sql := strings.ReplaceAll(c.sql, argMark, "?")
		if strings.Count(sql, "ILIKE") > 1 {
			not := ""
			if strings.HasSuffix(sql, "IS NOT TRUE") {
				not = "NOT "
			}
			sql = not + "… ILIKE"
		}
		out = append(out, fmt.Sprintf("%s [%v]", sql, c.arg))
	}
	return strings.Join(out, " AND ")
}

// No value and no typed text ever becomes SQL: what is asked depends on the columns only.
func TestFilterNeverPastes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marker := "x'); DROP TABLE flow; --"
		line := rapid.SampledFrom([]string{"", "!", "action=", "action~", "action>", "!action!="}).Draw(t, "lead") + `"` + marker + `"`
		clauses, err := parseFilter(plainEnv(), line, filterFields)
		if err != nil {
			t.Fatal(err)
		}
		f := filterFields[rapid.IntRange(0, len(filterFields)-1).Draw(t, "column")]
		clauses = append(clauses, f.is(cases.Cell{Text: marker}, rapid.Bool().Draw(t, "keep")))
		sql, _ := question{sql: "SELECT 1"}.compose(clauses, nil)
		if strings.Contains(sql, "DROP") {
			t.Fatalf("pasted: %s", sql)
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"", "a b", `a="x y" !b`, "bytes>=5", `"`, "!!x", "start>2026-11-01", "10.0.0.0/8", "srcaddr=::/0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		clauses, err := parseFilter(plainEnv(), line, filterFields)
		if err == nil && strings.TrimSpace(line) != "" && len(clauses) == 0 {
			t.Errorf("%q filters nothing, and nobody was told", line)
		}
	})
}

func TestCompose(t *testing.T) {
	q := question{sql: "SELECT * FROM flow -- all;\n;", args: map[string]any{"keep_1": "taken"}}
	if sql, _ := q.compose(nil, nil); sql != q.sql {
		t.Errorf("a question without filters was changed: %s", sql)
	}
	f := field{Column: cases.Column{Name: `od"d`, Type: "VARCHAR"}}
	sql, args := q.compose([]clause{f.is(cases.Cell{Text: "v"}, true)}, []sorting{{`od"d`, false}})
	want := "SELECT * FROM (\nSELECT * FROM flow -- all\n)\nWHERE (\"od\"\"d\" IS NOT DISTINCT FROM CAST($keep_2 AS VARCHAR))\nORDER BY \"od\"\"d\" NULLS LAST"
	if sql != want || args["keep_2"] != "v" || args["keep_1"] != "taken" {
		t.Errorf("got %s %v\nwant %s", sql, args, want)
	}
	if len(q.args) != 1 {
		t.Error("the question's own arguments were changed")
	}
}
