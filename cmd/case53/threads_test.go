package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/cmd/case53/demo"
	"case53/queries/threads"
)

// drawn runs case53 threads.
func drawn(t *testing.T, args ...string) []threads.Thread {
	t.Helper()
	var all []threads.Thread
	if err := json.Unmarshal(command(t, append([]string{"threads"}, append(args, "--json")...)...), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// act is a step that a thread must have: its phase, and what its sentence names.
type act struct {
	phase string
	names []string
}

// ofTheIntrusion are the planted acts of the demo, in the order in which they began.
var ofTheIntrusion = []act{
	{"door", []string{demo.Staging.String()}},
	{"recon", []string{demo.ReconResolver.String(), demo.ReconEDNS, demo.StagingName, demo.ForgottenName, "3 zone transfers", demo.Intruder.String()}},
	{"knock", []string{demo.Intruder.String(), demo.Staging.String(), demo.Forgotten.String()}},
	{"guess", []string{demo.Intruder.String(), demo.Staging.String(), "SSH"}},
	{"entry", []string{demo.Intruder.String(), demo.Staging.String(), "SSH"}},
	{"home", []string{demo.Staging.String(), demo.CheckName}},
	{"home", []string{demo.Staging.String(), demo.BeaconName, demo.BeaconHost.String(), "every 301 s"}},
	{"probe", []string{demo.Staging.String(), "SSH", demo.Build.String()}},
	{"spread", []string{demo.Staging.String(), demo.Build.String()}},
	{"spread", []string{demo.Build.String(), demo.Files.String()}},
	{"hide", []string{demo.Build.String(), demo.OtherResolver.String()}},
	{"tunnel", []string{demo.Build.String(), demo.TunnelDomain, "5,202"}},
	{"silence", []string{demo.Staging.String()}},
	{"leave", []string{demo.Files.String(), demo.DropHost.String(), "4.35 GB"}},
	{"replay", []string{demo.Replayed.String(), demo.BeaconName, demo.FallbackName, "every 301 s there and 302 s here"}},
}

// tellTheStory: the first thread of the demo is the intrusion, its acts in order and nothing else; on the clean day there is none
// above low.
func tellTheStory(t *testing.T, target string) {
	all := drawn(t, target)
	first, serious := all[0], 0
	for i, thread := range all {
		if thread.Number != i+1 || i > 0 && thread.Severity == "high" {
			t.Errorf("thread %d is %s: %s", thread.Number, thread.Severity, thread.Title)
		}
		if thread.Severity != "low" {
			serious++
		}
	}
	if serious > 8 || first.Severity != "high" {
		t.Errorf("%d threads above low, the first %s", serious, first.Severity)
	}
	tells(t, first, ofTheIntrusion)
	for _, step := range first.Steps {
		if len(step.Hunts) == 0 || step.Rows == 0 && step.Phase != "silence" || step.Coverage == nil {
			t.Errorf("no hunts, records or coverage: %+v", step)
		}
		for _, update := range []string{"ubuntu.com", "snapcraft.io", "amazonaws.com", "npmjs.org"} {
			if strings.Contains(step.Text, update) {
				t.Errorf("an ordinary update is a step: %s", step.Text)
			}
		}
		if step.Phase != "door" && step.Phase != "guess" && (len(step.Rivals) == 0 || len(step.Rivals[0].Against) == 0) {
			t.Errorf("nothing is said of what else it may be: %+v", step)
		}
	}
	for _, thread := range drawn(t, target, "-p", "to="+demo.CleanTo.Format(time.RFC3339)) {
		if thread.Severity != "low" {
			t.Errorf("the clean day has a thread of %s severity: %s", thread.Severity, thread.Title)
		}
	}
	text := string(command(t, "threads", target, "--host", demo.Build.String()))
	if !strings.Contains(text, "asked 8.8.8.8") || strings.Contains(text, demo.DropHost.String()) || !strings.Contains(text, "(thread 1)") {
		t.Errorf("what the build server did:\n%s", text)
	}
}

// tells asks for the steps of a thread, no more and no less, in order.
func tells(t *testing.T, thread threads.Thread, acts []act) {
	t.Helper()
	var got, want []string
	for _, step := range thread.Steps {
		got = append(got, step.Phase)
	}
	for _, a := range acts {
		want = append(want, a.phase)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("steps %v, want %v\n%s", got, want, written(thread))
	}
	for i, step := range thread.Steps {
		for _, name := range acts[i].names {
			if !strings.Contains(step.Text, name) {
				t.Errorf("step %d does not name %s: %s", i+1, name, step.Text)
			}
		}
		if i > 0 && step.Time.Before(thread.Steps[i-1].Time) {
			t.Errorf("step %d at %s comes after %s", i+1, step.Time, thread.Steps[i-1].Time)
		}
	}
}

func written(thread threads.Thread) string {
	text := fmt.Sprintf("%d %s %s\n", thread.Number, thread.Severity, thread.Title)
	for _, step := range thread.Steps {
		text += fmt.Sprintf("  %s %s %v %s\n", step.Time.Format("01-02 15:04"), step.Phase, step.Either, step.Text)
	}
	return text
}
