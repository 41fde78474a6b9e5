// Package spill gives folders for what is not kept: what DuckDB has no memory for, results that are leafed through, all of it evidence.
// Such a folder is beside the system's other temporary files, as a case is not written to and may be on a read-only disk.
//
// A process that is killed leaves its folder behind. So each is held by a lock in it, which ends with the process however that ends,
// and whoever makes one removes those that nobody holds any more. Folders of other users, and folders without such a lock, are left
// alone, whatever they are called.
package spill

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/gofrs/flock"
)

// Names of the folders, and of the lock in each.
const (
	prefix = "case53-spill-"
	lock   = "held"
)

// Folder is a folder that is gone with Remove, or when the next is made after this process has ended.
type Folder struct {
	Dir  string
	held *flock.Flock
}

// Make makes a folder in the system's place for temporary files, and removes there what processes that have ended left behind.
func Make() (*Folder, error) {
	sweep(os.TempDir())
	var err error
	for range tries {
		var f *Folder
		if f, err = makeOne(); f != nil || !errors.Is(err, errSwept) {
			return f, err
		}
	}
	return nil, err
}

// tries is how often a folder is made anew that another process has taken for one that was left behind: between its lock being made and
// being held there is a moment.
const tries = 100

var errSwept = errors.New("a new folder for temporary files was removed by another process")

func makeOne() (*Folder, error) {
	dir, err := os.MkdirTemp("", prefix+"*")
	if err != nil {
		return nil, err
	}
	f := &Folder{dir, flock.New(filepath.Join(dir, lock), flock.SetPermissions(0o600))}
	held, err := f.held.TryLock()
	if err == nil && held {
		if _, err = os.Lstat(filepath.Join(dir, lock)); err == nil {
			return f, nil
		}
	}
	err = errors.Join(err, f.held.Close())
	if !held && err == nil || errors.Is(err, fs.ErrNotExist) {
		err = errSwept
	}
	return nil, errors.Join(err, os.RemoveAll(dir))
}

// Remove removes the folder with all that is in it.
func (f *Folder) Remove() error {
	return errors.Join(os.RemoveAll(f.Dir), f.held.Close())
}

// sweep removes the folders in dir that nobody holds. What can't be removed is left for the next.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && e.IsDir() && ours(e) {
			sweepOne(filepath.Join(dir, e.Name()))
		}
	}
}

// ours says whether a folder belongs to the user of this process.
func ours(e os.DirEntry) bool {
	info, err := e.Info()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

func sweepOne(dir string) {
	if info, err := os.Lstat(filepath.Join(dir, lock)); err != nil || !info.Mode().IsRegular() {
		return // it is being made, or somebody else's
	}
	held := flock.New(filepath.Join(dir, lock), flock.SetFlag(os.O_RDONLY))
	if free, err := held.TryLock(); err != nil || !free {
		return
	}
	os.RemoveAll(dir)
	held.Close()
}
