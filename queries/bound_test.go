package queries

import (
	"fmt"
	"path/filepath"
	"testing"

	"case53/cases/writer"
	"case53/loader"
	"case53/loader/loadertest"
	"case53/loader/logs/flow"
)

// TestNoNumberStopsAQuery: records claim as many packets and bytes as a field holds, in every direction; no saved query and no
// hunt fails for it.
func TestNoNumberStopsAQuery(t *testing.T) {
	captures, header := plantedFiles(t, true)
	const most = "9223372036854775807"
	claims := header + "\n"
	for i, way := range []string{
		"eni-0host 10.0.1.10 203.0.113.99 40000 443", "eni-0host 203.0.113.99 10.0.1.10 443 40000",
		"eni-0host 10.0.1.10 10.0.2.20 50000 5432", "eni-0host 203.0.113.98 10.0.1.10 50000 22", "eni-0host 10.0.1.10 203.0.113.97 50001 3333",
	} {
		for n := range 3 {
			at := 1793527200 + 60*n
			claims += fmt.Sprintf("5 123456789012 %s 6 %s %s %d %d ACCEPT OK - -\n", way, most, most, at, at+30+i)
		}
	}
	dir := filepath.Join(t.TempDir(), "a.case")
	w, err := writer.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range captures {
		files["claims.log"] = claims
	}
	fields, err := flow.ParseFormat(header)
	if err != nil {
		t.Fatal(err)
	}
	loadCaptures(t, w, captures, fields)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c := loadertest.Open(t, dir)
	for _, q := range builtins(t).All() {
		text, args, err := q.Bind(ask(q))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Each(t.Context(), text, args, func([]any) error { return nil }); err != nil {
			t.Errorf("%s: %v", q.ID, err)
		}
	}
}
