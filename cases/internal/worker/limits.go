package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
)

// Bounds of a worker. DuckDB keeps its own memory to what the case is opened with, but what functions of values make is not counted
// there; the bound on all of the process is above that, with what a process that does nothing takes. A worker has no need of more
// files than DuckDB spills to.
const (
	mostMemory = 6 << 30
	mostFiles  = 256
	mostFile   = 64 << 30 // bytes of one file
)

// limit bounds the process it runs in for good.
func limit() error {
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the bound is then an error like that of a full disk
	for _, l := range []struct {
		what string
		id   int
		most uint64
	}{
		{"memory", syscall.RLIMIT_AS, mostMemory},
		{"files", syscall.RLIMIT_NOFILE, mostFiles},
		{"size of a file", syscall.RLIMIT_FSIZE, mostFile},
		{"core dump", syscall.RLIMIT_CORE, 0},
	} {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.id, &now); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		most := min(l.most, now.Max) // a lower one that it was started with stays
		if err := syscall.Setrlimit(l.id, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
	}
	// Where the machine runs out of memory, it is the worker that goes. Only Linux has this.
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
