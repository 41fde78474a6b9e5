// Package catalog knows what is in the catalogs of a case's two databases: schemas, tables, views, macros, and the rows that say what
// the case can hold.
//
// A case may be a stranger's. A view in the place of a table, a macro with the name of a function, a log type that names another
// table: each would decide answers, or do more than answer. So the known catalog is made anew in memory from the
// program's own .sql files, and that of a case is compared with it, text by text, before anything of the case is asked.
//
// Rules: what a case has is read from DuckDB's own functions, named in full, on a connection that does not look into the case for
// names; nothing of it is bound or run before it is known. What comments say of columns is taken from the known catalog, and from no
// case. The package refuses a catalog that lacks something, has something more,
// or has something else under a name.
package catalog

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"case53/cases/duck"
)

// ErrForeign says that a database is not as this program makes it.
var ErrForeign = errors.New("not the database that case53 makes")

// mostNames is how many differences an error names.
const mostNames = 10

// Known is the catalog that this program makes.
type Known struct {
	Version  string            // of DuckDB, and a hash of the schemas
	Bare     entries           // what DuckDB makes by itself
	Entries  entries           // what case.duckdb has with the schemas
	Derived  entries           // what derived.duckdb has
	Comments []Comment         // on views of schema main and their columns
	Refused  map[string]string // macros and views, DuckDB's too, that no statement may ask for, and why
	Program  string            `json:"-"` // Version, and a hash of the Go that derived tables are computed by
	Empty    []byte            `json:"-"` // case.duckdb as it is made, gzipped: all that Entries names, the log types, and no other row

	types   []Schema
	steps   []string
	derived string // statements that make the tables of derived.duckdb
}

// Comment is what is said of a view, or of a column of it.
type Comment struct{ View, Column, Text string }

// entries are what a catalog has: the SHA-256 of its definition by kind and name, such as "view main.flow".
type entries map[string]string

var (
	made   = map[string]*Known{}
	making sync.Mutex
)

// embedded is the catalog of the schemas that the program had when it was written: making it takes as long as everything else
// that opening a small case takes. Of other schemas it is made anew. A test says when it is to be written again.
//
//go:embed known.json
var embedded []byte

// embeddedEmpty is its Empty. Copying it takes a tenth of the time that the statements take which made it.
//
//go:embed empty.duckdb.gz
var embeddedEmpty []byte

// Gate says which macros and views of a database no statement may ask for.
type Gate func(context.Context, *duck.Conn) (map[string]string, error)

// Of is the catalog of these schemas.
func Of(ctx context.Context, schemas []Schema, gate Gate) (*Known, error) {
	hash, computed := sha256.New(), sha256.New()
	for _, s := range schemas {
		fmt.Fprintf(hash, "%q %q %q %q %q\n", s.Name, s.Title, s.Silence, s.Header, s.SQL)
		fmt.Fprintf(computed, "%q\n", s.Computed)
	}
	version := fmt.Sprintf("%s %x", duck.Version(), hash.Sum(nil))
	program := fmt.Sprintf("%s %x", version, computed.Sum(nil))
	making.Lock()
	defer making.Unlock()
	if k := made[program]; k != nil {
		return k, nil
	}
	k := &Known{Empty: embeddedEmpty}
	if err := json.Unmarshal(embedded, k); err != nil {
		return nil, fmt.Errorf("the known catalog: %w", err)
	}
	if k.Version != version {
		var err error
		if k, err = Make(ctx, schemas, gate); err != nil {
			return nil, err
		}
		k.Version = version
	}
	for _, s := range schemas {
		sections, err := s.Sections()
		if err != nil {
			return nil, err
		}
		k.derived += sections.DerivedTables
		for _, d := range sections.Derived {
			k.steps = append(k.steps, d.Name)
		}
	}
	k.types, k.Program, made[program] = named(schemas), program, k
	return k, nil
}

// Steps are the names of what is built from the records, in their order.
func (k *Known) Steps() []string { return k.steps }

// DerivedTables are the statements that make the tables of derived.duckdb, empty.
func (k *Known) DerivedTables() string { return k.derived }

