package queries

import (
	"fmt"
	"slices"
	"strings"
)

// Tells is what the findings of a hunt say when several hunts tell of the same thing. A hunt that does not say it takes no
// part in threads.
type Tells struct {
	Kind    string   // what sort of evidence: the same kind twice is one
	Logs    []string // log types whose records it rests on
	Channel bool     // what it finds is a channel: while it lasts, somebody can act through it

	phase, weight map[string]string // by direction, or under "" for all
}

// Phases are where in a story a finding can stand, in the order of a story; of several that tell of one host and
// one outside place, the first in [NamesFact] gives the fact its name.
var Phases = []string{"context", "exploit", "recon", "door", "knock", "guess", "entry", "probe", "spread",
	"home", "hide", "tunnel", "abuse", "leave", "silence", "replay"}

// NamesFact are the phases in which a host of ours does something to an outside place, the one that says most first.
var NamesFact = []string{"leave", "tunnel", "abuse", "hide", "home"}

// Weights of a hunt in a thread.
const (
	WeighsOwn     = "own"     // can carry a thread
	WeighsSupport = "support" // makes one stronger
	WeighsContext = "context" // is told with what is there
)

// PhaseNone is the phase of a hunt whose findings say nothing of what happened.
const PhaseNone = "none"

var (
	tellsFields = []string{"phase", "kind", "log", "weight"}
	directions  = []string{"in", "out", "inside"}
	weights     = []string{WeighsOwn, WeighsSupport, WeighsContext}
)

// Phase is where a finding of this direction (in, out or inside) stands: "" where the hunt does not say.
func (t *Tells) Phase(direction string) string { return directed(t.phase, direction) }

// Weight is what a finding of this direction weighs.
func (t *Tells) Weight(direction string) string { return directed(t.weight, direction) }

func directed(values map[string]string, direction string) string {
	if value, ok := values[direction]; ok {
		return value
	}
	return values[""]
}

// set takes the value of one key.
func (t *Tells) set(key, value string) (err error) {
	switch key {
	case "phase":
		t.phase, err = byDirection(key, value, append(slices.Clone(Phases), PhaseNone))
	case "weight":
		if bare, ok := strings.CutSuffix(value, " channel"); ok {
			t.Channel, value = true, bare
		}
		t.weight, err = byDirection(key, value, weights)
	case "kind":
		if t.Kind = value; !idForm.MatchString(value) {
			return fmt.Errorf("kind: %q is not lower-case words joined by hyphens", value)
		}
	case "log":
		for _, name := range items(value) {
			if !identForm.MatchString(name) || slices.Contains(t.Logs, name) {
				return fmt.Errorf("log: %q is not the name of a log type, each once", name)
			}
			t.Logs = append(t.Logs, name)
		}
	}
	return err
}

// byDirection reads "home", which holds for all, or "in entry, out home".
func byDirection(key, value string, known []string) (map[string]string, error) {
	values := map[string]string{}
	for _, part := range strings.Split(value, ",") {
		direction, rest := word(part)
		if rest == "" {
			direction, rest = "", direction
		}
		if _, twice := values[direction]; twice || direction != "" && !slices.Contains(directions, direction) || !slices.Contains(known, rest) {
			return nil, fmt.Errorf("%s: %q, want one of %s, for all or after each of %s",
				key, strings.TrimSpace(part), strings.Join(known, " "), strings.Join(directions, " "))
		}
		values[direction] = rest
	}
	return values, nil
}

// whole checks what only the whole file can show: a hunt says all of it or nothing.
func (t *Tells) whole() error {
	none := len(t.phase) == 1 && t.phase[""] == PhaseNone
	switch {
	case (t.phase == nil || none) && t.Kind == "" && t.Logs == nil && t.weight == nil:
		return nil
	case t.phase == nil || t.Kind == "" || t.weight == nil:
		return fmt.Errorf("phase:, kind: and weight: belong together\nhint: phase: %s where its findings say nothing of what happened", PhaseNone)
	}
	return nil
}
