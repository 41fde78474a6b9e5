package tui

import (
	"testing"

	"case53/cases"
	"case53/cases/writer"
	"case53/tui/frame"
)

// The real result behind a real screen: rows, the end, a cancelled query.
func TestScreenOnTheDatabase(t *testing.T) {
	dir := t.TempDir() + "/empty.case"
	w, err := writer.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	k, err := cases.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	d := drive(t, 80, 24)
	d.app.env.Reader = frame.CaseReader{Case: k}
	d.keys(";", "'SELECT range AS n, 'row '||range AS text FROM range(100000)", "f5")
	d.wants("SQL result", "row 0")
	d.keys("G")
	d.wants("99982–100000 of 100000", "row 99999")
	d.keys("[")
	d.wants("1–18 of", "row 99999", "in order of n, largest first")
	d.keys("q", "ctrl+x", "'SELECT nosuch", "f5")
	d.wants("nosuch")
	d.keys("ctrl+x", "'ATTACH ''/tmp/x.db''", "f5")
	d.lacks("SQL result")
}
