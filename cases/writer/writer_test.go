package writer

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestCannotWrite: a case on a disk or in a folder that cannot be written is to be copied; no other error says so.
func TestCannotWrite(t *testing.T) {
	for err, hint := range map[error]bool{
		&fs.PathError{Op: "open", Path: "case.lock", Err: syscall.EROFS}:  true,
		&fs.PathError{Op: "open", Path: "case.lock", Err: syscall.EACCES}: true,
		fmt.Errorf("open: %w", syscall.EPERM):                             true,
		&fs.PathError{Op: "open", Path: "case.lock", Err: syscall.EIO}:    false,
		errors.New("another"): false,
	} {
		if got := cannotWrite(err); strings.HasPrefix(got, "\nhint: copy the case") != hint || !hint && got != "" {
			t.Errorf("%v: %q", err, got)
		}
	}
}
