package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"case53/cases"
	"case53/cases/safetext"
	"case53/loader/logs"
)

// findCase gives the case that path names: itself, or the only *.case folder in it, which is then said.
func findCase(path string, stderr io.Writer) string {
	if isCase(path) {
		return path
	}
	inside, _ := filepath.Glob(filepath.Join(path, "*.case"))
	if len(inside) == 1 && isCase(inside[0]) {
		fmt.Fprintf(stderr, "case: %s\n", safetext.Show(inside[0]))
		return inside[0]
	}
	return path
}

func isCase(path string) bool {
	_, err := os.Stat(filepath.Join(path, "case.duckdb"))
	return err == nil
}

// openCase opens a case for looking, and warns where its last load was cut short.
func openCase(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := cases.Open(ctx, findCase(path, stderr))
	if err == nil && c.Stale != nil {
		printError(stderr, fmt.Errorf("warning: %w", c.Stale))
	}
	return c, err
}

// schemas are the tables of every log type, and what is built across them.
func schemas() []cases.Schema {
	var out []cases.Schema
	for _, t := range logs.All() {
		out = append(out, t.Schema)
	}
	return append(out, logs.Across)
}
