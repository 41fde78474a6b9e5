// Package cli is what the commands share: how a case and an account are opened from what was typed, flags that several have, times and
// windows as people write them, and how the program ends.
//
// Rules: whatever is wrong with the command line is [Usage]; a time that could be read in two ways is refused; a case whose custody log is
// not its own is not opened. It prints warnings and hints alone, to stderr; data is the commands' to print.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/custody"
	"case53/cases/notes"
	"case53/cases/raw"
	"case53/cases/safetext"
	"case53/loader/account"
	"case53/queries"
)

// Exit codes; every command's help ends with them.
const (
	Fine        = 0
	Failed      = 1
	Misused     = 2
	Altered     = 3 // evidence altered
	Incomplete  = 4 // done, but with rejects or gaps
	Interrupted = 130
	Unread      = 141 // as the shell tells of SIGPIPE
)

const ExitCodes = `
Exit codes: 0 fine · 1 error · 2 usage · 3 integrity failure · 4 done but with rejects or gaps · 130 interrupted`

// Status ends the program with a code; its err, if any, is printed.
type Status struct {
	Code int
	Err  error
}

func (e *Status) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

func (e *Status) Unwrap() error { return e.Err }

// Usage makes an error of the command line.
func Usage(format string, args ...any) error {
	return &Status{Code: Misused, Err: fmt.Errorf(format, args...)}
}

// CodeOf is the exit code of an error that ended the program.
func CodeOf(ctx context.Context, err error) int {
	var status *Status
	var ask *queries.AskError
	switch {
	case ctx.Err() != nil:
		return Interrupted
	case errors.As(err, &status):
		return status.Code
	case errors.As(err, &ask), errors.Is(err, account.ErrNoRegion):
		return Misused
	case errors.Is(err, raw.ErrAltered), errors.Is(err, custody.ErrBroken), errors.Is(err, notes.ErrAltered),
		errors.Is(err, cases.ErrDamaged), errors.Is(err, cases.ErrForeign), errors.Is(err, bag.ErrArchive),
		errors.Is(err, ErrDied):
		return Altered
	default:
		return Failed
	}
}

// Exactly and atLeast check the number of arguments; a wrong number is a usage error that shows the usage.
func Exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return Usage("%s takes %d arguments, not %d\nhint: case53 %s", c.Name(), n, len(args), c.Use)
		}
		return nil
	}
}

func Between(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return Usage("%s: %d arguments\nhint: case53 %s", c.Name(), len(args), c.Use)
		}
		return nil
	}
}

// HidePanic ends the program without showing what the text of a panic may hold of an account's secrets. It is deferred.
func HidePanic(a *account.Account, stderr io.Writer) {
	if p := recover(); p != nil {
		fmt.Fprintln(stderr, safetext.Show(a.Scrubbed(fmt.Sprintf("case53: internal error: %v", p))))
		os.Exit(Failed)
	}
}
