package main

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
	exitFine        = 0
	exitError       = 1
	exitUsage       = 2
	exitIntegrity   = 3 // evidence altered
	exitIncomplete  = 4 // done, but with rejects or gaps
	exitInterrupted = 130
	exitUnread      = 141 // as the shell tells of SIGPIPE
)

const exitCodes = `
Exit codes: 0 fine · 1 error · 2 usage · 3 integrity failure · 4 done but with rejects or gaps · 130 interrupted`

// statusError ends the program with a code; its err, if any, is printed.
type statusError struct {
	code int
	err  error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// usage makes an error of the command line.
func usage(format string, args ...any) error {
	return &statusError{exitUsage, fmt.Errorf(format, args...)}
}

func exitCode(ctx context.Context, err error) int {
	var status *statusError
	var ask *queries.AskError
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &status):
		return status.code
	case errors.As(err, &ask), errors.Is(err, account.ErrNoRegion):
		return exitUsage
	case errors.Is(err, raw.ErrAltered), errors.Is(err, custody.ErrBroken), errors.Is(err, notes.ErrAltered),
		errors.Is(err, cases.ErrDamaged), errors.Is(err, cases.ErrForeign), errors.Is(err, bag.ErrArchive):
		return exitIntegrity
	default:
		return exitError
	}
}

// exactly and atLeast check the number of arguments; a wrong number is a usage error that shows the usage.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s takes %d arguments, not %d\nhint: case53 %s", c.Name(), n, len(args), c.Use)
		}
		return nil
	}
}

func between(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return usage("%s: %d arguments\nhint: case53 %s", c.Name(), len(args), c.Use)
		}
		return nil
	}
}

// hidePanic ends the program without showing what the text of a panic may hold of an account's secrets. It is deferred.
func hidePanic(a *account.Account, stderr io.Writer) {
	if p := recover(); p != nil {
		fmt.Fprintln(stderr, safetext.Show(a.Scrubbed(fmt.Sprintf("case53: internal error: %v", p))))
		os.Exit(exitError)
	}
}
