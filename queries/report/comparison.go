package report

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"case53/cases"
	"case53/cases/words"
	"case53/queries"
	"case53/queries/compare"
)

// comparedPlaces is how many places of each list of a comparison the appendix has, and comparedHere how many the report; how many
// more there are is said.
const (
	comparedPlaces = 200
	comparedHere   = 15
)

// comparison adds what the incident and its replay have in common. It is of the whole captures, whatever the report's
// window; with --capture there is none.
func (g *gatherer) comparison(ctx context.Context, r *Report, info cases.Info) error {
	roles := map[string]int{}
	for _, c := range info.Captures {
		roles[c.Role]++
	}
	switch {
	case g.opt.Capture != "":
		r.NoComparison = "This report is of one capture; nothing is compared."
		return nil
	case !g.opt.Compared.Asked() && (roles["incident"] == 0 || roles["replay"] == 0):
		r.NoComparison = "The case does not have both a capture with the role incident and one with the role replay; there is nothing to compare."
		return nil
	}
	o := g.opt.Compared
	o.Most, o.Allow, o.Subjects = comparedPlaces, g.Allow, g.Indicators
	found, err := compare.Captures(ctx, g.Case, o)
	var refused *queries.AskError
	if errors.As(err, &refused) && !g.opt.Compared.Asked() { // more than one capture of a role
		r.NoComparison = "Nothing is compared: " + strings.ReplaceAll(err.Error(), "\nhint: ", "; ")
		return nil
	}
	if err != nil {
		return err
	}
	r.Comparison, r.Compared = found, g.compareCommand(found)
	return nil
}

// compareCommand repeats a comparison.
func (g *gatherer) compareCommand(c *compare.Comparison) string {
	line := []string{"case53", "compare", filepath.Base(g.Case.Dir), "--left", c.Left.Capture, "--right", c.Right.Capture}
	if c.Baseline != nil {
		line = append(line, "--baseline", c.Baseline.Capture)
	}
	for _, l := range g.opt.Lists {
		line = append(line, "--"+l.Flag, l.Path)
	}
	return words.ShellLine(line...)
}
