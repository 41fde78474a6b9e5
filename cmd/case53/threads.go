package main

import (
	"github.com/spf13/cobra"

	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries/threads"
)

func newThreads() *cobra.Command {
	c := &cobra.Command{
		Use:   "threads CASE",
		Short: "Put what the hunts find together into what happened, in order",
		Long: `Runs the hunts and draws their findings together: what several of them tell of is one step, and steps that belong together
are a thread, told in order of time. Steps are joined by who was in on a host at that moment and what it was calling then, not
by sharing a host. A thread is ranked by how much of different kinds there is in it; the same again counts nothing.

Each step has the hunts behind it, its records, how much of its time is covered, and what else it may be, with what the logs
say against that and for it. Threads of low severity have a line each; --all tells them too. --host tells what one host did
or had done to it, over all threads.

-p, --allow, --ioc and --most act on the hunts as in case53 hunt.`,
		Args: cli.Exactly(1),
		RunE: runThreads,
	}
	addHuntFlags(c, 1000)
	c.Flags().String("host", "", "only what this host of ours did or had done to it, in order")
	c.Flags().Bool("all", false, "tell threads of low severity step by step too")
	return c
}

func runThreads(c *cobra.Command, args []string) error {
	h, hunts, err := openHunter(c, args[0], nil)
	if err != nil {
		return err
	}
	defer h.Case.Close()
	outcomes, found, err := ran(c, h, hunts)
	if err != nil {
		return err
	}
	told, err := threads.Draw(c.Context(), h, outcomes, found)
	if err != nil {
		return err
	}
	printed.Drawn(c.ErrOrStderr(), told, outcomes, len(found))
	host, _ := c.Flags().GetString("host")
	switch {
	case host != "" && cli.WantsJSON(c):
		return printed.JSON(c.OutOrStdout(), told.Of(host))
	case host != "":
		printed.Host(c.OutOrStdout(), host, told.Of(host))
	case cli.WantsJSON(c):
		return printed.JSON(c.OutOrStdout(), told.Threads)
	default:
		all, _ := c.Flags().GetBool("all")
		printed.Threads(c.OutOrStdout(), told, all)
	}
	return nil
}
