package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/loader"
)

func newDerive() *cobra.Command {
	c := &cobra.Command{
		Use:   "derive CASE",
		Short: "Build what is missing of what pivots, hunts and reports rest on",
		Long: `Connections, names, sorted addresses and counts are computed from the records into derived/derived.duckdb beside them: it
is no evidence, may be deleted, and is built anew by whoever needs it, a sealed case's too. derive builds what is missing now.
After a load or pull that was interrupted, repeating it goes on where it stopped; derive takes the case as whole instead: the
custody log keeps which work was not finished.

What has come from somebody else, or lay where others could write, may have been altered in what is derived: answers rest on it, and
no digest has it. --again throws it away and builds all of it anew, from records that case53 verify can check.`,
		Args: cli.Exactly(1),
		RunE: runDerive,
	}
	c.Flags().Bool("again", false, "throw away what is there, and build all of it anew")
	c.Flags().Bool("quiet", false, "no progress")
	c.Flags().Bool("events", false, "progress as lines of JSON, for the workbench")
	c.Flags().Lookup("events").Hidden = true
	return c
}

func runDerive(c *cobra.Command, args []string) error {
	ctx, stderr := c.Context(), c.ErrOrStderr()
	dir := cli.FindCase(args[0], stderr)
	if !cases.Is(dir) {
		return fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	quiet, _ := c.Flags().GetBool("quiet")
	events, _ := c.Flags().GetBool("events")
	show := progress.New(stderr, quiet, events)
	start, built := time.Now(), []string{}
	if again, _ := c.Flags().GetBool("again"); again {
		if err := writer.Forget(dir); err != nil {
			return err
		}
	}
	accepted, err := writer.Complete(ctx, dir, loader.Schemas(), func(step string) {
		built = append(built, step)
		show.Update(loader.Progress{Phase: step})
	})
	show.End()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(stderr, "interrupted: the same command goes on from there")
		return &cli.Status{Code: cli.Interrupted}
	}
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	head, err := headIn(dir)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), map[string]any{
			"case": dir, "built": built, "accepted": append([]string{}, accepted...), "seconds": seconds, "custody": head,
		})
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: ready, after %.1f s\n", safetext.Show(dir), seconds)
	fmt.Fprintln(c.OutOrStdout(), head)
	for _, what := range accepted {
		fmt.Fprintf(stderr, "taken as it stands, after the unfinished %s: records may be missing\n", safetext.Show(what))
	}
	return nil
}
