package rebuild_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck/ducktest"
	"case53/cases/verify"
	"case53/loader"
	"case53/loader/loadertest"
	"case53/loader/rebuild"
)

const flowLines = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK
2 123456789012 eni-1 10.0.0.2 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK
2 123456789012 eni-2 10.0.0.3 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 REJECT OK
2 nonsense
`

// smallCase is a case of one flow log.
func smallCase(t *testing.T) string {
	t.Helper()
	return loadertest.Case(t, map[string]string{"flow.log": flowLines})
}

// deep is case53 verify --deep.
func deep(t *testing.T, dir string) verify.Result {
	t.Helper()
	checked, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
	if err == nil {
		checked, err = rebuild.Deep(t.Context(), dir, checked, rebuild.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return checked
}

// TestDeepNamesRows: which rows are not what raw/ says, and in what.
func TestDeepNamesRows(t *testing.T) {
	dir := smallCase(t)
	if r := deep(t, dir); !r.OK || r.Decoded != 4 {
		t.Fatalf("%+v", r)
	}
	for _, c := range []struct{ sql, want string }{
		{"UPDATE store.flow_plain SET bytes = bytes + 1, packets = 1 WHERE row_no IN (3, 4)", "2 rows from row_no 3 to 4: other values of bytes, packets"},
		{"UPDATE store.flow_context SET interface_id = 'eni-3' WHERE interface_id = 'eni-2'", "1 row from row_no 4 to 4: other values of context_id"},
		{"DELETE FROM store.flow_plain WHERE row_no = 2", "1 row from row_no 2 to 2: raw/ gives them, and they are not there"},
		{"INSERT INTO store.flow_plain SELECT * REPLACE (row_no + 100 AS row_no) FROM store.flow_plain",
			"3 rows from row_no 102 to 104: raw/ does not give them"},
		{"UPDATE store.reject SET reason = 'none'", "store.reject, 1 row from row_no 5 to 5: other values of reason"},
	} {
		altered := filepath.Join(t.TempDir(), "a.case")
		if err := os.CopyFS(altered, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		ducktest.Run(t, cases.DatabaseFile(altered), c.sql)
		r := deep(t, altered)
		if text := fmt.Sprintf("%+v", r.Faults); r.OK || !strings.Contains(text, c.want) {
			t.Errorf("%s: %s", c.sql, text)
		}
	}
}

var altered = regexp.MustCompile(`come to the digest ([0-9a-f]{64}); as they were loaded, to ([0-9a-f]{64})`)

// TestDeepDoesNotTrustTheLog: who changes rows and writes the whole log anew, digests included, is found out by raw/.
func TestDeepDoesNotTrustTheLog(t *testing.T) {
	dir := smallCase(t)
	ducktest.Run(t, cases.DatabaseFile(dir), "UPDATE store.flow_plain SET bytes = 1 WHERE row_no = 3")
	checked, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
	if err != nil || len(checked.Faults) != 1 {
		t.Fatal(err, checked)
	}
	sums := altered.FindStringSubmatch(checked.Faults[0].What)
	if sums == nil {
		t.Fatal(checked.Faults[0].What)
	}
	var entries []custody.Entry
	if err := custody.Read(cases.CustodyFile(dir), func(e custody.Entry) error { entries = append(entries, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(cases.CustodyFile(dir)); err != nil {
		t.Fatal(err)
	}
	log, err := custody.Open(cases.CustodyFile(dir), "somebody@else", "case53")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := log.Append(e.Action, json.RawMessage(strings.ReplaceAll(string(e.Detail), sums[2], sums[1]))); err != nil {
			t.Fatal(err)
		}
	}
	lines, head := log.Head()
	log.Close()
	ducktest.Run(t, cases.DatabaseFile(dir), fmt.Sprintf(`UPDATE store.digest SET sha256 = '%s' WHERE sha256 = '%s';
		UPDATE store.custody SET lines = %d, head = '%s'`, sums[1], sums[2], lines, head))
	r := deep(t, dir)
	text := fmt.Sprintf("%+v", r.Faults)
	if r.OK || len(r.Faults) != 2 || !strings.Contains(text, "comes out otherwise than line") ||
		!strings.Contains(text, "store.flow_plain, 1 row from row_no 3 to 3: other values of bytes") {
		t.Errorf("%d faults: %s", len(r.Faults), text)
	}
}

// TestTornLine: what a kill left of the log's last line is cut off by a rebuild, and that is said, also of one that is interrupted.
func TestTornLine(t *testing.T) {
	for _, interrupted := range []bool{true, false} {
		dir := loadertest.Case(t, map[string]string{"zone.log": "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n"})
		log, err := os.OpenFile(cases.CustodyFile(dir), os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = log.WriteString(`{"seq":6,"prev":"`)
		}
		if err != nil {
			t.Fatal(err)
		}
		log.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := rebuild.Case(ctx, dir, rebuild.Options{Progress: func(string, int64, int64) {
			if interrupted {
				cancel()
			}
		}})
		if !r.Cut || interrupted != errors.Is(err, context.Canceled) || r.OK == interrupted {
			t.Errorf("interrupted %t: %+v, %v", interrupted, r, err)
		}
		head, torn := "", false
		if err := custody.ReadLines(cases.CustodyFile(dir), func(e custody.Entry, sum string) error {
			head, torn = sum, torn || e.Action == "custody.torn-line"
			return nil
		}); err != nil || !torn || head != r.Head {
			t.Errorf("interrupted %t: torn line noted %t, head %s, said %s, %v", interrupted, torn, head, r.Head, err)
		}
	}
}
