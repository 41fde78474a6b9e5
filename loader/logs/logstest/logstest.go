// Package logstest is how the tests of log types decode: vectors in txtar, rows as text, and the fixtures of others. What it
// renders a row to is told from the type's CREATE TABLE, so that a column that is forgotten fails.
package logstest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"case53/loader/logs"
)

// The DNS types' vectors are txtar files of pairs: a section with records, and one named like it with .rows behind,
// which holds what they become. A section .json is one record, in .log each line is one, in .quoted each line is one
// as a Go string. CASE53_UPDATE=1 rewrites the .rows.

func Vectors(t *testing.T, typ *logs.Type, file string, prepare ...func(*Decoding)) {
	path := filepath.Join("testdata", file)
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("CASE53_UPDATE") != ""
	var out []txtar.File
	for i := 0; i < len(archive.Files); i++ {
		in := archive.Files[i]
		out = append(out, in)
		var want string
		if i+1 < len(archive.Files) && archive.Files[i+1].Name == in.Name+".rows" {
			i++
			want = string(archive.Files[i].Data)
		}
		var got strings.Builder
		d := New(typ)
		for _, p := range prepare {
			p(d)
		}
		for _, rec := range VectorRecords(t, in) {
			d.Decode(rec)
		}
		got.WriteString(d.Render(t))
		out = append(out, txtar.File{Name: in.Name + ".rows", Data: []byte(got.String())})
		if !update && got.String() != want {
			t.Errorf("%s: %s: got\n%s\nwant\n%s", file, in.Name, got.String(), want)
		}
	}
	if update {
		if err := os.WriteFile(path, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: out}), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func VectorRecords(t *testing.T, f txtar.File) (recs [][]byte) {
	if strings.HasSuffix(f.Name, ".json") {
		return [][]byte{bytes.TrimSuffix(f.Data, []byte("\n"))}
	}
	for line := range strings.Lines(string(f.Data)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasSuffix(f.Name, ".quoted") {
			var err error
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		recs = append(recs, []byte(line))
	}
	return recs
}

// Decoding runs a decoder as the loader does, and keeps what it made as text.
type Decoding struct {
	typ      *logs.Type
	Dec      logs.Decoder
	Admit    func(first, last int64) logs.Outcome
	Contexts []string // table and key, by number
	tables   map[string]Table
	Rows     []Row
	Notes    []string // by record: an error, or an outcome other than Row
	Meta     logs.Meta
	Flushes  int
}

type Row struct {
	Table  string
	Values map[string]string // NULL is not there
}

type Table struct{ Names, Types []string }

func New(typ *logs.Type) *Decoding { return NewWith(typ, logs.Options{}) }

// NewWith takes what is given of a type's formats and zone.
func NewWith(typ *logs.Type, given logs.Options) *Decoding {
	d := &Decoding{typ: typ, tables: Tables(typ.SQL), Meta: logs.Meta{ObjectID: 7, LogGroup: "group", LogStream: "stream"}}
	d.Dec = typ.New(logs.Options{
		Formats: given.Formats,
		Zone:    given.Zone,
		Capture: "incident",
		Admit: func(first, last int64) logs.Outcome {
			if d.Admit == nil {
				return logs.Row
			}
			return d.Admit(first, last)
		},
		Intern: func(table string, key []byte) uint32 {
			d.Contexts = append(d.Contexts, table+" "+string(key))
			return uint32(len(d.Contexts) - 1)
		},
		Flush: d.flush,
	})
	return d
}

func (d *Decoding) Decode(rec []byte) (logs.Outcome, int64, int64, error) {
	d.Meta.RowNo++
	o, first, last, err := d.Dec.Decode(rec, d.Meta)
	switch {
	case err != nil:
		d.Notes = append(d.Notes, fmt.Sprintf("error %d: %v", d.Meta.RowNo, err))
	case o != logs.Row:
		d.Notes = append(d.Notes, fmt.Sprintf("outcome %d: %d", d.Meta.RowNo, o))
	}
	return o, first, last, err
}

// All flushes what is left and gives every row.
func (d *Decoding) All() []Row {
	for _, b := range d.Dec.Batches() {
		if b.N > 0 {
			if err := d.flush(b); err != nil {
				panic(err)
			}
		}
	}
	return d.Rows
}

// RowsOf gives the rows of a type's tables, in the order of the records.
func (d *Decoding) RowsOf(tables ...string) (rows []map[string]string) {
	for _, r := range d.All() {
		if slices.Contains(tables, r.Table) {
			rows = append(rows, r.Values)
		}
	}
	slices.SortStableFunc(rows, func(a, b map[string]string) int { return Atoi(a["row_no"]) - Atoi(b["row_no"]) })
	return rows
}

func (d *Decoding) Render(t *testing.T) string {
	var b strings.Builder
	d.All()
	for no := uint32(1); no <= d.Meta.RowNo; no++ {
		for _, r := range d.Rows {
			if r.Values["row_no"] == strconv.Itoa(int(no)) {
				d.renderRow(&b, r)
			}
		}
		for _, note := range d.Notes {
			if strings.Contains(note, fmt.Sprintf(" %d: ", no)) {
				fmt.Fprintln(&b, note)
			}
		}
	}
	return b.String()
}

func (d *Decoding) renderRow(b *strings.Builder, r Row) {
	fmt.Fprintf(b, "%s %s", r.Table, r.Values["row_no"])
	for _, name := range d.tables[r.Table].Names {
		value, ok := r.Values[name]
		if !ok || name == "object_id" || name == "row_no" || strings.HasSuffix(name, "context_id") || name == "utf8_escaped" && value == "0" {
			continue
		}
		fmt.Fprintf(b, " %s=%s", name, quoteVector(value))
	}
	var context strings.Builder
	of := r.Table + "_context"
	if _, own := d.tables[of]; !own {
		of = d.typ.Name + "_context"
	}
	for _, name := range d.tables[of].Names {
		if value, ok := r.Values[name]; ok && name != "capture" && name != "log_group" && name != "log_stream" && name != "context_id" {
			fmt.Fprintf(&context, " %s=%s", name, quoteVector(value))
		}
	}
	if context.Len() > 0 {
		fmt.Fprintf(b, "\n %s", context.String())
	}
	b.WriteByte('\n')
}

func quoteVector(s string) string {
	if s == "" || strings.ContainsAny(s, " ") || strconv.Quote(s) != `"`+s+`"` && !strings.HasPrefix(s, "{") {
		return strconv.Quote(s)
	}
	return s
}

// flush takes the rows out of a batch as the database would, checking its shape against the CREATE TABLE.
func (d *Decoding) flush(b *logs.Batch) error {
	d.Flushes++
	table, ok := d.tables[b.Table]
	if !ok || len(b.Cols) != len(table.Names) || len(b.Valid) != len(b.Cols) {
		return fmt.Errorf("%s: %d columns, the table has %v", b.Table, len(b.Cols), table.Names)
	}
	for i := range b.N {
		r := Row{b.Table, map[string]string{}}
		for c, name := range table.Names {
			if mask := b.Valid[c]; mask != nil && mask[i>>6]&(1<<(i&63)) == 0 {
				continue
			} else if nullable := !strings.HasSuffix(table.Types[c], "NOT NULL"); nullable != (mask != nil) {
				return fmt.Errorf("%s.%s is %s, mask %v", b.Table, name, table.Types[c], mask != nil)
			}
			value, err := dnsValue(table.Types[c], name, b.Cols[c], i)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", b.Table, name, err)
			}
			r.Values[name] = value
		}
		if err := d.addContext(&r); err != nil {
			return err
		}
		d.Rows = append(d.Rows, r)
	}
	b.Reset()
	return nil
}

func dnsValue(sqlType, name string, col any, i int) (string, error) {
	sqlType = strings.TrimSuffix(sqlType, " NOT NULL")
	is := func(want string) error {
		if sqlType != want {
			return fmt.Errorf("%T for %s", col, sqlType)
		}
		return nil
	}
	switch col := col.(type) {
	case []uint8:
		return strconv.Itoa(int(col[i])), is("BOOLEAN")
	case []uint32:
		if strings.HasSuffix(name, "4") {
			return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, col[i]))).String(), is("UINTEGER")
		}
		return strconv.Itoa(int(col[i])), is("UINTEGER")
	case []int16:
		return strconv.Itoa(int(col[i])), is("SMALLINT")
	case []int32:
		return strconv.Itoa(int(col[i])), is("INTEGER")
	case []int64:
		if sqlType == "BIGINT" {
			return strconv.FormatInt(col[i], 10), nil
		}
		return time.UnixMicro(col[i]).UTC().Format(time.RFC3339Nano), is("TIMESTAMP")
	case []float32:
		return strconv.FormatFloat(float64(col[i]), 'f', 2, 32), is("FLOAT")
	case [][2]uint64:
		b := binary.BigEndian.AppendUint64(nil, col[i][1])
		return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(b, col[i][0]))).String(), is("UHUGEINT")
	case [][]byte:
		if !IsUTF8(col[i]) {
			return "", fmt.Errorf("%q is not UTF-8", col[i])
		}
		return string(col[i]), is("VARCHAR")
	}
	return "", fmt.Errorf("column of type %T", col)
}

