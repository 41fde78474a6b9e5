package source

import "testing"

func TestNever(t *testing.T) {
	for name, never := range map[string]bool{
		"aws-logs-write-test": true, "ELBAccessLogTestFile": true, ".keep": true, "logs_$folder$": true, "_SUCCESS": true, "_committed_123": true,
		"._x.log.gz": true, ".DS_Store": true, "thumbs.db": true, "Desktop.ini": true, "Icon\r": true,
		".hidden.log": false, "_x.log": false, "x.log": false, "aws-logs-write-test.log": false, "Icon": false,
	} {
		if got := Never(name, 7); (got != "") != never {
			t.Errorf("%q: %q", name, got)
		}
		if Never(name, 0) == "" {
			t.Errorf("%q may be a log, and is empty", name)
		}
	}
}
