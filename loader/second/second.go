// Package second reads source objects a second time, in plain SQL that a stock duckdb runs: an examiner's own reading of the same bytes,
// which shares no code with the decoders. What a view says of an object has to be what that reading gives, row by row and field by
// field.
//
// The SQL is lines.sql here and second.sql in the folder of a log type, a statement for each of its views. It reads the fields that stand
// in a record as they are: no names that are computed, no entropy, no lists of flags.
//
// Rules: the two readings meet in values only; the second runs in a database of its own that knows nothing of ours. Objects of a log
// type are read some at a time: asking costs more than reading a small one. Rows are compared as they come, in the order of their numbers,
// and none is held. What it cannot read (an envelope that it does not know, bytes that are not UTF-8) is said by object and with the
// reason, and is no fault. The package writes nothing but temporary files of its own.
package second

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/verify"
	"case53/cases/words"
	"case53/loader"
)

//go:embed lines.sql
var linesSQL string

// Reading is the statement that reads the rows of a view, after lines.sql.
type Reading struct{ View, SQL string }

var viewLine = regexp.MustCompile(`(?m)^-- view: (\w+)$`)

// Readings are the statements of a log type; none where it has no second reading.
func Readings(logType string) (all []Reading) {
	t := loader.ByName(logType)
	if t == nil {
		return nil
	}
	at := viewLine.FindAllStringSubmatchIndex(t.Second, -1)
	for i, m := range at {
		end := len(t.Second)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		all = append(all, Reading{t.Second[m[2]:m[3]], strings.TrimSpace(t.Second[m[1]:end])})
	}
	return all
}

// Texts are the second reading as it is handed over, by the names of files: lines.sql, and what reads each log type.
func Texts() map[string]string {
	texts := map[string]string{"lines.sql": linesSQL}
	for _, t := range loader.Types() {
		if t.Second != "" {
			texts[t.Name+".sql"] = t.Second
		}
	}
	return texts
}

const means = "two independent readings of the same bytes differ: one of them is wrong, or the case was altered; the raw line decides"

// compressions are what read_csv calls the envelopes that it can take off.
var compressions = map[string]string{"plain": "none", "gzip": "gzip", "zstd": "zstd"}

// Check adds to a check of the case in dir the faults that reading it twice shows. A database that cannot be opened, or is not the one
// that was sealed, has been told of.
func Check(ctx context.Context, dir string, checked verify.Result, progress func(what string, done, of int64)) (verify.Result, error) {
	c, err := cases.Open(ctx, dir, loader.Schemas())
	if err != nil {
		checked.Remarks = append(checked.Remarks, "not read by plain SQL: the database cannot be opened")
		return checked, ctx.Err()
	}
	defer c.Close()
	r := reading{c: c, progress: progress, second: verify.Second{Unread: map[string]int64{}}}
	if err := r.all(ctx); err != nil {
		return checked, err
	}
	for _, why := range slices.Sorted(maps.Keys(r.second.Unread)) {
		checked.Remarks = append(checked.Remarks, fmt.Sprintf("%s not read by plain SQL: %s",
			words.Plural(r.second.Unread[why], "object", "objects"), why))
	}
	checked.Second = &r.second
	checked.Faults = append(checked.Faults, r.faults...)
	checked.OK = len(checked.Faults) == 0
	return checked, nil
}

// Bounds of what is read at once: of objects, and of their bytes; one that is larger is read alone.
const (
	mostObjects = 200
	mostBytes   = 64 << 20
)

// reading is a case being read a second time.
type reading struct {
	c        *cases.Case
	conn     *duck.Conn
	progress func(what string, done, of int64)
	done, of int64
	second   verify.Second
	faults   []verify.Fault
}

// all reads every object again and compares.
func (r *reading) all(ctx context.Context) error {
	byType := map[string][]cases.Object{}
	if err := r.c.Objects(ctx, func(o cases.Object) error {
		if r.of++; o.Rows > 0 {
			byType[o.LogType] = append(byType[o.LogType], o)
		}
		return nil
	}); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "case53-second-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	db, err := duck.Open("", map[string]string{"threads": "1", "memory_limit": "1GB", "temp_directory": temp,
		"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
	if err != nil {
		return err
	}
	defer db.Close()
	if r.conn, err = db.Connect(); err != nil {
		return err
	}
	defer r.conn.Close()
	for _, logType := range slices.Sorted(maps.Keys(byType)) {
		objects := byType[logType]
		if Readings(logType) == nil {
			r.second.Unread["no second reading of "+logType] += int64(len(objects))
			continue
		}
		for len(objects) > 0 {
			n := some(objects)
			if err := r.batch(ctx, objects[:n]); err != nil {
				return err
			}
			objects = objects[n:]
		}
	}
	return nil
}

