package logs

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
)

// The DNS types' vectors are txtar files of pairs: a section with records, and one named like it with .rows behind,
// which holds what they become. A section .json is one record, in .log each line is one, in .quoted each line is one
// as a Go string. CASE53_UPDATE=1 rewrites the .rows.

func testVectors(t *testing.T, typ *Type, file string) {
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
		d := newDecoding(typ)
		for _, rec := range vectorRecords(t, in) {
			d.decode(rec)
		}
		got.WriteString(d.render(t))
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

func vectorRecords(t *testing.T, f txtar.File) (recs [][]byte) {
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

// decoding runs a decoder as the loader does, and keeps what it made as text.
type decoding struct {
	typ      *Type
	dec      Decoder
	admit    func(first, last int64) Outcome
	contexts []string // table and key, by number
	tables   map[string]dnsTable
	rows     []dnsRow
	notes    []string // by record: an error, or an outcome other than Row
	meta     Meta
	flushes  int
}

type dnsRow struct {
	table  string
	values map[string]string // NULL is not there
}

type dnsTable struct{ names, types []string }

func newDecoding(typ *Type) *decoding {
	d := &decoding{typ: typ, tables: dnsTables(typ.SQL), meta: Meta{ObjectID: 7, LogGroup: "group", LogStream: "stream"}}
	d.dec = typ.New(Options{
		Capture: "incident",
		Admit: func(first, last int64) Outcome {
			if d.admit == nil {
				return Row
			}
			return d.admit(first, last)
		},
		Intern: func(table string, key []byte) uint32 {
			d.contexts = append(d.contexts, table+" "+string(key))
			return uint32(len(d.contexts) - 1)
		},
		Flush: d.flush,
	})
	return d
}

func (d *decoding) decode(rec []byte) (Outcome, int64, int64, error) {
	d.meta.RowNo++
	o, first, last, err := d.dec.Decode(rec, d.meta)
	switch {
	case err != nil:
		d.notes = append(d.notes, fmt.Sprintf("error %d: %v", d.meta.RowNo, err))
	case o != Row:
		d.notes = append(d.notes, fmt.Sprintf("outcome %d: %d", d.meta.RowNo, o))
	}
	return o, first, last, err
}

// all flushes what is left and gives every row.
func (d *decoding) all() []dnsRow {
	for _, b := range d.dec.Batches() {
		if b.N > 0 {
			if err := d.flush(b); err != nil {
				panic(err)
			}
		}
	}
	return d.rows
}

// rowsOf gives the rows of a type's tables, in the order of the records.
func (d *decoding) rowsOf(tables ...string) (rows []map[string]string) {
	for _, r := range d.all() {
		if slices.Contains(tables, r.table) {
			rows = append(rows, r.values)
		}
	}
	slices.SortStableFunc(rows, func(a, b map[string]string) int { return atoi(a["row_no"]) - atoi(b["row_no"]) })
	return rows
}

func (d *decoding) render(t *testing.T) string {
	var b strings.Builder
	d.all()
	for no := uint32(1); no <= d.meta.RowNo; no++ {
		for _, r := range d.rows {
			if r.values["row_no"] == strconv.Itoa(int(no)) {
				d.renderRow(&b, r)
			}
		}
		for _, note := range d.notes {
			if strings.Contains(note, fmt.Sprintf(" %d: ", no)) {
				fmt.Fprintln(&b, note)
			}
		}
	}
	return b.String()
}

func (d *decoding) renderRow(b *strings.Builder, r dnsRow) {
	fmt.Fprintf(b, "%s %s", r.table, r.values["row_no"])
	for _, name := range d.tables[r.table].names {
		value, ok := r.values[name]
		if !ok || name == "object_id" || name == "row_no" || strings.HasSuffix(name, "context_id") || name == "utf8_escaped" && value == "0" {
			continue
		}
		fmt.Fprintf(b, " %s=%s", name, quoteVector(value))
	}
	var context strings.Builder
	of := d.typ.Name + "_context"
	if r.table == "dns_answer" {
		of = "dns_answer_context" // the other is its parent's
	}
	for _, name := range d.tables[of].names {
		if value, ok := r.values[name]; ok && name != "capture" && name != "log_group" && name != "log_stream" && name != "context_id" {
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
func (d *decoding) flush(b *Batch) error {
	d.flushes++
	table, ok := d.tables[b.Table]
	if !ok || len(b.Cols) != len(table.names) || len(b.Valid) != len(b.Cols) {
		return fmt.Errorf("%s: %d columns, the table has %v", b.Table, len(b.Cols), table.names)
	}
	for i := range b.N {
		r := dnsRow{b.Table, map[string]string{}}
		for c, name := range table.names {
			if mask := b.Valid[c]; mask != nil && mask[i>>6]&(1<<(i&63)) == 0 {
				continue
			} else if nullable := !strings.HasSuffix(table.types[c], "NOT NULL"); nullable != (mask != nil) {
				return fmt.Errorf("%s.%s is %s, mask %v", b.Table, name, table.types[c], mask != nil)
			}
			value, err := dnsValue(table.types[c], name, b.Cols[c], i)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", b.Table, name, err)
			}
			r.values[name] = value
		}
		if err := d.addContext(&r); err != nil {
			return err
		}
		d.rows = append(d.rows, r)
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
		if !isUTF8(col[i]) {
			return "", fmt.Errorf("%q is not UTF-8", col[i])
		}
		return string(col[i]), is("VARCHAR")
	}
	return "", fmt.Errorf("column of type %T", col)
}

func isUTF8(b []byte) bool { return strings.ToValidUTF8(string(b), "?") == string(b) }

// addContext spells the context out.
func (d *decoding) addContext(r *dnsRow) error {
	for _, column := range []string{"context_id", "answer_context_id"} {
		if n, err := strconv.Atoi(r.values[column]); err == nil {
			if err := d.addContextOf(r, n); err != nil {
				return err
			}
		} else if column == "context_id" {
			return err
		}
	}
	return nil
}

func (d *decoding) addContextOf(r *dnsRow, n int) error {
	name, key, _ := strings.Cut(d.contexts[n], " ")
	for _, column := range d.tables[name].names[1:] {
		length, w := binary.Uvarint([]byte(key))
		if w <= 0 {
			return fmt.Errorf("%s: key too short for %s", name, column)
		}
		key = key[w:]
		if length > 0 {
			r.values[column], key = key[:length-1], key[length-1:]
			if !isUTF8([]byte(r.values[column])) {
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

// dnsTables reads the CREATE TABLE statements of a type.
func dnsTables(sql string) map[string]dnsTable {
	tables := map[string]dnsTable{}
	for _, m := range createTable.FindAllStringSubmatch(sql, -1) {
		var t dnsTable
		for column := range strings.SplitSeq(m[2], ",") {
			name, typ, _ := strings.Cut(strings.TrimSpace(column), " ")
			t.names, t.types = append(t.names, strings.Trim(name, `"`)), append(t.types, typ)
		}
		tables[m[1]] = t
	}
	return tables
}
