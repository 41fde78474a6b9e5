// Package rebuild makes the database of a case again: from raw/ and custody.jsonl alone, which are the evidence. The database that is
// there is not opened: it may be gone, damaged or somebody else's.
//
// The custody log is read from its first line to its last, and what each line says was done is done again with what it says: which
// objects a load brought in, with what options, in what order; what describes the account; files of networks; slices of pulls. Object
// ids and times are those of the log.
//
// Rules:
//   - What is done again has to come to what the log says of the first time: the content digests of every object and table, and all
//     else that the line of its loading says. What does not is a fault, and named.
//   - What a kill left of a last line of the log is cut off, as with every writing, and said.
//   - A new database takes the place of the old one when there is no fault, and not otherwise; there is no way to force it.
//   - Compare writes nothing in the case. It is what verify --deep asks, and what there is for a sealed case.
//
// The package refuses a log whose chain does not hold, and to put a new database into a sealed case: the old one was signed.
package rebuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
)

// ErrUnbuilt says that the new database is in its place, and that only what is derived from it could not be built, or was interrupted.
// The result is that of the database.
var ErrUnbuilt = errors.New("the database was made again and is in its place, and what is derived from it is not built yet")

// Options say what else is asked for.
type Options struct {
	ExpectHead string                            // a head of the custody log that was noted before; ""
	Progress   func(what string, done, of int64) // may be nil; called from any goroutine, one call at a time
}

// Result is what came of it.
type Result struct {
	OK      bool           `json:"ok"`
	Objects int64          `json:"objects"` // that the custody log says were loaded
	Rows    int64          `json:"rows"`    // of records, rejects and events, made again
	Faults  []verify.Fault `json:"faults"`
	Head    string         `json:"head"` // of the custody log
	// Cut says that the last line of the custody log had no end, as a kill leaves it, and that it was cut off and the log says so: that
	// is done before anything else, and stays done.
	Cut bool `json:"cut,omitempty"`
}

// Case makes the database of the case in dir again, and puts it in the old one's place where there is no fault.
func Case(ctx context.Context, dir string, opt Options) (Result, error) {
	if !cases.Is(dir) {
		return Result{}, fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	r, err := begin(dir, opt)
	if err != nil {
		return Result{}, err
	}
	w, err := r.open(ctx, "")
	if err != nil {
		return Result{}, err
	}
	if _, head := w.Custody.Head(); head != r.result.Head {
		r.result.Cut, r.result.Head = true, head
	}
	if err := r.all(ctx); err != nil || len(r.result.Faults) > 0 {
		return r.result, errors.Join(err, w.Close())
	}
	if err := ctx.Err(); err != nil {
		return r.result, errors.Join(err, w.Close())
	}
	if err := w.Replace(ctx, map[string]any{"objects": r.result.Objects, "rows": r.result.Rows}); err != nil {
		return r.result, err
	}
	r.result.OK = true
	_, r.result.Head = w.Custody.Head()
	debug.FreeOSMemory() // what decoding held; DuckDB wants the room now
	if err := loader.Build(ctx, r.dir, func(p loader.Progress) { r.progress(p.Phase, 0, 0) }); err != nil {
		return r.result, fmt.Errorf("%w: %w", ErrUnbuilt, err)
	}
	return r.result, nil
}

// begin looks whether the log is whole, and how much there is to do.
func begin(dir string, opt Options) (*run, error) {
	r := &run{dir: dir, opt: opt, want: map[uint32]line{}, result: Result{Faults: []verify.Fault{}}}
	expected := opt.ExpectHead == ""
	err := custody.ReadLines(cases.CustodyFile(dir), func(e custody.Entry, sum string) error {
		r.result.Head = sum
		expected = expected || sum == opt.ExpectHead
		return r.count(e)
	})
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("%w: it is gone, and nothing else says what raw/ holds", custody.ErrBroken)
	case errors.Is(err, custody.ErrTorn):
		err = nil // what a kill has left of a line; the line was of nothing that was finished
	case err == nil && !expected:
		err = fmt.Errorf("%w: no line of it has the SHA-256 %s", custody.ErrBroken, opt.ExpectHead)
	}
	if err == nil && r.made.Action == "" {
		err = fmt.Errorf("%w: no line of it says that the case was made", custody.ErrBroken)
	}
	if err != nil {
		return nil, fmt.Errorf("custody log of %s: %w", dir, err)
	}
	return r, nil
}

// open opens the writer of the new database: in the case, or in a folder elsewhere.
func (r *run) open(ctx context.Context, folder string) (*writer.Writer, error) {
	w, err := writer.OpenAgain(ctx, r.dir, loader.Schemas(), writer.Again{
		Told: r.told, MadeBy: r.made.Tool, MadeAt: noted(r.made, "created_at"), Folder: folder,
	})
	if err != nil {
		return nil, err
	}
	r.w, r.again = w, loader.NewAgain(w)
	return w, nil
}
