package threads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/queries"
	"case53/queries/findings"
)

var day = time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC)

func at(hour, minute int) time.Time {
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// told is a fact with one finding behind it.
func told(phase, kind, host, place, target string, from, to time.Time, severity int) *fact {
	f := &fact{
		capture: "incident", phase: phase, host: host, place: place, target: target, from: from, to: to, severity: severity,
		key: strings.Join([]string{phase, host, place, target, from.String()}, " "),
	}
	f.evidence = []evidence{{
		Finding: &findings.Finding{Hunt: kind + "-hunt", Score: 0.9, From: from, To: to, Rows: 10}, severity: severity, phase: phase,
		kind: kind, weight: queries.WeighsOwn, logs: []string{"one"}, channel: kind == "clock",
	}}
	if phase == "entry" || phase == "spread" {
		f.sessions = []cases.Span{{From: from, To: to}}
	}
	return f
}

const server = "10.0.0.40"

// intrusion is a party that comes to a server and goes on from there, so much later than the first one; its name is in all that is
// its own.
func intrusion(name, host string, later time.Duration) []*fact {
	when := func(hour, minute int) time.Time { return at(hour, minute).Add(later) }
	build, files := "10.0.1."+name, "10.0.2."+name
	entry := told("entry", "duration", host, "203.0.113."+name, "", when(3, 38), when(5, 13), medium)
	guess := told("guess", "clock", host, "203.0.113."+name, "", when(3, 4), when(3, 38), medium)
	knock := told("knock", "fan", host, "203.0.113."+name, "", when(3, 0), when(3, 9), high)
	knock.looker = "resolver-" + name
	recon := told("recon", "guess", "", "resolver-"+name, "", when(2, 10), when(2, 50), high)
	replay := told("replay", "compare", "10.9.9.40", "call-"+name, "", when(130, 0), when(150, 0), high)
	replay.replayed = true
	return []*fact{
		recon, knock, guess, entry,
		told("home", "clock", host, "call-"+name, "", when(3, 44), when(20, 0), high),
		told("probe", "fan", host, "", "", when(4, 6), when(4, 16), high),
		told("spread", "novelty-inside", host, "", build, when(4, 14), when(5, 41), high),
		told("spread", "novelty-inside", build, "", files, when(4, 52), when(6, 0), high),
		told("tunnel", "form", build, "tunnel-"+name, "", when(5, 10), when(8, 46), high),
		told("leave", "volume", files, "drop-"+name, "", when(5, 31), when(5, 57), high),
		replay,
	}
}

// drawn links facts, and gives the threads' facts.
func drawn(all ...[]*fact) (*web, [][]*fact) {
	facts := slices.Concat(all...)
	inOrder(facts)
	s := &survey{roles: map[string]string{}, ours: map[string]bool{}, used: map[string]map[string]useOf{}, hosts: map[string]int64{"incident": 20}}
	for _, f := range facts {
		if f.place != "" && !f.hub {
			s.used[f.place] = map[string]useOf{"incident": {1, f.from}}
		}
	}
	w := newWeb(s, facts)
	w.link()
	return w, w.groups()
}

// parties says which thread has each fact, and fails where one that is not said to be of either is in a thread with another party's.
func parties(t *testing.T, groups [][]*fact, of map[string][]*fact) (either int) {
	t.Helper()
	var threads [][]*fact
	for _, g := range groups {
		if rate(g).severity >= medium {
			threads = append(threads, g)
		}
	}
	if len(threads) != len(of) {
		t.Fatalf("%d threads above low, want %d:\n%s", len(threads), len(of), listing(groups))
	}
	for name, facts := range of {
		mine := slices.IndexFunc(threads, func(g []*fact) bool { return slices.Contains(g, facts[0]) })
		if mine < 0 {
			t.Fatalf("no thread of %s:\n%s", name, listing(groups))
		}
		for _, f := range facts {
			if !slices.Contains(threads[mine], f) {
				t.Errorf("%s lacks %s:\n%s", name, f.key, listing(groups))
			}
			if len(f.either) > 1 {
				either++
				continue
			}
			for i, g := range threads {
				if i != mine && slices.Contains(g, f) {
					t.Errorf("%s of %s is in another party's thread:\n%s", f.key, name, listing(groups))
				}
			}
		}
	}
	return either
}

func listing(groups [][]*fact) string {
	var b strings.Builder
	for i, g := range groups {
		fmt.Fprintf(&b, "%d (%v)\n", i, rate(g))
		for _, f := range g {
			fmt.Fprintf(&b, "   %s %s %s %s %s either %v against %v\n", f.from.Format("01-02 15:04"), f.phase, f.host, f.place, f.target, f.either, f.against)
		}
	}
	return b.String()
}

func TestOneIntrusionIsOneThread(t *testing.T) {
	a := intrusion("66", server, 0)
	_, groups := drawn(a)
	if either := parties(t, groups, map[string][]*fact{"a": a}); either > 0 {
		t.Errorf("%d acts may be somebody else's", either)
	}
	if r := rate(groups[0]); r.severity != high {
		t.Errorf("severity %d", r.severity)
	}
}

// TestTwoIntrusionsAreTwo: at two servers, and at one, hours apart or while both are in. What happens while both are in may be of
// either, and says so; nothing that is known is in the wrong thread.
func TestTwoIntrusionsAreTwo(t *testing.T) {
	a, b := intrusion("66", server, 0), intrusion("77", "10.0.0.41", 20*time.Minute)
	_, groups := drawn(a, b)
	if either := parties(t, groups, map[string][]*fact{"a": a, "b": b}); either > 0 {
		t.Errorf("at two servers %d acts may be of either", either)
	}
	for _, later := range []float64{-24, -14, -9, -6, -3, -1, 1.5, 3, 5, 9, 20} {
		t.Run(fmt.Sprint(later), func(t *testing.T) {
			a, b := intrusion("66", server, 0), intrusion("77", server, time.Duration(later*float64(time.Hour)))
			_, groups := drawn(a, b)
			either := parties(t, groups, map[string][]*fact{"a": a, "b": b})
			if abs := max(later, -later); abs >= 3 && either > 0 {
				t.Errorf("%d acts may be of either, %v h apart:\n%s", either, later, listing(groups))
			}
		})
	}
}

// TestEitherHasTwoThreads: of what begins while two parties are in, both threads have it, and it counts half.
func TestEitherHasTwoThreads(t *testing.T) {
	a, b := intrusion("66", server, 0), intrusion("77", server, 20*time.Minute)
	_, groups := drawn(a, b)
	if parties(t, groups, map[string][]*fact{"a": a, "b": b}) == 0 {
		t.Errorf("both were in, and all acts are known to be of one:\n%s", listing(groups))
	}
	whole := rate(intrusion("66", server, 0))
	for _, g := range groups {
		if r := rate(g); r.severity == high && r.score > whole.score {
			t.Errorf("a thread with what may be another's scores %.3f, more than one without: %.3f", r.score, whole.score)
		}
	}
}

// TestNotJoined: sharing a host joins nothing.
func TestNotJoined(t *testing.T) {
	late := told("home", "clock", server, "late", "", at(12, 0), at(20, 0), high)
	hub := told("home", "clock", server, "updates", "", at(4, 0), at(4, 30), medium)
	hub.hub = true
	before := told("home", "list", server, "metrics", "", at(4, 10), at(4, 20), medium)
	other := told("leave", "volume", "10.0.5.5", "backup", "", at(4, 0), at(4, 30), medium)
	knock := told("knock", "fan", server, "198.51.100.9", "", at(4, 0), at(4, 5), high)
	a := intrusion("66", server, 0)
	facts := slices.Concat(a, []*fact{late, hub, before, other, knock})
	inOrder(facts)
	s := &survey{roles: map[string]string{}, ours: map[string]bool{}, hosts: map[string]int64{"incident": 20},
		used: map[string]map[string]useOf{"metrics": {"incident": {1, at(1, 0)}}}}
	w := newWeb(s, facts)
	w.link()
	for _, x := range []*fact{late, hub, before, other, knock} {
		if w.same(a[3], x) {
			t.Errorf("%s is taken for the intruder's: %s", x.key, w.links[x.id])
		}
	}
	if w.perhaps[late.id] != a[3].id {
		t.Error("a call home hours after the last session is not said to be perhaps of that thread")
	}
	if !slices.Contains(before.against, "it was in use before the arrival") {
		t.Errorf("against %v", before.against)
	}
}

// TestChannelJoins: without any arrival, what a host does while it calls home belongs to that.
func TestChannelJoins(t *testing.T) {
	all := intrusion("66", server, 0)
	known := all[4:] // from the first call home on
	_, groups := drawn(known)
	parties(t, groups, map[string][]*fact{"a": known})
	if r := rate(groups[0]); r.severity != high {
		t.Errorf("severity %d:\n%s", r.severity, listing(groups))
	}
}

// TestRepetitionCountsNothing: more of the same neither raises a thread nor its score; another kind of evidence does.
func TestRepetitionCountsNothing(t *testing.T) {
	var knocks []*fact
	for i := range 50 {
		knocks = append(knocks, told("knock", "fan", fmt.Sprintf("10.0.0.%d", i), "198.51.100.9", "", at(1, i), at(2, i), high))
	}
	if one, many := rate(knocks[:1]), rate(knocks); one != many || many.severity != low {
		t.Errorf("one knock %v, fifty %v", one, many)
	}
	calls := []*fact{told("home", "clock", server, "a", "", at(1, 0), at(9, 0), medium)}
	again := append(slices.Clone(calls), told("home", "clock", server, "b", "", at(1, 0), at(9, 0), medium))
	other := append(slices.Clone(calls), told("home", "noname", server, "b", "", at(1, 0), at(9, 0), medium))
	if a, b, c := rate(calls).score, rate(again).score, rate(other).score; a != b || c <= a {
		t.Errorf("one %v, the same again %v, another kind %v", a, b, c)
	}
}

// TestManyAreOneStep: what is alike is told once.
func TestManyAreOneStep(t *testing.T) {
	var calls, scans []*fact
	for i := range 9 {
		calls = append(calls, told("home", "noname", server, fmt.Sprintf("203.0.113.%d", i), "", at(1, i), at(2, i), medium))
		scans = append(scans, told("knock", "fan", fmt.Sprintf("10.0.0.%d", i), "198.51.100.9", "", at(1, i), at(2, i), medium))
	}
	s := &survey{used: map[string]map[string]useOf{}}
	for name, c := range map[string]struct {
		facts []*fact
		want  string
	}{
		"calls": {calls, server + " called 9 places that no name had led to"},
		"knock": {scans, "198.51.100.9 tried "},
	} {
		steps := stepsOf(c.facts)
		if len(steps) != 1 || !strings.HasPrefix(s.say(steps[0]), c.want) {
			t.Errorf("%s: %d steps, %s", name, len(steps), s.say(steps[0]))
		}
	}
	if few := stepsOf(calls[:fewAlike]); len(few) != fewAlike {
		t.Errorf("%d places are %d steps", fewAlike, len(few))
	}
	if got := stepsOf(calls)[0].Rows; got != 90 {
		t.Errorf("%d records, want 90", got)
	}
}
