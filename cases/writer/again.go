package writer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/internal/layout"
	"case53/cases/raw"
)

// Again says how a database is made again from raw/ and the custody log.
type Again struct {
	// Told is given what a writer else notes in the custody log, line by line: what is done again has to come to what the log
	// says of the first time.
	Told func(action string, detail any) error
	// MadeBy is the program that made the case, and MadeAt when.
	MadeBy string
	MadeAt time.Time
	// Folder is where the database is made, and removed from at the end; "": in the case, to take the place of the one that is there.
	Folder string
}

// OpenAgain opens a writer that makes the database of the case in dir again, beside the one that is there. That one is not opened: it
// may be gone, damaged or somebody else's. Replace puts the new one in its place; without that, Close leaves the case as it was.
func OpenAgain(ctx context.Context, dir string, schemas []cases.Schema, again Again) (w *Writer, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := layout.CheckNames(dir); err != nil {
		return nil, err
	}
	w = &Writer{Dir: dir, Raw: raw.Open(layout.Path(dir, layout.Raw)), again: &again, folder: again.Folder, at: again.MadeAt}
	opened := w
	defer func() {
		if err != nil {
			opened.release()
		}
	}()
	if w.folder == "" {
		if err := w.takeCase(); err != nil {
			return nil, err
		}
	}
	if err := w.learn(ctx, schemas); err != nil {
		return nil, err
	}
	return w, w.openTables(ctx, false)
}

// takeCase makes room in the case for a database that is made again.
func (w *Writer) takeCase() (err error) {
	if cases.Sealed(w.Dir) {
		return fmt.Errorf("%w: %s\nhint: its database is part of what was signed; case53 verify --deep compares it with raw/", cases.ErrSealed, w.Dir)
	}
	if err := w.takeLock(); err != nil {
		return err
	}
	if w.Custody, err = custody.Open(layout.Path(w.Dir, layout.Custody), custody.Actor(), Tool()); err != nil {
		return fmt.Errorf("custody log of %s: %w", w.Dir, err)
	}
	w.folder = layout.Path(w.Dir, layout.Temp)
	return errors.Join(os.RemoveAll(w.folder), os.Mkdir(w.folder, 0o700))
}

// At says when what is done next was done the first time.
func (w *Writer) At(t time.Time) { w.at = t }

// now is when something is done, or was done.
func (w *Writer) now() time.Time {
	if w.again != nil {
		return w.at.UTC()
	}
	return time.Now().UTC()
}

// madeBy is the program that made the case.
func (w *Writer) madeBy() string {
	if w.again != nil {
		return w.again.MadeBy
	}
	return Tool()
}

// note tells the custody log; while a database is made again, whoever compares with what it says.
func (w *Writer) note(action string, details ...any) error {
	if w.again == nil {
		return w.Custody.Append(action, details...)
	}
	for _, detail := range details {
		if err := w.again.Told(action, detail); err != nil {
			return err
		}
	}
	return nil
}

// Replace puts the database that was made again in the place of the case's, says so in the custody log, and closes the writer. The
// log is told before, and from then on nothing interrupts it: it would say what was not done. A write-ahead log that the old database had
// does not belong to the new one, and goes first: a kill between the two leaves a database that lacks what was in it, which the next
// opening finds out and refuses.
func (w *Writer) Replace(ctx context.Context, detail any) error {
	ctx = context.WithoutCancel(ctx)
	if err := w.Custody.Append("rebuild", detail); err != nil {
		return errors.Join(err, w.Close())
	}
	if err := errors.Join(w.anchorLast(ctx), w.conn.Exec(ctx, `CHECKPOINT "case"`)); err != nil {
		w.release()
		return err
	}
	w.conn.Close()
	w.db.Close()
	w.conn, w.db = nil, nil
	defer w.release()
	from, to := layout.Path(w.folder, layout.Database), layout.Path(w.Dir, layout.Database)
	if err := syncFile(from); err != nil {
		return err
	}
	for _, wal := range layout.WALs {
		if err := os.Remove(to + wal); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(os.Rename(from, to), syncFile(w.Dir))
}

// keep stores bytes that are no log's. Those of what is done again are there.
func (w *Writer) keep(ctx context.Context, text io.Reader) (sha string, size int64, err error) {
	if w.again == nil {
		return w.Raw.Put(ctx, text)
	}
	h := sha256.New()
	size, err = io.Copy(h, text)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
