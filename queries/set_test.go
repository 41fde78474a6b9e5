package queries

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const mine = `-- My own flows
--
-- cannot: tell much
-- needs:  flow_by_addr
-- param:  ip ip required the address
-- pivot:  My flows
SELECT 1 AS one FROM flow_by_addr WHERE addr_n = ip($ip)
`

func TestUserFolders(t *testing.T) {
	first := fstest.MapFS{
		"flows-of-address.sql": {Data: []byte(mine)},
		"mine/my-flows.sql":    {Data: []byte(mine)},
		".git/x.sql":           {Data: []byte("no query")},
		"notes.txt":            {Data: []byte("no query")},
	}
	second := fstest.MapFS{"my-flows.sql": {Data: []byte(strings.Replace(mine, "My own", "My other", 1))}}
	s, err := Load(first, second)
	if err != nil || len(s.Problems) > 0 {
		t.Fatal(err, s.Problems)
	}
	replaced := s.Get("flows-of-address")
	if replaced.Builtin || replaced.Title != "My own flows" || replaced.Replaces != "flow/flows-of-address.sql" || replaced.Group != "own" {
		t.Errorf("%+v", replaced)
	}
	if q := s.Get("my-flows"); q.Title != "My other flows" || q.Replaces != "mine/my-flows.sql" {
		t.Errorf("the later folder does not win: %+v", q)
	}
	if !s.Get("flows-between").Builtin {
		t.Error("a built-in query is not marked as such")
	}
	if groups := strings.Join(s.Groups(), " "); groups != "case flow dns zone http change host_log waf tls finding across hunts own" {
		t.Errorf("groups %v", groups)
	}
}

// TestQueriesOfACase: a stranger's case does not put its own SQL under the name of a query that is known.
func TestQueriesOfACase(t *testing.T) {
	s, err := Load(fstest.MapFS{"my-flows.sql": {Data: []byte(mine)}})
	if err != nil {
		t.Fatal(err)
	}
	s.AddOfCase(fstest.MapFS{
		"flows-of-address.sql": {Data: []byte(mine)}, "my-flows.sql": {Data: []byte(mine)}, "new-flows.sql": {Data: []byte(mine)},
	})
	if got := fmt.Sprint(s.Problems); got != "[flows-of-address.sql: flows-of-address is flow/flows-of-address.sql already: "+
		"a case's own queries add to others, and replace none my-flows.sql: my-flows is my-flows.sql already: "+
		"a case's own queries add to others, and replace none]" {
		t.Error(got)
	}
	if !s.Get("flows-of-address").Builtin || s.Get("new-flows") == nil || s.Get("new-flows").Builtin {
		t.Errorf("%+v, %+v", s.Get("flows-of-address"), s.Get("new-flows"))
	}
}

// TestLinksAmongQueriesOfACase: what a stranger's case links to is not read, and is not in an error.
func TestLinksAmongQueriesOfACase(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "my-flows.sql")
	if err := os.WriteFile(outside, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "their-flows.sql")); err != nil {
		t.Fatal(err)
	}
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	s.AddOfCase(Dir(dir))
	if got := fmt.Sprint(s.Problems); s.Get("their-flows") != nil || got != "["+filepath.Join(dir, "their-flows.sql")+": not a regular file]" {
		t.Errorf("%v, %s", s.Get("their-flows"), got)
	}
}

func TestFoldersOnDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.sql"), []byte("-- Title\n-- nonsense: x\nSELECT 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(Dir(filepath.Join(dir, "missing")), Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(dir, "bad.sql") + `:2: unknown key "nonsense", want cannot, needs, one-of, uses, steps, param, column, pivot, page or records`
	if len(s.Problems) != 1 || s.Problems[0].Error() != want {
		t.Errorf("got %v, want %s", s.Problems, want)
	}
}

func TestSameNameTwice(t *testing.T) {
	s, err := Load(fstest.MapFS{"a/my.sql": {Data: []byte(mine)}, "b/my.sql": {Data: []byte(mine)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Problems) != 1 || s.Problems[0].Error() != "b/my.sql: a/my.sql has the name my too" {
		t.Errorf("%v", s.Problems)
	}
}

func TestFind(t *testing.T) {
	s := builtins(t)
	for _, name := range []string{"host-peers", "host_peers", "Host-Peers", "flow/host-peers", "host-peers.sql", " host-peers "} {
		if q, _ := s.Find(name); q == nil || q.ID != "host-peers" {
			t.Errorf("%q is not found", name)
		}
	}
	for name, want := range map[string]string{
		"hostpeers": "host-peers", "flow-of-address": "flows-of-address", "dns/host-peers": "host-peers", "talkers": "top-talkers",
	} {
		if q, suggestions := s.Find(name); q != nil || !slices.Contains(suggestions, want) {
			t.Errorf("%q: found %v, suggested %v, want %s", name, q, suggestions, want)
		}
	}
	if _, suggestions := s.Find("zzzzqqq"); len(suggestions) != 0 {
		t.Errorf("suggested %v for nonsense", suggestions)
	}
}

func TestPivots(t *testing.T) {
	s := builtins(t)
	var ids []string
	for _, q := range s.Pivots("name") {
		ids = append(ids, q.ID)
	}
	want := []string{
		"addresses-of-name", "names-pointing-to", "queries-for-name", "zone-queries-for-name", "requests-of-host",
		"name-to-flows", "timeline-of-name", "zone-name-to-flows",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("got %v, want %v", ids, want)
	}
	if len(s.Pivots("text")) != 0 {
		t.Error("pivots from text")
	}
}

func TestHelp(t *testing.T) {
	help := builtins(t).Get("host-peers").Help()
	for line := range strings.SplitSeq(help, "\n") {
		if len([]rune(line)) > 80 && !strings.HasPrefix(line, "host-peers") {
			t.Errorf("a line of %d: %s", len([]rune(line)), line)
		}
	}
	golden(t, "testdata/host-peers.help", help)
}
