package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"case53/cases/duck"
	"case53/cases/internal/catalog"
)

// Use is what an opening does with derived.duckdb. The file is a cache: it can be computed from the records at any time, so one that
// is of no use is no fault of the case.
type Use uint8

const (
	Unused Use = iota // it is not attached
	Shown             // it is read; where it is of no use, or not all there, empty tables stand in for it, and anybody may build it
	Built             // it is written; one that is of no use is made anew
)

// State is how far what is derived from the records of a case is built.
type State struct {
	Last  int64            // the case's last object
	Steps map[string]int64 // of each step: every object up to this one is in its tables
	Fault string           // why the file is of no use; "": it is of use

	held     bool // by another process
	attached bool
	size     int64
}

// Why says in words what is missing; "" where all is there.
func (s State) Why() string {
	if s.Last == 0 {
		return ""
	}
	if s.Fault != "" {
		return "not built yet: " + s.Fault
	}
	var behind []string
	for _, name := range slices.Sorted(maps.Keys(s.Steps)) {
		if s.Steps[name] < s.Last {
			behind = append(behind, name)
		}
	}
	if len(behind) == 0 {
		return ""
	}
	return "not built yet: " + strings.Join(behind, ", ")
}

// attach attaches derived.duckdb as "derived" for reading, where it is a database. Nothing of it is asked.
func (s *State) attach(ctx context.Context, conn *duck.Conn, dir string) error {
	info, err := os.Lstat(Path(dir, DerivedDatabase))
	if errors.Is(err, fs.ErrNotExist) {
		s.Fault = "there is no " + DerivedDatabase
		return nil
	}
	if err != nil {
		return err
	}
	err = conn.Exec(ctx, attaching(Path(dir, DerivedDatabase), "READ_ONLY"))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case held(err):
		s.Fault, s.held = DerivedDatabase+Holder(dir, err.Error()), true
	case err != nil:
		s.Fault = unreadable(err)
	}
	s.attached, s.size = err == nil, info.Size()
	return nil
}

func unreadable(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return DerivedDatabase + " cannot be read: " + text
}

// settle finds out of what use the file is that attach has attached, and puts another in its place where it is of none. The case is
// known.
func (s *State) settle(ctx context.Context, conn *duck.Conn, dir string, o Options, found *catalog.Found) error {
	if err := s.learn(ctx, conn, o.Known, found); err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	path, err := Path(dir, DerivedDatabase), error(nil)
	switch {
	case s.Fault == "" && s.Why() == "": // nothing to build, and somebody may look at it
	case o.Derived == Shown && s.Fault == "": // let go of, so that it can be built
		if err = conn.Exec(ctx, "DETACH derived"); err == nil {
			err = StandIn(ctx, conn, o.Known)
		}
	case o.Derived == Shown, s.Last == 0 && s.Fault != "": // there is nothing to build
		err = StandIn(ctx, conn, o.Known)
	case s.held:
		return fmt.Errorf("%w: %s: %s\nhint: wait until it has finished", ErrLocked, dir, s.Fault)
	case s.Fault == "":
		err = conn.Exec(ctx, "DETACH derived; "+attaching(path, "READ_WRITE"))
	default:
		err = makeDerived(ctx, conn, dir, o.Known)
	}
	if held(err) {
		return fmt.Errorf("%w: %s%s\nhint: close the other case53, or wait until it has finished", ErrLocked, path, Holder(dir, err.Error()))
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	return nil
}

func attaching(path, mode string) string {
	return fmt.Sprintf("ATTACH %s AS derived (TYPE duckdb, %s)", Quote(path), mode)
}

// StandIn attaches empty tables in the place of what is derived, so that the views of the case have what they are made of.
func StandIn(ctx context.Context, conn *duck.Conn, known *catalog.Known) error {
	return conn.Exec(ctx, "ATTACH ':memory:' AS derived; "+known.DerivedTables())
}

// makeDerived makes an empty derived.duckdb in the place of what is there.
func makeDerived(ctx context.Context, conn *duck.Conn, dir string, known *catalog.Known) error {
	if err := os.MkdirAll(Path(dir, Derived), 0o700); err != nil {
		return err
	}
	for _, name := range files(DerivedDatabase) {
		if err := os.RemoveAll(Path(dir, name)); err != nil {
			return err
		}
	}
	id, err := databaseID(ctx, conn)
	if err != nil {
		return err
	}
	path := Path(dir, DerivedDatabase)
	if err := conn.Exec(ctx, attaching(path, "READ_WRITE")); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o600); err != nil { // DuckDB makes it 0644
		return err
	}
	if err := conn.Exec(ctx, "BEGIN; "+known.DerivedTables()); err != nil {
		return errors.Join(err, conn.Exec(ctx, "ROLLBACK"))
	}
	args := map[string]any{"id": id, "program": known.Program}
	if err := conn.Run(ctx, "INSERT INTO derived.main.source VALUES ($id, $program)", args); err != nil {
		return errors.Join(err, conn.Exec(ctx, "ROLLBACK"))
	}
	return conn.Exec(ctx, "COMMIT")
}

