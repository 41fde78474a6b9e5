package export_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/notes"
	"case53/queries/export"
)

// keep makes notes on a row of the Resolver's log, on an address and on a block.
func keep(t *testing.T, k *cases.Case) *notes.Book {
	t.Helper()
	b, err := notes.Open(t.Context(), k.Dir, "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	object := column(t, k, "SELECT object_id || ':' || row_no FROM dns")
	row, err := notes.Rows(t.Context(), k, object)
	if err != nil {
		t.Fatal(err)
	}
	high := "high"
	marked := true
	of := func(kind, value string) notes.Target {
		target, err := notes.ValueOf(kind, value)
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	for _, c := range []notes.Change{
		{Targets: row, Mark: &marked, Tag: []string{"c2"}, Severity: &high, Comment: "the first\ncall"},
		{Targets: []notes.Target{of("ip", "203.0.113.1"), of("cidr", "10.0.0.0/8")}, Tag: []string{"proxy"}},
		{Targets: []notes.Target{of("name", "images.good.example")}, Tag: []string{"c2", "images"}},
	} {
		if _, err := b.Do(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestNotesGoOut: the tags of a row, and of the values in it, are on its event; notes and comments are events that say whose they are. It
// is the same every time, and only where it was asked for.
func TestNotesGoOut(t *testing.T) {
	k := openHidden(t)
	b := keep(t, k)
	read := func(name string, req export.Request) (events []map[string]any, m *export.Manifest, text string) {
		target, m := exported(t, k, "timesketch", name, req)
		bytes, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		if events, err = sketchEvents(name, bytes); err != nil {
			t.Fatal(err)
		}
		return events, m, string(bytes)
	}
	tags := map[string]string{}
	events, m, text := read("a.jsonl", export.Request{Notes: b})
	for _, e := range events {
		if e["tag"] != nil {
			message := strings.ReplaceAll(fmt.Sprint(e["message"]), b.Actor(), "me")
			tags[fmt.Sprint(e["data_type"], " ", e["timestamp_desc"])] += fmt.Sprint(e["tag"], message, ";")
		}
	}
	row := "row " + strings.Join(column(t, k, "SELECT row_no || ' of object ' || object_id FROM dns"), "")
	for _, want := range []string{
		"note on " + row + " by me: c2, marked, severity:high;", "note on " + row + " by me: the first\ncall;",
		"note on ip 203.0.113.1 by me: proxy;", "note on cidr 10.0.0.0/8 by me: proxy;", "note on name images.good.example by me: c2, images;",
	} {
		if !strings.Contains(tags["case53:note Analyst note"], want) {
			t.Errorf("no %q in %q", want, tags["case53:note Analyst note"])
		}
	}
	if !strings.HasPrefix(tags["aws:route53:resolver DNS query"], "[c2 marked severity:high images]") ||
		!strings.HasPrefix(tags["case53:http HTTP request"], "[proxy]") || len(tags) != 3 {
		t.Errorf("tags %q", tags)
	}
	if n := m.Notes; n == nil || n.Lines != 4 || n.Notes != 4 || n.Events != 5 || n.Tagged != 2 || len(n.NotExpressible) != 0 {
		t.Errorf("%+v", m.Notes)
	}
	if _, _, again := read("a.jsonl", export.Request{Notes: b}); again != text {
		t.Error("other bytes the second time")
	}
	if _, m, text := read("a.jsonl", export.Request{}); m.Notes != nil || strings.Contains(text, `"tag"`) {
		t.Error("notes that nobody asked for")
	}
	if events, m, _ := read("dns.csv", export.Request{Notes: b, Views: []string{"dns"}}); len(events) != 1 ||
		events[0]["tag"] != `["c2","marked","severity:high","images"]` || m.Notes.NotExpressible[0].Rows != 5 {
		t.Errorf("%v, %+v", events, m.Notes)
	}
	ecs, _ := export.FindTool("ecs")
	if _, err := ecs.Export(t.Context(), k, export.Request{Target: filepath.Join(t.TempDir(), "x.ndjson"), Notes: b}); err == nil {
		t.Error("ecs took notes")
	}
}

// TestNotesOfAnotherLine: a note whose line is not what it was kept of tags nothing, and is said; notes that somebody edited do not go out.
func TestNotesOfAnotherLine(t *testing.T) {
	k := openHidden(t)
	b := keep(t, k)
	text, err := os.ReadFile(b.Path())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := filepath.Glob(filepath.Join(k.Dir, "raw", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range raw {
		line, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), "images.good") {
			continue
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(line), "images", "imager", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, m := exported(t, k, "timesketch", "a.jsonl", export.Request{Notes: b, Views: []string{"dns"}})
	if n := m.Notes; len(n.NotExpressible) != 1 || n.NotExpressible[0].Rows != 1 || !strings.Contains(n.NotExpressible[0].Why, "altered") || n.Tagged != 1 {
		t.Errorf("%+v", n)
	}
	if err := os.WriteFile(b.Path(), []byte(strings.Replace(string(text), "proxy", "broxy", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err = notes.Open(t.Context(), k.Dir, ""); err != nil {
		t.Fatal(err)
	}
	sketch, _ := export.FindTool("timesketch")
	if _, err := sketch.Export(t.Context(), k, export.Request{Target: filepath.Join(t.TempDir(), "x.jsonl"), Notes: b}); err == nil {
		t.Error("notes that somebody edited went out")
	}
}
