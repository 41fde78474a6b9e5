package verify

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"case53/cases/canonical"
)

// TestTooLarge: a table that does not fit into the memory it is compared in is an error that says so, not a fault of the bag, and nothing of
// it is put on a disk.
func TestTooLarge(t *testing.T) {
	m, err := newMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	if row, err := m.conn.QueryRow(t.Context(), "SELECT current_setting('temp_directory')", nil); err != nil || row[0] != "" {
		t.Errorf("what does not fit is put into %q, %v", row, err)
	}
	if err := m.conn.Exec(t.Context(), "SET memory_limit='4MB'; CREATE SCHEMA store"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	text := bytes.NewBufferString("object_id UINTEGER\tname VARCHAR\trows BIGINT\tsha256 VARCHAR\n")
	for range 60_000 {
		text.WriteString("1\tflow_plain\t1\t" + strings.Repeat("0123456789abcdef", 16) + "\n")
	}
	if err := os.MkdirAll(filepath.Join(dir, BagTables), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tableText("digest")), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &run{dir: dir}
	err = r.readTable("digest", func(in *canonical.Reader) error { return m.take(t.Context(), "digest", &interrupted{in, t.Context()}) })
	if err == nil || !strings.HasPrefix(err.Error(), "store/digest.txt does not fit into the memory") || !strings.Contains(err.Error(), "\nhint: ") {
		t.Error(err)
	}
	if len(r.result.Faults) > 0 {
		t.Errorf("%+v", r.result.Faults)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}
