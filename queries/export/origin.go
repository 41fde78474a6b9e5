package export

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strconv"
)

// id is a name for the record that is the same wherever and whenever it is exported: SHA-1 of the object's SHA-256, the row, the view
// and, of several records of a row, which it is.
func (r *record) id() [sha1.Size]byte {
	b := make([]byte, 0, 128)
	b = append(b, r.sha...)
	b = strconv.AppendInt(append(b, '\n'), r.row, 10)
	b = append(append(b, '\n'), r.originOfView...)
	b = strconv.AppendInt(append(b, '\n'), r.part, 10)
	return sha1.Sum(b)
}

// hexID is id in hexadecimal digits.
func (r *record) hexID() string {
	id := r.id()
	return hex.EncodeToString(id[:])
}

// base62ID is n digits and letters of id.
func (r *record) base62ID(n int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := r.id()
	out := make([]byte, n)
	for i := range out { // long division of the whole, a digit each
		rest := 0
		for j, b := range id {
			rest = rest<<8 | int(b)
			id[j], rest = byte(rest/62), rest%62
		}
		out[i] = digits[rest]
	}
	return string(out)
}

// originNames are what a record says of where it is from, and origin the values, all of them text.
var originNames = []string{"case53_case", "case53_capture", "case53_object", "case53_row", "case53_sha256"}

func (r *run) origin(rec *record) []any {
	return []any{r.caseID, rec.capture, strconv.FormatInt(rec.object, 10), strconv.FormatInt(rec.row, 10), rec.sha}
}

// words says in a sentence where a record is from, for tools that have no fields for it.
func (r *run) words(rec *record) string {
	return fmt.Sprintf("case %s, capture %s, object %d, row %d, SHA-256 %s", r.caseID, rec.capture, rec.object, rec.row, rec.sha)
}
