package threads

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/queries/findings"
)

// says makes the one finding behind a fact that of a hunt whose row has these columns.
func (f *fact) says(t *testing.T, row map[string]any) *fact {
	t.Helper()
	e := &f.evidence[0]
	for name, value := range map[string]any{"score": 0.9, "severity": severityNames[e.severity], "reason": "so it is", "rows": int64(10),
		"from_time": f.from, "to_time": f.to} {
		if row[name] == nil {
			row[name] = value
		}
	}
	found, err := findings.New(e.kind, row)
	if err != nil {
		t.Fatal(err)
	}
	e.Finding = &found
	return f
}

// TestNothingGetsCertainByFolding: what ends a server's log while two parties are on it may be of either, and is told as a step that
// says so, not within what is known of one of them.
func TestNothingGetsCertainByFolding(t *testing.T) {
	party := func(address string, minute int) []*fact {
		return []*fact{
			told("knock", "fan", server, address, "", at(2, minute), at(2, minute+5), high),
			told("entry", "duration", server, address, "", at(3, minute), at(6, 0), medium),
		}
	}
	_, groups := drawn(party("203.0.113.66", 0), party("203.0.113.77", 20), []*fact{told("hide", "log-end", server, "", "", at(4, 0), at(20, 0), high)})
	if len(groups) != 2 {
		t.Fatal(listing(groups))
	}
	for _, g := range groups {
		steps := stepsOf(g)
		if len(steps) != 3 {
			t.Fatalf("%d steps, want those of a knock, an entry and the end of the log:\n%s", len(steps), listing(groups))
		}
		for i, phase := range []string{"knock", "entry", "hide"} {
			perhaps := slices.ContainsFunc(steps[i].facts, func(f *fact) bool { return len(f.either) > 0 })
			if steps[i].Phase != phase || perhaps != (phase == "hide") {
				t.Errorf("step %d is of %s, perhaps another's: %v", i+1, steps[i].Phase, perhaps)
			}
		}
	}
}

// TestAlikeIsAsSure: many places are one step where all of them are as certain; what may be another's neither counts among them nor
// goes into their step.
func TestAlikeIsAsSure(t *testing.T) {
	var calls []*fact
	for i := range fewAlike + 1 {
		calls = append(calls, told("home", "noname", server, "place-"+strings.Repeat("a", i+1), "", at(1, i), at(2, i), medium))
	}
	if n := len(stepsOf(calls)); n != 1 {
		t.Fatalf("%d places that are alike are %d steps", len(calls), n)
	}
	calls[2].either = []int{1, 2}
	if n := len(stepsOf(calls)); n != len(calls) {
		t.Errorf("%d certain places and one perhaps another's are %d steps", len(calls)-1, n)
	}
}

// TestAStepIsCoveredAsWhatItIsAbout: what is told with an entry takes neither its coverage nor what else looks like it.
func TestAStepIsCoveredAsWhatItIsAbout(t *testing.T) {
	entry := told("entry", "duration", server, "203.0.113.66", "", at(3, 0), at(6, 0), medium)
	entry.evidence[0].Coverage = cases.Share{Windows: 180, Covered: 170}
	entry.evidence[0].doubts = "a supplier"
	end := told("hide", "log-end", server, "", "", at(4, 0), at(20, 0), high)
	end.evidence[0].doubts = "a rotation"
	for name, of := range map[string]cases.Share{"none": {}, "its own": {Windows: 960, Covered: 9}} {
		end.evidence[0].Coverage = of
		steps := stepsOf([]*fact{entry, end})
		if len(steps) != 1 || steps[0].Phase != "entry" {
			t.Fatalf("%d steps", len(steps))
		}
		if c := steps[0].Coverage; c == nil || c.Windows != 180 {
			t.Errorf("the end of the log has %s: the entry's coverage is %+v", name, c)
		}
		rivals, err := (&survey{}).rivals(steps[0], steps[0].facts)
		if err != nil || len(rivals) != 1 || rivals[0].Said != "a supplier" {
			t.Errorf("%+v, %v", rivals, err)
		}
	}
}

