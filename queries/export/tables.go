package export

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/folder"
	"case53/cases/safetext"
)

// TablesManifest says what tables a folder has, of what, and what was done to cells that a spreadsheet would run. Like [Manifest] it
// names no moment and no machine.
type TablesManifest struct {
	Program string          `json:"program"`
	Case    string          `json:"case"` // SHA-256 of the first line of its custody log
	Custody Head            `json:"custody"`
	Guard   string          `json:"guard"`
	Tables  []TableManifest `json:"tables"`
	Empty   []string        `json:"empty"` // views without a row: they have no files
	Limits  []string        `json:"limits"`
}

// TableManifest is a view's two files.
type TableManifest struct {
	View    string           `json:"view"`
	Doc     string           `json:"doc"`
	Rows    int64            `json:"rows"`
	Columns []ColumnManifest `json:"columns"`
	CSV     folder.File      `json:"csv"`
	Parquet folder.File      `json:"parquet"`
}

// ColumnManifest is a column of a table. Guarded counts the cells of the CSV that got an apostrophe.
type ColumnManifest struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Kind    string `json:"kind,omitempty"`
	Guarded int64  `json:"guarded,omitempty"`
}

const guardText = "In the CSV a text that begins with one of = + - @ ' (or their full-width forms), a tab, a line break or a NUL has an apostrophe (') " +
	"before it, as a spreadsheet might run it; take one ' away from the front of such a cell and it is the value. " +
	"Bytes (kind bytes, type BLOB) have what cannot be shown as \\xNN or \\u{NNNN} and a backslash as two. " +
	"Numbers, times, true and false are as they are, and NULL is an empty cell; an empty text is one too. The Parquet is exact."

// Tables writes every view of records into the new folder dir, as CSV for a spreadsheet and as Parquet.
func Tables(ctx context.Context, k *cases.Case, dir, program string) (*TablesManifest, error) {
	if err := Outside(k.Dir, dir); err != nil {
		return nil, err
	}
	out, err := folder.New(dir)
	if err != nil {
		return nil, err
	}
	defer out.Drop()
	m := &TablesManifest{Program: program, Guard: guardText, Tables: []TableManifest{}, Empty: []string{}}
	if m.Case, m.Custody, err = caseHead(k); err != nil {
		return nil, err
	}
	tables, err := k.RecordTables(ctx)
	if err != nil {
		return nil, err
	}
	var parquet []cases.ParquetFile
	for _, t := range tables {
		if t.Rows == 0 {
			m.Empty = append(m.Empty, t.Name)
		} else {
			parquet = append(parquet, cases.ParquetFile{Name: t.Name + ".parquet", SQL: t.SQL()})
		}
	}
	if err := k.ParquetFiles(ctx, out.Dir(), parquet); err != nil {
		return nil, err
	}
	for _, t := range tables {
		if t.Rows == 0 {
			continue
		}
		written, err := writeTable(ctx, k, out, t)
		if err != nil {
			return nil, fmt.Errorf("rows of %s: %w", t.Name, err)
		}
		m.Tables = append(m.Tables, written)
	}
	for _, t := range k.HeldTypes() {
		for _, b := range t.Blind {
			m.Limits = append(m.Limits, fmt.Sprintf("%s never show %s: %s", t.Many, b.What, b.Why))
		}
	}
	return m, m.place(out)
}

// writeTable writes the CSV of a view, and takes its Parquet. They must have the rows that the view was counted to have.
func writeTable(ctx context.Context, k *cases.Case, out *folder.Folder, t cases.Table) (m TableManifest, err error) {
	m = TableManifest{View: t.Name, Doc: t.Doc}
	parquet := t.Name + ".parquet"
	if err := out.Take(parquet); err != nil {
		return m, err
	}
	if err := out.Give(t.Name+".csv", func(w io.Writer) error {
		rows, err := k.Query(ctx, t.SQL(), nil)
		if err != nil {
			return err
		}
		defer rows.Close()
		sheet := newSheet(w, rows.Columns())
		for rows.Next() {
			sheet.row(rows.Values())
		}
		m.Columns, m.Rows = sheet.columns, sheet.rows
		return errors.Join(rows.Err(), sheet.w.Flush())
	}); err != nil {
		return m, err
	}
	if m.Rows != t.Rows {
		return m, fmt.Errorf("%d rows were written, and there are %d", m.Rows, t.Rows)
	}
	m.CSV, m.Parquet = out.File(t.Name+".csv"), out.File(parquet)
	return m, nil
}

