package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
)

// guarded is the variable of the environment of a process that Guarded has started.
const guarded = "CASE53_GUARDED"

// The files of such a process. What it says goes to saysTo: the standard one gets the many lines that Go's runtime says of a crash.
const (
	endsAt = 3 // is told when it comes to its end
	saysTo = 4
)

// guards says that this is the program, and not a test that calls it.
var guards bool

// Guard is called by main before anything else, and the function that it gives at the end.
func Guard() (ended func()) {
	if guards = os.Getenv(guarded) == ""; guards {
		return func() {}
	}
	os.Unsetenv(guarded) // processes that this one starts are not its own
	syscall.CloseOnExec(endsAt)
	syscall.CloseOnExec(saysTo)
	os.Stderr = os.NewFile(saysTo, os.Stderr.Name())
	return func() { os.NewFile(endsAt, "end").Write([]byte{'.'}) }
}

// ErrDied says that the database ended the process that read it.
var ErrDied = errors.New("the process that read the database was ended by it")

// Guarded runs the command in a process of its own, as a file that somebody has prepared may end whoever reads it. done is false
// where this is that process: it has to do the work. Where it did not come to its end, the error is ErrDied.
func Guarded(c *cobra.Command) (done bool, err error) {
	if !guards {
		return false, nil
	}
	child, err := cases.Itself(os.Args[1:]...)
	if err != nil {
		return true, err
	}
	end, told, err := os.Pipe()
	if err != nil {
		return true, err
	}
	defer end.Close()
	child.Stdin, child.Stdout = os.Stdin, os.Stdout
	child.Env = append(os.Environ(), guarded+"=1")
	child.ExtraFiles = []*os.File{endsAt - 3: told, saysTo - 3: os.Stderr}
	err = child.Start()
	told.Close()
	if err != nil {
		return true, fmt.Errorf("start a process of its own: %w", err)
	}
	// Ctrl-C of a terminal is for both; of what is sent to this process alone the other does not know.
	defer context.AfterFunc(c.Context(), func() {
		time.Sleep(time.Second)
		child.Process.Signal(syscall.SIGTERM)
	})()
	var fine [1]byte
	n, _ := end.Read(fine[:])
	err = child.Wait()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		return true, err
	case n == 0 && c.Context().Err() != nil:
		return true, context.Cause(c.Context())
	case n == 0:
		return true, fmt.Errorf("%w (%s)", ErrDied, child.ProcessState)
	}
	return true, &Status{Code: child.ProcessState.ExitCode()}
}