// TestWhatComesAfterARequest: it began when it came, not with the request; the link tells what came soonest; a request in another
// capture is no reason, however the host is called there.
func TestWhatComesAfterARequest(t *testing.T) {
	const client = "203.0.113.66"
	asked := at(3, 41).Add(37 * time.Second)
	after := func(seconds float64) map[string]any {
		return map[string]any{"request_from": client, "request_at": asked, "minutes_after": math.Round(100*seconds/60) / 100,
			"from_time": asked, "to_time": at(20, 0)}
	}
	exploit := told("exploit", "words", server, client, "", at(0, 11), at(3, 41), high)
	call := func(first, then float64) *fact {
		f := told("home", "sequence-of-request", server, "call", "", at(3, 41), at(20, 0), high).says(t, after(first))
		second := told("home", "sequence-of-request", server, "call", "", at(3, 41), at(20, 0), high).says(t, after(then))
		f.from = f.evidence[0].begins()
		f.take(second.evidence[0], fact{})
		return f
	}
	for _, of := range []*fact{call(5, 143), call(143, 5)} {
		if want := asked.Add(5 * time.Second); !of.from.Equal(want) {
			t.Errorf("began at %v, want %v", of.from, want)
		}
		w, _ := drawn([]*fact{exploit, of})
		if got := w.links[of.id]; !w.same(exploit, of) || got != "5 s after a request of "+client+" to that host" {
			t.Errorf("told as %q", got)
		}
	}
	elsewhere := call(5, 143)
	elsewhere.capture = "another"
	if w, groups := drawn([]*fact{exploit, elsewhere}); w.same(exploit, elsewhere) || w.links[elsewhere.id] != "" {
		t.Errorf("a request in another capture is its reason: %q\n%s", w.links[elsewhere.id], listing(groups))
	}
	end := evidence{Finding: told("home", "x", server, "", "", asked, asked.Add(4*time.Second), low).says(t, map[string]any{
		"request_at": asked, "minutes_after": 0.08, "from_time": asked, "to_time": asked.Add(4 * time.Second)}).evidence[0].Finding}
	if !end.begins().Equal(end.To) {
		t.Errorf("what ended at %v began at %v", end.To, end.begins())
	}
}

