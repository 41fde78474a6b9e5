package main

import (
	"context"
	"errors"
	"fmt"
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
		Long: `A load or pull that was interrupted leaves a case whose records are there and whose connections, names and counts are
not, or not all. Until they are, whatever rests on them is refused. Repeating the interrupted command goes on where it
stopped; derive builds them for the records that are there, and takes the case as whole: the custody log keeps which
work was not finished.`,
		Args: cli.Exactly(1),
		RunE: runDerive,
	}
	c.Flags().Bool("quiet", false, "no progress")
	return c
}

func runDerive(c *cobra.Command, args []string) error {
	ctx, stderr := c.Context(), c.ErrOrStderr()
	dir := cli.FindCase(args[0], stderr)
	if !cases.Is(dir) {
		return fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	w, err := writer.Open(ctx, dir, loader.Schemas())
	if err != nil {
		return err
	}
	quiet, _ := c.Flags().GetBool("quiet")
	show := progress.New(stderr, quiet, cli.WantsEvents(c))
	start := time.Now()
	var built []string
	err = w.Derive(ctx, func(step string) {
		built = append(built, step)
		show.Update(loader.Progress{Phase: step})
	})
	show.End()
	var accepted []string
	if err == nil {
		accepted, err = w.Accept(ctx)
	}
	if err = errors.Join(err, w.Close()); errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(stderr, "interrupted: the same command goes on from there")
		return &cli.Status{Code: cli.Interrupted}
	}
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), map[string]any{
			"case": w.Dir, "built": append([]string{}, built...), "accepted": append([]string{}, accepted...), "seconds": time.Since(start).Seconds(),
			"custody": headOf(w),
		})
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: ready, after %.1f s\n", safetext.Show(w.Dir), time.Since(start).Seconds())
	fmt.Fprintln(c.OutOrStdout(), headOf(w))
	for _, what := range accepted {
		fmt.Fprintf(stderr, "taken as it stands, after the unfinished %s: records may be missing\n", safetext.Show(what))
	}
	return nil
}
