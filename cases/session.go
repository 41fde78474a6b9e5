package cases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"case53/cases/duck"
)

// offline are the settings that keep DuckDB from the network from its first moment.
func offline() map[string]string {
	return map[string]string{"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
}

// configure sets a database's settings, the lock on them last.
func configure(ctx context.Context, c *duck.Conn, tempDir, memory string) error {
	return c.Exec(ctx, settings(tempDir, memory)+"SET lock_configuration=true")
}

// settings are the statements that every database of a case begins with.
func settings(tempDir, memory string) string {
	return fmt.Sprintf(`SET TimeZone='UTC'; SET memory_limit=%s; SET temp_directory=%s;
		SET enable_progress_bar=false; SET enable_external_access=false;`, quote(memory), quote(tempDir))
}

// quote makes a SQL string.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// openDatabase opens case.duckdb and says in our words what may stand in the way.
func openDatabase(dir string, readOnly bool) (*duck.DB, error) {
	options := offline()
	if readOnly {
		options["access_mode"] = "READ_ONLY"
	}
	db, err := duck.Open(filepath.Join(dir, fileDatabase), options)
	var fault *duck.Error
	if errors.As(err, &fault) && strings.Contains(fault.Message, "Conflicting lock") {
		return nil, fmt.Errorf("%w: %s%s\nhint: close the other case53, or wait until its load has finished", ErrLocked, dir, holder(dir, fault.Message))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, fileDatabase), err)
	}
	return db, nil
}

// holder names the process that holds the case, as far as it is known.
func holder(dir, message string) string {
	if pid, err := os.ReadFile(filepath.Join(dir, fileLock)); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil && n != os.Getpid() {
			return fmt.Sprintf(" is held by process %d", n)
		}
	}
	if _, after, ok := strings.Cut(message, "PID "); ok {
		return " is held by process " + strings.TrimRight(strings.Fields(after)[0], ").,")
	}
	return ""
}

// checkFormat reads the case's format version. ok is false where the tables have not been made yet.
func checkFormat(ctx context.Context, c *duck.Conn, dir string) (ok bool, err error) {
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
		return false, fmt.Errorf("%w: %s has format version %s, this program knows %d\nhint: use the case53 that made it, or a newer one", ErrNewer, dir, row[0], FormatVersion)
	}
	return true, nil
}
