package cases

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"case53/cases/digest"
)

// Summary is the object in a line of the custody log: all that store.object, store.object_part and store.digest say of it.
func (o Object) Summary() map[string]any {
	parts := make([]map[string]any, len(o.Parts))
	for i, p := range sortedParts(o.Parts) {
		parts[i] = map[string]any{
			"log_type": p.LogType, "log_group": clean(p.LogGroup), "log_stream": clean(p.LogStream), "format": clean(p.Format),
			"counts": p.Counts, "first_time": stored(p.First), "last_time": stored(p.Last),
		}
	}
	digests := o.Digests
	if digests == nil {
		digests = map[string]digest.Sum{}
	}
	return map[string]any{
		"object_id": o.ID, "sha256": o.SHA256, "size": o.Size, "source_kind": o.SourceKind, "uri": clean(o.URI), "version_id": o.VersionID,
		"etag": o.ETag, "last_modified": stored(o.LastModified), "acquired_at": stored(o.AcquiredAt), "provenance": o.Provenance,
		"capture": o.Capture, "log_type": o.LogType, "format": clean(o.Format), "envelope": o.Envelope, "decoded_size": o.DecodedSize,
		"window_from": stored(o.WindowFrom), "window_to": stored(o.WindowTo), "narrowed": toldText(o.Narrowed), "counts": o.Counts,
		"first_time": stored(o.First), "last_time": stored(o.Last), "problem": clean(o.Problem), "parts": parts, "digests": digests,
	}
}

// ObjectOf reads a Summary from a line of the custody log. Of its parts only what they are of is read.
func ObjectOf(line json.RawMessage) (Object, error) {
	var in struct {
		Object
		Counts Counts `json:"counts"`
		Parts  []struct {
			LogType   string `json:"log_type"`
			LogGroup  string `json:"log_group"`
			LogStream string `json:"log_stream"`
		}
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return Object{}, err
	}
	o := in.Object
	o.Counts = in.Counts
	for _, p := range in.Parts {
		o.Parts = append(o.Parts, Part{ObjectID: o.ID, LogType: p.LogType, LogGroup: p.LogGroup, LogStream: p.LogStream})
	}
	return o, nil
}

// Differing are the keys in which what is known now is not what a line of the custody log says.
func Differing(now any, line json.RawMessage) (keys []string, err error) {
	var is, was map[string]any
	text, err := json.Marshal(now)
	if err == nil {
		err = decode(text, &is)
	}
	if err == nil {
		err = decode(line, &was)
	}
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if !reflect.DeepEqual(is[key], was[key]) {
			keys = append(keys, key)
		}
	}
	return keys, err
}

func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

// clean is text as it is stored.
func clean(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// toldText is a text as it is stored; nil where there is none.
func toldText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// stored is a time as it is stored: in microseconds; nil where there is none.
func stored(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

// sortedParts are parts in an order that does not depend on which came first.
func sortedParts(parts []Part) []Part {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Part) int {
		return cmp.Or(strings.Compare(a.LogType, b.LogType), strings.Compare(a.LogGroup, b.LogGroup), strings.Compare(a.LogStream, b.LogStream),
			strings.Compare(a.Format, b.Format))
	})
	return parts
}

const partColumns = `object_id, log_type, log_group, log_stream, format, "read", rows, headers, blank, outside, duplicate, unread, not_kept, rejected,
	first_time, last_time`

// ReadWhole gives every object in the order of its id, with its parts and digests.
func ReadWhole(ctx context.Context, q Querier, each func(Object) error) error {
	parts, digests := map[uint32][]Part{}, map[uint32]map[string]digest.Sum{}
	err := q.Each(ctx, "SELECT "+partColumns+" FROM store.object_part", nil, func(v []any) error {
		p := scanPart(v)
		parts[p.ObjectID] = append(parts[p.ObjectID], p)
		return nil
	})
	if err == nil {
		err = q.Each(ctx, "SELECT object_id, name, rows, sha256 FROM store.digest", nil, func(v []any) error {
			id := uint32(v[0].(int64))
			if digests[id] == nil {
				digests[id] = map[string]digest.Sum{}
			}
			digests[id][v[1].(string)] = digest.Sum{Rows: v[2].(int64), Digest: v[3].(string)}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return ReadObjects(ctx, q, func(o Object) error {
		o.Parts, o.Digests = parts[o.ID], digests[o.ID]
		return each(o)
	})
}

// scanPart reads a row of partColumns.
func scanPart(v []any) Part {
	text := func(i int) string { s, _ := v[i].(string); return s }
	when := func(i int) time.Time { t, _ := v[i].(time.Time); return t }
	n := func(i int) int64 { n, _ := v[i].(int64); return n }
	return Part{
		ObjectID: uint32(n(0)), LogType: text(1), LogGroup: text(2), LogStream: text(3), Format: text(4),
		Counts: Counts{Read: n(5), Rows: n(6), Headers: n(7), Blank: n(8), Outside: n(9), Duplicate: n(10), Unread: n(11), NotKept: n(12),
			Rejected: n(13)},
		First: when(14), Last: when(15),
	}
}
