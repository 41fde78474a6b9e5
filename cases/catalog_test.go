package cases_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
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

	const empty = "internal/catalog/empty.duckdb.gz"
	if err = checkEmpty(t, *known, empty); err != nil && *update {
		err = os.WriteFile(empty, made.Empty, 0o644)
	}
	if err != nil {
		t.Errorf("%s: %v\nhint: go test ./cases -run TestKnownCatalog -update", empty, err)
	}
}

// checkEmpty compares an empty case.duckdb with the known catalog. It is copied into every new case, so nothing else may be in it: no
// row but those of the log types, no comment that the catalog has not.
func checkEmpty(t *testing.T, known catalog.Known, gzipped string) error {
	ctx := t.Context()
	var err error
	if known.Empty, err = os.ReadFile(gzipped); err != nil {
		return err
	}
	path := filepath.Join(t.TempDir(), "case")
	if err := known.WriteEmpty(path); err != nil {
		return err
	}
	conn := ducktest.Connect(t, "", nil)
	if err := conn.Exec(ctx, `ATTACH '`+path+`' AS "case" (READ_ONLY); ATTACH ':memory:' AS derived; `+known.DerivedTables()); err != nil {
		return err
	}
	found, err := known.Read(ctx, conn)
	if err == nil {
		err = found.Check(ctx, conn)
	}
	if err != nil {
		return err
	}
	if comments, err := catalog.ReadComments(ctx, conn); err != nil || !slices.Equal(comments, known.Comments) {
		return fmt.Errorf("other comments, %v", err)
	}
	var tables []string
	err = conn.Each(ctx, `SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'case' AND table_name <> 'log_type'`, nil,
		func(v []any) { tables = append(tables, v[0].(string)) })
	for _, name := range tables {
		if row, err := conn.QueryRow(ctx, `SELECT count(*) FROM "case".`+name, nil); err != nil || row[0] != int64(0) {
			return fmt.Errorf("table %s: %v rows, %v", name, row, err)
		}
	}
	return err
}
