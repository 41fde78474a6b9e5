package tui

import (
	"slices"
	"strings"
	"testing"

	"case53/tui/frame"
)

// everyScreen is every screen and overlay there is, on top of an App. The case has more tables than there are digits for them.
func everyScreen(t *testing.T) map[string]*driver {
	all := screensNow(t)
	for _, d := range all {
		manyLogs(d)
	}
	return all
}

// manyLogs gives the case so many tables of records that some of them have no key.
func manyLogs(d *driver) *driver {
	for _, view := range []string{"alb", "waf", "change"} {
		d.fake.overview.Tables[view] = 7
	}
	return d
}

func screensNow(t *testing.T) map[string]*driver {
	return map[string]*driver{
		"overview": drive(t, 80, 24), "result": drive(t, 80, 24).keys("3"), "record": drive(t, 80, 24).keys("3", "enter"),
		"picker": drive(t, 80, 24).keys("2"), "form": drive(t, 80, 24).keys("2", "'flows", "enter"), "sql": drive(t, 80, 24).keys(";"),
		"filter": drive(t, 80, 24).keys("3", "/"), "find": drive(t, 80, 24).keys("3", "f"), "filters": drive(t, 80, 24).keys("3", "right", ",", "/", "up"),
		"pivot": drive(t, 80, 24).keys("3", "p"), "columns": drive(t, 80, 24).keys("3", "C"),
		"trail": drive(t, 80, 24).keys("H"), "palette": drive(t, 80, 24).keys("?"), "explain": drive(t, 80, 24).keys("3", "e"),
		"window": drive(t, 80, 24).keys("w"), "around": drive(t, 80, 24).keys("3", "o"),
		"hunts": drive(t, 80, 24).keys("X"), "strip": drive(t, 80, 24).keys("3", "i", "tab"),
		"page":     drive(t, 80, 24).keys("3", "right", "E"),
		"coverage": drive(t, 80, 24).keys("8", "j"),
		"timeline": drive(t, 80, 24).keys("X", "7"),
		"jobs":     drive(t, 80, 24).keys("X", "1", "J"),
		"compare":  drive(t, 80, 24).keys("9"), "export": drive(t, 80, 24).keys("3", "ctrl+e"),
		"notes": drive(t, 80, 24).keys("3", "space", "0", "down"), "tag": drive(t, 80, 24).keys("3", "t"), "range": drive(t, 80, 24).keys("3", "v", "j"),
	}
}

// No key of a screen is bound twice, and what a screen takes from the workbench's own keys it takes to do the same.
func TestKeysDoNotClash(t *testing.T) {
	for name, d := range everyScreen(t) {
		seen := map[string]string{}
		for _, b := range d.app.front().Keys() {
			for _, k := range b.Keys {
				if was, ok := seen[k]; ok {
					t.Errorf("%s: %s means %q and %q", name, k, was, b.Does)
				}
				seen[k] = b.Does
			}
		}
		if len(d.app.env.Overlays) > 0 {
			continue // the keys of the workbench do not work under an overlay
		}
		if s, ok := d.app.front().(frame.Typing); ok && s.Typing() {
			continue
		}
		for _, b := range d.app.binds() {
			for _, k := range b.Keys {
				if does, ok := seen[k]; ok && !strings.EqualFold(does, b.Does) {
					t.Errorf("%s: %s means %q, but everywhere else %q", name, k, does, b.Does)
				}
			}
		}
	}
}

// Help lists every key, the foot only keys that there are, and every key has a sentence.
func TestHelpShowsEveryKey(t *testing.T) {
	for name, d := range everyScreen(t) {
		front := d.app.front()
		choices := d.app.keyChoices()
		for _, b := range slices.Concat(front.Keys(), d.app.binds()) {
			if b.Does == "" || b.Run == nil || len(b.Keys) == 0 {
				t.Errorf("%s: %v is not a whole bind", name, b.Keys)
			}
			works := len(d.app.env.Overlays) == 0 || d.app.allowed(b.Keys[0]) ||
				slices.ContainsFunc(front.Keys(), func(o frame.Bind) bool { return o.Does == b.Does })
			listed := slices.ContainsFunc(choices, func(c frame.Choice) bool { return c.Does == b.Does && c.Key == b.Shown() })
			if works != listed {
				t.Errorf("%s: %v, %q, works: %v; help lists it: %v", name, b.Keys, b.Does, works, listed)
			}
		}
	}
}

// A key that no bind takes does nothing, and says so.
func TestOtherKeysDoNothing(t *testing.T) {
	for name, d := range everyScreen(t) {
		if s, ok := d.app.front().(frame.Typing); ok && s.Typing() {
			continue
		}
		lines := func() string { return d.screen()[:strings.LastIndex(d.screen(), "\n")] }
		before, calls := lines(), len(d.fake.calls)
		for _, k := range []string{"~", "&", "ctrl+y", "Q", "&"} {
			d.keys(k)
			d.wants("no such key here; ? shows keys")
		}
		if lines() != before || len(d.fake.calls) != calls || d.quit {
			t.Errorf("%s: a key without a bind did something", name)
		}
		if d.keys("?"); name != "palette" {
			d.wants("│ Keys")
		}
	}
}
