package rebuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/raw"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/account"
	"case53/loader/networks"
)

// run is a rebuilding under way.
type run struct {
	dir   string
	opt   Options
	w     *writer.Writer
	again *loader.Again
	made  custody.Entry // the line that says that the case was made

	mu     sync.Mutex
	result Result
	bytes  int64 // of the objects, as received
	done   int64 // of them decoded

	now  custody.Entry   // the line that is done again
	load *pending        // nil, or the load that the log is in
	want map[uint32]line // objects of loads that are being done again
}

// line is what the log says of an object.
type line struct {
	seq    int
	detail json.RawMessage
}

// pending is a load or pull whose objects are being gathered.
type pending struct {
	action  string // load, pull
	plan    loader.Plan
	text    string // its plan, as it is known by
	pull    uint32
	objects []cases.Object
	slices  []cases.Slice
}

// count notes what there is to do.
func (r *run) count(e custody.Entry) error {
	switch e.Action {
	case "case.create":
		r.made = e
		r.made.Detail = bytes.Clone(e.Detail)
	case "object.load", "object.reconcile":
		var o struct{ Size int64 }
		if err := json.Unmarshal(e.Detail, &o); err != nil {
			return fmt.Errorf("%w: line %d: %w", custody.ErrBroken, e.Seq, err)
		}
		r.result.Objects++
		r.bytes += o.Size
	}
	return nil
}

// all does again what the log says, line by line.
func (r *run) all(ctx context.Context) error {
	err := custody.Read(cases.CustodyFile(r.dir), func(e custody.Entry) error {
		r.now = e
		if err := r.step(ctx, e); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("line %d of the custody log, %s: %w", e.Seq, e.Action, err)
		}
		return nil
	})
	if err == nil || errors.Is(err, custody.ErrTorn) {
		err = r.loadAgain(ctx)
	}
	return err
}

// step does again what one line says was done. Lines of other actions changed nothing in the tables.
func (r *run) step(ctx context.Context, e custody.Entry) error {
	switch e.Action {
	case "capture.create":
		var c struct{ Name, Role string }
		if err := json.Unmarshal(e.Detail, &c); err != nil {
			return err
		}
		r.w.At(noted(e, "created_at"))
		return r.w.Capture(ctx, c.Name, c.Role)
	case "load.begin", "pull.begin":
		return r.begins(ctx, e)
	case "object.load", "object.reconcile":
		return r.object(e)
	case "slice.settle":
		var s cases.Slice
		err := json.Unmarshal(e.Detail, &s)
		if err == nil && r.load != nil {
			r.load.slices = append(r.load.slices, s)
		}
		return err
	case "load.end", "pull.end":
		return r.ends(ctx, e)
	case "derive.accept":
		if err := r.loadAgain(ctx); err != nil {
			return err
		}
		r.w.At(noted(e, "accepted_at"))
		_, err := r.w.Accept(ctx)
		return err
	case "describe.import":
		return r.describe(ctx, e)
	case "network.import":
		return r.networks(ctx, e)
	}
	return nil
}

// noted is a time that a line has in its detail, or else when the line was written.
func noted(e custody.Entry, key string) time.Time {
	var detail map[string]json.RawMessage
	var at time.Time
	if json.Unmarshal(e.Detail, &detail) != nil || json.Unmarshal(detail[key], &at) != nil || at.IsZero() {
		return e.At
	}
	return at
}

// begins takes the plan of a load or pull.
func (r *run) begins(ctx context.Context, e custody.Entry) error {
	if err := r.loadAgain(ctx); err != nil {
		return err
	}
	var in struct {
		What, Plan string
		PullID     uint32 `json:"pull_id"`
		Provenance json.RawMessage
	}
	if err := json.Unmarshal(e.Detail, &in); err != nil {
		return err
	}
	plan, err := loader.PlanAgain(e.Detail)
	if err != nil {
		return err
	}
	if in.Plan == "" {
		in.What, in.Plan = e.Action, string(e.Detail) // of a version that did not note it
	}
	at := noted(e, "began_at")
	if _, err := r.w.Announce(ctx, in.What, in.Plan, at); err != nil {
		return err
	}
	r.load = &pending{action: strings.TrimSuffix(e.Action, ".begin"), plan: plan, text: in.Plan, pull: in.PullID}
	if in.PullID == 0 {
		return nil
	}
	begun, err := r.w.BeginPull(ctx, writer.Pull{Plan: in.Plan, Provenance: string(in.Provenance), Capture: plan.Capture, Began: at})
	if err == nil && begun.ID != in.PullID {
		err = fmt.Errorf("it is pull %d, and comes out as %d", in.PullID, begun.ID)
	}
	return err
}

// object adds an object to the load that brought it in.
func (r *run) object(e custody.Entry) error {
	o, err := cases.ObjectOf(e.Detail)
	if err != nil {
		return err
	}
	if r.load == nil {
		return errors.New("no line before it says with what it was loaded")
	}
	r.load.objects = append(r.load.objects, o)
	r.want[o.ID] = line{e.Seq, bytes.Clone(e.Detail)}
	return nil
}

// ends does the load again that has come to its end.
func (r *run) ends(ctx context.Context, e custody.Entry) error {
	if r.load == nil {
		return nil // objects that were told of later: it was killed, and has ended since
	}
	text, pull := r.load.text, r.load.pull
	if err := r.loadAgain(ctx); err != nil {
		return err
	}
	var end struct {
		Unfinished bool
		EndedAt    time.Time `json:"ended_at"`
	}
	if err := json.Unmarshal(e.Detail, &end); err != nil {
		return err
	}
	if pull != 0 && !end.EndedAt.IsZero() {
		if err := r.w.EndPull(ctx, pull, end.EndedAt); err != nil {
			return err
		}
	}
	if end.Unfinished {
		return nil
	}
	return r.w.Finish(ctx, text)
}

