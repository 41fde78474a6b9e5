package main

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"case53/cmd/case53/printed"
	"case53/queries/findings"
)

// On a terminal the worst finding is the last, above the prompt.
func TestFindingsOnATerminal(t *testing.T) {
	var out bytes.Buffer
	printed.Grouped(&out, []findings.Finding{
		{Hunt: "first", Severity: "high", Score: 0.9}, {Hunt: "second", Severity: "high", Score: 0.8}, {Hunt: "third", Severity: "low", Score: 0.8},
	})
	got := regexp.MustCompile(`(?m)^(high|low): .*|first|second|third`).FindAllString(out.String(), -1)
	if want := []string{"low: 1 finding", "third", "high: 2 findings", "second", "first"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
