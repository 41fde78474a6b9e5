package cases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/internal/catalog"
	"case53/cases/internal/layout"
	"case53/cases/internal/spill"
	"case53/cases/raw"
)

// readerMemory bounds DuckDB's own memory while a case is looked at.
const readerMemory = "3GB"

// Case is a case opened for looking: read-only, offline, with its settings locked. Its methods may be called from
// several goroutines; each query has a connection of its own.
type Case struct {
	Dir      string
	NotReady error // ErrNotReady where records or what is derived from them are not all there: it says why; else nil
	Unbuilt  bool  // the records are all there, and what is derived from them is not: it can be built
	Altered  error // custody.ErrBroken where the custody log is not the one that the case was last written with, ErrDamaged where rows are too few or many

	// MadeBy is who has made the case, user@host, by the word of its custody log; "" where that is gone.
	MadeBy string

	// Unfinished are loads and pulls, in words, that were interrupted and never came to their end, and that the case was taken
	// without: it is ready, and lacks records.
	Unfinished []string

	// Scopes are what records were narrowed to before they came: of the others of their logs nothing can be said.
	Scopes []Scope

	interrupted []string // loads and pulls, in words, that it is not ready for
	behind      string   // what of what is derived is not built, in words

	known *catalog.Known
	db    *layout.DB // nil: its statements are run apart
	apart *apart
	spill *spill.Folder
	temp  string
	kinds map[string]string
	types []LogType
	held  []string // names of those that it has a record of
	views map[string]View
	raw   *raw.Store

	mu      sync.Mutex
	derived derivedNames // nil until a statement is asked of a case that is not ready
	later   []*apart     // of what Refresh gave
}

// Open opens the case in dir. Its database must be as a new case's with these schemas is: one that has something else in it,
// which may be a stranger's, is ErrForeign.
func Open(ctx context.Context, dir string, schemas []Schema) (c *Case, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(layout.Path(dir, layout.Database)); err != nil {
		if errors.Is(err, syscall.ENOTDIR) {
			return nil, fmt.Errorf("%w: %s is a file", layout.ErrNoCase, dir)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%w: %s\nhint: case53 load %s PATH... makes one from log files", layout.ErrNoCase, dir, dir)
		}
		return nil, err
	}
	c = &Case{Dir: dir, raw: raw.Open(layout.Path(dir, layout.Raw))}
	opened := c
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	if c.spill, err = spill.Make(); err != nil {
		return nil, err
	}
	c.temp = c.spill.Dir
	if c.known, err = Catalog(ctx, schemas); err != nil {
		return nil, err
	}
	var made bool
	if c.db, made, err = layout.Open(ctx, dir, c.options(c.temp)); err != nil {
		return nil, err
	}
	if !made {
		return nil, fmt.Errorf("%w: %s has no tables yet\nhint: case53 load %s PATH... fills it", layout.ErrNoCase, dir, dir)
	}
	c.apart = &apart{dir: dir, temp: c.temp}
	return c, c.prepare(ctx)
}

