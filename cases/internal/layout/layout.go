// Package layout is what whoever opens a case has to know: the names in its folder, how its database is opened, what holds it,
// and the version of its format. It is for cases and its writer alone.
//
// The package refuses a case of a newer format, and a folder that has tables but no format version.
package layout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"case53/cases/custody"
	"case53/cases/duck"
)

// FormatVersion is the version of the case folder's layout and of the tables in schema store. A case of a newer
// version is refused; there are no older ones. Version 1 may change until the first release.
const FormatVersion = 1

// Names in a case's folder.
const (
	Database = "case.duckdb"
	Custody  = "custody.jsonl"
	Lock     = "case.lock"
	Raw      = "raw"
	Temp     = "tmp"
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
	// ErrNotReady says that what is derived from the records is not, or not all, there.
	ErrNotReady = errors.New("the case is not ready")
)

// Path is a file of the case in dir.
func Path(dir, name string) string { return filepath.Join(dir, name) }

// offline are the settings that keep DuckDB from the network from its first moment.
func offline() map[string]string {
	return map[string]string{"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
}

// Configure sets a database's settings, the lock on them last.
func Configure(ctx context.Context, c *duck.Conn, tempDir, memory string) error {
	return c.Exec(ctx, Settings(tempDir, memory)+"SET lock_configuration=true")
}

// Settings are the statements that every database of a case begins with.
func Settings(tempDir, memory string) string {
	return fmt.Sprintf(`SET TimeZone='UTC'; SET memory_limit=%s; SET temp_directory=%s;
		SET enable_progress_bar=false; SET enable_external_access=false;`, Quote(memory), Quote(tempDir))
}

// Quote makes a SQL string.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Open opens case.duckdb and says in our words what may stand in the way.
func Open(dir string, readOnly bool) (*duck.DB, error) {
	options := offline()
	if readOnly {
		options["access_mode"] = "READ_ONLY"
	}
	db, err := duck.Open(filepath.Join(dir, Database), options)
	var fault *duck.Error
	if errors.As(err, &fault) && strings.Contains(fault.Message, "Conflicting lock") {
		return nil, fmt.Errorf("%w: %s%s\nhint: close the other case53, or wait until its load has finished", ErrLocked, dir, Holder(dir, fault.Message))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, Database), err)
	}
	return db, nil
}

// Holder names the process that holds the case, as far as it is known.
func Holder(dir, message string) string {
	if pid, err := os.ReadFile(filepath.Join(dir, Lock)); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil && n != os.Getpid() {
			return fmt.Sprintf(" is held by process %d", n)
		}
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

// CheckFormat reads the case's format version. ok is false where the tables have not been made yet.
func CheckFormat(ctx context.Context, c *duck.Conn, dir string) (ok bool, err error) {
	row, err := c.QueryRow(ctx, "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = 'meta'", nil)
	if err != nil {
		return false, fmt.Errorf("open %s: %w", dir, err)
	}
	if row[0].(int64) == 0 {
		return false, nil
	}
	row, err = c.QueryRow(ctx, "SELECT value FROM store.meta WHERE key = 'format_version'", nil)
	if err != nil {
		return false, fmt.Errorf("open %s: %w", dir, err)
	}
	if row == nil {
		return false, fmt.Errorf("%w: %s has tables but no format version", ErrNoCase, dir)
	}
	version, err := strconv.Atoi(row[0].(string))
	if err != nil || version > FormatVersion {
		return false, fmt.Errorf("%w: %s has format version %s, this program knows %d\nhint: use the case53 that made it, or a newer one",
			ErrNewer, dir, row[0], FormatVersion)
	}
	return true, nil
}
