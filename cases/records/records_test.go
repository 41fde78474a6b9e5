package records

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the wanted records in testdata")

// Each archive in testdata has cases: NAME.in and what is read from it, NAME.want. A line of the archive's comment
// "NAME: op op …" says what is done to the input first (see apply).
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no vectors", err)
	}
	for _, file := range files {
		ar, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ops := map[string]string{}
		for line := range strings.Lines(string(ar.Comment)) {
			if name, list, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
				ops[name] = list
			}
		}
		wants := map[string]int{}
		for i, f := range ar.Files {
			wants[f.Name] = i
		}
		for _, f := range ar.Files {
			name, ok := strings.CutSuffix(f.Name, ".in")
			if !ok {
				continue
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+name, func(t *testing.T) {
				got := show(apply(t, ops[name], f.Data))
				i, ok := wants[name+".want"]
				if *update && ok {
					ar.Files[i].Data = []byte(got)
				} else if !ok {
					t.Fatalf("no %s.want; got\n%s", name, got)
				} else if want := string(ar.Files[i].Data); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// show reads an object and writes down all that comes out of it.
func show(stored []byte) string {
	var out strings.Builder
	r, err := Options{MaxRecord: 1000, MaxKept: 100}.NewReader(bytes.NewReader(stored))
	if err != nil {
		return fmt.Sprintf("refused: %v\n", err)
	}
	for {
		rec, err := r.Next()
		if err != nil {
			fmt.Fprintf(&out, "end: %v\nenvelope: %s\n", err, r.Envelope())
			return out.String()
		}
		fmt.Fprintf(&out, "%d %s %q", rec.No, rec.Kind, rec.Data)
		if rec.Size != int64(len(rec.Data)) {
			fmt.Fprintf(&out, " of %d", rec.Size)
		}
		if e := rec.Event; e != nil {
			for _, f := range []struct{ name, value string }{
				{"id", e.ID}, {"at", ms(e.Timestamp)}, {"ingested", ms(e.Ingestion)}, {"group", e.Group}, {"stream", e.Stream}, {"owner", e.Owner},
			} {
				if f.value != "" {
					fmt.Fprintf(&out, " %s=%s", f.name, f.value)
				}
			}
		}
		if rec.Err != nil {
			fmt.Fprintf(&out, "\n\t%v", rec.Err)
		}
		out.WriteByte('\n')
	}
}

func ms(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// apply does to the input what a case's operations say, from left to right.
func apply(t *testing.T, ops string, b []byte) []byte {
	t.Helper()
	for _, op := range strings.Fields(ops) {
		name, arg, _ := strings.Cut(op, "=")
		n, _ := strconv.Atoi(arg)
		switch name {
		case "chomp": // no newline at the end
			b = bytes.TrimSuffix(b, []byte("\n"))
		case "join": // no newline at all
			b = bytes.ReplaceAll(b, []byte("\n"), nil)
		case "crlf":
			b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
		case "unescape": // \xNN, \0 and the like, as in Go
			s, err := strconv.Unquote(`"` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(string(b)) + `"`)
			if err != nil {
				t.Fatal(err)
			}
			b = []byte(s)
		case "hex":
			var err error
			if b, err = hex.DecodeString(strings.Join(strings.Fields(string(b)), "")); err != nil {
				t.Fatal(err)
			}
		case "base64-lines": // each @text@ becomes the base64 of its gzip
			parts := strings.Split(string(b), "@")
			for i := 1; i < len(parts); i += 2 {
				parts[i] = base64.StdEncoding.EncodeToString(gz([]byte(parts[i])))
			}
			b = []byte(strings.Join(parts, ""))
		case "base64": // each @text@ becomes its base64
			parts := strings.Split(string(b), "@")
			for i := 1; i < len(parts); i += 2 {
				parts[i] = base64.StdEncoding.EncodeToString([]byte(parts[i]))
			}
			b = []byte(strings.Join(parts, ""))
		case "gzip":
			b = gz(b)
		case "members": // a gzip member per line
			b = eachGzipped(b, "")
		case "members-apart": // and what senders put behind each
			b = eachGzipped(b, " \t\r\n\n")
		case "utf16": // le or be, with a byte order mark where -bom follows
			b = wide(strings.TrimSuffix(arg, "-bom") == "be", strings.HasSuffix(arg, "-bom"), string(b))
		case "zstd":
			b = zs(b)
		case "cut": // the last n bytes are lost
			b = b[:len(b)-n]
		case "flip": // one bit, n bytes before the end
			b = bytes.Clone(b)
			b[len(b)-n] ^= 1
		case "junk": // bytes behind the end
			b = append(b, "junk"...)
		case "pad": // n NULs at the end
			b = append(b, make([]byte, n)...)
		case "repeat":
			b = bytes.Repeat(b, n)
		default:
			t.Fatalf("unknown operation %q", op)
		}
	}
	return b
}

func eachGzipped(b []byte, behind string) (all []byte) {
	for line := range bytes.Lines(b) {
		all = append(append(all, gz(line)...), behind...)
	}
	return all
}

func wide(big, mark bool, text string) []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	if mark {
		text = "\ufeff" + text
	}
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zs(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(b, nil)
}

// read gives copies of all records, and how the object ended.
func read(t rapid.TB, o Options, src io.Reader) ([]Record, error) {
	t.Helper()
	r, err := o.NewReader(src)
	if err != nil {
		return nil, err
	}
	var all []Record
	for {
		rec, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Fatalf("ended with %v, then %v", err, again)
			}
			return all, err
		}
		if int(rec.No) != len(all)+1 {
			t.Fatalf("record %d came after %d", rec.No, len(all))
		}
		c := *rec
		c.Data = bytes.Clone(rec.Data)
		if rec.Event != nil {
			ev := *rec.Event
			c.Event = &ev
		}
		all = append(all, c)
	}
}

func apply64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// What a wrapper says of a record in bytes that are no UTF-8 is kept, and can be stored.
func TestFactsAreUTF8(t *testing.T) {
	const page = "{\"logGroup\":\"g\\\\\xff\",\"logStream\":\"s\xfe\",\"owner\":\"\xc3\",\"messageType\":\"DATA_MESSAGE\"," +
		"\"logEvents\":[{\"id\":\"37\xff\",\"timestamp\":1,\"message\":\"m\"}]}"
	r, err := NewReader(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Next()
	for err == nil && rec.Event == nil {
		rec, err = r.Next()
	}
	if err != nil {
		t.Fatal(err)
	}
	e := rec.Event
	if got, want := []string{e.Group, e.Stream, e.Owner, e.ID}, []string{`g\\\xff`, `s\xfe`, `\xc3`, `37\xff`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
