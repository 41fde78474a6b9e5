package cases

import (
	"context"
	"time"

	"case53/cases/records"
)

// Record is where a row came from: its record as the log service wrote it, and the object that holds it.
type Record struct {
	LogType, URI, SHA256          string
	ObjectID, RowNo               int64
	Raw                           []byte
	Err                           error // why Raw could not be read, or is not what was loaded
	Capture                       string
	LogGroup, LogStream, EventID  string // "" when it did not come through CloudWatch Logs
	Format                        string
	AcquiredAt                    time.Time
	EventTimestamp, IngestionTime time.Time // CloudWatch's own; zero when unknown
}

// Record finds a row's record in the raw bytes of its object.
func (c *Case) Record(ctx context.Context, objectID, rowNo int64) (Record, error) {
	o, err := c.Object(ctx, objectID)
	if err != nil {
		return Record{}, err
	}
	rec := Record{LogType: o.LogType, URI: o.URI, SHA256: o.SHA256, ObjectID: objectID, RowNo: rowNo, Capture: o.Capture, Format: o.Format, AcquiredAt: o.AcquiredAt}
	found, err := records.Find(ctx, c.raw, o.SHA256, uint32(rowNo))
	rec.Raw, rec.Err = found.Data, err
	if found.Event != nil {
		rec.LogGroup, rec.LogStream, rec.EventID = found.Event.Group, found.Event.Stream, found.Event.ID
		rec.EventTimestamp, rec.IngestionTime = milliTime(found.Event.Timestamp), milliTime(found.Event.Ingestion)
	}
	return rec, nil
}

// milliTime is a CloudWatch time; zero is unknown.
func milliTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