// exploits are findings of requests, as the hunts for them tell them.
var exploits = map[string]struct {
	host, place, inside string
	row                 map[string]any
	text                string
	against, speaksFor  string
}{
	"words": {host: server, place: "203.0.113.66", row: map[string]any{"kinds": "command", "requests": 3.0, "answered": 0.0, "blocked": 1.0},
		text:      "203.0.113.66 sent 10.0.0.40 3 requests with the text of an attack (command): 0 answered with success, 1 blocked",
		speaksFor: "nothing was answered with success"},
	"answered": {host: server, place: "203.0.113.66", row: map[string]any{"kinds": "command", "requests": 1.0, "answered": 1.0, "blocked": 0.0},
		text:    "203.0.113.66 sent 10.0.0.40 1 request with the text of an attack (command): 1 answered with success, 0 blocked",
		against: "a host of ours answered with success"},
	"nobody is named": {place: "203.0.113.66", row: map[string]any{"kinds": "command", "requests": 2.0, "answered": 0.0, "blocked": 2.0},
		text:      "203.0.113.66 sent 2 requests with the text of an attack (command): 0 answered with success, 2 blocked",
		speaksFor: "nothing was answered with success"},
	"from inside": {host: server, inside: "10.0.0.41", row: map[string]any{"kinds": "command", "requests": 2.0, "answered": 0.0, "blocked": 2.0},
		text:      "10.0.0.40 sent 10.0.0.41 2 requests with the text of an attack (command): 0 answered with success, 2 blocked",
		speaksFor: "nothing was answered with success"},
	"let in": {host: server, place: "203.0.113.66", row: map[string]any{"seconds_between": 45.0, "path": "/track", "let_in_at": at(3, 0)},
		text: "203.0.113.66 was refused at /track, let in otherwise 45 s later", against: "a host of ours answered with success"},
	"pages that scanners ask for, and one is there": {host: server, place: "203.0.113.66", against: "a host of ours answered with success",
		row:  map[string]any{"listed": 4.0, "paths": 44.0, "requests": 44.0, "not_there": 40.0, "answered_path": "/.git/config"},
		text: "203.0.113.66 asked for 44 paths, 4 of them such as scanners ask for, and was given /.git/config"},
	"pages that scanners ask for, all refused": {host: server, place: "203.0.113.66", speaksFor: "nothing was answered with success",
		row:  map[string]any{"listed": 4.0, "paths": 44.0, "requests": 44.0, "not_there": 44.0},
		text: "203.0.113.66 asked for 44 paths, 4 of them such as scanners ask for"},
	"other pages may have been there": {host: server, place: "203.0.113.66",
		row:  map[string]any{"listed": 4.0, "paths": 44.0, "requests": 44.0, "not_there": 40.0},
		text: "203.0.113.66 asked for 44 paths, 4 of them such as scanners ask for"},
	"another answer of a form is no success": {host: server, place: "203.0.113.66",
		row:  map[string]any{"usual_status": 401.0, "other_status": 302.0, "tries": 40.0, "path": "/login", "let_in_at": at(3, 0), "pages_after": 0.0},
		text: "203.0.113.66 posted to /login 40 times and was answered 401, then 302; 0 new pages it was given afterwards"},
	"pages after it are": {host: server, place: "203.0.113.66", against: "a host of ours answered with success",
		row:  map[string]any{"usual_status": 401.0, "other_status": 302.0, "tries": 40.0, "path": "/login", "let_in_at": at(3, 0), "pages_after": 2.0},
		text: "203.0.113.66 posted to /login 40 times and was answered 401, then 302; 2 new pages it was given afterwards"},
	"no other answer of a form": {host: server, place: "203.0.113.66", speaksFor: "nothing was answered with success",
		row:  map[string]any{"usual_status": 401.0, "tries": 400.0, "path": "/login", "pages_after": 0.0},
		text: "203.0.113.66 posted to /login 400 times and was answered 401"},
	"nothing said": {place: "203.0.113.66", row: map[string]any{}, text: "203.0.113.66 sent requests that look like an attack"},
}

