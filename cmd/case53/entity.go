package main

import (
	"time"

	"github.com/spf13/cobra"

	"case53/cases/notes"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries"
	"case53/queries/entities"
	"case53/queries/findings"
	"case53/queries/threads"
)

func newEntity() *cobra.Command {
	c := &cobra.Command{
		Use:   "entity CASE VALUE",
		Short: "One page of an address, a name, an interface, an instance, a hosted zone or a URL's path",
		Long: `When it was seen first and last, by log and capture, with a bar over the time of the case; names and addresses; peers, ports and
bytes both ways, each connection counted once, and what cannot be counted; what is kept of it in the notes; with --hunts
the findings and the steps of threads that name it.

What VALUE is, is told by its form: 203.0.113.9, eni-0a1b, i-0a1b, Z0123456789ABCDEF, /login, else a DNS name; --kind says it.
Every part is a saved query: case53 query CASE NAME gives all its rows, and a file of your own with a line page: adds a part.`,
		Args: cli.Exactly(2),
		RunE: runEntity,
	}
	cli.AddWindowFlags(c)
	c.Flags().String("kind", "", "what VALUE is: ip, name, interface, instance, hosted_zone or url_path")
	c.Flags().String("capture", "", "only this capture")
	c.Flags().Int("rows", 10, "rows of each part, the first; how many more there are is said")
	c.Flags().Bool("hunts", false, "run the hunts, and give the findings and steps of threads that name it")
	return c
}

func runEntity(c *cobra.Command, args []string) error {
	window, err := cli.Window(c, time.Now())
	if err != nil {
		return err
	}
	most, _ := c.Flags().GetInt("rows")
	if most < 1 {
		return cli.Usage("--rows %d: less than one", most)
	}
	k, err := cli.OpenBuilt(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	set, err := cli.Library(k.Dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	p := &entities.Page{Within: window}
	p.Capture, _ = c.Flags().GetString("capture")
	kind, _ := c.Flags().GetString("kind")
	if p.Kind, p.Value, err = entities.Check(set, kind, args[1]); err != nil {
		return err
	}
	if err := entities.Look(c.Context(), k, set.Pages(p.Kind), p, most); err != nil {
		return err
	}
	if yes, _ := c.Flags().GetBool("hunts"); yes {
		h := &findings.Hunter{Case: k, Values: entities.Given(p.Within, p.Capture, 0)}
		if err := sayOfHunts(c, h, set.Hunts(), p); err != nil {
			return err
		}
	}
	b, err := notes.Open(c.Context(), k.Dir, "case53 "+version())
	if err != nil {
		return err
	}
	p.Kept = entities.KeptOf(b, p.Kind, p.Value)
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), p)
	}
	printed.Entity(c.OutOrStdout(), p)
	return nil
}

// sayOfHunts runs hunts, and puts what they say of the value on its page.
func sayOfHunts(c *cobra.Command, h *findings.Hunter, hunts []*queries.Query, p *entities.Page) error {
	if err := h.Case.Whole(c.Context()); err != nil {
		return err
	}
	outcomes, found, err := ran(c, h, hunts)
	if err != nil {
		return err
	}
	told, err := threads.Draw(c.Context(), h, outcomes, found)
	if err != nil {
		return err
	}
	printed.Drawn(c.ErrOrStderr(), told, outcomes, len(found))
	p.Findings, p.Steps = entities.Findings(found, p.Value), entities.Steps(told, found, p.Value)
	return nil
}
