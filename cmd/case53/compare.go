package main

import (
	"github.com/spf13/cobra"

	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/queries/compare"
)

func newCompare() *cobra.Command {
	c := &cobra.Command{
		Use:   "compare CASE [--left CAPTURE] [--right CAPTURE]",
		Short: "Compare two captures, such as an incident and the replay of its snapshot, and say what they share",
		Long: `Places – names, and addresses that were called without one – are matched at four levels: the name, the address, the
registered domain, and the /24 (IPv6: /64) with its port; the clock and the size of calls are compared too. What a
baseline capture has, what is a service of AWS's own and what is on an --allow list is set apart and counted. The
verdict is made of counts and coverage alone, and what the right capture does not show is stated with the time that
its logs cover, and with what such logs never show.

The right capture is the one that is asked about: left, right and baseline are the captures with the roles incident,
replay and baseline where there is one of each. The saved query captures-compared has the method.`,
		Args: cli.Exactly(1),
		RunE: runCompare,
	}
	c.Flags().String("left", "", "the capture to compare with (default: the one with the role incident)")
	c.Flags().String("right", "", "the capture that is asked about (default: the one with the role replay)")
	c.Flags().String("baseline", "", "a capture of a clean machine (default: the one with the role baseline, if any)")
	c.Flags().StringArray("allow", nil, "a file of addresses, blocks and names that are known to be good; may be repeated")
	c.Flags().StringArray("ioc", nil, "a file of addresses, blocks and names to state about, found or not; may be repeated")
	c.Flags().StringArray("subject", nil, "an address, block or name to state about, found or not; may be repeated")
	c.Flags().Int("most", 20, "at most so many places of each list; how many are left out is said")
	return c
}

func runCompare(c *cobra.Command, args []string) error {
	var o compare.Options
	var err error
	if o.Most, err = c.Flags().GetInt("most"); err != nil || o.Most < 1 {
		return cli.Usage("--most takes a number from 1 on")
	}
	if o.Allow, o.Subjects, err = cli.Lists(c, args[0]); err != nil {
		return err
	}
	subjects, _ := c.Flags().GetStringArray("subject")
	for _, s := range subjects {
		if err := o.Subjects.Add(s); err != nil {
			return cli.Usage("--subject: %v", err)
		}
	}
	k, err := cli.OpenWhole(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	o.Left, _ = c.Flags().GetString("left")
	o.Right, _ = c.Flags().GetString("right")
	o.Baseline, _ = c.Flags().GetString("baseline")
	wait := progress.For(c.ErrOrStderr(), "comparing two captures")
	found, err := compare.Captures(c.Context(), k, o)
	wait.End()
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), found)
	}
	printed.Comparison(c.OutOrStdout(), found)
	return nil
}