// Make makes both databases of the schemas and reads what is there then. They are written to files and opened again, as a case is:
// DuckDB words some definitions otherwise before that.
func Make(ctx context.Context, schemas []Schema, gate Gate) (*Known, error) {
	dir, err := os.MkdirTemp("", "case53-catalog-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := duck.Open("", map[string]string{"threads": "1", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	conn, err := db.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	attach := ""
	for _, name := range []string{"case", "derived"} {
		attach += fmt.Sprintf(`ATTACH '%s' AS "%s";`, strings.ReplaceAll(filepath.Join(dir, name), "'", "''"), name)
	}
	if err := conn.Exec(ctx, attach+`USE "case"`); err != nil {
		return nil, err
	}
	k := &Known{}
	bare, err := read(ctx, conn)
	if err != nil {
		return nil, err
	}
	k.Bare = bare["case"]
	if err := makeTables(ctx, conn, schemas); err != nil {
		return nil, err
	}
	if err := conn.Exec(ctx, `USE memory; DETACH "case"; DETACH derived;`); err != nil {
		return nil, err
	}
	if k.Empty, err = gzipped(filepath.Join(dir, "case")); err != nil {
		return nil, err
	}
	if err := conn.Exec(ctx, attach); err != nil {
		return nil, err
	}
	all, err := read(ctx, conn)
	if err != nil {
		return nil, err
	}
	k.Entries, k.Derived = all["case"], all["derived"]
	if k.Refused, err = gate(ctx, conn); err != nil {
		return nil, err
	}
	k.Comments, err = ReadComments(ctx, conn)
	return k, err
}

// ReadComments gives what is said of the views of the attached case, and of their columns.
func ReadComments(ctx context.Context, conn *duck.Conn) (all []Comment, err error) {
	err = conn.Each(ctx, comments, nil, func(v []any) { all = append(all, Comment{v[0].(string), v[1].(string), v[2].(string)}) })
	return all, err
}

// makeTables makes what is derived first: views of the case are bound to it. A transaction writes to one database only.
func makeTables(ctx context.Context, conn *duck.Conn, schemas []Schema) error {
	for _, derived := range []bool{true, false} {
		for _, s := range schemas {
			sections, err := s.Sections()
			sql := sections.DerivedTables
			if !derived {
				sql = sections.Tables + ";" + sections.Views
			}
			if err == nil && sql != "" {
				err = conn.Exec(ctx, sql)
			}
			if err != nil {
				return fmt.Errorf("schema %s: %w", s.Called(), err)
			}
		}
	}
	for i, s := range named(schemas) {
		if err := conn.Run(ctx, "INSERT INTO store.log_type VALUES ($ordinal, $name, $title, $silence, $header)",
			map[string]any{"ordinal": int64(i), "name": s.Name, "title": s.Title, "silence": s.Silence, "header": s.Header}); err != nil {
			return err
		}
	}
	return nil
}

// named are the schemas of log types.
func named(schemas []Schema) (types []Schema) {
	for _, s := range schemas {
		if s.Name != "" {
			types = append(types, s)
		}
	}
	return types
}

// WriteEmpty writes case.duckdb as it is made into a new file.
func (k *Known) WriteEmpty(path string) error {
	from, err := gzip.NewReader(bytes.NewReader(k.Empty))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

func gzipped(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	to, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err = to.Write(b); err == nil {
		err = to.Close()
	}
	return out.Bytes(), err
}

// What there may be in the catalogs of the attached databases: which, kind, name and the parts of its definition. None of these binds
// a view.
var definitions = []string{
	`SELECT database_name, 'schema', schema_name, internal::VARCHAR, comment, tags::VARCHAR
		FROM system.main.duckdb_schemas() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'table', concat(schema_name, '.', table_name), internal::VARCHAR, sql, comment, tags::VARCHAR
		FROM system.main.duckdb_tables() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'view', concat(schema_name, '.', view_name), internal::VARCHAR, sql, comment, tags::VARCHAR
		FROM system.main.duckdb_views() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'function', concat(schema_name, '.', function_name), internal::VARCHAR, function_type, parameters::VARCHAR, parameter_types::VARCHAR,
			varargs, macro_definition, comment, tags::VARCHAR
		FROM system.main.duckdb_functions() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'type', concat(schema_name, '.', type_name), internal::VARCHAR, logical_type, labels::VARCHAR, comment, tags::VARCHAR
		FROM system.main.duckdb_types() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'sequence', concat(schema_name, '.', sequence_name), sql
		FROM system.main.duckdb_sequences() WHERE database_name IN ('case', 'derived')`,
	`SELECT database_name, 'index', concat(schema_name, '.', index_name), sql
		FROM system.main.duckdb_indexes() WHERE database_name IN ('case', 'derived')`,
}

const comments = `(SELECT view_name, '', coalesce(comment, '') FROM duckdb_views() WHERE database_name = 'case' AND schema_name = 'main'
	ORDER BY view_name)
	UNION ALL
	(SELECT table_name, column_name, comment FROM duckdb_columns() WHERE database_name = 'case' AND schema_name = 'main' AND comment IS NOT NULL
	ORDER BY table_name DESC, column_index)`

// read lists what each of both databases has, in one pass: DuckDB lists all of its own functions each time. A name that stands twice, as
// of a macro with several parameter lists, has its texts together.
func read(ctx context.Context, conn *duck.Conn) (map[string]entries, error) {
	all := map[string]entries{"case": {}, "derived": {}}
	for _, sql := range definitions {
		rows, err := conn.Query(ctx, sql, nil)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			values := rows.Values()
			name := fmt.Sprint(values[1], " ", values[2])
			all[values[0].(string)][name] += text(values[3:]...)
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	for _, found := range all {
		for name, text := range found {
			found[name] = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		}
	}
	return all, nil
}

// text makes one text of several, so that no two lists of them give the same.
func text(values ...any) string {
	var b strings.Builder
	for _, v := range values {
		if v == nil {
			b.WriteString("NULL;")
			continue
		}
		s := fmt.Sprint(v)
		fmt.Fprintf(&b, "%d:%s;", len(s), s)
	}
	return b.String()
}

// Found is what the attached databases have.
type Found struct {
	known            *Known
	entries, derived entries
}

// Read lists what the attached databases of a case have; nothing of it is run.
func (k *Known) Read(ctx context.Context, conn *duck.Conn) (*Found, error) {
	all, err := read(ctx, conn)
	return &Found{k, all["case"], all["derived"]}, err
}

// CheckDerived compares everything that the database of what is derived has with what is known of it. bare is true where it has nothing.
func (f *Found) CheckDerived() (bare bool, err error) {
	if maps.Equal(f.derived, f.known.Bare) {
		return true, nil
	}
	return false, differences(f.known.Derived, f.derived)
}

// Empty says that there is nothing in it.
func (f *Found) Empty() bool { return maps.Equal(f.entries, f.known.Bare) }

// Has says whether it has this as it should be, so that it can be asked.
func (f *Found) Has(name string) bool {
	text, ok := f.entries[name]
	return ok && text == f.known.Entries[name]
}

// Check compares everything with the known catalog, and the rows that say what the case can hold with the program's own.
func (f *Found) Check(ctx context.Context, conn *duck.Conn) error {
	if err := differences(f.known.Entries, f.entries); err != nil {
		return err
	}
	return f.checkRows(ctx, conn)
}

// checkRows compares the log types. The tables are known.
func (f *Found) checkRows(ctx context.Context, conn *duck.Conn) error {
	known, found := entries{}, entries{}
	for i, s := range f.known.types {
		known["log type "+s.Name] = text(i, s.Title, s.Silence, s.Header)
	}
	const types = `SELECT name, ordinal::BIGINT, title, silence, header FROM "case".store.log_type`
	if err := conn.Each(ctx, types, nil, func(v []any) { found[fmt.Sprint("log type ", v[0])] += text(v[1:]...) }); err != nil {
		return err
	}
	return differences(known, found)
}

// differences says what is missing, more, or other; nil where both are equal.
func differences(known, found entries) error {
	var names []string
	for name, text := range known {
		if other, ok := found[name]; !ok {
			names = append(names, name+" is missing")
		} else if text != other {
			names = append(names, name+" is another")
		}
	}
	for name := range found {
		if _, ok := known[name]; !ok {
			names = append(names, fmt.Sprintf("%.100s is not known", name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	more := ""
	if n := len(names) - mostNames; n > 0 {
		names, more = names[:mostNames], fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("%w: %s%s", ErrForeign, strings.Join(names, "; "), more)
}
