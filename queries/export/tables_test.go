package export_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/duck/ducktest"
	"case53/cases/safetext"
	"case53/queries/export"
)

// TestTables reads every table back: the Parquet has the rows of the view, each value as it is, and the CSV the same once its
// apostrophes are gone; no cell is one that a spreadsheet runs.
func TestTables(t *testing.T) {
	k := openCase(t)
	dir := filepath.Join(t.TempDir(), "out")
	m, err := export.Tables(t.Context(), k, dir, "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	conn := ducktest.Connect(t, "", nil)
	tables, err := k.RecordTables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	guarded := int64(0)
	for _, wrote := range m.Tables {
		table := tables[slices.IndexFunc(tables, func(t cases.Table) bool { return t.Name == wrote.View })]
		want := cells(t, k, table)
		var parquet [][]string
		rows, err := conn.Query(t.Context(), "FROM '"+filepath.Join(dir, wrote.Parquet.Name)+"'", nil)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			parquet = append(parquet, texts(rows.Values(), false))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		same(t, wrote.Parquet.Name, parquet, want(false))
		sheet, n := readSheet(t, filepath.Join(dir, wrote.CSV.Name), wrote)
		same(t, wrote.CSV.Name, sheet, want(true))
		guarded += n
		for _, f := range []struct{ name, sum string }{{wrote.CSV.Name, wrote.CSV.SHA256}, {wrote.Parquet.Name, wrote.Parquet.SHA256}} {
			text, err := os.ReadFile(filepath.Join(dir, f.name))
			if sum := sha256.Sum256(text); err != nil || hex.EncodeToString(sum[:]) != f.sum {
				t.Errorf("%s is not what the manifest says: %v", f.name, err)
			}
		}
	}
	if len(m.Tables) < 6 || guarded == 0 {
		t.Errorf("%d tables, %d cells with an apostrophe", len(m.Tables), guarded)
	}
}

// cells gives a table's rows as the Parquet, or the CSV, has to have them.
func cells(t *testing.T, k *cases.Case, table cases.Table) func(sheet bool) [][]string {
	return func(sheet bool) (all [][]string) {
		err := k.Each(t.Context(), table.SQL(), nil, func(v []any) error {
			all = append(all, texts(v, sheet))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
}

func texts(values []any, sheet bool) (row []string) {
	for _, v := range values {
		cell := cases.CellOf(v)
		switch bytes, ok := v.([]byte); {
		case cell.Null && !sheet:
			cell.Text = "NULL"
		case ok && sheet:
			cell.Text = safetext.Show(string(bytes))
		}
		row = append(row, cell.Text)
	}
	return row
}

func same(t *testing.T, name string, got, want [][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
		return
	}
	for i := range got {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("%s, row %d:\n%q\nwant\n%q", name, i, got[i], want[i])
		}
	}
}

// readSheet reads a CSV back, and counts what was made harmless.
func readSheet(t *testing.T, path string, wrote export.TableManifest) (all [][]string, guarded int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The reader of encoding/csv makes CR LF in a cell LF; here they stay apart.
	reader := csv.NewReader(strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\ue053")))
	reader.FieldsPerRecord = len(wrote.Columns)
	if all, err = reader.ReadAll(); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	want := int64(0)
	for i, c := range wrote.Columns {
		want += c.Guarded
		for _, row := range all[1:] {
			row[i] = strings.ReplaceAll(row[i], "\ue053", "\r")
			number := strings.HasSuffix(c.Type, "INT") || c.Type == "FLOAT" || c.Type == "DOUBLE" || c.Type == "INTEGER"
			if row[i] != "" && strings.Contains("=+-@\t\r\n\x00＝＋－＠", string([]rune(row[i])[:1])) && !number {
				t.Fatalf("%s: a spreadsheet may run %q", path, row[i])
			}
			if rest, ok := strings.CutPrefix(row[i], "'"); ok {
				row[i] = rest
				guarded++
			}
		}
	}
	if guarded != want {
		t.Errorf("%s: %d cells have an apostrophe, the manifest says %d", path, guarded, want)
	}
	return all[1:], guarded
}
