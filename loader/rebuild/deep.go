package rebuild

import (
	"context"
	"errors"
	"os"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/verify"
	"case53/loader"
)

// Deep adds to a check of the case in dir what only decoding can show: raw/ is decoded again into a database in the system's folder
// of temporary files, which goes away at the end, and every object that comes out otherwise than the custody log has it is a fault.
// Of those, and of those whose rows the check found altered, the rows in the case are compared with the decoded ones, and it is named
// which differ and in what. Nothing is written in the case.
func Deep(ctx context.Context, dir string, checked verify.Result, opt Options) (verify.Result, error) {
	r, err := begin(dir, opt)
	if errors.Is(err, custody.ErrBroken) {
		checked.Remarks = append(checked.Remarks, "raw/ was not decoded again: the custody log that says how does not hold")
		return checked, nil // the check has said so
	}
	if err != nil {
		return checked, err
	}
	folder, err := os.MkdirTemp("", "case53-deep-*")
	if err != nil {
		return checked, err
	}
	w, err := r.open(ctx, folder)
	if err != nil {
		return checked, errors.Join(err, os.RemoveAll(folder))
	}
	defer w.Close()
	if err := r.all(ctx); err != nil {
		return checked, err
	}
	rows, err := r.rows(ctx, suspects(checked.Faults, r.result.Faults))
	if err != nil {
		return checked, err
	}
	checked.Decoded = r.result.Rows
	checked.Faults = append(append(checked.Faults, r.result.Faults...), rows...)
	checked.OK = len(checked.Faults) == 0
	return checked, nil
}

// suspects are the objects that faults are of.
func suspects(all ...[]verify.Fault) map[uint32]bool {
	ids := map[uint32]bool{}
	for _, faults := range all {
		for _, f := range faults {
			if f.Object != nil {
				ids[*f.Object] = true
			}
		}
	}
	return ids
}

// rows compares the rows of some objects in the case with those that raw/ gives. A database that cannot be opened has none.
func (r *run) rows(ctx context.Context, objects map[uint32]bool) ([]verify.Fault, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	c, err := cases.Open(ctx, r.dir, loader.Schemas())
	if err != nil {
		return nil, ctx.Err() // the check has said so
	}
	defer c.Close()
	return compareRows(ctx, c, r.w, objects)
}
