package report

import (
	"context"
	"fmt"

	"case53/cases"
	"case53/queries/findings"
)

// citedPerHunt is how many findings of a hunt have their records cited; of the others the report has the command.
const citedPerHunt = 25

// findings adds the findings, with the records that they speak about.
func (g *gatherer) findings(ctx context.Context, r *Report, found []findings.Finding) error {
	seen := map[string]int{}
	for i := range found {
		f := &found[i]
		most := g.opt.Cite
		if seen[f.Hunt]++; seen[f.Hunt] > citedPerHunt {
			most = 0
		}
		cited, err := g.Cite(ctx, f, most)
		if err != nil {
			return fmt.Errorf("records of finding %d (%s): %w", i+1, f.Hunt, err)
		}
		if cited.Statement != "" && most < g.opt.Cite {
			cited.Problem = fmt.Sprintf("of a hunt, the first %d findings are cited. Its records:", citedPerHunt)
		}
		r.Findings = append(r.Findings, Finding{*f, cited})
		mark(r, i+1, f)
	}
	return g.lines(ctx, r)
}

// lines reads the raw line of every record that is cited, each object once.
func (g *gatherer) lines(ctx context.Context, r *Report) error {
	var wanted []*cases.Record
	for i := range r.Findings {
		for j := range r.Findings[i].Cited.Records {
			wanted = append(wanted, &r.Findings[i].Cited.Records[j].Record)
		}
	}
	return g.Case.ReadRecords(ctx, wanted)
}