// caseHead is what a case is called by others, and how long its custody log is.
func caseHead(k *cases.Case) (id string, head Head, err error) {
	err = custody.ReadLines(cases.CustodyFile(k.Dir), func(e custody.Entry, sum string) error {
		if id == "" {
			id = sum
		}
		head = Head{e.Seq, sum}
		return nil
	})
	return id, head, err
}

// place writes what there is to say of the tables, and gives the folder its name.
func (m *TablesManifest) place(out *folder.Folder) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return err
	}
	if err := out.Write("manifest.json", text.Bytes()); err != nil {
		return err
	}
	if err := out.Write("README.txt", m.readme()); err != nil {
		return err
	}
	if err := out.Write("manifest-sha256.txt", folder.Sums(out.Files())); err != nil {
		return err
	}
	return out.Place()
}

// readme says in words what the folder is.
func (m *TablesManifest) readme() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Tables of a case, written by %s.\n\nCase     %s (SHA-256 of the first line of its custody log)\n", m.Program, m.Case)
	fmt.Fprintf(&b, "Custody  %d lines, head %s\n\n", m.Custody.Lines, m.Custody.Head)
	b.WriteString("Each view of records has two files: .parquet is exact, .csv is for a spreadsheet. They are for reading and for other tools, not\n" +
		"evidence: that is the case itself, or a bag of it (case53 export CASE --bag FOLDER).\n\n")
	b.WriteString(guardText + "\nIn the Parquet, whole numbers of 128 bits (columns that end in _n) are text.\n\n")
	for _, t := range m.Tables {
		guarded := int64(0)
		for _, c := range t.Columns {
			guarded += c.Guarded
		}
		fmt.Fprintf(&b, "%-14s %12d rows  %s\n", t.View, t.Rows, t.Doc)
		if guarded > 0 {
			fmt.Fprintf(&b, "%-14s %12d cells of %s have an apostrophe that the value has not\n", "", guarded, t.CSV.Name)
		}
	}
	if len(m.Empty) > 0 {
		fmt.Fprintf(&b, "\nWithout a row, and so without files: %s.\n", strings.Join(m.Empty, ", "))
	}
	b.WriteString("\nTimes are UTC. manifest.json has the columns, counts and hashes. To check the files:\n\n" +
		"  sha256sum --check --quiet --strict manifest-sha256.txt\n\nWhat these logs never show:\n\n")
	for _, limit := range m.Limits {
		fmt.Fprintf(&b, "- %s\n", limit)
	}
	return []byte(b.String())
}

// sheet writes CSV of which no spreadsheet runs a cell.
type sheet struct {
	w       *bufio.Writer
	columns []ColumnManifest
	rows    int64
}

func newSheet(w io.Writer, columns []cases.Column) *sheet {
	s := &sheet{w: bufio.NewWriter(w)}
	for i, c := range columns {
		s.columns = append(s.columns, ColumnManifest{Name: c.Name, Type: c.Type, Kind: c.Kind})
		s.cell(i, c.Name, true)
	}
	s.w.WriteString("\r\n")
	return s
}

// row writes a row. What went wrong in writing, flushing says.
func (s *sheet) row(values []any) {
	s.rows++
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			s.cell(i, "", false)
		case []byte:
			s.text(i, safetext.Show(string(v)))
		case string:
			s.text(i, v)
		case duck.List, duck.Struct:
			s.text(i, cases.CellOf(v).Text)
		default:
			s.cell(i, cases.CellOf(v).Text, false)
		}
	}
	s.w.WriteString("\r\n")
}

// text writes a value that somebody else may have written.
func (s *sheet) text(i int, text string) {
	if runs(text) {
		s.columns[i].Guarded++
		text = "'" + text
	}
	s.cell(i, text, true)
}

// cell writes a cell. A text is always between quotes: a spreadsheet that takes semicolons for the ends of cells makes one of it too.
func (s *sheet) cell(i int, text string, quote bool) {
	if i > 0 {
		s.w.WriteByte(',')
	}
	if !quote {
		s.w.WriteString(text)
		return
	}
	s.w.WriteByte('"')
	s.w.WriteString(strings.ReplaceAll(text, `"`, `""`))
	s.w.WriteByte('"')
}

// runs says whether a spreadsheet might take a text for a formula, or whether it begins as one that was made harmless does.
func runs(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune("=+-@'\t\r\n\x00＝＋－＠", first)
}
