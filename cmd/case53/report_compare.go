package main

import (
	"context"

	"case53/cases"
	"case53/cmd/case53/report"
)

// comparison adds what the incident and its replay have in common.
func (g *gatherer) comparison(_ context.Context, r *report.Report, info cases.Info) error {
	roles := map[string]int{}
	for _, c := range info.Captures {
		roles[c.Role]++
	}
	if roles["incident"] == 0 || roles["replay"] == 0 {
		r.NoComparison = "The case does not have both a capture with the role incident and one with the role replay; there is nothing to compare."
	}
	return nil
}
