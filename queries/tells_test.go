package queries

import (
	"slices"
	"strings"
	"testing"

	"case53/loader"
)

// TestHuntsTell: every hunt of ours says what its findings tell of in a thread, or that they tell of nothing.
func TestHuntsTell(t *testing.T) {
	var types []string
	for _, l := range loader.Types() {
		types = append(types, l.Name)
	}
	for _, q := range builtins(t).Hunts() {
		tells := q.Hunt.Tells
		if tells.phase == nil {
			t.Errorf("%s: no phase: line\nhint: see “Hunts in threads” in the doc of package queries", q.Path)
			continue
		}
		for _, direction := range directions {
			switch phase := tells.Phase(direction); {
			case phase == PhaseNone && len(tells.phase) == 1: // of nothing at all
			case phase == "":
				t.Errorf("%s: no phase for the direction %s", q.Path, direction)
			case phase != PhaseNone && tells.Weight(direction) == "":
				t.Errorf("%s: no weight for the direction %s", q.Path, direction)
			case phase == "context" && tells.Weight(direction) != WeighsContext:
				t.Errorf("%s: a context weighs %s", q.Path, tells.Weight(direction))
			}
		}
		for _, log := range tells.Logs {
			if !slices.Contains(types, log) {
				t.Errorf("%s: %s is no log type", q.Path, log)
			}
		}
	}
}

func TestTellsAreReadStrictly(t *testing.T) {
	hunt := func(lines string) error {
		text := "-- A hunt\n--\n-- cannot: much\n-- method: none\n-- false-positives: all\n-- not-proof: any\n-- attack: T1071\n" + lines +
			"-- needs: dns\n-- step: seen records\nWITH seen AS (FROM dns)\nSELECT 1 AS one FROM seen\n"
		_, err := parse("hunts/x.sql", "x.sql", []byte(text))
		return err
	}
	for lines, fault := range map[string]string{
		"":                 "",
		"-- phase: none\n": "",
		"-- phase: home\n-- kind: clock\n-- log: dns\n-- weight: own channel\n":          "",
		"-- phase: in entry, out home\n-- kind: clock\n-- weight: in own, out support\n": "",
		"-- phase: home\n": "belong together",
		"-- kind: clock\n": "belong together",
		"-- phase: none\n-- kind: clock\n-- weight: own\n":                                       "",
		"-- phase: homes\n-- kind: clock\n-- weight: own\n":                                      `phase: "homes"`,
		"-- phase: up home\n-- kind: clock\n-- weight: own\n":                                    `phase: "up home"`,
		"-- phase: in home, in hide\n-- kind: clock\n-- weight: own\n":                           `phase: "in hide"`,
		"-- phase: home\n-- kind: a clock\n-- weight: own\n":                                     `kind: "a clock"`,
		"-- phase: home\n-- kind: clock\n-- log: dns, dns\n-- weight: own\n":                     `log: "dns"`,
		"-- phase: home\n-- kind: clock\n-- weight: much\n":                                      `weight: "much"`,
		"-- phase: home\n-- phase: hide\n-- kind: clock\n-- weight: own\n":                       "phase: is given twice",
		"-- phase: home\n-- kind: clock\n-- weight: own\n-- other-words run on\n-- to nowhere\n": "takes one line",
	} {
		switch err := hunt(lines); {
		case fault == "" && err != nil:
			t.Errorf("%q: %v", lines, err)
		case fault != "" && (err == nil || !strings.Contains(err.Error(), fault)):
			t.Errorf("%q: %v, want %q", lines, err, fault)
		}
	}
}
