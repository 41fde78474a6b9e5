package cases_test

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"

	"case53/cases"
	"case53/cases/internal/catalog"
	"case53/loader"
)

var update = flag.Bool("update", false, "write the known catalog again")

// TestKnownCatalog: the catalog that the program carries along is that of its own schemas. Where it is not, every command makes it
// anew, which takes a tenth of a second: go test ./cases -run TestKnownCatalog -update writes it.
func TestKnownCatalog(t *testing.T) {
	ctx := t.Context()
	known, err := cases.Catalog(ctx, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	made, err := catalog.Make(ctx, cases.Stored(loader.Schemas()), cases.RefusedInside)
	if err != nil {
		t.Fatal(err)
	}
	made.Version = known.Version
	text, err := json.MarshalIndent(made, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	const path = "internal/catalog/known.json"
	if *update {
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != string(text)+"\n" {
		t.Errorf("%s is of other schemas\nhint: go test ./cases -run TestKnownCatalog -update", path)
	}
	if !reflect.DeepEqual(known.Entries, made.Entries) || !reflect.DeepEqual(known.Comments, made.Comments) || !reflect.DeepEqual(known.Bare, made.Bare) ||
		!reflect.DeepEqual(known.Refused, made.Refused) {
		t.Errorf("%s is not the catalog of the schemas that it names", path)
	}
}