// Refresh is the case as it is now that somebody may have built what is derived from its records. c goes on as it was, and answers what
// rests on that no more than before; closing c closes both.
func (c *Case) Refresh(ctx context.Context) (*Case, error) {
	db, err := c.db.Refresh(ctx, c.Dir, c.options(c.temp))
	if err != nil {
		return nil, err
	}
	fresh := &Case{Dir: c.Dir, raw: c.raw, temp: c.temp, known: c.known, db: db, apart: &apart{dir: c.Dir, temp: c.temp}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.later = append(c.later, fresh.apart)
	return fresh, fresh.prepare(ctx)
}

// options are how the case is opened for looking, with its spill files in temp.
func (c *Case) options(temp string) layout.Options {
	return layout.Options{Known: c.known, ReadOnly: true, Derived: layout.Shown, Temp: temp, Memory: readerMemory}
}

// prepare finds out in what state the case is, and learns the kinds of its columns.
func (c *Case) prepare(ctx context.Context) error {
	conn, err := c.db.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := layout.CheckCustody(ctx, conn, c.Dir); errors.Is(err, custody.ErrBroken) {
		c.Altered = err
	} else if err != nil {
		return err
	}
	if c.Altered == nil {
		if err := c.checkRows(ctx, conn); errors.Is(err, layout.ErrDamaged) {
			c.Altered = err
		} else if err != nil {
			return err
		}
	}
	if c.MadeBy, err = madeBy(c.Dir); err != nil {
		return err
	}
	if err := c.checkInterrupted(ctx, conn); err != nil {
		return err
	}
	if err := c.checkReady(ctx, conn); err != nil {
		return err
	}
	if err := c.loadTypes(ctx, conn); err != nil {
		return err
	}
	if err := c.loadScopes(ctx, conn); err != nil {
		return err
	}
	c.learnViews()
	return nil
}

// madeBy is the actor in the first line of the custody log.
func madeBy(dir string) (by string, err error) {
	enough := errors.New("enough")
	err = custody.Read(CustodyFile(dir), func(e custody.Entry) error {
		by = e.Actor
		return enough
	})
	if err == enough || errors.Is(err, fs.ErrNotExist) || errors.Is(err, custody.ErrBroken) { // CheckCustody says more of those
		err = nil
	}
	return by, err
}

// learnViews takes what the views are, and the kinds of their columns, from the known catalog.
func (c *Case) learnViews() {
	c.kinds, c.views = map[string]string{}, map[string]View{}
	for _, said := range c.known.Comments {
		if said.Column == "" {
			c.views[said.View] = viewOf(said.View, said.Text, c.types)
		} else if kind, _, ok := strings.Cut(said.Text, ":"); ok {
			c.kinds[strings.ToLower(said.Column)] = kind
		}
	}
}

// Kind says what the values of a column of this name are: ip, name, interface … "" when nobody has said.
func (c *Case) Kind(column string) string { return c.kinds[strings.ToLower(column)] }

// Rows is the result of a query, computed as it is read.
type Rows struct {
	source
	dir     string
	conn    *duck.Conn // nil: a worker computes the rows
	columns []Column
}

// source is what rows come from.
type source interface {
	Next() bool
	Values() []any
	NextChunk() (duck.Chunk, bool) // instead of Next
	Err() error
	Close()
}

// Query runs one query; what may do more than read is ErrRefused, and what rests on derived tables that are not there is
// ErrNotReady. $name in it is bound to args["name"].
func (c *Case) Query(ctx context.Context, sql string, args map[string]any) (*Rows, error) {
	if c.db == nil {
		return c.queryApart(ctx, sql, args)
	}
	conn, err := c.db.Connect()
	if err != nil {
		return nil, err
	}
	var rows *duck.Rows
	if err = c.admit(ctx, conn, sql); err == nil {
		rows, err = conn.Query(ctx, sql, args)
	}
	if err != nil {
		conn.Close()
		return nil, damaged(err, c.Dir)
	}
	return &Rows{source: rows, dir: c.Dir, conn: conn, columns: c.columnsOf(rows.Columns())}, nil
}

// damaged says what to do about a block of a database that is not as DuckDB wrote it. DuckDB does not say of which database it is.
func damaged(err error, dir string) error {
	var fault *duck.Error
	if !errors.As(err, &fault) || !strings.HasPrefix(fault.Message, "Corrupt database file") || strings.Contains(err.Error(), "\nhint: ") {
		return err
	}
	return fmt.Errorf("%w\nhint: case53 derive --again %s builds anew what is derived from the records; where these are damaged, "+
		"case53 rebuild makes them again from raw/", err, dir)
}

// Err is why there are no more rows, where that is not their end.
func (r *Rows) Err() error { return damaged(r.source.Err(), r.dir) }

// columnsOf gives columns their kinds.
func (c *Case) columnsOf(columns []duck.Column) (all []Column) {
	for _, col := range columns {
		all = append(all, Column{Name: col.Name, Type: col.Type, Kind: c.Kind(col.Name)})
	}
	return all
}

// admit says whether a statement may run: it only reads, whatever the macros and views in it are made of, and what it rests on is
// there.
func (c *Case) admit(ctx context.Context, conn *duck.Conn, sql string) error {
	asks, err := gate(ctx, conn, sql)
	if err == nil {
		err = c.gateInside(asks)
	}
	if err == nil {
		err = c.refuseUnready(ctx, conn, asks)
	}
	return err
}

// Columns describes the result, with the kinds of its columns.
func (r *Rows) Columns() []Column { return r.columns }

// Close gives up the rest.
func (r *Rows) Close() {
	r.source.Close()
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// Each runs a statement and gives its rows to row.
func (c *Case) Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error {
	rows, err := c.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Values()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Objects gives every object of the case in the order of its id.
func (c *Case) Objects(ctx context.Context, each func(Object) error) error {
	return ReadObjects(ctx, c, each)
}

// Object gives one object.
func (c *Case) Object(ctx context.Context, id int64) (Object, error) {
	var o Object
	found := false
	err := c.Each(ctx, "SELECT "+objectColumns+" FROM store.object WHERE object_id = $id", map[string]any{"id": id}, func(v []any) error {
		o, found = scanObject(v), true
		return nil
	})
	if err == nil && !found {
		err = fmt.Errorf("no object %d in %s", id, c.Dir)
	}
	return o, err
}

// RawStore is the case's source objects, byte for byte.
func (c *Case) RawStore() *raw.Store { return c.raw }

// Close closes the case. Queries still open are the caller's bug; their results end.
func (c *Case) Close() {
	if c.apart != nil {
		c.apart.close()
	}
	for _, a := range c.later {
		a.close()
	}
	if c.db != nil {
		c.db.Close()
	}
	if c.spill != nil {
		c.spill.Remove()
	}
}
