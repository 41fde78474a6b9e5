package cases

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"case53/cases/records"
)

// Record is where a row came from: its record as the log service wrote it, and the object that holds it.
type Record struct {
	LogType, URI, SHA256          string
	VersionID                     string // of the object in S3, "" where it has none
	ObjectID, RowNo               int64
	Raw                           []byte
	Err                           error // why Raw could not be read, or is not what was loaded
	Capture                       string
	LogGroup, LogStream, EventID  string // "" when it did not come through CloudWatch Logs
	Format                        string
	AcquiredAt                    time.Time
	EventTimestamp, IngestionTime time.Time // CloudWatch's own; zero when unknown
}

// Record finds a row's record in the raw bytes of its object, whose hash is checked first: of an altered object no line is
// given, and Err is raw.ErrAltered.
func (c *Case) Record(ctx context.Context, objectID, rowNo int64) (Record, error) {
	o, err := c.Object(ctx, objectID)
	if err != nil {
		return Record{}, err
	}
	rec := Record{
		LogType:    o.LogType,
		URI:        o.URI,
		SHA256:     o.SHA256,
		VersionID:  o.VersionID,
		ObjectID:   objectID,
		RowNo:      rowNo,
		Capture:    o.Capture,
		Format:     o.Format,
		AcquiredAt: o.AcquiredAt,
	}
	found, err := records.Find(ctx, c.raw, o.SHA256, uint32(rowNo))
	rec.Raw, rec.Err = found.Data, ofObject(objectID, err)
	if found.Event != nil {
		rec.LogGroup, rec.LogStream, rec.EventID = found.Event.Group, found.Event.Stream, found.Event.ID
		rec.EventTimestamp, rec.IngestionTime = milliTime(found.Event.Timestamp), milliTime(found.Event.Ingestion)
	}
	return rec, nil
}

// ReadRecords reads the raw records of rows, each object once and after a check of its hash. Of each row ObjectID and RowNo are given; Err says why its
// record could not be read.
func (c *Case) ReadRecords(ctx context.Context, rows []*Record) error {
	byObject := map[int64]map[uint32][]*Record{}
	for _, r := range rows {
		if byObject[r.ObjectID] == nil {
			byObject[r.ObjectID] = map[uint32][]*Record{}
		}
		byObject[r.ObjectID][uint32(r.RowNo)] = append(byObject[r.ObjectID][uint32(r.RowNo)], r)
	}
	for id, wanted := range byObject {
		err := c.readObject(ctx, id, wanted)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, missing := range wanted {
			for _, r := range missing {
				r.Err = ofObject(id, err)
			}
		}
	}
	return nil
}

// readObject reads the records of one object, and takes those that it has read from what is wanted.
func (c *Case) readObject(ctx context.Context, id int64, wanted map[uint32][]*Record) error {
	o, err := c.Object(ctx, id)
	if err != nil {
		return err
	}
	stored, err := records.OpenChecked(ctx, c.raw, o.SHA256)
	if err != nil {
		return err
	}
	defer stored.Close()
	defer context.AfterFunc(ctx, stored.Close)() // ends the reading
	for len(wanted) > 0 {
		rec, err := stored.Next()
		if err == io.EOF {
			return errors.New("the object has no such record")
		}
		if err != nil {
			return err
		}
		for _, r := range wanted[rec.No] {
			r.LogType, r.URI, r.SHA256, r.VersionID, r.Capture, r.Raw = o.LogType, o.URI, o.SHA256, o.VersionID, o.Capture, bytes.Clone(rec.Data)
		}
		delete(wanted, rec.No)
	}
	return nil
}

// ofObject says whose error it is.
func ofObject(id int64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("object %d: %w", id, err)
}

// milliTime is a CloudWatch time; zero is unknown.
func milliTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
