package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// zeroes is n bytes of one line each 100 long.
type zeroes struct{ n int }

func (z *zeroes) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.n)
	for i := range n {
		p[i] = 'x'
	}
	z.n -= n
	return n, nil
}

func TestALongLineIsOneRecord(t *testing.T) {
	long := strings.Repeat("long ", 1_000_000) // 5 MB: fine
	longer := strings.Repeat("longer ", 2_000_000)
	got, err := read(t, Options{}, strings.NewReader("a\n"+long+"\n"+longer+"\nb\n"))
	if err != io.EOF || len(got) != 4 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if got[1].Kind != Data || string(got[1].Data) != long {
		t.Errorf("the line of 5 MB: %v, %d bytes", got[1].Kind, len(got[1].Data))
	}
	r := got[2]
	if r.Kind != Broken || r.Size != int64(len(longer)) || string(r.Data) != longer[:1<<20] || !strings.Contains(r.Err.Error(), "14000000 bytes") {
		t.Errorf("the line of 14 MB: %v %d %d %v", r.Kind, r.Size, len(r.Data), r.Err)
	}
	if string(got[3].Data) != "b" {
		t.Errorf("after it came %q", got[3].Data)
	}
}

// glueTwo is two lines that run together, and the beginning of another.
const glueTwo = "2 1 eni-1235b8ca a b c OK2 1 eni-1235b8ca a b c OK2 1 eni-1235b8ca "

func TestMemoryIsBounded(t *testing.T) {
	type input struct {
		text    io.Reader
		records int
	}
	inputs := map[string]input{
		"one line of 100 MB":        {&zeroes{100 << 20}, 1},
		"one JSON string of 100 MB": {io.MultiReader(strings.NewReader(`{"a":"`), &zeroes{100 << 20}), 1},
		"one message of 100 MB": {io.MultiReader(
			strings.NewReader(`{"events":[{"message":"`), &zeroes{100 << 20}, strings.NewReader(`"},{"message":"after"}]}`)), 2},
		"200k nested arrays":            {strings.NewReader(`{"a":` + strings.Repeat("[", 200_000)), 1},
		"200k nested arrays at the top": {strings.NewReader(strings.Repeat("[", 200_000)), 1},
		"200k nested objects":           {strings.NewReader(strings.Repeat(`{"events":`, 200_000)), 1},
		"pretty-printed without end":    {io.MultiReader(strings.NewReader("{\n  \"a\": [\n"), strings.NewReader(strings.Repeat("    1,\n", 6_000_000))), 1},
		"3 million list elements":       {strings.NewReader(`["a",` + strings.Repeat("1,", 3_000_000) + `1]`), 3_000_002},
		"blanks":                        {strings.NewReader("{\"a\":1}" + strings.Repeat(" ", 60<<20)), 1},
		"a quote without an end":        {io.MultiReader(strings.NewReader("timestamp,message\n1,\"x\n2,"), &zeroes{60 << 20}), 3},
		"a message without an end":      {strings.NewReader("2026-03-01T10:00:00 x\n" + strings.Repeat("y\n", 15<<20)), 11534348},
		"a word without an end":         {io.MultiReader(strings.NewReader(glueTwo), &zeroes{60 << 20}), 3},
		"a YAML element without an end": {io.MultiReader(strings.NewReader("events:\n- message: |\n"), strings.NewReader(strings.Repeat("    y\n", 5<<20))), 2},
		"blanks behind a brace":         {strings.NewReader("{\"a\":\nx}{" + strings.Repeat(" ", 60<<20)), 2},
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			var before, during runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			r, err := NewReader(in.text)
			if err != nil {
				t.Fatal(err)
			}
			n := -1
			for ; err == nil; n++ {
				_, err = r.Next()
			}
			if err != io.EOF || n != in.records {
				t.Errorf("%d records, want %d; %v", n, in.records, err)
			}
			runtime.GC()
			runtime.ReadMemStats(&during)
			if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
				t.Errorf("holds %d MiB", grown>>20)
			}
			runtime.KeepAlive(r)
		})
	}
}

