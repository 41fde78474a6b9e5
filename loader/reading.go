package loader

import (
	"context"
	"errors"
	"fmt"
	"io"

	"case53/cases/raw"
	"case53/loader/records"
)

// reading is the records of a stored object, whatever it is packed in.
type reading struct {
	*records.Reader
	closers []io.Closer
	parquet bool
}

// openRecords opens a stored object for reading its records. The error is that of records.NewReader where the object
// holds none.
func openRecords(ctx context.Context, store *raw.Store, sha string) (*reading, error) {
	rc, err := store.Open(sha)
	if err != nil {
		return nil, err
	}
	r := &reading{closers: []io.Closer{rc}}
	r.Reader, err = records.NewReader(rc)
	if errors.Is(err, records.ErrParquet) {
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
func (r *reading) openParquet(ctx context.Context, store *raw.Store, sha string) error {
	check, err := store.Open(sha)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, check)
	check.Close()
	if err != nil {
		return err
	}
	rows, err := parquetRows(ctx, store.Path(sha))
	if err != nil {
		return err
	}
	r.closers, r.parquet = append(r.closers, rows), true
	r.Reader, err = records.NewReader(rows)
	return err
}

// Next gives the next record; what is wrong with a Parquet file is damage, like that of any other object.
func (r *reading) Next() (*records.Record, error) {
	rec, err := r.Reader.Next()
	if err == nil {
		return rec, nil // what errors.As needs would be an allocation for every record
	}
	var damaged *parquetError
	if errors.As(err, &damaged) {
		return nil, &records.DamageError{What: "Parquet", Err: damaged.err}
	}
	return nil, err
}

// Envelope says what the records were packed in.
func (r *reading) Envelope() string {
	if r.parquet {
		return "parquet"
	}
	return r.Reader.Envelope()
}

// Close ends the reading.
func (r *reading) Close() {
	for _, c := range r.closers {
		c.Close()
	}
}

// FindRecord reads one record of a stored object again, as the log service wrote it; a row of a Parquet file as JSON.
func FindRecord(ctx context.Context, store *raw.Store, sha string, no uint32) (records.Record, error) {
	rc, err := store.Open(sha)
	if err != nil {
		return records.Record{}, err
	}
	defer rc.Close()
	defer context.AfterFunc(ctx, func() { rc.Close() })() // ends the reading
	rec, err := records.Find(rc, no)
	if !errors.Is(err, records.ErrParquet) {
		return rec, err
	}
	rows, err := openRecords(ctx, store, sha)
	if err != nil {
		return records.Record{}, err
	}
	defer rows.Close()
	for {
		rec, err := rows.Next()
		if err == io.EOF {
			return records.Record{}, fmt.Errorf("no row %d in the Parquet file", no)
		}
		if err != nil {
			return records.Record{}, err
		}
		if rec.No == no {
			out := *rec
			out.Data = append([]byte(nil), rec.Data...)
			return out, nil
		}
	}
}
