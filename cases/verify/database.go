package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/digest"
)

// database compares the tables with the custody log.
func (r *run) database(ctx context.Context) error {
	info, err := os.Lstat(filepath.Join(r.dir, nameDatabase))
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.fault(nameDatabase, 0, meansIndex, "it is gone")
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		r.fault(nameDatabase, 0, meansIndex, "it is no file of its own")
		return nil
	}
	if r.notSealed {
		r.remark("%s is not the file that was sealed, and was not opened: what is in it was made by somebody else", nameDatabase)
		return nil
	}
	c, err := cases.Open(ctx, r.dir, r.opt.Schemas)
	var odd *cases.NameError
	switch {
	case errors.As(err, &odd):
		r.fault(odd.Name, 0, meansLink, "it is no %s of its own: a case that has such a thing in it is not opened", odd.Lacks)
		return nil
	case errors.Is(err, cases.ErrLocked), errors.Is(err, cases.ErrNewer), ctx.Err() != nil:
		return err
	case err != nil:
		r.fault(nameDatabase, 0, meansIndex, "it cannot be opened: %s", firstLine(err))
		return nil
	}
	defer c.Close()
	if errors.Is(c.Altered, custody.ErrBroken) && r.log.whole {
		r.fault(nameCustody, 0, meansHead, "%s", firstLine(c.Altered))
	}
	file := func(string) string { return nameDatabase }
	for _, check := range []func() error{
		func() error { return r.objects(ctx, c, file) }, func() error { return r.files(ctx, c, file) }, func() error { return r.rows(ctx, c) },
	} {
		if err := check(); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			r.fault(nameDatabase, 0, meansIndex, "it cannot be read: %s", firstLine(err))
		}
	}
	return nil
}

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\nhint:")
	return text
}

// objects compares what the tables say of each object with the line of the log that tells of its loading. file is where a table stands.
func (r *run) objects(ctx context.Context, c cases.Querier, file func(table string) string) error {
	in, missing := file("object"), maps.Clone(r.log.objects)
	err := cases.ReadWhole(ctx, c, func(o cases.Object) error {
		line, ok := missing[o.ID]
		delete(missing, o.ID)
		switch {
		case !ok && r.log.open:
			r.remark("%s is not in the custody log yet: the load was killed, and goes on when the command is repeated", o)
			return nil
		case !ok:
			r.fault(in, o.ID, meansObject, "%s is in the tables, and no line of the custody log tells of its loading", o)
			return nil
		}
		if differ, err := cases.Differing(o.Summary(), line.detail); err != nil {
			return err
		} else if len(differ) > 0 {
			r.fault(in, o.ID, meansObject, "%s is not as line %d of the custody log has it: %s", o, line.line, strings.Join(differ, ", "))
		}
		if !o.Balanced() {
			r.fault(in, o.ID, meansObject, "%s: %d records that were read have no place", o, o.Missing())
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		r.fault(in, id, meansRows, "object %d, which line %d of the custody log says was loaded, is not in the tables", id, missing[id].line)
	}
	return nil
}

// files compares how many rows the files gave that are no logs.
func (r *run) files(ctx context.Context, c cases.Querier, file func(table string) string) error {
	for _, f := range []struct {
		table, sql string
		want       map[string]int64
	}{
		{"flow_log", "SELECT sha256, count(*) FROM store.flow_log GROUP BY ALL", r.log.flowLogs},
		{"asset", "SELECT sha256, count(*) FROM store.asset GROUP BY ALL", r.log.addresses},
		{"network", "SELECT f.sha256, count(n.file_id) FROM store.network_file f LEFT JOIN store.network n USING (file_id) GROUP BY ALL", r.log.networks},
	} {
		want := maps.Clone(f.want)
		if err := c.Each(ctx, f.sql, nil, func(v []any) error {
			sha, n := v[0].(string), v[1].(int64)
			if want[sha] != n {
				r.fault(file(f.table), 0, meansRows, "the tables have %d rows of %s, the custody log says %d", n, r.rawPath(sha), want[sha])
			}
			delete(want, sha)
			return nil
		}); err != nil {
			return err
		}
		for _, sha := range slices.Sorted(maps.Keys(want)) {
			if want[sha] > 0 {
				r.fault(file(f.table), 0, meansRows, "the tables have no row of %s, the custody log says %d", r.rawPath(sha), want[sha])
			}
		}
	}
	return nil
}

// part is the rows of some objects in one table.
type part struct {
	schema      *digest.Schema
	first, last uint32
}

// partRows is about how many rows are read by one goroutine.
const partRows = 1 << 19

// rows computes the digest of every object and table again.
func (r *run) rows(ctx context.Context, c *cases.Case) error {
	ask := func(ctx context.Context, sql string, args map[string]any) (digest.Rows, error) {
		return c.Query(ctx, sql, args)
	}
	schemas, err := digest.Schemas(ctx, ask)
	if err != nil {
		return err
	}
	contexts, err := digest.ReadContexts(ctx, ask)
	if err != nil {
		return err
	}
	found := newSums(r, schemas, contexts)
	found.ask, found.file = ask, func(string) string { return nameDatabase }
	parts := r.parts(schemas)
	group, groupCtx := errgroup.WithContext(ctx)
	next := make(chan part)
	group.Go(func() error {
		defer close(next)
		for i, p := range parts {
			select {
			case next <- p:
				r.progress("rows", int64(i), int64(len(parts)))
			case <-groupCtx.Done():
				return context.Cause(groupCtx)
			}
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for p := range next {
				if err := found.read(groupCtx, p, false); err != nil {
					return fmt.Errorf("store.%s, objects %d to %d: %w", p.schema.Table, p.first, p.last, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return found.compare(ctx)
}

// parts cuts the tables into pieces of work. Together they have every row, those of objects too that nobody knows.
func (r *run) parts(schemas map[string]*digest.Schema) (parts []part) {
	ids := slices.Sorted(maps.Keys(r.log.objects))
	for _, table := range slices.Sorted(maps.Keys(schemas)) {
		p, rows := part{schemas[table], 0, math.MaxUint32}, int64(0)
		for _, id := range ids {
			if rows += r.log.objects[id].digests[table].Rows; rows >= partRows {
				p.last = id
				parts = append(parts, p)
				p.first, p.last, rows = id+1, math.MaxUint32, 0
			}
		}
		parts = append(parts, p)
	}
	return parts
}
