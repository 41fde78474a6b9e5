package progress

import (
	"bytes"
	"testing"
)

// Where nobody looks at a terminal nothing is said of waiting.
func TestWaitingElsewhere(t *testing.T) {
	var out bytes.Buffer
	w := For(&out, "hunts")
	w.draw()
	w.Now("more")
	w.End()
	w.End()
	if out.Len() > 0 {
		t.Errorf("said %q", out.String())
	}
}
