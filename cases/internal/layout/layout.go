// Package layout is what whoever opens a case has to know: the names in its folder, how its database is opened, what holds it,
// and the version of its format. It is for cases and its writer alone.
//
// A case may be a stranger's, and must not be able to hurt: its database is attached to one in memory that can reach nothing else
// by then, and nothing of it is asked before its catalog is known. The package refuses a case of a newer format, one whose catalog
// is not the known one, and one that has links, pipes or devices where a case has files and folders.
package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/internal/catalog"
)

// FormatVersion is the version of the case folder's layout and of the tables in schema store. A case of a newer
// version is refused; there are no older ones. Version 1 may change until the first release.
const FormatVersion = 1

// Names in a case's folder.
const (
	Database = "case.duckdb"
	Custody  = "custody.jsonl"
	Notes    = "notes.jsonl"
	Lock     = "case.lock"
	Raw      = "raw"
	Temp     = "tmp"
	Derived  = "derived"
	Queries  = "queries"
	Sealing  = "seal" // the folder
	Seal     = "seal/seal.json"
	Import   = "import" // what a bag said of itself

	// DerivedDatabase has what is computed from the records, in a folder of its own: DuckDB makes files beside it.
	DerivedDatabase = "derived/derived.duckdb"
	DerivedTemp     = "derived/tmp"
)

var (
	// ErrLocked says that another process is using the case in a way that excludes this one.
	ErrLocked = errors.New("case is in use")
	// ErrNoCase says that the folder is not a case.
	ErrNoCase = errors.New("not a case")
	// ErrNewer says that the case was made by a newer version of case53.
	ErrNewer = errors.New("case of a newer format")
	// ErrDamaged says that the database no longer holds what the custody log says was loaded.
	ErrDamaged = errors.New("case damaged")
	// ErrForeign says that the case's database or folder is not as this program makes it.
	ErrForeign = catalog.ErrForeign
	// ErrSealed says that the case is sealed: it is only looked at from then on.
	ErrSealed = errors.New("the case is sealed")
	// ErrNotReady says that what is derived from the records is not, or not all, there.
	ErrNotReady = errors.New("the case is not ready")
)

// Path is a file of the case in dir.
func Path(dir, name string) string { return filepath.Join(dir, name) }

// NameError says that something in a case's folder is a link, a pipe or the like. It is ErrForeign.
type NameError struct {
	Dir, Name string
	Lacks     string // file or folder
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%s: %s is no %s\n%s", ErrForeign, Path(e.Dir, e.Name), e.Lacks, linksHint)
}

func (e *NameError) Unwrap() error { return ErrForeign }

