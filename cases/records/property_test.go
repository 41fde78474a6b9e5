package records

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// messages are of one line and no envelope themselves, so that they pass through any wrapper unchanged.
var messages = rapid.SliceOfN(rapid.OneOf(
	rapid.StringMatching(`2 [0-9]{12} eni-[0-9a-f]{8} [ -z~]{0,40}ACCEPT OK`),
	rapid.StringMatching(`\{"version":"1\.100000","query_name":"[a-z.\}\{]{0,20}"\}`),
	rapid.StringMatching(`[a-zé\x{1F600}"\\/<>&\t ]{0,30}x`),
), 1, 6)

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wraps put one envelope around each of some texts, and say how the result is stored.
var wraps = map[string]func(*rapid.T, []string) string{
	"events": func(t *rapid.T, list []string) string {
		for i, m := range list {
			list[i] = fmt.Sprintf(`{"timestamp": %d, "message": %s}`, i+1, quote(m))
		}
		return strings.Join(list, "\n") + "\n"
	},
	"message": func(t *rapid.T, list []string) string {
		for i, m := range list {
			list[i] = `{"message":` + quote(m) + `}`
		}
		return strings.Join(list, rapid.SampledFrom([]string{"", "\n", "\r\n"}).Draw(t, "between"))
	},
	"dump": func(t *rapid.T, list []string) string {
		type event struct {
			Timestamp int    `json:"timestamp"`
			Message   string `json:"message"`
			EventID   string `json:"eventId,omitempty"`
		}
		var doc struct {
			Events []event `json:"events"`
			Next   string  `json:"nextToken"`
		}
		for i, m := range list {
			doc.Events = append(doc.Events, event{i, m, ""})
		}
		b, _ := json.Marshal(doc)
		if rapid.Bool().Draw(t, "pretty") {
			b, _ = json.MarshalIndent(doc, "", "    ")
		}
		return string(b)
	},
	"subscription": func(t *rapid.T, list []string) string {
		var b strings.Builder
		for i, m := range list {
			fmt.Fprintf(&b, `{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"%d","timestamp":1,"message":%s}]}`, i, quote(m))
		}
		return b.String()
	},
	"array": func(t *rapid.T, list []string) string {
		for i, m := range list {
			list[i] = quote(m)
		}
		return "[" + strings.Join(list, ", ") + "]"
	},
	"firehose": func(t *rapid.T, list []string) string {
		return `{"records":[` + payloads(t, list, `{"data":"%s"}`) + `]}`
	},
	"kinesis": func(t *rapid.T, list []string) string {
		return `{"Records":[` + payloads(t, list, `{"kinesis":{"data":"%s"}}`) + `]}`
	},
	"lambda": func(t *rapid.T, list []string) string {
		return fmt.Sprintf(`{"awslogs":{"data":"%s"}}`, apply64(gz([]byte(strings.Join(list, "\n")))))
	},
}

func payloads(t *rapid.T, list []string, format string) string {
	packed := rapid.Bool().Draw(t, "gzip inside")
	for i, m := range list {
		b := []byte(m)
		if packed {
			b = gz(b)
		}
		list[i] = fmt.Sprintf(format, apply64(b))
	}
	return strings.Join(list, ",")
}

func TestEveryWrapperComesOff(t *testing.T) {
	names := []string{"events", "message", "dump", "subscription", "array", "firehose", "kinesis", "lambda"}
	rapid.Check(t, func(t *rapid.T) {
		want := messages.Draw(t, "messages")
		stored := strings.Join(want, "\n")
		list := append([]string(nil), want...)
		for depth := range rapid.IntRange(0, 3).Draw(t, "depth") {
			name := rapid.SampledFrom(names).Draw(t, fmt.Sprint("wrapper ", depth))
			stored = wraps[name](t, list)
			if name == "array" {
				break // as a message, an array would be a record
			}
			if name == "events" && depth > 0 || name == "lambda" || rapid.Bool().Draw(t, "one") {
				list = []string{strings.TrimSpace(stored)} // all of it is the message of the next wrapper
				if name == "events" || name == "message" || name == "subscription" {
					list = split(stored)
				}
			} else {
				list = split(stored)
			}
		}
		o := Options{MaxRecord: 8 << 20}
		if rapid.Bool().Draw(t, "streamed") {
			o.MaxRecord = 400 // too small for whole documents, large enough for most elements
		}
		var src io.Reader = strings.NewReader(stored)
		if rapid.Bool().Draw(t, "gzip") {
			src = bytes.NewReader(gz([]byte(stored)))
		}
		if rapid.Bool().Draw(t, "byte by byte") {
			src = iotest.OneByteReader(src)
		}
		var got []string
		recs, err := read(t, o, src)
		for _, r := range recs {
			if r.Kind == Broken && strings.Contains(r.Err.Error(), "a record may have 400") {
				return // an element too long for this run
			}
			got = append(got, string(r.Data))
		}
		if err != io.EOF || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Fatalf("%s\ngave %q and %v\nwant %q", stored, got, err, want)
		}
	})
}

// split takes joined documents apart, so that each can be a message of its own.
func split(stored string) []string {
	var list []string
	d := json.NewDecoder(strings.NewReader(stored))
	for d.More() {
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return []string{stored}
		}
		list = append(list, string(v))
	}
	return list
}

// The grammar check agrees with jsontext, apart from what it tolerates on purpose: control characters and invalid
// UTF-8 in strings, and half pairs.
func TestGrammarIsJSONs(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		`{`, `}`, `[`, `]`, `,`, `:`, `"a"`, `"b\n"`, `"\u00e9"`, `"\x"`, `"`, `1`, `-0.5e+3`, `01`, `-`, `.5`, `1.`,
		`1e`, `true`, `false`, `null`, `nul`, ` `, "\n", `""`, `{}`, `[]`,
	})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(t, "pieces"), "")
		end, v := valueEnd([]byte(text+" "), 0)
		got := v == whole && strings.TrimSpace(text[min(end, len(text)):]) == ""
		want := jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true))
		if got != want {
			t.Fatalf("%q: we say %v, jsontext %v", text, got, want)
		}
	})
}

func TestTextIsJSONs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "text")
		for _, quoted := range []string{quote(want), strings.ReplaceAll(quote(want), "/", `\/`), ascii(want)} {
			if got := string(text(nil, []byte(quoted))); got != want {
				t.Fatalf("%s gave %q", quoted, got)
			}
		}
	})
}

// ascii writes a string with every character escaped.
func ascii(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04X\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String() + `"`
}