// TestExploitSaysWhatIsKnown: a sentence has no gap where a log does not say to whom, and that nothing was answered is only told
// where it is known.
func TestExploitSaysWhatIsKnown(t *testing.T) {
	for name, c := range exploits {
		f := told("exploit", "words", c.host, c.place, "", at(2, 0), at(3, 0), high).says(t, c.row)
		if c.inside != "" {
			f.addrs = []string{c.inside}
		}
		s, steps := &survey{}, stepsOf([]*fact{f})
		if got := s.say(steps[0]); got != c.text {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
		rivals, err := s.rivals(steps[0], []*fact{f})
		if err != nil || len(rivals) != 1 || strings.Join(rivals[0].Against, "; ") != c.against || strings.Join(rivals[0].For, "; ") != c.speaksFor {
			t.Errorf("%s: %+v, %v", name, rivals, err)
		}
	}
}

// TestRefusedBeforeAnyHost: what a client sent, and no log says to whom, is told with what it sent the one host that it reached; where
// it reached two, apart from both.
func TestRefusedBeforeAnyHost(t *testing.T) {
	exploit := func(host string, minute int, kinds string, requests, answered, blocked float64) *fact {
		return told("exploit", "words", host, "203.0.113.66", "", at(0, minute), at(3, 0), high).says(t, map[string]any{
			"kinds": kinds, "requests": requests, "answered": answered, "blocked": blocked})
	}
	facts := []*fact{exploit("", 11, "command passwd_file", 1, 0, 1), exploit(server, 12, "command", 2, 2, 0)}
	steps := stepsOf(facts)
	const want = "203.0.113.66 sent 10.0.0.40 3 requests with the text of an attack (command, passwd_file): 2 answered with success, 1 blocked, " +
		"1 handed to no host that a log names"
	if len(steps) != 1 || (&survey{}).say(steps[0]) != want {
		t.Errorf("%d steps, the first: %s", len(steps), (&survey{}).say(steps[0]))
	}
	if steps = stepsOf(append(facts, exploit("10.0.0.50", 13, "command", 1, 0, 0))); len(steps) != 3 {
		t.Errorf("a client that reached two hosts is told in %d steps", len(steps))
	}
	facts[0].either = []int{1, 2}
	if steps = stepsOf(facts); len(steps) != 2 {
		t.Errorf("a request that may be another's is told in %d steps", len(steps))
	}
}

// TestReachedAnUnknownHost: what was answered, failed, or was handed to a host whose address no log has, is not told as if it had been
// sent the host that the client's others reached.
func TestReachedAnUnknownHost(t *testing.T) {
	known := told("exploit", "words", server, "203.0.113.66", "", at(0, 12), at(3, 0), high).says(t, map[string]any{"kinds": "command", "requests": 2.0})
	for name, row := range map[string]map[string]any{
		"answered": {"kinds": "command", "requests": 1.0, "answered": 1.0},
		"failed":   {"kinds": "command", "requests": 1.0, "failed": 1.0},
		"handed":   {"kinds": "command", "requests": 1.0, "kept_off": 0.0},
		"a page":   {"listed": 4.0, "paths": 44.0, "requests": 44.0, "not_there": 40.0, "answered_path": "/.git/config"},
	} {
		unknown := told("exploit", "words", "", "203.0.113.66", "", at(0, 11), at(3, 0), high).says(t, row)
		if steps := stepsOf([]*fact{unknown, known}); len(steps) != 2 {
			t.Errorf("%s: %d steps, the first: %s", name, len(steps), (&survey{}).say(steps[0]))
		}
	}
}

// TestGuessesWithoutFlowRecords: a hunt may find guesses where the case has no connection of them.
func TestGuessesWithoutFlowRecords(t *testing.T) {
	steps := stepsOf([]*fact{told("guess", "repetition", server, "203.0.113.66", "", at(1, 0), at(2, 0), high)})
	if got, want := (&survey{}).say(steps[0]), "203.0.113.66 guessed at 10.0.0.40"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestGuestsOfTheWebTier: what hunts for requests and TLS say of a guest is told in words of its own.
func TestGuestsOfTheWebTier(t *testing.T) {
	guest := func(phase string, row map[string]any) *fact {
		return told(phase, "agent", server, "203.0.113.66", "", at(1, 0), at(2, 0), medium).says(t, row)
	}
	for _, c := range []struct {
		fact *fact
		want string
	}{
		{guest("exploit", map[string]any{"agent_kind": "program", "agent": "curl/8.5.0"}), "203.0.113.66 came as curl/8.5.0"},
		{guest("exploit", map[string]any{"agent_kind": "none", "agent": ""}), "203.0.113.66 came without an agent"},
		{guest("exploit", map[string]any{"classification": "Severe", "reasons": "BadUri BothTeClPresent", "requests": int64(3)}),
			"203.0.113.66 sent 3 requests that servers read in different ways (BadUri, BothTeClPresent)"},
		{guest("knock", map[string]any{"tls_failures": int64(3)}), "203.0.113.66 tried 3 TLS connections that failed of 10.0.0.40"},
		{guest("knock", map[string]any{"minutes_after": 10.0, "name": "staging.corp.example"}),
			"203.0.113.66 tried the name staging.corp.example of 10.0.0.40"},
		{guest("leave", map[string]any{"bytes_to_peer": int64(400_000_000)}), "10.0.0.40 sent 400 MB to 203.0.113.66, in 60 min"},
	} {
		if got := (&survey{}).say(stepsOf([]*fact{c.fact})[0]); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
