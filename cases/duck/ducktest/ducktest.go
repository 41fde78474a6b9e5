// Package ducktest opens databases for tests: in memory, or a case's file as whoever has it can with a stock duckdb. It knows nothing
// of cases, and refuses nothing.
package ducktest

import (
	"testing"

	"case53/cases/duck"
)

// Connect opens the database in a file, "" for one in memory, until the test ends.
func Connect(t testing.TB, path string, options map[string]string) *duck.Conn {
	t.Helper()
	db, err := duck.Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Run runs statements on the database in a file, and lets go of it.
func Run(t testing.TB, path, sql string) {
	t.Helper()
	db, err := duck.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
