package layout

import (
	"fmt"
	"os"
	"strings"
)

// Left is what a writer that was interrupted has left behind; the zero value: nothing.
type Left struct {
	Process string // its number; "" where the last writer came to its end
	Bytes   int64  // of the write-ahead log: commits that are not in the database's own file yet
}

// LeftBy says what the last writer has left. A writer writes its number into case.lock before it opens the database, and takes it out
// when the write-ahead log is gone.
func LeftBy(dir string) Left {
	var l Left
	if text, err := os.ReadFile(Path(dir, Lock)); err == nil {
		l.Process = strings.TrimSpace(string(text))
	}
	for _, wal := range WALs {
		if info, err := os.Lstat(Path(dir, Database) + wal); err == nil {
			l.Bytes += info.Size()
		}
	}
	return l
}

// CheckLog refuses a write-ahead log that no writer of the case has left: DuckDB would take what is in it for the case's, though no
// checksum holds it together, and answer otherwise from then on.
func CheckLog(dir string) error {
	l := LeftBy(dir)
	if l.Bytes == 0 || l.Process != "" {
		return nil
	}
	return fmt.Errorf("%w: %s has %d bytes, and no writer of the case was interrupted: what is in it is not taken\n"+
		"hint: another program has written to the database; without that file the case is as case53 left it", ErrForeign, Path(dir, Database+wal), l.Bytes)
}
