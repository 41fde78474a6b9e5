// Package writer is the one room that can change a case: records come in by transactions, and what is derived from them is
// built beside them, in a database of its own.
//
// Rules:
//   - One process writes, and holds the case's lock while it does.
//   - A source object's rows, rejects, counts and its line in store.object become visible together or not at all.
//   - The custody log is told before, or together with, what it speaks of; after a kill it is reconciled. The database keeps
//     the log's head, so that a log that was cut or replaced is refused and not mended.
//   - What is derived is built while case.duckdb is open for reading only. It is no evidence, and nothing is told of it.
//
// The package refuses a folder that holds anything but a case, a case whose database has lost what the custody log names, and
// an object whose counts do not balance.
package writer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/digest"
	"case53/cases/duck"
	"case53/cases/internal/catalog"
	"case53/cases/internal/layout"
	"case53/cases/raw"
)

// writerMemory bounds DuckDB's own memory while a case is written; what is beyond it spills to tmp/.
const writerMemory = "480MB"

// Writer is the one process that may change a case. Its methods may be called from several goroutines.
type Writer struct {
	Dir     string
	Created bool
	Raw     *raw.Store
	Custody *custody.Log

	lock    *flock.Flock
	known   *catalog.Known
	stored  []catalog.Schema
	db      *layout.DB
	conn    *duck.Conn // for reading and small changes, under mu
	derives bool       // the records are written down: only what is derived from them is written
	mu      sync.Mutex
	folder  string    // of the database: the case's own, or where it is made again
	again   *Again    // nil but while a database is made again
	at      time.Time // zero, or the time at which what is done again was done
	derived []derived
	dict    *dictionary
	schemas map[string]*digest.Schema // of the tables that have rows of objects, by name
}

// Open opens the case in dir for writing, and makes it where there is none.
func Open(ctx context.Context, dir string, schemas []cases.Schema) (w *Writer, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	w = &Writer{Dir: dir, folder: dir, Raw: raw.Open(layout.Path(dir, layout.Raw))}
	if w.Created, err = claim(dir); err != nil {
		return nil, err
	}
	if cases.Sealed(dir) {
		return nil, fmt.Errorf("%w: %s\nhint: nothing is added to a sealed case; load into a new one", cases.ErrSealed, dir)
	}
	opened := w
	defer func() {
		if err != nil {
			opened.release()
		}
	}()
	if err := layout.CheckNames(dir); err != nil {
		return nil, err
	}
	if err := w.learn(ctx, schemas); err != nil {
		return nil, err
	}
	if err := w.takeLock(); err != nil {
		return nil, err
	}
	if err := layout.CheckLog(dir); err != nil {
		return nil, err
	}
	left := layout.LeftBy(dir)
	if err := w.sign(); err != nil {
		return nil, err
	}
	made, err := w.checkCase(ctx)
	if err != nil {
		return nil, err
	}
	if w.Custody, err = custody.Open(layout.Path(dir, layout.Custody), custody.Actor(), Tool()); err != nil {
		return nil, fmt.Errorf("custody log of %s: %w", dir, err)
	}
	if err := w.hasDatabase(); err != nil {
		return nil, err
	}
	if err := w.openTables(ctx, made); err != nil {
		return nil, err
	}
	if err := w.Raw.CleanUp(); err != nil {
		return nil, err
	}
	if err := w.reconcile(ctx); err != nil {
		return nil, err
	}
	return w, w.recovered(left)
}

// recovered notes that commits of an interrupted writer were taken from the write-ahead log, after they were compared with the
// custody log.
func (w *Writer) recovered(left layout.Left) error {
	if left.Bytes == 0 {
		return nil
	}
	return w.Custody.Append("case.recover", map[string]any{"interrupted_process": left.Process, "wal_bytes": left.Bytes})
}

// learn takes what a case is made of from the program.
func (w *Writer) learn(ctx context.Context, schemas []cases.Schema) (err error) {
	w.stored = cases.Stored(schemas)
	if w.known, err = cases.Catalog(ctx, schemas); err != nil {
		return err
	}
	w.derived, err = derivedOf(schemas)
	return err
}

// claim makes sure that dir is a case or can become one; created says that it was made now.
func claim(dir string) (created bool, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return false, fmt.Errorf("%w: %s is a file\nhint: the first argument is the case; name a folder that does not exist yet", layout.ErrNoCase, dir)
	}
	if err != nil {
		return false, err
	}
	if len(entries) == 0 {
		return true, nil
	}
	for _, name := range []string{layout.Database, layout.Custody, layout.Lock} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return false, nil
		}
	}
	return false, fmt.Errorf("%w: %s holds other files\nhint: name a folder that does not exist yet; it becomes the case", layout.ErrNoCase, dir)
}

