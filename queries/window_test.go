package queries

import (
	"fmt"
	"testing"

	"case53/cases"
)

// count asks a saved query, and counts its rows that hold a condition.
func count(t *testing.T, c *cases.Case, id, where string, given map[string]string) string {
	t.Helper()
	text, args, err := builtins(t).Get(id).Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	if err := c.Each(t.Context(), "SELECT count(*) FROM ("+text+") WHERE "+where, args, func(v []any) error {
		got = fmt.Sprint(v[0])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWindowsTouchRecords: a window inside the time of a record has that record. The planted flows last 55 s, from each full
// minute on; of a moment's there are 32: both directions of eight, in two flow logs.
func TestWindowsTouchRecords(t *testing.T) {
	c := plantedCase(t, true)
	within := map[string]string{"from": "2026-11-01 10:00:30", "to": "2026-11-01 10:00:40", "capture": "incident"}
	for id, of := range map[string]map[string]string{
		"flows-of-address":    {"ip": "10.0.2.20"},
		"flows-in-cidr":       {"cidr": "10.0.2.20/32"},
		"timeline-of-address": {"ip": "10.0.2.20"},
		"timeline-of-name":    {"name": "up.example"},
	} {
		for key, value := range within {
			of[key] = value
		}
		if got := count(t, c, id, "true", of); got != "8" {
			t.Errorf("%s: %s rows", id, got)
		}
	}
	at := map[string]string{"at": "2026-11-01 10:00:35", "minutes": "0", "capture": "incident"}
	for _, id := range []string{"flows-at", "timeline-at"} {
		if got := count(t, c, id, "true", at); got != "32" {
			t.Errorf("%s: %s rows", id, got)
		}
	}
}
