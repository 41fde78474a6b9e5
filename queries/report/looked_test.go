package report

import (
	"strings"
	"testing"

	"case53/queries"
	"case53/queries/findings"
)

// TestLooked: what is said of the hunts is what was done, and why something was not.
func TestLooked(t *testing.T) {
	q := &queries.Query{ID: "x", Hunt: &queries.Hunt{}}
	found := findings.Outcome{Query: q, Findings: make([]findings.Finding, 2)}
	quiet := findings.Outcome{Query: q, Trace: []string{"0 rows"}}
	allowed := findings.Outcome{Query: q, Allowed: 3}
	noDNS, noZone := findings.Outcome{Query: q, Missing: "dns"}, findings.Outcome{Query: q, Missing: "zone"}
	for _, c := range []struct {
		outcomes  []findings.Outcome
		want, not string
	}{
		{[]findings.Outcome{found, quiet, quiet}, "3 hunts looked; 1 found something, 2 found nothing.", "could not be run"},
		{[]findings.Outcome{found}, "1 hunt looked; 1 found something, 0 found nothing.", "allow"},
		{[]findings.Outcome{allowed, quiet}, "2 hunts looked; 0 found something, 1 found nothing, 1 only what is on an --allow list.", "could not"},
		{[]findings.Outcome{found, noDNS, noZone, noDNS},
			"1 hunt looked; 1 found something, 0 found nothing. " +
				"3 could not be run, because the case has no dns records (2 hunts), no zone records (1 hunt).", "4 hunts"},
		{[]findings.Outcome{noDNS}, "0 hunts looked. 1 could not be run, because the case has no dns records (1 hunt).", "found"},
	} {
		r := Report{Outcomes: c.outcomes}
		if got := r.looked(); got != c.want || strings.Contains(got, c.not) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
	for outcome, c := range map[*findings.Outcome][2]string{
		&noDNS: {"No hunt could be run: nothing was looked for.", "found something"},
		&found: {"Every hunt that was run found something.", "could be run: nothing"},
		&quiet: {"nothing is said of other logs, other times, or minutes that are not covered", "Every hunt that was run found"},
	} {
		r := Report{Outcomes: []findings.Outcome{*outcome}}
		md := string(written(t, &r, (*Report).Markdown))
		if !strings.Contains(md, c[0]) || strings.Contains(md, c[1]) {
			t.Errorf("want %q and not %q:\n%s", c[0], c[1], md)
		}
	}
}