// some is how many of the objects are read at once.
func some(objects []cases.Object) (n int) {
	for size := int64(0); n < min(len(objects), mostObjects); n++ {
		if size += objects[n].DecodedSize; n > 0 && size > mostBytes {
			break
		}
	}
	return n
}

// batch compares the readings of objects of one log type.
func (r *reading) batch(ctx context.Context, objects []cases.Object) error {
	if err := r.conn.Exec(ctx, "CREATE OR REPLACE TEMP TABLE batch (object_id BIGINT, row_no BIGINT, line VARCHAR)"); err != nil {
		return err
	}
	var read []cases.Object
	for _, o := range objects {
		if r.done++; r.progress != nil {
			r.progress("objects read twice", r.done, r.of)
		}
		why, err := r.lines(ctx, o)
		if err != nil {
			return fmt.Errorf("second reading of %s: %w", o, err)
		}
		if why != "" {
			r.second.Unread[why]++
			continue
		}
		read = append(read, o)
	}
	if len(read) == 0 {
		return nil
	}
	if err := r.conn.Exec(ctx, "DROP TABLE lines; ALTER TABLE batch RENAME TO lines"); err != nil {
		return err
	}
	why, err := r.compare(ctx, read)
	switch {
	case err != nil:
		return fmt.Errorf("second reading of %s: %w", read[0], err)
	case why != "" && len(read) > 1: // one of them is why: which, shows when each is read alone
		for i := range read {
			r.done--
			if err := r.batch(ctx, read[i:i+1]); err != nil {
				return err
			}
		}
	case why != "":
		r.second.Unread[why]++
	}
	return nil
}

// lines adds an object's lines to those that are read together; why says that it cannot be read.
func (r *reading) lines(ctx context.Context, o cases.Object) (why string, err error) {
	var fault *duck.Error
	err = ReadLines(ctx, r.conn, r.c, o)
	if err == nil {
		err = r.conn.Exec(ctx, "INSERT INTO batch FROM lines")
	}
	switch {
	case err == nil:
		return "", nil
	case errors.Is(err, errEnvelope):
		return err.Error(), nil
	case errors.As(err, &fault):
		return "its lines are not read: " + firstLine(fault.Message), nil
	}
	return "", err
}

// compare compares the readings of objects whose lines were read; why says that the second cannot read them.
func (r *reading) compare(ctx context.Context, objects []cases.Object) (why string, err error) {
	second, faults := int64(0), []verify.Fault{}
	for _, of := range Readings(objects[0].LogType) {
		differ, err := Compare(ctx, r.c, r.conn, objects, of)
		var fault *duck.Error
		if errors.As(err, &fault) {
			return of.View + " is not read: " + firstLine(fault.Message), nil
		}
		if err != nil {
			return "", err
		}
		for _, o := range objects {
			second += differ[o.ID].rows
			for _, what := range differ[o.ID].Told(of.View) {
				faults = append(faults, verify.Fault{File: "case.duckdb", Object: &o.ID, What: what, Means: means})
			}
		}
	}
	r.second.Objects += int64(len(objects))
	r.second.Rows += second
	r.faults = append(r.faults, faults...)
	return "", nil
}

// errEnvelope says that an object's records are wrapped in something that lines.sql does not take off.
var errEnvelope = errors.New("an envelope that is not taken off")

// ReadLines runs lines.sql over an object.
func ReadLines(ctx context.Context, conn *duck.Conn, c *cases.Case, o cases.Object) error {
	compression, lines := compressions[o.Envelope]
	events := o.SourceKind == "cwlogs"
	switch {
	case events:
		compression = "gzip"
	case !lines:
		return fmt.Errorf("%w: %s", errEnvelope, o.Envelope)
	}
	path, err := c.RawStore().Path(o.SHA256)
	if err != nil {
		return err
	}
	return conn.Exec(ctx, fmt.Sprintf("SET VARIABLE object = %d; SET VARIABLE file = %s; SET VARIABLE compression = %s; SET VARIABLE events = %t; %s",
		o.ID, quote(path), quote(compression), events, linesSQL))
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
