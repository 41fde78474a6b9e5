package queries

import (
	"database/sql"
	"strings"
	"testing"
	"time"
)

// What the queries are narrowed to says the same as the conditions written out, with any part of it left out.
func TestScopeMacros(t *testing.T) {
	db := emptyCase(t)
	run(t, db, `CREATE TABLE record AS SELECT TIMESTAMP '2026-11-01' + to_minutes(i) AS start, start + to_minutes(i % 7) AS "end",
		CASE i % 3 WHEN 0 THEN 'incident' WHEN 1 THEN 'replay' END AS capture FROM range(1000) r(i)`)
	run(t, db, `INSERT INTO record VALUES (NULL, NULL, 'incident')`)
	run(t, db, `INSERT INTO record SELECT start, NULL, capture FROM record UNION ALL SELECT NULL, "end", capture FROM record`)
	for macro, written := range map[string]string{
		"within(start, $from, $to)": "($from::TIMESTAMP IS NULL OR start >= $from::TIMESTAMP) AND ($to::TIMESTAMP IS NULL OR start < $to::TIMESTAMP)",
		`touches(start, "end", $from, $to)`: `($from::TIMESTAMP IS NULL OR coalesce("end", start) >= $from::TIMESTAMP)
			AND ($to::TIMESTAMP IS NULL OR coalesce(start, "end") < $to::TIMESTAMP)`,
		"of(capture, $capture)":   "($capture = '' OR capture = $capture)",
		"around(start, $from, 5)": "start BETWEEN $from::TIMESTAMP - to_minutes(5) AND $from::TIMESTAMP + to_minutes(5)",
	} {
		for _, from := range []any{nil, time.Date(2026, 11, 1, 3, 20, 0, 0, time.UTC)} {
			for _, to := range []any{nil, time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC)} {
				for _, capture := range []string{"", "incident", "none such"} {
					all := map[string]any{"from": from, "to": to, "capture": capture}
					args := map[string]any{}
					for name, value := range all {
						if strings.Contains(macro+written, "$"+name) {
							args[name] = value
						}
					}
					if n := one(t, db, "SELECT count(*) FROM record WHERE ("+macro+") IS DISTINCT FROM ("+written+")", args); n != "0" {
						t.Errorf("%s differs from %s at %s records, with %v", macro, written, n, args)
					}
				}
			}
		}
	}
}

// The conditions of the macros reach the scan, where they decide which row groups are read at all.
func TestScopeMacrosReachTheScan(t *testing.T) {
	db := emptyCase(t)
	run(t, db, `CREATE TABLE record AS SELECT TIMESTAMP '2026-11-01' + to_minutes(i) AS start, start AS "end", 'incident' AS capture FROM range(1000) r(i)`)
	args := map[string]any{"from": nil, "to": time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC), "capture": "incident"}
	plan := answer(t, db, `EXPLAIN (FORMAT json) SELECT start FROM record WHERE of(capture, $capture) AND touches(start, "end", $from, $to)`, args)
	for _, want := range []string{`start<'2026-11-01 05:00:00'::TIMESTAMP`, `capture='incident'`} {
		_, filters, _ := strings.Cut(plan, `"Filters": [`)
		filters, _, _ = strings.Cut(filters, "]")
		if !strings.Contains(strings.NewReplacer("(", "", " ", "").Replace(filters), strings.ReplaceAll(want, " ", "")) {
			t.Errorf("no filter %s in the scan:\n%s", want, plan)
		}
	}
}

// Lists as users write them, and what is AWS's own.
func TestListMacros(t *testing.T) {
	db := emptyCase(t)
	for expression, want := range map[string]string{
		"port_list('22,443, 80,x,')":                                 "[22 443]",
		"domain_list(' *.Evil.Example ,, b.c')":                      "[evil.example b.c]",
		"bare_name('*.Evil.Example.')":                               "evil.example",
		"is_block('10.0.0.0/8')":                                     "true",
		"is_block('2001:db8::1')":                                    "true",
		"is_block('10.example')":                                     "false",
		"hours_of('2026-11-01 10:20'::TIMESTAMP)::VARCHAR":           "['2026-11-01 10:00:00', '2026-11-01 09:30:00']",
		"aws_own_service(NULL)":                                      "false",
		"aws_own_service('S3')":                                      "false",
		"aws_own_service('DYNAMODB')":                                "true",
		"amazonaws_domain('a.api.aws')":                              "false",
		"aws_api_domain('a.api.aws')":                                "true",
		"aws_api_domain('a.aws.dev')":                                "false",
		"aws_domain('a.aws.dev')":                                    "true",
		"aws_domain('notamazonaws.com')":                             "false",
		"aws_customer_name('b.s3.eu-central-1.amazonaws.com')":       "true",
		"aws_customer_name('ssm.eu-central-1.amazonaws.com')":        "false",
		"aws_data_name('x.rds.amazonaws.com')":                       "true",
		"aws_compute_name('ec2-1-2-3-4.eu-1.compute.amazonaws.com')": "true",
		"ntp_port()":             "123",
		"plural(1) || plural(2)": "s",
		"shown_of(5, 6, 'findings') || shown_of(6, 6, 'findings')":    " (5 of 6 findings are shown)",
		"peer_no(7::UBIGINT, NULL::UINTEGER)":                         "7",
		"peer_no(7::UBIGINT, 3::UINTEGER) = name_peer(3)":             "true",
		"peer_no(4294967296::UBIGINT, NULL::UINTEGER) < name_peer(0)": "true",
	} {
		if got := one(t, db, "SELECT "+expression, nil); got != want {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}

// one is the only cell of an answer.
func one(t *testing.T, db *sql.DB, text string, args map[string]any) string {
	t.Helper()
	_, rest, _ := strings.Cut(answer(t, db, text, args), "\n")
	return strings.TrimSuffix(rest, "\n")
}
