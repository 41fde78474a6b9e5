// Command case53 answers, from AWS flow and DNS logs, what a machine resolved, what it talked to, and what left.
//
// This package is flags → packages: it parses the command line, opens cases, and prints. Data goes to standard output;
// progress, warnings and hints to standard error. Text from evidence is printed through safetext only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/raw"
	"case53/cases/safetext"
)

// Exit codes; every command's help ends with them.
const (
	exitFine        = 0
	exitError       = 1
	exitUsage       = 2
	exitIntegrity   = 3 // evidence altered
	exitIncomplete  = 4 // done, but with rejects or gaps
	exitInterrupted = 130
)

const exitCodes = `
Exit codes: 0 fine · 1 error · 2 usage · 3 integrity failure · 4 done but with rejects or gaps · 130 interrupted`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program; tests call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	var helpErr error
	err := root.ExecuteContext(context.WithValue(ctx, helpFailed{}, &helpErr))
	if err == nil {
		err = helpErr
	}
	if err == nil {
		return exitFine
	}
	var status *statusError
	if errors.As(err, &status) && status.err == nil {
		return status.code
	}
	printError(stderr, err)
	return exitCode(ctx, err)
}

// helpFailed is the key of the place in the context where a help function leaves its error, as cobra takes none.
type helpFailed struct{}

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
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &status):
		return status.code
	case errors.Is(err, raw.ErrAltered), errors.Is(err, custody.ErrBroken), errors.Is(err, cases.ErrDamaged):
		return exitIntegrity
	case strings.HasPrefix(err.Error(), "unknown command"):
		return exitUsage
	default:
		return exitError
	}
}

// printError writes an error, its hint on a line of its own.
func printError(w io.Writer, err error) {
	for i, line := range strings.Split(strings.TrimSpace(err.Error()), "\n") {
		if i == 0 {
			line = "case53: " + line
		}
		fmt.Fprintln(w, safetext.Show(line))
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "case53",
		Short:         "A forensics workbench for AWS flow and DNS logs",
		Long:          "case53 loads VPC Flow Logs, Route 53 Resolver query logs and public zone query logs into a case on this machine,\nand answers from it, offline, what resolved a name, what it talked to, how much left, and who scouted the zone.\n" + exitCodes,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &statusError{exitUsage, err} })
	for _, c := range []*cobra.Command{newDemo(), newLoad(), newPull(), newSources(), newIAMPolicy(), newOpen(), newQuery(), newCoverage(), newHunt(), newCompare(), newReport(), newInfo()} {
		c.Long = strings.TrimRight(c.Short+".\n\n"+c.Long, "\n") + "\n" + exitCodes
		root.AddCommand(c)
	}
	return root
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

func wantsJSON(c *cobra.Command) bool {
	yes, _ := c.Flags().GetBool("json")
	return yes
}
