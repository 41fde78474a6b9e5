package cases_test

import (
	"path/filepath"
	"testing"

	"case53/cases/duck/ducktest"
)

// setVersion changes the format version of a case behind its back.
func setVersion(t *testing.T, dir, version string) {
	t.Helper()
	ducktest.Run(t, filepath.Join(dir, "case.duckdb"), "UPDATE store.meta SET value = '"+version+"' WHERE key = 'format_version'")
}