func TestBombs(t *testing.T) {
	o := Options{MaxDecoded: 1 << 20, MaxRatio: 100, RatioFrom: 64 << 10}
	line := strings.Repeat("x", 99) + "\n"
	random := make([]byte, 2<<20)
	for i, src := 0, rand.New(rand.NewPCG(1, 2)); i < len(random); i++ {
		if random[i] = byte('a' + src.IntN(26)); i%100 == 99 {
			random[i] = '\n'
		}
	}
	for name, c := range map[string]struct {
		stored []byte
		want   string
	}{
		"ratio":             {gz([]byte(strings.Repeat(line, 5000))), "decompression bomb"},
		"ratio, two layers": {gz(gz(bytes.Repeat([]byte(line), 100_000))), "decompression bomb"},
		"ratio, zstd":       {zs([]byte(strings.Repeat(line, 5000))), "decompression bomb"},
		"size":              {gz(random), "stopped at 1048576 decoded bytes"},
		"in a record":       {[]byte(`{"records":[{"data":"` + apply64(gz([]byte(strings.Repeat(line, 5000)))) + `"},{"data":"aGk="}]}`), "decompression bomb"},
		"below the bounds":  {gz([]byte(strings.Repeat(line, 600))), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, o, bytes.NewReader(c.stored))
			var d *DamageError
			if c.want == "" {
				if err != io.EOF || len(got) != 600 {
					t.Errorf("%d records, %v", len(got), err)
				}
				return
			}
			if !errors.As(err, &d) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ended with %v after %d records, want %q", err, len(got), c.want)
			}
		})
	}
	// The default bounds stop what gzip does best: 256 MiB of one byte in 261 KB.
	_, err := read(t, Options{}, bytes.NewReader(gz(make([]byte, 256<<20))))
	if !errors.Is(err, ErrBinary) {
		t.Errorf("256 MiB of NULs: %v", err)
	}
	_, err = read(t, Options{}, bytes.NewReader(gz([]byte(strings.Repeat(strings.Repeat("x", 127)+"\n", 1<<20)))))
	if err != io.EOF {
		t.Errorf("128 MiB of one line, at a ratio below 1000: %v", err)
	}
}

// A cut leaves every whole line, then says what is missing, wherever it falls.
func TestEveryCutOfGzip(t *testing.T) {
	var text bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&text, "%d %x\n", i, i*i*7919)
	}
	lines := bytes.Split(text.Bytes(), []byte("\n"))
	member := gz(text.Bytes())
	stored := append(bytes.Clone(member), member...)
	for n := 1; n < len(stored); n++ {
		got, err := read(t, Options{}, bytes.NewReader(stored[:n]))
		var d *DamageError
		if n == len(member) {
			if err != io.EOF || len(got) != 200 {
				t.Errorf("a cut between members cannot be seen, yet: %d records, %v", len(got), err)
			}
			continue
		}
		if n >= 3 && !errors.As(err, &d) {
			t.Fatalf("cut at %d: ended with %v", n, err)
		}
		if n < 3 {
			continue // not even the magic number
		}
		for i, r := range got {
			whole := r.Kind == Data && bytes.Equal(r.Data, lines[i%200])
			cut := r.Kind == Broken && i == len(got)-1 && bytes.HasPrefix(lines[i%200], r.Data) && strings.HasPrefix(r.Err.Error(), "cut off")
			if !whole && !cut {
				t.Fatalf("cut at %d: record %d is %v %q", n, r.No, r.Kind, r.Data)
			}
		}
	}
}

// Damage anywhere in zstd or gzip never gives a line that was not there, unless the checksum says so at the end.
func TestEveryFlippedBit(t *testing.T) {
	text := []byte(strings.Repeat("2 123456789012 eni-1 10.0.0.1 10.0.0.2 443 6 ACCEPT OK\n", 30))
	for name, stored := range map[string][]byte{"zstd": zs(text), "gzip": gz(text)} {
		same := 0
		for i := range stored {
			bent := bytes.Clone(stored)
			bent[i] ^= 0x10
			got, err := read(t, Options{}, bytes.NewReader(bent))
			if err != io.EOF {
				continue // said so
			}
			for _, r := range got {
				if string(r.Data) != "2 123456789012 eni-1 10.0.0.1 10.0.0.2 443 6 ACCEPT OK" {
					t.Fatalf("%s, byte %d: took %q for sound", name, i, r.Data)
				}
			}
			same++
		}
		if same > 12 { // header bytes that mean nothing
			t.Errorf("%s: %d of %d flips went unseen", name, same, len(stored))
		}
	}
}

