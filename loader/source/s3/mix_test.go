package s3_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/s3"
)

// TestAnyFaults mixes faults at random over every request of a pull: each object is read as it is, verified, or fails;
// a listing gives every object, or an error.
func TestAnyFaults(t *testing.T) {
	b := newStub()
	serving := b.serve(t)
	rapid.Check(t, func(rt *rapid.T) {
		b.spoil, b.spoilBody = nil, nil
		b.versions, b.pageSize = map[string][]version{}, 2
		kinds := []func() version{whole, sha, composite, plain, pieces}
		for _, key := range []string{"a", "b", "c/d", "e"} {
			b.add(key, rapid.SampledFrom(kinds).Draw(rt, "kind")())
		}
		faults := rapid.SliceOfN(rapid.SampledFrom([]string{
			"", "", "", "503", "500", "denied", "expired", "reset", "cut", "cut, no length", "flip", "drop a byte", "vanish",
		}), 0, 24).Draw(rt, "faults")
		spoilEach(b, faults)
		src := s3.New(serving, s3.Options{Places: s3.Places, Bucket: "bucket"})
		s3.NoWaiting(src)
		listed, failed := 0, 0
		for o, err := range src.Objects(t.Context(), cases.Span{}) {
			if err != nil {
				failed++
				continue
			}
			listed++
			got, err := readAll(t.Context(), o)
			if err != nil {
				failed++
				continue
			}
			if verified := o.(source.Remote).Acquired().More["checksum_verified"]; got != content && verified != "size" {
				rt.Fatalf("%s: other bytes, verified %v", o.URI(), verified)
			}
		}
		if listed != 4 && failed == 0 {
			rt.Fatalf("%d objects listed, no error", listed)
		}
		for _, s := range src.Slices() {
			if failed > 0 && s.State == source.Complete {
				rt.Fatalf("%d failures, and the slice is complete", failed)
			}
		}
	})
}

// spoilEach gives each request the next of the faults; after the last, none.
func spoilEach(b *stub, faults []string) {
	next := func() string {
		if len(faults) == 0 {
			return ""
		}
		f := faults[0]
		faults = faults[1:]
		return f
	}
	fault := ""
	b.spoil = func(w http.ResponseWriter, r *http.Request) bool {
		switch fault = next(); fault {
		case "503":
			fail(w, 503, "SlowDown", "slow down")
		case "500":
			fail(w, 500, "InternalError", "we")
		case "denied":
			fail(w, 403, "AccessDenied", "no")
		case "expired":
			fail(w, 400, "ExpiredToken", "old")
		case "reset":
			panic(http.ErrAbortHandler)
		case "vanish":
			if r.Method == "GET" && strings.HasSuffix(r.URL.Path, "/e") {
				b.versions["e"] = nil
			}
			return false
		default:
			return false
		}
		return true
	}
	b.spoilBody = func(_ *http.Request, h http.Header, body []byte) []byte {
		switch fault {
		case "cut":
			return body[:len(body)/2]
		case "cut, no length":
			h.Del("Content-Length")
			return body[:len(body)/3]
		case "flip":
			body[len(body)/3] ^= 8
		case "drop a byte":
			h.Del("Content-Length")
			return slices.Delete(body, len(body)/2, len(body)/2+1)
		}
		return body
	}
}
