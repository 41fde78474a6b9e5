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
	for _, get := range []func(cases.Counts) int64{
		func(c cases.Counts) int64 { return c.Read }, func(c cases.Counts) int64 { return c.Rows }, func(c cases.Counts) int64 { return c.Headers },
		func(c cases.Counts) int64 { return c.Blank }, func(c cases.Counts) int64 { return c.Outside }, func(c cases.Counts) int64 { return c.Duplicate },
		func(c cases.Counts) int64 { return c.Rejected },
	} {
		number(func(o cases.Object) int64 { return get(o.Counts) })
	}
	when(func(o cases.Object) time.Time { return o.First })
	when(func(o cases.Object) time.Time { return o.Last })
	text(func(o cases.Object) string { return strings.ToValidUTF8(o.Problem, "\ufffd") }, true)
	return cols, valid
}
