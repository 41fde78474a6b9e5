package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
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
	{"exploit", []string{demo.Intruder.String(), demo.Staging.String(), "metadata_service", demo.ShellPath, "SSH of " + demo.Staging.String() + " was open"}},
	{"recon", []string{demo.ReconResolver.String(), demo.ReconEDNS, demo.StagingName, demo.ForgottenName, "3 zone transfers", demo.Intruder.String()}},
	{"knock", []string{demo.Intruder.String(), demo.Staging.String(), demo.Forgotten.String()}},
	{"guess", []string{demo.Intruder.String(), demo.Staging.String(), "SSH"}},
	{"entry", []string{demo.Intruder.String(), demo.Staging.String(), "SSH", "end at 03:52:11", "systemctl stop " + demo.AgentUnit}},
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

// TestThreadsOfTruth: on captures that others labelled, the first thread has the true host and place; on benign ones none is above
// low.
func TestThreadsOfTruth(t *testing.T) {
	root := filepath.Join(fixtures(t), "truth")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for path, c := range map[string]struct {
		phase string
		names []string
	}{
		"njrat-ctu230/flow-v2.log.gz":                    {"home", []string{"192.168.1.115", "41.108.179.197"}},
		"nmap-lan/flow-v2.log.gz":                        {"probe", []string{"172.16.1.11"}},
		"dnsexfiltrator/MXSIZE-105-FLSIZE-28657.log.gz":  {"tunnel", []string{"captechutest.org"}},
		"dns-malware/edwardjthompson_iodine_null.log.gz": {"tunnel", []string{"pirate.sea"}},
		"ctu-normal/flow-v2.log.gz":                      {},
		"benign-dns/rita-proxy_rolling-resolver.log.gz":  {},
	} {
		t.Run(path, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "a.case")
			command(t, "load", target, filepath.Join(root, filepath.FromSlash(path)), "--quiet")
			all := drawn(t, target)
			if c.phase == "" {
				for _, thread := range all {
					if thread.Severity != "low" {
						t.Errorf("a benign capture has\n%s", written(thread))
					}
				}
				return
			}
			if len(all) == 0 || all[0].Severity == "low" {
				t.Fatalf("no thread above low of %d", len(all))
			}
			at := slices.IndexFunc(all[0].Steps, func(s *threads.Step) bool { return s.Phase == c.phase })
			if at < 0 {
				t.Fatalf("no step %s:\n%s", c.phase, written(all[0]))
			}
			for _, name := range c.names {
				if !strings.Contains(all[0].Steps[at].Text, name) {
					t.Errorf("no %s:\n%s", name, written(all[0]))
				}
			}
		})
	}
}
