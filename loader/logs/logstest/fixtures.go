package logstest

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"case53/loader/logs"
)

// FixturePath gives the path of a fixture, or skips.
func FixturePath(t *testing.T, path string) string {
	t.Helper()
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	return filepath.Join(root, path)
}

// FindFixtures lists the files under a folder of the fixtures.
func FindFixtures(t *testing.T, folder string) (paths []string) {
	t.Helper()
	root := FixturePath(t, folder)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Fixture reads a file that nobody here wrote, from the folder that CASE53_FIXTURES names.
func Fixture(t *testing.T, path string) []byte {
	t.Helper()
	root := os.Getenv("CASE53_FIXTURES")
	if root == "" {
		t.Skip("CASE53_FIXTURES is not set")
	}
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// DecodeAll decodes records that must all become rows.
func DecodeAll(t *testing.T, typ *logs.Type, recs ...[]byte) (rows []map[string]string, d *Decoding) {
	t.Helper()
	d = New(typ)
	for _, rec := range recs {
		if _, _, _, err := d.Decode(rec); err != nil {
			t.Fatalf("%s: %v", rec, err)
		}
	}
	if got := typ.Detect(recs); got != 100 {
		t.Errorf("detected with %d", got)
	}
	return d.RowsOf(typ.Name), d
}

// Has compares a row's direct fields with the peer's.
func Has(t *testing.T, row, want map[string]string) {
	t.Helper()
	for column, value := range want {
		got := row[column]
		if column == "query_name" && got == "" {
			got = row["name"] + "."
		}
		if got != value {
			t.Errorf("%s is %q, the peer says %q", column, got, value)
		}
	}
}

// Dynatrace gives the peer's log entry and expected attributes of a test class.
func Dynatrace(t *testing.T, class string) (entry json.RawMessage, attributes map[string]string) {
	t.Helper()
	var all []struct {
		Class      string
		Entry      json.RawMessage   `json:"log_entry"`
		Attributes map[string]string `json:"expected_attributes"`
	}
	b := Fixture(t, "dynatrace-oss+dynatrace-aws-s3-log-forwarder/tests/unit/log/processing/rules/test_attribute_extraction.extracted.json")
	// Of other classes, entries may have other shapes.
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		if bytes.Contains(r, []byte(class)) {
			if err := json.Unmarshal(append(append([]byte{'['}, r...), ']'), &all); err != nil {
				t.Fatal(err)
			}
			return all[0].Entry, all[0].Attributes
		}
	}
	t.Fatalf("no class %s", class)
	return nil, nil
}

// Head reads the beginning of a file, unpacked; of one that cannot be unpacked, what is in it.
func Head(t *testing.T, path string, size int64) []byte {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if z, err := gzip.NewReader(f); err == nil {
		b, _ := io.ReadAll(io.LimitReader(z, size)) // up to the damage, where there is some
		return b
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.LimitReader(f, size))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return b
}