// CheckNames refuses a folder that has anything but files and folders where a case has them: through a link, reading and writing
// would reach what is outside of the case.
func CheckNames(dir string) error {
	folders := map[string]bool{Raw: true, Temp: true, Queries: true, Derived: true, DerivedTemp: true, Sealing: true, Import: true}
	names := []string{Custody, Notes, Lock, Raw, Temp, Queries, Derived, DerivedTemp, Sealing, Seal, Import}
	for _, name := range append(names, append(files(Database), files(DerivedDatabase)...)...) {
		info, err := os.Lstat(Path(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case folders[name] && !info.IsDir():
			return &NameError{dir, name, "folder"}
		case !folders[name] && !info.Mode().IsRegular():
			return &NameError{dir, name, "file"}
		}
	}
	return nil
}

// wal is what DuckDB adds to the name of a database for its write-ahead log.
const wal = ".wal"

// WALs are what it adds for all files beside a database.
var WALs = []string{wal, wal + ".checkpoint", wal + ".recovery"}

// files are a database and what DuckDB makes beside it.
func files(database string) []string {
	all := []string{database}
	for _, end := range WALs {
		all = append(all, database+end)
	}
	return all
}

const (
	linksHint   = "hint: a case has neither links nor devices in it, and none is followed; put what it stands for in its place"
	foreignHint = "hint: another version of case53 has made it, or somebody has altered it; the source objects in raw/ can be loaded into a new case"
)

// Options say how a case's database is opened.
type Options struct {
	Known    *catalog.Known // what has to be in it; nil: it was looked at before, under the lock
	ReadOnly bool
	Derived  Use    // of derived.duckdb
	Temp     string // folder of spill files; "": none
	Memory   string // bound of DuckDB's own memory
	Out      string // folder that results may be written to; "": none
	Empty    string // database to copy tables from, attached under the name empty; "": none
	More     string // further settings, as statements
}

// DB is the database of a case, and where it was asked for what is derived from it, attached to a database in memory.
type DB struct {
	State State // of what is derived, as it was at the opening

	db *duck.DB
}

// Open opens case.duckdb and says in our words what may stand in the way. made is false where the tables have not been made yet.
// DuckDB can reach no other file than the database's own, no network and no extension before the case is attached, and nothing of
// the case is asked before all that is in it is known. Where only is looked, settings are locked.
func Open(ctx context.Context, dir string, o Options) (db *DB, made bool, err error) {
	if err := CheckNames(dir); err != nil {
		return nil, false, err
	}
	if err := CheckLog(dir); err != nil {
		return nil, false, err
	}
	d, err := duck.Open("", map[string]string{"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil {
			d.Close()
		}
	}()
	conn, err := d.Connect()
	if err != nil {
		return nil, false, err
	}
	defer conn.Close()
	if err := attach(ctx, conn, dir, o); err != nil {
		return nil, false, err
	}
	db = &DB{db: d}
	if o.Known != nil {
		made, err = db.look(ctx, conn, dir, o)
	}
	if err == nil && o.ReadOnly && o.Derived != Built {
		err = conn.Exec(ctx, "SET lock_configuration=true")
	}
	if err != nil {
		return nil, false, err
	}
	return db, made, nil
}

// attach sets what DuckDB may do, and then attaches the case.
func attach(ctx context.Context, conn *duck.Conn, dir string, o Options) error {
	path, folders := Path(dir, Database), ""
	if o.Out != "" {
		folders = Quote(o.Out)
	}
	paths := append(files(path), files(Path(dir, DerivedDatabase))...)
	if o.Empty != "" {
		paths = append(paths, files(o.Empty)...)
	}
	for i, name := range paths {
		paths[i] = Quote(name)
	}
	settings := fmt.Sprintf(`SET TimeZone='UTC'; SET memory_limit=%s; SET temp_directory=%s; SET enable_progress_bar=false;
		SET allowed_paths=[%s]; SET allowed_directories=[%s]; SET enable_external_access=false;`,
		Quote(o.Memory), Quote(o.Temp), strings.Join(paths, ", "), folders)
	if err := conn.Exec(ctx, settings+o.More); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	mode := "READ_WRITE"
	if o.ReadOnly {
		mode = "READ_ONLY"
	}
	err := conn.Exec(ctx, fmt.Sprintf(`ATTACH %s AS "case" (TYPE duckdb, %s)`, Quote(path), mode))
	if held(err) {
		return fmt.Errorf("%w: %s%s\nhint: close the other case53, or wait until its load has finished", ErrLocked, dir, Holder(dir, err.Error()))
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if o.Empty != "" {
		return conn.Exec(ctx, fmt.Sprintf("ATTACH %s AS empty (TYPE duckdb, READ_ONLY)", Quote(o.Empty)))
	}
	return nil
}

// held says that another process holds the file.
func held(err error) bool {
	var fault *duck.Error
	return errors.As(err, &fault) && strings.Contains(fault.Message, "Conflicting lock")
}

// look finds out what is in the case, and attaches what is derived from it where that is asked for.
func (d *DB) look(ctx context.Context, conn *duck.Conn, dir string, o Options) (made bool, err error) {
	if o.Derived != Unused {
		if err := d.State.attach(ctx, conn, dir); err != nil {
			return false, fmt.Errorf("open %s: %w", dir, err)
		}
	}
	found, err := o.Known.Read(ctx, conn)
	if err != nil {
		return false, fmt.Errorf("open %s: %w", dir, err)
	}
	if made, err = check(ctx, conn, dir, found); made && err == nil && o.Derived != Unused {
		err = d.State.settle(ctx, conn, dir, o, found)
	}
	return made, err
}

// check says whether the case has tables, of this format, and nothing that is not known.
func check(ctx context.Context, conn *duck.Conn, dir string, found *catalog.Found) (made bool, err error) {
	if found.Empty() {
		return false, nil
	}
	if !found.Has("table store.meta") {
		return false, fmt.Errorf("open %s: %w: it has no table store.meta that tells its format\n%s", dir, ErrForeign, foreignHint)
	}
	if err := checkFormat(ctx, conn, dir); err != nil {
		return false, err
	}
	if err := found.Check(ctx, conn); errors.Is(err, ErrForeign) {
		return false, fmt.Errorf("open %s: %w\n%s", dir, err, foreignHint)
	} else if err != nil {
		return false, fmt.Errorf("open %s: %w", dir, err)
	}
	return true, nil
}

// Connect opens a connection that looks into the case for names.
func (d *DB) Connect() (*duck.Conn, error) {
	conn, err := d.db.Connect()
	if err != nil {
		return nil, err
	}
	if err := conn.Exec(context.Background(), `USE "case"`); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Close closes the database. Every connection must be closed before.
func (d *DB) Close() { d.db.Close() }

// Quote makes a SQL string.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Holder names the process that holds the case, as far as it is known.
func Holder(dir, message string) string {
	if n, err := strconv.Atoi(lockText(dir)); err == nil && n != os.Getpid() {
		return fmt.Sprintf(" is held by process %d", n)
	}
	if _, after, ok := strings.Cut(message, "PID "); ok {
		return " is held by process " + strings.TrimRight(strings.Fields(after)[0], ").,")
	}
	return ""
}

// CheckCustody compares the custody log with what the database says of it: the last line that was there when the case was last
// written. Where that is missing, or the chain does not hold, it is custody.ErrBroken. The tables have to be there.
func CheckCustody(ctx context.Context, c *duck.Conn, dir string) error {
	row, err := c.QueryRow(ctx, "SELECT lines, head FROM store.custody ORDER BY lines DESC LIMIT 1", nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	lines, head := int64(0), ""
	if row != nil {
		lines, head = row[0].(int64), row[1].(string)
	}
	if err := custody.Check(Path(dir, Custody), int(lines), head); err != nil {
		return fmt.Errorf("custody log of %s: %w\n"+
			"hint: put the %s that belongs to the case back: without it nothing shows what was done to the case; "+
			"the source objects in raw/ can be loaded into a new case", dir, err, Custody)
	}
	return nil
}

// checkFormat reads the case's format version from store.meta, which is known to be a table.
func checkFormat(ctx context.Context, c *duck.Conn, dir string) error {
	row, err := c.QueryRow(ctx, `SELECT value FROM "case".store.meta WHERE key = 'format_version'`, nil)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	if row == nil {
		return fmt.Errorf("%w: %s has tables but no format version", ErrNoCase, dir)
	}
	version, err := strconv.Atoi(row[0].(string))
	if err != nil || version > FormatVersion {
		return fmt.Errorf("%w: %s has format version %s, this program knows %d\nhint: use the case53 that made it, or a newer one",
			ErrNewer, dir, row[0], FormatVersion)
	}
	return nil
}
