package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/canonical"
	"case53/cases/duck"
	"case53/cases/words"
)

// Files of a bag's payload beside its tables.
const (
	BagFormat  = "FORMAT.md"
	BagStore   = "store.sql"   // makes the tables again
	BagDigests = "digests.sql" // computes their digests
)

// StoreSQL makes tables of the texts of a bag, by the names of the tables.
func StoreSQL(tables map[string][]duck.Column) string {
	sql := "-- Makes the stored tables of the case again: duckdb NEW.duckdb < store.sql, in this folder. FORMAT.md section 15.\nCREATE SCHEMA store;\n"
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		sql += canonical.Load("store."+table, tableText(table), tables[table])
	}
	return sql
}

const (
	meansTables = "the tables are not those that case53 writes: a program that expects them reads something else, or nothing"
	meansOther  = "what it says of the objects cannot be compared with the custody log: the version of case53 that wrote the bag can do that"
	meansSQL    = "running it could do anything that whoever runs it can"
)

// stored compares what the texts of a bag are, and what they say of objects and files, with the log.
func (r *run) stored(ctx context.Context, heads map[string][]duck.Column) error {
	text, err := readSmall(filepath.Join(r.dir, BagStore))
	if r.looked[BagStore] = true; err != nil || string(text) != StoreSQL(heads) {
		r.fault(BagStore, 0, meansSQL, "it is not the SQL that makes the tables that the texts of %s have", BagTables)
	}
	if r.opt.Schemas == nil {
		return nil
	}
	faults := len(r.result.Faults)
	if err := r.shapes(ctx, heads); err != nil || len(r.result.Faults) > faults {
		return err
	}
	m, err := r.load(ctx, heads)
	if err != nil || m == nil {
		return err
	}
	defer m.close()
	if err = r.objects(ctx, m, tableText); err == nil {
		err = r.files(ctx, m, tableText)
	}
	return cmp.Or(tooLarge("object", err), err)
}