func TestTheSourcesOwnError(t *testing.T) {
	lost := errors.New("connection lost")
	for name, text := range map[string]string{
		"lines": "one\ntwo\nhal", "json": "{\"a\":1}\n{\"a\":2}\n{\"a", "json tail": "{\"a\":1}\n{\"a\":2}\n{\"a\":3} ",
		"dump": `{"events":[{"message":"a"},{"message":"b"},{"mess`, "dump tail": `{"events":[{"message":"a"},{"message":"b"}],"nextTo`,
		"array": `[{"a":1},{"a":2},`, "array 2": `[{"a":1},{"a":2}`, "pretty": "{\n\"a\":1}\n{\n\"a\":2}\n{\n\"a\":",
	} {
		t.Run(name, func(t *testing.T) {
			src := io.MultiReader(strings.NewReader(text), iotest.ErrReader(lost))
			got, err := read(t, Options{MaxRecord: 20}, src)
			var d *DamageError
			if !errors.Is(err, lost) || errors.As(err, &d) {
				t.Errorf("ended with %v", err)
			}
			for i, r := range got {
				if r.Kind != Data || i > 1 {
					t.Errorf("record %d is %v %q, and only two are whole", r.No, r.Kind, r.Data)
				}
			}
		})
	}
	if _, err := NewReader(iotest.ErrReader(lost)); !errors.Is(err, lost) {
		t.Errorf("at the first byte: %v", err)
	}
	stored := gz([]byte("one\ntwo\n"))
	_, err := read(t, Options{}, io.MultiReader(bytes.NewReader(stored[:len(stored)-3]), iotest.ErrReader(lost)))
	if !errors.Is(err, lost) {
		t.Errorf("inside gzip: %v", err)
	}
}

func TestManyKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"message":"m"`)
	for i := range 1000 {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	b.WriteString(`}`)
	own := b.String()
	got, err := read(t, Options{}, strings.NewReader(own+"\n"+`{"events":[`+own+`,{"message":"n"}]}`))
	if err != io.EOF || len(got) != 3 || string(got[0].Data) != own || string(got[1].Data) != "m" || string(got[2].Data) != "n" {
		t.Errorf("%d %v", len(got), err)
	}
}

func TestFind(t *testing.T) {
	stored := gz([]byte("one\n{\"message\":\"two\"}\n\nfour\n"))
	rec, err := find(bytes.NewReader(stored), 2)
	if err != nil || string(rec.Data) != "two" || rec.No != 2 {
		t.Errorf("%+v %v", rec, err)
	}
	if _, err := find(bytes.NewReader(stored), 5); err == nil || err.Error() != "record 5: the object has 4" {
		t.Errorf("%v", err)
	}
	if _, err := find(bytes.NewReader(stored[:len(stored)-9]), 5); err == nil || !strings.Contains(err.Error(), "damaged gzip") {
		t.Errorf("%v", err)
	}
}

func TestSizes(t *testing.T) {
	text := "one\ntwo\n"
	for _, stored := range [][]byte{[]byte(text), gz([]byte(text)), gz(gz([]byte(text)))} {
		r, err := NewReader(bytes.NewReader(stored))
		for err == nil {
			_, err = r.Next()
		}
		if r.DecodedSize() != int64(len(text)) {
			t.Errorf("%d bytes decoded", r.DecodedSize())
		}
	}
}

func TestTooManyWrappers(t *testing.T) {
	msg := "the line"
	for n := range MaxWrappers + 3 {
		got, err := read(t, Options{}, strings.NewReader(msg))
		if err != io.EOF || len(got) != 1 {
			t.Fatalf("%d deep: %d records, %v", n, len(got), err)
		}
		if within := n <= MaxWrappers; within != (string(got[0].Data) == "the line") || within == (got[0].Kind == Broken) {
			t.Errorf("%d deep: %v %.40q %v", n, got[0].Kind, got[0].Data, got[0].Err)
		}
		msg = `{"message":` + quote(msg) + `}`
	}
}
