package cases_test

import (
	"path/filepath"
	"testing"

	"case53/cases/duck"
)

// setVersion changes the format version of a case behind its back.
func setVersion(t *testing.T, dir, version string) {
	t.Helper()
	db, err := duck.Open(filepath.Join(dir, "case.duckdb"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(t.Context(), "UPDATE store.meta SET value = '"+version+"' WHERE key = 'format_version'"); err != nil {
		t.Fatal(err)
	}
}
