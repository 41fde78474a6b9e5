package records

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"case53/cases/raw"
)

// Stored is the records of a stored object, whatever it is packed in.
type Stored struct {
	*Reader
	closers []io.Closer
	parquet *parquetRows // nil: the object is none
}

// Open opens a stored object for reading its records. The error is that of records.NewReader where the object
// holds none.
func Open(ctx context.Context, store *raw.Store, sha string) (*Stored, error) {
	rc, err := store.Open(sha)
	return open(ctx, store, sha, rc, err)
}

// OpenChecked is Open for whoever does not read to the end: that the bytes are those of the hash is known before the first
// record, and an object that is altered is raw.ErrAltered.
func OpenChecked(ctx context.Context, store *raw.Store, sha string) (*Stored, error) {
	rc, err := store.OpenChecked(ctx, sha)
	return open(ctx, store, sha, rc, err)
}

func open(ctx context.Context, store *raw.Store, sha string, rc io.ReadCloser, err error) (*Stored, error) {
	if err != nil {
		return nil, err
	}
	r := &Stored{closers: []io.Closer{rc}}
	r.Reader, err = NewReader(rc)
	if errors.Is(err, ErrParquet) {
		err = r.openParquet(ctx, store, sha)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// openParquet reads the object as Parquet. DuckDB reads the file by its name, past the check of its hash, and does not
// see a changed byte in a data page: so the hash is checked first.
func (r *Stored) openParquet(ctx context.Context, store *raw.Store, sha string) error {
	check, err := store.Open(sha)
	if err != nil {
		return err
	}
	size, err := io.Copy(io.Discard, check)
	check.Close()
	if err != nil {
		return err
	}
	path, err := store.Path(sha)
	if err != nil {
		return err
	}
	rows, err := openParquetRows(ctx, path, size, usualParquet)
	if err != nil {
		return err
	}
	r.closers, r.parquet = append(r.closers, rows), rows
	if r.Reader, err = NewReader(rows); err == ErrEmpty {
		err = errNoRows
	}
	return err
}

// errNoRows is ErrEmpty of a Parquet file, which is never without a byte.
var errNoRows = noRows{}

type noRows struct{}

func (noRows) Error() string { return "a Parquet file without a row" }
func (noRows) Unwrap() error { return ErrEmpty }

// Next gives the next record; what is wrong with a Parquet file is damage, like that of any other object.
func (r *Stored) Next() (*Record, error) {
	rec, err := r.Reader.Next()
	if err == nil {
		return rec, nil // what errors.As needs would be an allocation for every record
	}
	var damaged *parquetError
	if errors.As(err, &damaged) {
		return nil, &DamageError{What: "Parquet", Err: damaged.err}
	}
	return nil, err
}

// Envelope says what the records were packed in; of Parquet also which times have no zone in it and were read as UTC.
func (r *Stored) Envelope() string {
	switch {
	case r.parquet == nil:
		return r.Reader.Envelope()
	case len(r.parquet.noZone) > 0:
		return "parquet (without a zone, read as UTC: " + strings.Join(r.parquet.noZone, ", ") + ")"
	}
	return "parquet"
}

// Close ends the reading.
func (r *Stored) Close() {
	for _, c := range r.closers {
		c.Close()
	}
}

// Find reads one record of a stored object again, as the log service wrote it; a row of a Parquet file as JSON. The hash of
// the whole object is checked first: what is shown as evidence is what was loaded, or raw.ErrAltered.
func Find(ctx context.Context, store *raw.Store, sha string, no uint32) (Record, error) {
	rc, err := store.OpenChecked(ctx, sha)
	if err != nil {
		return Record{}, err
	}
	defer rc.Close()
	defer context.AfterFunc(ctx, func() { rc.Close() })() // ends the reading
	rec, err := find(rc, no)
	if !errors.Is(err, ErrParquet) {
		return rec, err
	}
	rows, err := Open(ctx, store, sha)
	if err != nil {
		return Record{}, err
	}
	defer rows.Close()
	for {
		rec, err := rows.Next()
		if err == io.EOF {
			return Record{}, fmt.Errorf("no row %d in the Parquet file", no)
		}
		if err != nil {
			return Record{}, err
		}
		if rec.No == no {
			out := *rec
			out.Data = append([]byte(nil), rec.Data...)
			return out, nil
		}
	}
}
