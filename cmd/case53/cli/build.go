package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/cmd/case53/progress"
)

// waitsBeside is how long OpenWhenFree and BuildBeside wait before they look again whether another process still has the case.
const waitsBeside = time.Second

// OpenWhenFree is OpenRecords for who has time: while another process writes records, it says how many objects are in, and waits. The
// case can be looked at once they are in; what is derived from them may still be built then.
func OpenWhenFree(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	path = FindCase(path, stderr)
	c, err := OpenRecords(ctx, path, stderr)
	if !errors.Is(err, cases.ErrLocked) {
		return c, err
	}
	said, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), cases.ErrLocked.Error()+": "), "\n")
	show := progress.For(stderr, said)
	defer show.End()
	for errors.Is(err, cases.ErrLocked) {
		if in, err := cases.LoggedObjects(path); err == nil { // a line may be half written just now
			show.Now(words.Plural(int64(len(in)), "object", "objects") + " in so far; ctrl+c ends the waiting; " + said)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(waitsBeside):
			c, err = OpenRecords(ctx, path, stderr)
		}
	}
	return c, err
}

// BuildBeside builds what is missing of what is derived from the records of the case in dir, which this process is looking at, in a
// process of its own: two instances of the database in one process would drop each other's locks. said is told what is being built.
// Where another process builds it already, that one is waited for. It ends with ctx, and what is built by then is kept.
func BuildBeside(ctx context.Context, dir string, said func(step string)) error {
	for ctx.Err() == nil {
		held, err := buildOnce(ctx, dir, said)
		if !held {
			return err
		}
		said("by another process")
		select {
		case <-ctx.Done():
		case <-time.After(waitsBeside):
		}
	}
	return context.Cause(ctx)
}

// buildOnce runs derive; held says that another process has the case.
func buildOnce(ctx context.Context, dir string, said func(step string)) (held bool, err error) {
	cmd, err := cases.Itself("derive", "--events", "--", dir)
	if err != nil {
		return false, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // keys of the terminal are for the workbench
	out, err := cmd.StderrPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start a process that builds: %w", err)
	}
	defer context.AfterFunc(ctx, func() { cmd.Process.Signal(os.Interrupt) })()
	text := heard(out, said)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil && text != "":
		return strings.Contains(text, cases.ErrLocked.Error()), errors.New(text)
	}
	return false, err
}

// heard reads what derive says: of events the step, of other lines the last that is an error.
func heard(r io.Reader, said func(step string)) (text string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var event struct{ Phase string }
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.Phase != "" {
			said(event.Phase)
		} else if fault, ok := strings.CutPrefix(lines.Text(), "case53: "); ok {
			text = fault
		}
	}
	io.Copy(io.Discard, r) // a line too long ends the scan, and must not end who writes it
	return text
}
