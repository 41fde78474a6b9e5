package tui

import (
	"context"
	"errors"
	"testing"

	"case53/tui/frame"
)

// TestBuildBeside: what is missing is built while the workbench shows what is there; the case is asked anew when it is, and keys work
// meanwhile.
func TestBuildBeside(t *testing.T) {
	d := drive(t, 80, 24)
	d.lacks("building")
	fresh := newFake()
	fresh.overview.Problem = "as it is now"
	d.app.build.run = func(_ context.Context, said func(string)) error {
		said("flow_session")
		d.wants("READ-ONLY, building flow_session")
		return nil
	}
	d.app.build.fresh = func(context.Context) (frame.Reader, error) { return fresh, nil }
	d.hold = true
	d.run(d.app.startBuild())
	d.wants("READ-ONLY, building")
	d.keys("2").wants("Queries", "building")
	d.release()
	d.wants("connections, names and counts are built: r asks again", "READ-ONLY")
	d.lacks("building")
	d.keys("esc").wants("as it is now")
}

// TestBuildFails: the records stay to be seen, and the reason is said.
func TestBuildFails(t *testing.T) {
	d := drive(t, 80, 24)
	d.app.build.run = func(context.Context, func(string)) error { return errors.New("no room\x1b[2J\nhint: make some") }
	d.run(d.app.startBuild())
	d.wants(`could not be built: no room\x1b[2J`)
	d.lacks("building")
}
