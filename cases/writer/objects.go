package writer

import (
	"strings"
	"time"

	"case53/cases"
)

// objectRows turns objects into the columns of store.object, in objectColumns' order.
func objectRows(objects []cases.Object) (cols []any, valid [][]uint64) {
	words := (len(objects) + 63) / 64
	text := func(get func(cases.Object) string, optional bool) {
		col, mask := make([][]byte, len(objects)), make([]uint64, words)
		for i, o := range objects {
			if s := get(o); s != "" || !optional {
				col[i] = []byte(s)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	number := func(get func(cases.Object) int64) {
		col := make([]int64, len(objects))
		for i, o := range objects {
			col[i] = get(o)
		}
		cols, valid = append(cols, col), append(valid, nil)
	}
	when := func(get func(cases.Object) time.Time) {
		col, mask := make([]int64, len(objects)), make([]uint64, words)
		for i, o := range objects {
			if t := get(o); !t.IsZero() {
				col[i] = t.UnixMicro()
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	number(func(o cases.Object) int64 { return int64(o.ID) })
	text(func(o cases.Object) string { return o.SHA256 }, false)
	number(func(o cases.Object) int64 { return o.Size })
	text(func(o cases.Object) string { return o.SourceKind }, false)
	text(func(o cases.Object) string { return strings.ToValidUTF8(o.URI, "\ufffd") }, false)
	text(func(o cases.Object) string { return o.VersionID }, true)
	text(func(o cases.Object) string { return o.ETag }, true)
	when(func(o cases.Object) time.Time { return o.LastModified })
	when(func(o cases.Object) time.Time { return o.AcquiredAt })
	text(func(o cases.Object) string { return o.Provenance }, true)
	text(func(o cases.Object) string { return o.Capture }, false)
	text(func(o cases.Object) string { return o.LogType }, false)
	text(func(o cases.Object) string { return strings.ToValidUTF8(o.Format, "\ufffd") }, true)
	text(func(o cases.Object) string { return o.Envelope }, true)
	number(func(o cases.Object) int64 { return o.DecodedSize })
	when(func(o cases.Object) time.Time { return o.WindowFrom })
	when(func(o cases.Object) time.Time { return o.WindowTo })
	text(func(o cases.Object) string { return o.Narrowed }, true)
	for _, get := range []func(cases.Counts) int64{
		func(c cases.Counts) int64 { return c.Read }, func(c cases.Counts) int64 { return c.Rows }, func(c cases.Counts) int64 { return c.Headers },
		func(c cases.Counts) int64 { return c.Blank }, func(c cases.Counts) int64 { return c.Outside }, func(c cases.Counts) int64 { return c.Duplicate },
		func(c cases.Counts) int64 { return c.Unread }, func(c cases.Counts) int64 { return c.NotKept }, func(c cases.Counts) int64 { return c.Rejected },
	} {
		number(func(o cases.Object) int64 { return get(o.Counts) })
	}
	when(func(o cases.Object) time.Time { return o.First })
	when(func(o cases.Object) time.Time { return o.Last })
	text(func(o cases.Object) string { return strings.ToValidUTF8(o.Problem, "\ufffd") }, true)
	return cols, valid
}

// partRows turns the parts of objects into the columns of store.object_part.
func partRows(parts []cases.Part) (cols []any, valid [][]uint64) {
	n := len(parts)
	ids := make([]uint32, n)
	for i, p := range parts {
		ids[i] = p.ObjectID
	}
	cols, valid = []any{ids}, [][]uint64{nil}
	for _, get := range []func(cases.Part) string{
		func(p cases.Part) string { return p.LogType }, func(p cases.Part) string { return p.LogGroup },
		func(p cases.Part) string { return p.LogStream }, func(p cases.Part) string { return p.Format },
	} {
		col, mask := make([][]byte, n), make([]uint64, (n+63)/64)
		for i, p := range parts {
			if s := strings.ToValidUTF8(get(p), "\ufffd"); s != "" {
				col[i] = []byte(s)
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	for _, get := range []func(cases.Part) int64{
		func(p cases.Part) int64 { return p.Read }, func(p cases.Part) int64 { return p.Rows }, func(p cases.Part) int64 { return p.Headers },
		func(p cases.Part) int64 { return p.Blank }, func(p cases.Part) int64 { return p.Outside }, func(p cases.Part) int64 { return p.Duplicate },
		func(p cases.Part) int64 { return p.Unread }, func(p cases.Part) int64 { return p.NotKept }, func(p cases.Part) int64 { return p.Rejected },
	} {
		col := make([]int64, n)
		for i, p := range parts {
			col[i] = get(p)
		}
		cols, valid = append(cols, col), append(valid, nil)
	}
	for _, get := range []func(cases.Part) time.Time{func(p cases.Part) time.Time { return p.First }, func(p cases.Part) time.Time { return p.Last }} {
		col, mask := make([]int64, n), make([]uint64, (n+63)/64)
		for i, p := range parts {
			if t := get(p); !t.IsZero() {
				col[i] = t.UnixMicro()
				mask[i>>6] |= 1 << (i & 63)
			}
		}
		cols, valid = append(cols, col), append(valid, mask)
	}
	return cols, valid
}