func IsUTF8(b []byte) bool { return strings.ToValidUTF8(string(b), "?") == string(b) }

// addContext spells the context out.
func (d *Decoding) addContext(r *Row) error {
	for _, column := range []string{"context_id", "answer_context_id"} {
		if n, err := strconv.Atoi(r.Values[column]); err == nil {
			if err := d.addContextOf(r, n); err != nil {
				return err
			}
		} else if column == "context_id" {
			return err
		}
	}
	return nil
}

func (d *Decoding) addContextOf(r *Row, n int) error {
	name, key, _ := strings.Cut(d.Contexts[n], " ")
	for _, column := range d.tables[name].Names[1:] {
		length, w := binary.Uvarint([]byte(key))
		if w <= 0 {
			return fmt.Errorf("%s: key too short for %s", name, column)
		}
		key = key[w:]
		if length > 0 {
			r.Values[column], key = key[:length-1], key[length-1:]
			if !IsUTF8([]byte(r.Values[column])) {
				return fmt.Errorf("%s.%s is not UTF-8", name, column)
			}
		}
	}
	if key != "" {
		return fmt.Errorf("%s: %d bytes of key left", name, len(key))
	}
	return nil
}

var createTable = regexp.MustCompile(`(?s)CREATE TABLE store\.(\w+) \((.*?)\n\);`)

// Tables reads the CREATE TABLE statements of a type.
func Tables(sql string) map[string]Table {
	tables := map[string]Table{}
	for _, m := range createTable.FindAllStringSubmatch(sql, -1) {
		var t Table
		for column := range strings.SplitSeq(m[2], ",") {
			name, typ, _ := strings.Cut(strings.TrimSpace(column), " ")
			t.Names, t.Types = append(t.Names, strings.Trim(name, `"`)), append(t.Types, typ)
		}
		tables[m[1]] = t
	}
	return tables
}

func Atoi(s string) (n int) {
	fmt.Sscan(s, &n)
	return n
}

// LaxTime is where time.Time takes more than RFC 3339 allows, or more than nine digits of a second.
func LaxTime(text string) bool {
	return !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`).MatchString(text)
}

func Pick(row map[string]string, columns ...string) map[string]string {
	picked := map[string]string{}
	for _, c := range columns {
		if v, ok := row[c]; ok {
			picked[c] = v
		}
	}
	return picked
}
