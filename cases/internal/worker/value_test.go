package worker

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"case53/cases/duck"
)

// values are one of each kind, and those at its ends.
var values = []any{
	nil, true, false, int64(0), int64(math.MinInt64), int64(math.MaxInt64), uint64(math.MaxUint64), 0.1, math.Inf(-1), math.Copysign(0, -1),
	"", "text\x00 ä \x1b[31m", strings.Repeat("long", 1000), duck.Number("-170141183460469231731687303715884105728"), duck.Number("0.10"),
	[]byte{}, []byte{0, 255}, time.Unix(0, 0).UTC(), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(294246, 12, 31, 23, 59, 59, 999999000, time.UTC),
	duck.List{}, duck.List{nil, int64(1), duck.List{"a"}}, duck.Struct{{Name: "", Value: nil}, {Name: "b", Value: duck.List{duck.Struct{}}}},
}

// TestValues: every value comes out as it went in.
func TestValues(t *testing.T) {
	for _, v := range values {
		w := &writing{}
		if err := w.value(v, 0); err != nil {
			t.Fatal(err)
		}
		r := &reading{rest: w.b}
		if got := r.value(0); !reflect.DeepEqual(got, v) || r.err != nil || len(r.rest) > 0 {
			t.Errorf("%#v came as %#v, %v", v, got, r.err)
		}
	}
	w := &writing{}
	if err := w.value(math.NaN(), 0); err != nil {
		t.Fatal(err)
	}
	if got := (&reading{rest: w.b}).value(0).(float64); !math.IsNaN(got) {
		t.Error(got)
	}
}

// TestBoundsOfValues: what is too large, too deep or unknown is said.
func TestBoundsOfValues(t *testing.T) {
	deep := any(nil)
	for range deepest + 1 {
		deep = duck.List{deep}
	}
	for _, x := range []struct {
		v    any
		want string
	}{
		{strings.Repeat("x", maxRow+1), "a row of more than 64 MB"},
		{make(duck.List, maxRow/partSize+1), "a row of more than 64 MB"},
		{deep, "more than 1000 deep"},
		{int8(1), "a int8 cannot be sent"},
	} {
		if err := (&writing{}).value(x.v, 0); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%v, want %s", err, x.want)
		}
	}
}

// FuzzMessages: whatever a worker or its parent gets is taken apart or refused, and what was taken apart is the same when it is put
// together again. No length in it makes room for what is not there.
func FuzzMessages(f *testing.F) {
	w := begin(nil, saysRows, 7)
	w.byte(1)
	for _, v := range values {
		if err := w.value(v, 0); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(w.end())
	w = begin(nil, saysQuery, 1)
	if err := w.statement("SELECT $a", map[string]any{"a": 1, "b": uint32(2), "c": nil}); err != nil {
		f.Fatal(err)
	}
	f.Add(w.end())
	w = begin(nil, saysFailed, 1)
	w.failure(&Failure{"no", 3, &duck.Error{Kind: "Binder Error", Message: "no"}})
	f.Add(w.end())
	w = begin(nil, saysColumns, 1)
	w.columns([]duck.Column{{Name: "a", Type: "VARCHAR"}})
	f.Add(w.end())
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 || len(b) >= 4 && b[2]|b[3] != 0 { // a length of the header alone may be made room for
			return
		}
		m, err := receive(bytes.NewReader(b))
		if err != nil {
			return
		}
		(&reading{rest: m.body}).columns()
		(&reading{rest: m.body}).failure()
		(&reading{rest: m.body}).statement()
		for r := (&reading{rest: m.body}); len(r.rest) > 0; {
			v := r.value(0)
			if r.err != nil {
				return
			}
			w := &writing{}
			if err := w.value(v, 0); err != nil {
				t.Fatal(err)
			}
			again := &reading{rest: w.b}
			if got := again.value(0); !same(got, v) || len(again.rest) > 0 {
				t.Fatalf("%#v came as %#v", v, got)
			}
		}
	})
}

// same compares two values by how they are sent: NaN is NaN.
func same(a, b any) bool {
	x, y := &writing{}, &writing{}
	return x.value(a, 0) == nil && y.value(b, 0) == nil && bytes.Equal(x.b, y.b)
}

// TestMalformed: rows of another form end the reading with an error.
func TestMalformed(t *testing.T) {
	for name, body := range map[string][]byte{
		"an unknown kind":         {tagEnd},
		"a length beyond the end": {tagText, 9, 'x'},
		"a list of no elements":   {tagList, 200, 1},
		"a time of no second":     {tagTime, 0, 0xff, 0xff, 0xff, 0xff, 0x7f},
		"a cut number":            {tagFloat, 1, 2},
		"nothing":                 {},
	} {
		r := &reading{rest: body}
		if r.value(0); r.err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := receive(strings.NewReader("\xff\xff\xff\xff\x01\x00\x00\x00\x00")); err == nil {
		t.Error("a message of 4 GB was read")
	}
}