// loadAgain decodes what the load that the log is in brought in.
func (r *run) loadAgain(ctx context.Context) error {
	p := r.load
	if r.load = nil; p == nil {
		return nil
	}
	opt := loader.AgainOptions{Failed: r.failed, Done: func(n int64) {
		r.mu.Lock()
		r.done += n
		done := r.done
		r.mu.Unlock()
		r.progress("bytes decoded", done, r.bytes)
	}}
	if err := r.again.Load(ctx, p.plan, p.objects, opt); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(r.want)) {
		r.fault("", id, meansOther, "object %d, which line %d of the custody log says was loaded, does not come out again", id, r.want[id].seq)
	}
	clear(r.want)
	if len(p.slices) == 0 {
		return nil
	}
	tx, err := r.w.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, s := range p.slices {
		tx.Slice(s)
	}
	return tx.Commit(ctx)
}

const (
	meansOther = "raw/ and the custody log do not come to the same any more: one of them was changed, " +
		"or this program reads such bytes in another way than the one that loaded them"
	meansFailed = "the bytes cannot be read any more as they were when they were loaded: evidence is gone or was changed"
)

// failed takes an object that cannot be decoded.
func (r *run) failed(o cases.Object, err error) {
	r.mu.Lock()
	delete(r.want, o.ID)
	r.mu.Unlock()
	text, _, _ := strings.Cut(err.Error(), "\nhint:")
	r.fault(o.SHA256, o.ID, meansFailed, "%s", text)
}

// told compares what is done again with what the log says of the first time.
func (r *run) told(action string, detail any) error {
	switch action {
	case "object.load":
		return r.toldObject(detail)
	case "describe.import", "network.import":
		differ, err := cases.Differing(detail, r.now.Detail)
		if err != nil {
			return err
		}
		differ = slices.DeleteFunc(differ, func(key string) bool { return key == "described_at" || key == "added_at" })
		if len(differ) > 0 {
			r.fault("", 0, meansOther, "line %d: %s comes out otherwise: %s", r.now.Seq, r.now.Action, strings.Join(differ, ", "))
		}
	}
	return nil
}

// toldObject compares an object with the line of its loading.
func (r *run) toldObject(detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	o, err := cases.ObjectOf(text)
	if err != nil {
		return err
	}
	r.mu.Lock()
	then, ok := r.want[o.ID]
	delete(r.want, o.ID)
	r.mu.Unlock()
	if !ok {
		return fmt.Errorf("%s comes out twice", o)
	}
	differ, err := cases.Differing(detail, then.detail)
	if err != nil {
		return err
	}
	if len(differ) > 0 {
		r.fault(o.SHA256, o.ID, meansOther, "%s comes out otherwise than line %d of the custody log has it: %s", o, then.seq, strings.Join(differ, ", "))
	}
	var sums struct {
		Digests map[string]struct{ Rows int64 }
	}
	if err := json.Unmarshal(text, &sums); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sum := range sums.Digests {
		r.result.Rows += sum.Rows
	}
	return nil
}

// fault notes what does not come out again: of an object, unless that is 0, and of bytes with this SHA-256, unless there are none.
func (r *run) fault(sha string, object uint32, means, what string, args ...any) {
	f := verify.Fault{File: "custody.jsonl", What: fmt.Sprintf(what, args...), Means: means}
	if len(sha) > 2 {
		f.File = path.Join("raw", sha[:2], sha)
	}
	if object != 0 {
		f.Object = &object
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Faults = append(r.result.Faults, f)
}

func (r *run) progress(what string, done, of int64) {
	if r.opt.Progress != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.opt.Progress(what, done, of)
	}
}

// imported reads the bytes that a line names. ok is false where they are gone or altered, which is noted.
func (r *run) imported(e custody.Entry, in any, sha *string) (text []byte, ok bool, err error) {
	if err := json.Unmarshal(e.Detail, in); err != nil {
		return nil, false, err
	}
	f, err := r.w.Raw.Open(*sha)
	if err == nil {
		text, err = io.ReadAll(f)
		f.Close()
	}
	if errors.Is(err, raw.ErrAltered) || errors.Is(err, fs.ErrNotExist) {
		r.failed(cases.Object{SHA256: *sha}, err)
		return nil, false, nil
	}
	return text, err == nil, err
}

// describe takes in again what describes the account.
func (r *run) describe(ctx context.Context, e custody.Entry) error {
	var in struct{ What, SHA256 string }
	text, ok, err := r.imported(e, &in, &in.SHA256)
	if !ok {
		return err
	}
	d, err := account.Read("raw/"+in.SHA256, in.What, text)
	if err != nil {
		return err
	}
	r.w.At(noted(e, "described_at"))
	return d.Store(ctx, r.w)
}

// networks takes in again a file of networks.
func (r *run) networks(ctx context.Context, e custody.Entry) error {
	var in struct{ Kind, Name, SHA256 string }
	text, ok, err := r.imported(e, &in, &in.SHA256)
	if !ok {
		return err
	}
	file, err := networks.Open(in.Kind, in.Name, text)
	if err != nil {
		return err
	}
	r.w.At(noted(e, "added_at"))
	_, _, err = r.w.AddNetworks(ctx, file.Case(), file.Bytes, file.Networks())
	return err
}