// Refresh is the database with what is derived attached anew: somebody may have built it since. What is asked of it at that moment
// fails. It is closed with d.
func (d *DB) Refresh(ctx context.Context, dir string, o Options) (fresh *DB, err error) {
	conn, err := d.db.Connect()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.Exec(ctx, "DETACH derived"); err != nil {
		return nil, err
	}
	fresh = &DB{db: d.db}
	if err = fresh.State.attach(ctx, conn, dir); err == nil {
		var found *catalog.Found
		if found, err = o.Known.Read(ctx, conn); err == nil {
			err = fresh.State.settle(ctx, conn, dir, o, found)
		}
	}
	if err != nil { // the views need something there
		ctx = context.WithoutCancel(ctx)
		return nil, errors.Join(err, conn.Exec(ctx, "DETACH DATABASE IF EXISTS derived"), StandIn(ctx, conn, o.Known))
	}
	return fresh, nil
}

// learn finds out how far what is attached is, and detaches what is of no use.
func (s *State) learn(ctx context.Context, conn *duck.Conn, known *catalog.Known, found *catalog.Found) error {
	s.Steps = map[string]int64{}
	for _, name := range known.Steps() {
		s.Steps[name] = 0
	}
	row, err := conn.QueryRow(ctx, `SELECT coalesce(max(object_id), 0)::BIGINT FROM "case".store.object`, nil)
	if err != nil {
		return err
	}
	s.Last = row[0].(int64)
	if !s.attached {
		return nil
	}
	s.Fault, err = s.read(ctx, conn, known, found)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		s.Fault = unreadable(err)
	}
	if s.Fault != "" {
		clear(s.Steps)
		return conn.Exec(ctx, "DETACH derived")
	}
	return nil
}

// read says what makes the attached file one of no use, and else learns how far its steps are.
func (s *State) read(ctx context.Context, conn *duck.Conn, known *catalog.Known, found *catalog.Found) (fault string, err error) {
	switch bare, err := found.CheckDerived(); {
	case bare:
		return DerivedDatabase + " is empty", nil
	case err != nil:
		return fmt.Sprintf("%s: %s", DerivedDatabase, err), nil
	}
	row, err := conn.QueryRow(ctx, `SELECT (block_size * total_blocks)::BIGINT FROM pragma_database_size() WHERE database_name = 'derived'`, nil)
	if err != nil {
		return "", err
	}
	if s.size < row[0].(int64) {
		return DerivedDatabase + " is cut off", nil
	}
	id, err := databaseID(ctx, conn)
	if err != nil {
		return "", err
	}
	row, err = conn.QueryRow(ctx, `SELECT count(*), any_value(database_id), any_value(program) FROM derived.main.source`, nil)
	switch {
	case err != nil:
		return "", err
	case row[0] != int64(1) || row[1] != id:
		return DerivedDatabase + " is of another case", nil
	case row[2] != known.Program:
		return DerivedDatabase + " was built by another version of case53", nil
	}
	return s.readSteps(ctx, conn)
}

// readSteps compares the objects that each step was built of with those of the case.
func (s *State) readSteps(ctx context.Context, conn *duck.Conn) (fault string, err error) {
	type reached struct {
		objects int64
		digest  string
	}
	was := map[int64]map[reached]bool{}
	if err := conn.Each(ctx, `SELECT name, max(upto)::BIGINT, arg_max(objects, upto), arg_max(digest, upto) FROM derived.main.step GROUP BY name`, nil,
		func(v []any) {
			name, upto := v[0].(string), v[1].(int64)
			if _, ok := s.Steps[name]; !ok || upto > s.Last {
				fault = DerivedDatabase + " was built of other records"
			}
			s.Steps[name] = upto
			if was[upto] == nil {
				was[upto] = map[reached]bool{}
			}
			was[upto][reached{v[2].(int64), v[3].(string)}] = true
		}); err != nil {
		return "", err
	}
	for upto, all := range was {
		objects, digest, err := ObjectsUpTo(ctx, conn, upto)
		if err != nil {
			return "", err
		}
		if len(all) != 1 || !all[reached{objects, digest}] {
			fault = DerivedDatabase + " was built of other records"
		}
	}
	return fault, nil
}

// ObjectsUpTo counts the objects of the case up to one, and gives the SHA-256 of a list of them.
func ObjectsUpTo(ctx context.Context, conn *duck.Conn, upto int64) (objects int64, digest string, err error) {
	row, err := conn.QueryRow(ctx, `SELECT count(*), sha256(coalesce(string_agg(
			concat_ws(' ', object_id, sha256, log_type, rows, epoch_us(acquired_at), capture), chr(10) ORDER BY object_id), ''))
		FROM "case".store.object WHERE object_id <= $upto`, map[string]any{"upto": upto})
	if err != nil {
		return 0, "", err
	}
	return row[0].(int64), row[1].(string), nil
}

// databaseID is the name by chance that case.duckdb was given when its tables were made: numbers in what is derived are those of
// its contexts, and another database of the same objects may number them otherwise.
func databaseID(ctx context.Context, conn *duck.Conn) (string, error) {
	row, err := conn.QueryRow(ctx, `SELECT coalesce(any_value(value), '') FROM "case".store.meta WHERE key = 'database_id'`, nil)
	if err != nil {
		return "", err
	}
	return row[0].(string), nil
}