// takeLock holds case.lock until release.
func (w *Writer) takeLock() error {
	path := layout.Path(w.Dir, layout.Lock)
	w.lock = flock.New(path, flock.SetPermissions(0o600))
	held, err := w.lock.TryLock()
	if err != nil {
		w.lock = nil
		return fmt.Errorf("lock %s: %w%s", w.Dir, err, cannotWrite(err))
	}
	if !held {
		w.lock = nil
		return fmt.Errorf("%w: %s%s\nhint: wait until it has finished", layout.ErrLocked, w.Dir, layout.Holder(w.Dir, ""))
	}
	return nil
}

// cannotWrite says what to do about a case that cannot be written.
func cannotWrite(err error) string {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return "\nhint: copy the case to a folder that you can write to: even what is derived from the records is kept in the case"
	}
	return ""
}

// sign puts this process's number into the lock. Only whoever writes records does, when the write-ahead log has been looked at and
// before it may make one: the number is what a write-ahead log is believed by.
func (w *Writer) sign() error {
	f, err := os.OpenFile(layout.Path(w.Dir, layout.Lock), os.O_WRONLY|os.O_TRUNC|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("lock %s: %w", w.Dir, err)
	}
	_, err = fmt.Fprintln(f, os.Getpid())
	return errors.Join(err, f.Close())
}

// hasDatabase refuses a case whose database is gone: a new one in its place would look like an empty case.
func (w *Writer) hasDatabase() error {
	if _, err := os.Lstat(layout.Path(w.Dir, layout.Database)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	logged, err := cases.LoggedObjects(w.Dir)
	if err == nil && len(logged) > 0 {
		err = cases.Lost(len(logged))
	}
	return err
}

// checkCase refuses a case whose database has something in it that is not known, and one whose custody log is gone or lacks lines
// that it had when the case was last written: mended in silence, the log would say that nothing was ever missing. Nothing is changed
// before. made is false where the case has no tables yet.
func (w *Writer) checkCase(ctx context.Context) (made bool, err error) {
	if _, err := os.Lstat(layout.Path(w.Dir, layout.Database)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	db, made, err := layout.Open(ctx, w.Dir, layout.Options{Known: w.known, ReadOnly: true, Memory: writerMemory})
	if err != nil {
		return false, err
	}
	defer db.Close()
	if !made {
		return false, nil
	}
	conn, err := db.Connect()
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return true, layout.CheckCustody(ctx, conn, w.Dir)
}

// anchor notes in the database how long the custody log is, and its head.
func (w *Writer) anchor(ctx context.Context, conn *duck.Conn) error {
	if w.Custody == nil {
		return nil // made again only to be compared
	}
	lines, head := w.Custody.Head()
	return conn.Run(ctx, "INSERT INTO store.custody VALUES ($lines, $head)", map[string]any{"lines": int64(lines), "head": head})
}

// anchorLast is anchor at the end of the writing: the rows of single commits go.
func (w *Writer) anchorLast(ctx context.Context) error {
	if err := w.conn.Exec(ctx, "BEGIN; DELETE FROM store.custody"); err != nil {
		return err
	}
	if err := w.anchor(ctx, w.conn); err != nil {
		return errors.Join(err, w.conn.Exec(ctx, "ROLLBACK"))
	}
	return w.conn.Exec(ctx, "COMMIT")
}

// openTables opens the database and makes the tables where they are missing.
func (w *Writer) openTables(ctx context.Context, made bool) (err error) {
	if err := w.openRecords(ctx, made); err != nil {
		return err
	}
	os.Chmod(layout.Path(w.folder, layout.Database), 0o600) // DuckDB makes it 0644; a read-only disk has said so above
	if !made {
		if err := w.createTables(ctx); err != nil {
			return fmt.Errorf("create %s: %w", w.Dir, err)
		}
	}
	if w.dict, err = loadDictionary(ctx, w.conn); err != nil {
		return err
	}
	return w.loadSchemas(ctx)
}

// openRecords opens the database for writing, and beside it one to copy the tables from where they are not made. It was looked at
// before, under the lock.
func (w *Writer) openRecords(ctx context.Context, made bool) (err error) {
	temp := layout.Path(w.folder, layout.Temp)
	if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o700)); err != nil {
		return err
	}
	// A checkpoint after every commit is a twentieth of a load; Close makes one.
	options := layout.Options{Temp: temp, Memory: writerMemory, More: "SET checkpoint_threshold='1GB';"}
	if !made {
		options.Empty = layout.Path(temp, "empty.duckdb")
		if err := w.known.WriteEmpty(options.Empty); err != nil {
			return err
		}
	}
	if w.db, _, err = layout.Open(ctx, w.folder, options); err != nil {
		return err
	}
	if w.conn, err = w.db.Connect(); err != nil {
		return err
	}
	w.derives = false
	return w.threads(ctx, 1)
}

