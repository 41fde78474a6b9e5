// Package second reads source objects a second time, in plain SQL that a stock duckdb runs: an examiner's own reading of the same bytes,
// which shares no code with the decoders. What a view says of an object has to be what that reading gives, row by row and field by
// field.
//
// The SQL is lines.sql here and second.sql in the folder of a log type, a statement for each of its views. It reads the fields that stand
// in a record as they are: no names that are computed, no entropy, no lists of flags.
//
// Rules: the two readings meet in values only; the second runs in a database of its own that knows nothing of ours. What it cannot read
// (an envelope that it does not know, bytes that are not UTF-8) is said by object and with the reason, and is no fault. The package writes
// nothing.
package second

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
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

// mostRows is how many differing rows a fault names.
const mostRows = 5

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
	r := reading{c: c, second: verify.Second{Unread: map[string]int64{}}}
	if err := r.all(ctx, progress); err != nil {
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

// reading is a case being read a second time.
type reading struct {
	c      *cases.Case
	conn   *duck.Conn
	second verify.Second
	faults []verify.Fault
}

// all reads every object again and compares.
func (r *reading) all(ctx context.Context, progress func(what string, done, of int64)) error {
	var objects []cases.Object
	if err := r.c.Objects(ctx, func(o cases.Object) error { objects = append(objects, o); return nil }); err != nil {
		return err
	}
	db, err := duck.Open("", map[string]string{"threads": "1"})
	if err != nil {
		return err
	}
	defer db.Close()
	if r.conn, err = db.Connect(); err != nil {
		return err
	}
	defer r.conn.Close()
	for i, o := range objects {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if progress != nil {
			progress("objects read twice", int64(i+1), int64(len(objects)))
		}
		if o.Rows == 0 {
			continue
		}
		why, err := r.object(ctx, o)
		if err != nil {
			return fmt.Errorf("second reading of %s: %w", o, err)
		}
		if why != "" {
			r.second.Unread[why]++
			continue
		}
		r.second.Objects++
	}
	return nil
}

// object compares the readings of one object; why says that the second cannot read it.
func (r *reading) object(ctx context.Context, o cases.Object) (why string, err error) {
	readings := Readings(o.LogType)
	if readings == nil {
		return "no second reading of " + o.LogType, nil
	}
	var fault *duck.Error
	if err := ReadLines(ctx, r.conn, r.c, o); errors.Is(err, errEnvelope) {
		return err.Error(), nil
	} else if errors.As(err, &fault) {
		return "its lines are not read: " + firstLine(fault.Message), nil
	} else if err != nil {
		return "", err
	}
	for _, of := range readings {
		differ, err := Compare(ctx, r.c, r.conn, o, of)
		if errors.As(err, &fault) {
			return of.View + " is not read: " + firstLine(fault.Message), nil
		}
		if err != nil {
			return "", err
		}
		r.second.Rows += differ.rows
		for _, what := range differ.Told(of.View) {
			r.faults = append(r.faults, verify.Fault{File: "case.duckdb", Object: &o.ID, What: what, Means: means})
		}
	}
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
	return conn.Exec(ctx, fmt.Sprintf("SET VARIABLE file = %s; SET VARIABLE compression = %s; SET VARIABLE events = %t; %s",
		quote(path), quote(compression), events, linesSQL))
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// Difference is in what two readings of an object differ.
type Difference struct {
	rows           int64
	columns        map[string][]int64 // by column: the first rows with other values
	counts         map[string]int64   // and how many there are
	missing, added []int64            // rows that the view lacks, or has alone
	left           int64              // rows that were loaded and not kept as such: outside the window, duplicate
}

// Told says it in words.
func (d *Difference) Told(view string) (all []string) {
	for _, column := range slices.Sorted(maps.Keys(d.counts)) {
		all = append(all, fmt.Sprintf("%s.%s has another value in %s, the first with row_no %v",
			view, column, words.Plural(d.counts[column], "row", "rows"), d.columns[column]))
	}
	if n := int64(len(d.missing)); n != d.left {
		all = append(all, fmt.Sprintf("%s lacks %s, the first with row_no %v; %d were outside the window or duplicate",
			view, words.Plural(n, "row", "rows"), d.missing[:min(n, mostRows)], d.left))
	}
	if n := len(d.added); n > 0 {
		all = append(all, fmt.Sprintf("%s has %s that the second reading does not give, the first with row_no %v",
			view, words.Plural(int64(n), "row", "rows"), d.added[:min(n, mostRows)]))
	}
	return all
}

// Viewed is what has views: a case.
type Viewed interface {
	Each(ctx context.Context, sql string, args map[string]any, row func([]any) error) error
}

// Compare compares what a view has of an object with what the second reading gives of the lines that were read before.
func Compare(ctx context.Context, c Viewed, conn *duck.Conn, o cases.Object, reading Reading) (*Difference, error) {
	rows, err := conn.Query(ctx, "SELECT * FROM ("+strings.TrimSuffix(reading.SQL, ";")+")", nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names, ours []string
	for _, column := range rows.Columns() {
		names = append(names, column.Name)
		ours = append(ours, `"`+column.Name+`"`)
	}
	keys := 1
	if strings.HasSuffix(names[1], "_no") {
		keys = 2
	}
	second := map[[2]int64][]string{}
	for rows.Next() {
		second[keyOf(rows.Values(), keys)] = texts(rows.Values())
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	d := &Difference{columns: map[string][]int64{}, counts: map[string]int64{}}
	if keys == 1 {
		d.left = o.Outside + o.Duplicate
	}
	all := map[int64]bool{}
	err = c.Each(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE object_id = $id ORDER BY row_no", strings.Join(ours, ", "), reading.View),
		map[string]any{"id": int64(o.ID)}, func(v []any) error {
			d.rows++
			key := keyOf(v, keys)
			all[key[0]] = true
			theirs, ok := second[key]
			if !ok {
				d.added = append(d.added, key[0])
				return nil
			}
			delete(second, key)
			for i, text := range texts(v) {
				if text != theirs[i] {
					if d.counts[names[i]]++; d.counts[names[i]] <= mostRows {
						d.columns[names[i]] = append(d.columns[names[i]], key[0])
					}
				}
			}
			return nil
		})
	for key := range second {
		if keys == 1 || all[key[0]] || o.Outside+o.Duplicate == 0 {
			d.missing = append(d.missing, key[0])
		}
	}
	slices.Sort(d.missing)
	return d, err
}

func keyOf(v []any, keys int) (key [2]int64) {
	for i := range keys {
		key[i], _ = v[i].(int64)
	}
	return key
}

// texts are values as text, each told from every other and from NULL.
func texts(v []any) []string {
	out := make([]string, len(v))
	for i, value := range v {
		out[i] = fmt.Sprintf("%v", value)
		if value == nil {
			out[i] = "\x00"
		}
	}
	return out
}
