package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"case53/cmd/case53/cli"
	"case53/loader/source/cwlogs/cwfake"
)

// TestFullDevice: whatever prints to a device without room fails and says why, and the same command on a device with room
// does not. A new command has to be told here how to print.
func TestFullDevice(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	fake := &cwfake.Server{}
	fillFlows(fake, 100)
	cloud := newTestCloud(t, fake)
	logs := writeFlows(t, 2, 50)
	for capture, role := range map[string]string{"incident": "incident", "again": "replay"} {
		if _, errs, code := cloud.case53("load", "a.case", logs, "--capture", capture, "--role", role); code != cli.Fine {
			t.Fatalf("exit %d: %s", code, errs)
		}
	}
	// The workbench is for terminals, and narrow asks a bucket, which this cloud has not; demo prints what load prints, import what
	// rebuild does.
	told := []string{"open", "narrow", "demo", "import"}
	for _, args := range printers(logs) {
		told = append(told, args[0])
		for device, want := range map[string]int{"/dev/full": cli.Failed, os.DevNull: cli.Fine} {
			code, errs := printedTo(t, cloud.command(args...), device)
			clear := strings.Contains(errs, "case53: ") && strings.Contains(errs, "no space left on device")
			if code != want || clear != (want == cli.Failed) {
				t.Errorf("case53 %s > %s: exit %d: %s", strings.Join(args, " "), filepath.Base(device), code, errs)
			}
		}
	}
	for _, c := range newRoot().Commands() {
		if !slices.Contains(told, c.Name()) && c.Name() != "man" && c.Name() != "seal" { // man prints nothing, a case is sealed once
			t.Errorf("the command %s is not told to print to a full device", c.Name())
		}
	}
}

// printers are commands that print, in each of their forms.
func printers(logs string) [][]string {
	return [][]string{
		{"load", "b.case", logs},
		{"load", "c.case", logs, "--json"},
		pullArgs("--dry-run"),
		{"sources"},
		{"iam-policy", "--log-group", "/aws/vpc/flow", "--region", "eu-central-1", "--account-id", "123456789012"},
		{"query", "a.case"},
		{"query", "a.case", "--json"},
		{"query", "a.case", "captures"},
		{"query", "a.case", "captures", "--help"},
		{"query", "a.case", "-o", "csv", "--sql", "FROM flow"},
		{"query", "a.case", "-o", "json", "--sql", "FROM flow"},
		{"query", "a.case", "-o", "jsonl", "--sql", "FROM flow"},
		{"query", "a.case", "-o", "md", "--sql", "FROM flow"},
		{"query", "a.case", "-o", "parquet", "--sql", "FROM flow"},
		{"coverage", "a.case"},
		{"coverage", "a.case", "--json"},
		{"hunt", "a.case", "top-talkers"},
		{"hunt", "a.case", "top-talkers", "--json"},
		{"compare", "a.case"},
		{"compare", "a.case", "--json"},
		{"report", "a.case", "-o", "a.md", "--hunt", "top-talkers", "--force"},
		{"report", "a.case", "-o", "a.md", "--hunt", "top-talkers", "--force", "--json"},
		{"info", "a.case"},
		{"info", "a.case", "--json"},
		{"derive", "a.case"},
		{"threads", "a.case"},
		{"threads", "a.case", "--json"},
		{"entity", "a.case", "198.51.100.7"}, {"entity", "a.case", "198.51.100.7", "--json"},
		{"custody", "a.case"},
		{"custody", "a.case", "--json"},
		{"verify", "a.case"},
		{"verify", "a.case", "--json"},
		{"rebuild", "a.case"}, {"rebuild", "a.case", "--json"},
		{"notes", "a.case", "add", "--address", "198.51.100.7"}, {"notes", "a.case"}, {"notes", "a.case", "--json"},
		{"export", "a.case", "--as", "cof", "--force", "a.cof"},
		{"export", "a.case", "--as", "cof", "--force", "a.cof", "--json"},
		{"help"},
		{"info", "--help"},
		{"--version"},
	}
}

// printedTo runs a command with a device as its standard output.
func printedTo(t *testing.T, cmd *exec.Cmd, device string) (code int, stderr string) {
	t.Helper()
	out, err := os.OpenFile(device, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}