// threads says how many threads DuckDB may use. While records come in it is one: every goroutine that appends does DuckDB's
// work itself, and DuckDB's own threads would only wait for it, in a tenth of the time that a load takes.
func (w *Writer) threads(ctx context.Context, n int) error {
	return w.conn.Exec(ctx, "SET threads="+strconv.Itoa(n))
}

// createTables makes every table and view in one transaction, after the custody log has said so. They are copied: making them by
// statements takes ten times as long.
func (w *Writer) createTables(ctx context.Context) error {
	at := w.now()
	if err := w.note("case.create", map[string]any{"format_version": layout.FormatVersion, "duckdb": duck.Version(), "created_at": at}); err != nil {
		return err
	}
	if err := w.conn.Exec(ctx, `BEGIN; COPY FROM DATABASE empty TO "case"`); err != nil {
		return err
	}
	for key, value := range map[string]string{
		"format_version": strconv.Itoa(layout.FormatVersion),
		"created_at":     at.Format(time.RFC3339),
		"created_by":     w.madeBy(),
		"database_id":    rand.Text(),
	} {
		if err := w.conn.Run(ctx, "INSERT INTO store.meta VALUES ($key, $value)", map[string]any{"key": key, "value": value}); err != nil {
			return err
		}
	}
	return w.conn.Exec(ctx, "COMMIT; DETACH empty")
}

// write takes the writer for a change of the records, and opens these again where they were written down; unlock has to be called
// after it.
func (w *Writer) write(ctx context.Context) (unlock func(), err error) {
	w.mu.Lock()
	if w.derives {
		w.closeDatabase()
		err = w.openRecords(ctx, true)
	}
	return w.mu.Unlock, err
}

// Capture makes sure that the capture exists with this role. An existing capture keeps its role. Every load begins with it.
func (w *Writer) Capture(ctx context.Context, name, role string) error {
	unlock, err := w.write(ctx)
	defer unlock()
	if err != nil {
		return err
	}
	row, err := w.conn.QueryRow(ctx, "SELECT role FROM store.capture WHERE name = $name", map[string]any{"name": name})
	if err != nil {
		return err
	}
	if row == nil {
		at := w.now()
		if err := w.note("capture.create", map[string]any{"name": name, "role": role, "created_at": at}); err != nil {
			return err
		}
		return w.conn.Run(ctx, "INSERT INTO store.capture VALUES ($name, $role, $at)", map[string]any{"name": name, "role": role, "at": at})
	}
	if row[0] != role {
		return fmt.Errorf("capture %q has the role %s, not %s\nhint: choose another --capture name, or the role it has", name, row[0], role)
	}
	return nil
}

// Close writes everything down and gives the case up. What was made again and not put in the case's place is gone.
func (w *Writer) Close() error {
	if w.again != nil {
		w.release()
		return nil
	}
	err := w.writeDown()
	w.release()
	return err
}

// writeDown ends the writing of records.
func (w *Writer) writeDown() error {
	if w.derives {
		return nil
	}
	ctx := context.Background()
	return errors.Join(w.anchorLast(ctx), w.threads(ctx, runtime.GOMAXPROCS(0)), w.conn.Exec(ctx, `CHECKPOINT "case"`))
}

// closeDatabase closes what DuckDB has open.
func (w *Writer) closeDatabase() {
	if w.conn != nil {
		w.conn.Close()
	}
	if w.db != nil {
		w.db.Close()
	}
	w.conn, w.db = nil, nil
}

// release lets go of what Open or Build has taken so far.
func (w *Writer) release() {
	w.closeDatabase()
	if w.Custody != nil {
		w.Custody.Close()
	}
	if w.again != nil && w.folder != "" {
		os.RemoveAll(w.folder)
	}
	if w.lock != nil {
		os.RemoveAll(layout.Path(w.Dir, layout.Temp))
		os.RemoveAll(layout.Path(w.Dir, layout.DerivedTemp))
		if layout.LeftBy(w.Dir).Bytes == 0 {
			os.Truncate(layout.Path(w.Dir, layout.Lock), 0)
		}
		w.lock.Unlock()
	}
}

// Tool is the program and its version, as the custody log has it.
func Tool() string {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version += " " + s.Value
			}
		}
	}
	return "case53 " + version
}
