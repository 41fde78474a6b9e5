package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries/findings"
)

func newCoverage() *cobra.Command {
	c := &cobra.Command{
		Use:   "coverage CASE",
		Short: "What is really there, per interface and window: OK, NODATA, SKIPDATA or absent",
		Long: `For flow logs a window is OK when there are records, NODATA when the log says that there was no traffic, SKIPDATA when
records were lost inside AWS, and absent when no record of the interface falls in it: the interface may not have
existed, or the log is missing. Resolver and zone logs have no NODATA: a window without records may be quiet,
answered from a cache, or not logged; it is shown as none. Where CloudTrail has a call that explains why records are
missing, or may (DeleteFlowLogs, DeleteLogGroup, StopLogging …), it stands below the sources, and is explained in JSON: named
where the call names what the log is of, possible where that can't be told, attempt where it failed. What such logs never
show, however complete they are, is listed at the end, and is blind_spots in JSON.`,
		Args: cli.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			bin, _ := c.Flags().GetDuration("bin")
			if bin < time.Minute || bin%time.Minute != 0 {
				return cli.Usage("--bin %s: not whole minutes\nhint: such as --bin 10m or --bin 1h", bin)
			}
			k, err := cli.OpenBuilt(c.Context(), args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer k.Close()
			all, err := k.Coverage(c.Context(), bin)
			if err != nil {
				return err
			}
			if err := findings.Explain(c.Context(), k, all); err != nil {
				return err
			}
			if cli.WantsJSON(c) {
				return printed.JSON(c.OutOrStdout(), withBlindSpots(k, all))
			}
			again, err := k.Again(c.Context())
			if err != nil {
				return err
			}
			printed.Coverage(c.OutOrStdout(), all)
			if again > 0 {
				fmt.Fprintf(c.OutOrStdout(), "\n%s\n", printed.Again(again))
			}
			printed.BlindSpots(c.OutOrStdout(), slices.DeleteFunc(slices.Clone(k.LogTypes()), func(t cases.LogType) bool {
				return !slices.ContainsFunc(all, func(source cases.Coverage) bool { return source.LogType == t.Name })
			}))
			return nil
		},
	}
	c.Flags().Duration("bin", 10*time.Minute, "width of a window, in whole minutes")
	return c
}

// sourceCoverage is a source's coverage, with what its log never shows.
type sourceCoverage struct {
	cases.Coverage
	BlindSpots []string `json:"blind_spots"`
}

func withBlindSpots(k *cases.Case, all []cases.Coverage) []sourceCoverage {
	out := []sourceCoverage{}
	for _, c := range all {
		t, _ := k.LogType(c.LogType)
		out = append(out, sourceCoverage{c, t.BlindTexts()})
	}
	return out
}
