package layout

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Left is what a writer that was interrupted has left behind; the zero value: nothing.
type Left struct {
	Process string // its number; "" where the last writer came to its end
	Bytes   int64  // of the write-ahead log: commits that are not in the database's own file yet
}

// LeftBy says what the last writer has left. One that writes records writes its number into case.lock before it opens the database, and
// takes it out when the write-ahead log is gone. Nobody else writes there: no other opens the database for writing.
func LeftBy(dir string) Left {
	l := Left{Process: lockText(dir)}
	for _, wal := range WALs {
		if info, err := os.Lstat(Path(dir, Database) + wal); err == nil {
			l.Bytes += info.Size()
		}
	}
	return l
}

// Sealed says whether the case in dir is sealed.
func Sealed(dir string) bool {
	_, err := os.Lstat(Path(dir, Seal))
	return err == nil
}

// lockText is what case.lock says, a process's number; "" where it says nothing. No more of it is read: it may be a stranger's.
func lockText(dir string) string {
	f, err := os.Open(Path(dir, Lock))
	if err != nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	return strings.TrimSpace(string(text))
}

// CheckLog refuses a write-ahead log that no writer of the case has left: DuckDB would take what is in it for the case's, though no
// checksum holds it together, and answer otherwise from then on. Beside a sealed case it refuses any: it was sealed without.
func CheckLog(dir string) error {
	l := LeftBy(dir)
	switch {
	case l.Bytes == 0:
		return nil
	case Sealed(dir):
		return fmt.Errorf("%w: %s has %d bytes, and the case was sealed without it: what is in it is not taken\n"+
			"hint: another program has written to the database; without that file the case is as it was sealed", ErrForeign, Path(dir, Database+wal), l.Bytes)
	case l.Process != "":
		return nil
	}
	return fmt.Errorf("%w: %s has %d bytes, and no writer of the case was interrupted: what is in it is not taken\n"+
		"hint: another program has written to the database; without that file the case is as case53 left it", ErrForeign, Path(dir, Database+wal), l.Bytes)
}
