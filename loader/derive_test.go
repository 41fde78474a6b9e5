package loader

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"case53/cases/writer"
	"case53/loader/source"
	"case53/loader/source/local"
)

// TestNothingIsBuiltOfNothing: a case without a flow record runs no step that needs one, and is ready; when flows come, they
// are all run.
func TestNothingIsBuiltOfNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "x.case")
	steps := func(event string) (ran []string) {
		path := filepath.Join(t.TempDir(), "page.json")
		if err := os.WriteFile(path, []byte(page([][2]string{{"stream", event}})), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := writer.Open(t.Context(), target, Schemas())
		if err != nil {
			t.Fatal(err)
		}
		plan := Plan{Sources: []source.Source{local.New(path)}, Capture: "incident", Role: "incident"}
		if _, err := Load(t.Context(), w, plan, func(p Progress) {
			if p.Phase != "" && p.Phase != "load" && !slices.Contains(ran, p.Phase) {
				ran = append(ran, p.Phase)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Each(t.Context(), "SELECT name FROM derived.step GROUP BY name HAVING max(upto) < (SELECT max(object_id) FROM store.object)", nil,
			func(v []any) error { t.Errorf("%s is behind", v[0]); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return ran
	}
	if ran := steps(resolverEvent); !slices.Equal(ran, []string{"dns_minute", "numbers"}) {
		t.Errorf("of a query without answers: %v", ran)
	}
	if ran := steps(flowEvent); !slices.Contains(ran, "flow_session") || !slices.Contains(ran, "flow_endpoint") || slices.Contains(ran, "flow_name") {
		t.Errorf("of a flow: %v", ran)
	}
}
