package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader/rebuild"
)

func newRebuild() *cobra.Command {
	c := &cobra.Command{
		Use:   "rebuild CASE",
		Short: "Make the database of a case again from the bytes in raw/ and the custody log",
		Long: `Decodes every source object again, as the custody log says that it was loaded, into a new database beside the old one, and
compares the content digests of all rows, the counts and all else with the line of the log that was written then. When everything
is as it was, the new database takes the place of the old one, at once; object ids stay. When anything is not, it is named, the old
database is left as it is, and the exit code is 3.

The old database is not opened: it may be missing, cut, or somebody else's. What is derived from the records is built anew. An
interrupted rebuild leaves the database as it was, or, once the new one is in its place, what is derived to be built. What a kill
left of a last line of the custody log is cut off and noted in it. The database of a sealed case is part of what was signed and is
not replaced.`,
		Args: cli.Exactly(1),
		RunE: runRebuild,
	}
	c.Flags().String("expect-head", "", "fail unless a line of the custody log has this SHA-256")
	c.Flags().Bool("quiet", false, "no progress")
	return c
}

func runRebuild(c *cobra.Command, args []string) error {
	ctx, stderr := c.Context(), c.ErrOrStderr()
	expect, err := expectedHead(c)
	if err != nil {
		return err
	}
	show, end := counted(c)
	defer end()
	dir := cli.FindCase(args[0], stderr)
	result, err := rebuild.Case(ctx, dir, rebuild.Options{ExpectHead: expect, Progress: show})
	end()
	if errors.Is(err, rebuild.ErrUnbuilt) {
		return unbuilt(c, judged(c, result, result.OK, func() { printed.Rebuilt(c.OutOrStdout(), dir, result) }), dir, err)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(stderr, "interrupted: the database is as it was")
		if result.Cut {
			printed.LineCut(stderr, result.Head)
		}
		return &cli.Status{Code: cli.Interrupted}
	}
	if err != nil {
		return err
	}
	return judged(c, result, result.OK, func() { printed.Rebuilt(c.OutOrStdout(), dir, result) })
}

// unbuilt ends a command whose database is made and shown, while what is derived from it is not there. A fault in showing it goes first.
func unbuilt(c *cobra.Command, shown error, dir string, err error) error {
	hint := "hint: case53 derive " + safetext.Show(dir) + " builds what is missing"
	switch {
	case shown != nil:
		return shown
	case errors.Is(err, context.Canceled) && c.Context().Err() != nil:
		fmt.Fprintf(c.ErrOrStderr(), "interrupted: %s\n%s\n", rebuild.ErrUnbuilt, hint)
		return &cli.Status{Code: cli.Interrupted}
	}
	if !strings.Contains(err.Error(), "\nhint: ") {
		err = fmt.Errorf("%w\n%s", err, hint)
	}
	return err
}

// counted shows on a terminal how much of what has been looked at; end takes it away.
func counted(c *cobra.Command) (show func(what string, done, of int64), end func()) {
	stderr := c.ErrOrStderr()
	if quiet, _ := c.Flags().GetBool("quiet"); quiet || !cli.IsTerminal(stderr) {
		return nil, func() {}
	}
	return func(what string, done, of int64) {
		if of == 0 {
			fmt.Fprintf(stderr, "\r\x1b[K%s", what)
			return
		}
		fmt.Fprintf(stderr, "\r\x1b[K%s %s of %s", what, words.Count(done), words.Count(of))
	}, func() { fmt.Fprint(stderr, "\r\x1b[K") }
}
