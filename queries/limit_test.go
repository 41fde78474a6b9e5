package queries

import (
	"maps"
	"regexp"
	"strings"
	"testing"
)

// shortened finds what a query says of rows that it leaves out.
var shortened = regexp.MustCompile(`are shown|of_rows|of \d+ `)

// TestLimitsAreSaid: a query that ends early on request says of how many rows. There is none that does so unasked, or that has
// another name for it.
func TestLimitsAreSaid(t *testing.T) {
	db := fullCase(t)
	cut := 0
	for _, q := range builtins(t).All() {
		limit := ""
		for _, p := range q.Params {
			if p.Name == "top" || p.Name == "most" && strings.HasPrefix(p.Doc, "at most") {
				limit = p.Name
			}
		}
		if limit == "" {
			if regexp.MustCompile(`(?m)^LIMIT `).MatchString(q.SQL) {
				t.Errorf("%s: a limit that nobody can lift", q.ID)
			}
			continue
		}
		rows := func(n string) (int, string) {
			given := maps.Clone(ask(q))
			given[limit] = n
			text, args, err := q.Bind(given)
			if err != nil {
				t.Fatal(err)
			}
			got := answer(t, db, text, args)
			return strings.Count(got, "\n"), got
		}
		few, said := rows("1")
		if all, _ := rows("100000"); all > few {
			cut++
			if !shortened.MatchString(said) {
				t.Errorf("%s: %d lines for %d, without a word:\n%s", q.ID, few, all, said)
			}
		}
	}
	if cut < 5 {
		t.Errorf("%d queries had something to leave out", cut)
	}
}
