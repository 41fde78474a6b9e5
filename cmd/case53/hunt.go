package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/queries"
	"case53/queries/findings"
)

func newHunt() *cobra.Command {
	c := &cobra.Command{
		Use:   "hunt CASE [NAME]...",
		Short: "Run hunts, all or those named, and rank what they find",
		Long: `A hunt is a saved query whose rows are findings: each has a score from 0 to 1, which the reason explains part by part, a
severity, and the coverage of the time it speaks about. case53 query CASE NAME --help explains one: its method, what
else looks like it, and what a hit does not prove. A hunt that finds nothing says how many rows it looked at.

Lists are files with an address, a block or a name a line; a name stands for what is under it too; # begins a comment.
What is on an --allow list is left out of the findings; what is on an --ioc list is raised to the top.

Of each hunt the best findings are shown, --most of them and whatever is on an --ioc list; how many more there are is said.`,
		Args: cli.Between(1, -1),
		RunE: runHunt,
	}
	addHuntFlags(c, 1000)
	return c
}

func runHunt(c *cobra.Command, args []string) error {
	h, hunts, err := openHunter(c, args[0], args[1:])
	if err != nil {
		return err
	}
	defer h.Case.Close()
	outcomes, found, err := ran(c, h, hunts)
	if err != nil {
		return err
	}
	printed.Outcomes(c.ErrOrStderr(), outcomes)
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), found)
	}
	if cli.IsTerminal(c.OutOrStdout()) {
		printed.Grouped(c.OutOrStdout(), found)
	} else {
		printed.Findings(c.OutOrStdout(), found)
	}
	fmt.Fprintln(c.OutOrStdout(), words.Plural(int64(len(found)), "finding", "findings"))
	return nil
}

// ran runs hunts, saying which is under way, and gives what became of each and the findings of all, the best first.
func ran(c *cobra.Command, h *findings.Hunter, hunts []*queries.Query) (outcomes []findings.Outcome, found []findings.Finding, err error) {
	wait := progress.For(c.ErrOrStderr(), running(hunts, 0))
	defer wait.End()
	if err := h.Run(c.Context(), hunts, func(o findings.Outcome) {
		outcomes = append(outcomes, o)
		wait.Now(running(hunts, len(outcomes)))
	}); err != nil {
		return nil, nil, err
	}
	found, err = h.Rank(c.Context(), outcomes)
	return outcomes, found, err
}

// addHuntFlags gives a command the flags of hunts; most is how many findings of each it keeps unless told otherwise.
func addHuntFlags(c *cobra.Command, most int) {
	c.Flags().StringArrayP("param", "p", nil, "a parameter, name=value, for the hunts that have it; may be repeated")
	c.Flags().StringArray("allow", nil, "a file of addresses, blocks and names that are known to be good, or @NAME, a named set of the notes; may be repeated")
	c.Flags().StringArray("ioc", nil, "a file of addresses, blocks and names that are known to be bad, or @NAME; may be repeated")
	c.Flags().Int("most", most, "findings of each hunt, the best first; 0 for all")
}

// openHunter reads the flags of addHuntFlags, opens the case, and finds the hunts of these names. The case is the caller's
// to close.
func openHunter(c *cobra.Command, dir string, names []string) (h *findings.Hunter, hunts []*queries.Query, err error) {
	h = &findings.Hunter{}
	given, _ := c.Flags().GetStringArray("param")
	if h.Values, err = cli.Parameters(given); err != nil {
		return nil, nil, err
	}
	if h.Most, _ = c.Flags().GetInt("most"); h.Most < 0 {
		return nil, nil, cli.Usage("--most %d: less than none", h.Most)
	}
	if h.Allow, h.Indicators, err = cli.Lists(c, dir); err != nil {
		return nil, nil, err
	}
	if h.Case, err = cli.OpenWhole(c.Context(), dir, c.ErrOrStderr()); err != nil {
		return nil, nil, err
	}
	opened := h.Case
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	set, err := cli.Library(h.Case.Dir, c.ErrOrStderr())
	if err != nil {
		return nil, nil, err
	}
	hunts, err = h.Choose(set, names)
	return h, hunts, err
}

// running is what is said of hunts while they run: which one, and how many are done.
func running(hunts []*queries.Query, done int) string {
	if done >= len(hunts) {
		return "ranking what " + words.Plural(int64(len(hunts)), "hunt", "hunts") + " found"
	}
	return fmt.Sprintf("hunt %d of %d: %s", done+1, len(hunts), hunts[done].ID)
}
