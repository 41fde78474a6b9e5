package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
)

// coverageBar is the width of a source's bar, and the letters in it.
const coverageBar = 48

var coverageLetters = map[string]string{
	cases.StatusOK: "█", cases.StatusRecords: "█", cases.StatusNoData: "░", cases.StatusSkipData: "S", cases.StatusAbsent: "·", cases.StatusNone: "·",
}

func newCoverage() *cobra.Command {
	c := &cobra.Command{
		Use:   "coverage CASE",
		Short: "What is really there, per interface and window: OK, NODATA, SKIPDATA or absent",
		Long: `For flow logs a window is OK when there are records, NODATA when the log says that there was no traffic, SKIPDATA when
records were lost inside AWS, and absent when no record of the interface falls in it: the interface may not have
existed, or the log is missing. Resolver and zone logs have no NODATA: a window without records may be quiet,
answered from a cache, or not logged; it is shown as none. What such logs never show, however complete they are, is
listed at the end, and is blind_spots in JSON.`,
		Args: exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			bin, _ := c.Flags().GetDuration("bin")
			if bin < time.Minute || bin%time.Minute != 0 {
				return usage("--bin %s: not whole minutes\nhint: such as --bin 10m or --bin 1h", bin)
			}
			k, err := openCase(c.Context(), args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer k.Close()
			all, err := k.Coverage(c.Context(), bin)
			if err != nil {
				return err
			}
			if wantsJSON(c) {
				return printJSON(c.OutOrStdout(), withBlindSpots(k, all))
			}
			again, err := k.Again(c.Context())
			if err != nil {
				return err
			}
			printCoverage(c.OutOrStdout(), all)
			if again > 0 {
				fmt.Fprintf(c.OutOrStdout(), "\n%s\n", saidAgain(again))
			}
			printBlindSpots(c.OutOrStdout(), slices.DeleteFunc(slices.Clone(k.LogTypes()), func(t cases.LogType) bool {
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

func printCoverage(w io.Writer, all []cases.Coverage) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no records with times")
		return
	}
	fmt.Fprintln(w, "█ records  ░ NODATA  S SKIPDATA  · absent, or none where a log has no NODATA")
	group := ""
	for _, c := range all {
		if g := c.LogType + " " + c.Capture; g != group {
			group = g
			fmt.Fprintf(w, "\n%s, capture %s: %s, windows of %s\n", c.LogType, safetext.Show(c.Capture), c.Window.String(), binText(c.Bin))
		}
		fmt.Fprintf(w, "  %-24s %s  %s\n", safetext.Show(c.Source), bar(c), countsText(c))
		for _, s := range c.Spans {
			if s.Status == cases.StatusAbsent || s.Status == cases.StatusSkipData {
				fmt.Fprintf(w, "  %-24s %s\n", "", s.Status+" "+cases.Span{From: s.From, To: s.To}.String())
			}
		}
	}
}

// binText writes the width of a window without zeros at its end: 10m, 1h.
func binText(d time.Duration) string {
	text := d.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zeros) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func countsText(c cases.Coverage) string {
	var parts []string
	for _, status := range cases.Statuses {
		if n := c.Counts[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	plural := "s"
	if c.Windows == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d window%s: %s", c.Windows, plural, strings.Join(parts, ", "))
}

// bar draws a source's windows.
func bar(c cases.Coverage) string {
	var b strings.Builder
	for _, status := range c.Bar(coverageBar) {
		b.WriteString(coverageLetters[status])
	}
	return b.String()
}
