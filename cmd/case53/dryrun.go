package main

import (
	"context"
	"fmt"

	"case53/cases/safetext"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader/source"
)

// dryRun says what would be read.
func (p *pull) dryRun(ctx context.Context) error {
	out := p.c.OutOrStdout()
	all, err := p.found.Estimates(ctx, p.asked.Window, func(o source.Object) {
		if !cli.WantsJSON(p.c) {
			fmt.Fprintf(out, "%12s  %s\n", words.Bytes(o.Size()), safetext.Show(o.URI()))
		}
	})
	if err != nil {
		return err
	}
	if cli.WantsJSON(p.c) {
		return printed.JSON(out, map[string]any{"window": p.plan.Window, "caller": p.found.Facts["caller"], "estimates": all})
	}
	for _, e := range all {
		printed.Estimate(out, e)
	}
	for _, s := range p.plan.Sources {
		if remarking, ok := s.(source.Remarking); ok {
			for _, remark := range remarking.Remarks() {
				fmt.Fprintln(p.c.ErrOrStderr(), safetext.Show(remark))
			}
		}
	}
	fmt.Fprintln(out, "nothing was fetched; time and cost are orders of magnitude")
	for _, e := range all {
		if e.Failed != "" {
			return &cli.Status{Code: cli.Incomplete}
		}
	}
	return nil
}