// shapes compares which tables there are, and their columns, with those that this program writes. Where the bag's FORMAT.md is another
// one, another version may have other tables: of those that are compared with the log none may be another, as nobody could say then that
// they are what was loaded.
func (r *run) shapes(ctx context.Context, heads map[string][]duck.Column) error {
	text, err := readSmall(filepath.Join(r.dir, BagFormat))
	other := err != nil || !bytes.Equal(text, cases.FormatText)
	if other {
		r.remark("another version of case53 has written the bag, or somebody has altered %s/%s: only the tables that are compared with %s have to be "+
			"as this version writes them", payload, BagFormat, nameCustody)
	}
	if err := r.digestSQL(other); err != nil {
		return err
	}
	known, err := knownTables(ctx, r.opt.Schemas)
	if err != nil {
		return err
	}
	means := func(table string) (string, bool) {
		_, needed := compared[table]
		if other {
			return meansOther, needed
		}
		return meansTables, true
	}
	for _, table := range slices.Sorted(maps.Keys(heads)) {
		means, told := means(table)
		if want, ok := known[table]; !ok && told {
			r.fault(tableText(table), 0, means, "a case has no table store.%s", table)
		} else if told && !slices.Equal(want, heads[table]) {
			r.fault(tableText(table), 0, means, "its first line is not that of store.%s", table)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(known)) {
		means, told := means(table)
		if _, ok := heads[table]; !ok && told {
			r.fault(tableText(table), 0, means, "the text of store.%s is missing", table)
		}
	}
	return nil
}

// digestSQL compares the SQL that computes the digests with that of FORMAT.md; another one has its own.
func (r *run) digestSQL(other bool) error {
	want, err := cases.DigestSQL()
	if err != nil {
		return err
	}
	text, err := readSmall(filepath.Join(r.dir, BagDigests))
	same := err == nil && bytes.Equal(text, want)
	r.looked[BagFormat], r.looked[BagDigests] = !other, same || !other
	if !same && !other {
		r.fault(BagDigests, 0, meansSQL, "it is not the SQL of %s that computes the digests", BagFormat)
	}
	return nil
}

// knownTables are the columns of the stored tables of a case with these schemas.
func knownTables(ctx context.Context, schemas []cases.Schema) (map[string][]duck.Column, error) {
	sql, err := cases.StoredSQL(schemas)
	if err != nil {
		return nil, err
	}
	m, err := newMemory()
	if err != nil {
		return nil, err
	}
	defer m.close()
	if err := m.conn.Exec(ctx, sql); err != nil {
		return nil, err
	}
	tables := map[string][]duck.Column{}
	return tables, m.Each(ctx, `SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'store' AND table_name IN
		(SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store') ORDER BY table_name, column_index`, nil, func(v []any) error {
		name := v[0].(string)
		tables[name] = append(tables[name], duck.Column{Name: v[1].(string), Type: v[2].(string)})
		return nil
	})
}

// memory is a database in memory that reaches no file, not even to put aside what does not fit.
type memory struct {
	db   *duck.DB
	conn *duck.Conn
}

func newMemory() (*memory, error) {
	db, err := duck.Open("", map[string]string{"threads": "1", "memory_limit": "2GB",
		"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
	if err != nil {
		return nil, err
	}
	conn, err := db.Connect()
	if err != nil {
		db.Close()
		return nil, err
	}
	m := &memory{db, conn}
	if err := conn.Exec(context.Background(), "SET temp_directory=''; SET enable_external_access=false"); err != nil { // in this order
		m.close()
		return nil, err
	}
	return m, nil
}

// tooLarge is what does not fit into it, which is no fault of what is read; any other error is nil.
func tooLarge(table string, err error) error {
	var fault *duck.Error
	if !errors.As(err, &fault) || fault.Kind != "Out of Memory Error" && !strings.Contains(fault.Message, "could not allocate") {
		return nil
	}
	said, _, _ := strings.Cut(fault.Message, "\n")
	return fmt.Errorf("%s does not fit into the memory that it is compared in: %s\n"+
		"hint: it was not checked to its end; bash check.sh in the bag computes the digests with a stock duckdb", tableText(table), said)
}

func (m *memory) close() {
	m.conn.Close()
	m.db.Close()
}

func (m *memory) Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error {
	rows, err := m.conn.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// compared are the tables that are compared with the log, with the columns that it takes; nil: all.
var compared = map[string][]string{
	"object": nil, "object_part": nil, "digest": nil,
	"flow_log": {"sha256"}, "asset": {"sha256"}, "network_file": {"file_id", "sha256"}, "network": {"file_id"},
}

// load reads the tables that the log speaks of into memory; nil where a text cannot be read, which is noted.
func (r *run) load(ctx context.Context, heads map[string][]duck.Column) (m *memory, err error) {
	if m, err = newMemory(); err != nil {
		return nil, err
	}
	defer func() {
		if m != nil && err != nil {
			m.close()
			m = nil
		}
	}()
	if err := m.conn.Exec(ctx, "CREATE SCHEMA store"); err != nil {
		return m, err
	}
	faults := len(r.result.Faults)
	for _, table := range slices.Sorted(maps.Keys(compared)) {
		if compared[table] == nil {
			r.looked[tableText(table)] = true
		}
		if err := r.readTable(table, func(in *canonical.Reader) error { return m.take(ctx, table, &interrupted{in, ctx}) }); err != nil {
			return m, err
		}
	}
	if len(r.result.Faults) > faults {
		m.close()
		return nil, nil
	}
	return m, nil
}

// take appends the rows of a table, as far as they are compared.
func (m *memory) take(ctx context.Context, table string, in *interrupted) error {
	var at []int
	var columns []string
	for i, c := range in.Columns {
		if names := compared[table]; names == nil || slices.Contains(names, c.Name) {
			at, columns = append(at, i), append(columns, fmt.Sprintf("%q %s", c.Name, c.Type)) // both are those of a known table
		}
	}
	if err := m.conn.Exec(ctx, fmt.Sprintf("CREATE TABLE store.%s (%s)", table, strings.Join(columns, ", "))); err != nil {
		return err
	}
	out, err := m.conn.NewAppender("", "store", table)
	if err != nil {
		return err
	}
	defer out.Close()
	for {
		chunk, more := in.NextChunk()
		if !more {
			return errors.Join(in.Err(), out.Flush())
		}
		cols, valid := make([]any, len(at)), make([][]uint64, len(at))
		for i, c := range at {
			cols[i], valid[i] = chunk.Cols[c], chunk.Valid[c]
		}
		if err := out.Append(chunk.N, cols, valid); err != nil {
			return err
		}
	}
}

// texts compares files that this program writes in every bag in the same way.
func (r *run) texts() {
	for _, name := range slices.Sorted(maps.Keys(r.opt.Texts)) {
		text, err := readSmall(filepath.Join(r.bag, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err == nil && bytes.Equal(text, r.opt.Texts[name]):
			r.looked[strings.TrimPrefix(name, payload+"/")] = true
		default:
			r.remark("%s is not the one that this version of case53 writes: read it before it is run", name)
		}
	}
}

// notLooked names what nothing speaks for but the manifest: whoever could write the bag could write it.
func (r *run) notLooked(files map[string]int64) {
	in := map[string]int{}
	for name := range files {
		name = strings.TrimPrefix(name, payload+"/")
		folder := path.Dir(name)
		switch {
		case r.looked[name], strings.HasPrefix(name, nameRaw+"/"), folder == SealFolder, name == nameCustody, name == DigestsFile,
			name == BagFile, name == BagInfo, name == BagManifest, name == BagTags, name == BagSignature:
		case folder == "." || folder == BagTables:
			in[name]++
		default:
			in[folder]++
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if info, err := os.Lstat(filepath.Join(r.dir, name)); err == nil && info.IsDir() {
			name += " (" + words.Plural(int64(in[name]), "file", "files") + ")"
		} else if len(compared[strings.TrimSuffix(path.Base(name), ".txt")]) > 0 {
			name += " (but for the number of rows)"
		}
		names = append(names, name)
	}
	if len(names) > 0 {
		r.remark("compared with nothing but the manifest: %s", strings.Join(names, ", "))
	}
}
