package queries

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var valuesByKind = []struct {
	kind, text string
	want       any // nil: refused
}{
	{"ip", "10.0.1.5", "10.0.1.5"},
	{"ip", "::ffff:10.0.1.5", "10.0.1.5"},
	{"ip", "2001:DB8:0::5", "2001:db8::5"},
	{"ip", "10.0.1", nil},
	{"ip", "010.0.1.5", nil},
	{"ip", "10.0.1.5/32", nil},
	{"ip", "fe80::1%eth0", nil},
	{"ip", " 10.0.1.5", nil},
	{"cidr", "10.0.0.0/8", "10.0.0.0/8"},
	{"cidr", "10.0.1.5", "10.0.1.5/32"},
	{"cidr", "2001:db8::/32", "2001:db8::/32"},
	{"cidr", "::ffff:10.0.0.0/104", "10.0.0.0/8"},
	{"cidr", "10.0.1.5/8", nil},
	{"cidr", "10.0.0.0/33", nil},
	{"name", "WWW.Example.COM.", "www.example.com"},
	{"name", "_dmarc.*.example.com", "_dmarc.*.example.com"},
	{"name", `odd\052name.example`, `odd\052name.example`},
	{"name", "bücher.example", "xn--bcher-kva.example"},
	{"name", "MÜNCHEN.example", "xn--mnchen-3ya.example"},
	{"name", "пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"},
	{"name", "例え.テスト", "xn--r8jz45g.xn--zckzah"},
	{"name", "straße.example", "xn--strae-oqa.example"},
	{"name", "ｅｘａｍｐｌｅ.com", "example.com"},                // full-width letters, which IDNA maps
	{"name", "cafe\u0301.example", "xn--caf-dma.example"}, // combining accent
	{"name", "K.example", "k.example"},                    // Kelvin sign
	{"name", "a\x00b", nil},
	{"name", `"Bücher.Example."`, "bücher.example"},
	{"name", `ends.in\.`, `ends.in\.`},
	{"name", `ends.in\\.`, `ends.in\\`},
	{"name", ".", ""},
	{"domain", "Example.com", "example.com"},
	{"interface", "eni-0a1b", "eni-0a1b"},
	{"interface", "i-0a1b", nil},
	{"instance", "i-0a1b", "i-0a1b"},
	{"vpc", "vpc-0a1b", "vpc-0a1b"},
	{"vpc", "vpc-0a1b' OR 1", nil},
	{"account", "012345678901", "012345678901"},
	{"account", "12345", nil},
	{"account", "unknown", "unknown"},
	{"hosted_zone", "Z0ABC", "Z0ABC"},
	{"hosted_zone", "/hostedzone/Z0ABC", nil},
	{"time", "2026-11-01", moment("2026-11-01T00:00:00Z")},
	{"time", "2026-11-01 10:00", moment("2026-11-01T10:00:00Z")},
	{"time", "2026-11-01 10:00:05", moment("2026-11-01T10:00:05Z")},
	{"time", "2026-11-01 10:00:05.123456", moment("2026-11-01T10:00:05.123456Z")},
	{"time", "2026-11-01T10:00:05Z", moment("2026-11-01T10:00:05Z")},
	{"time", "2026-11-01T10:00:05.5+02:00", moment("2026-11-01T08:00:05.5Z")},
	{"time", "2026-11-01 10:00 CET", nil},
	{"time", "2026-11-01T10:00", nil},
	{"time", "01.11.2026", nil},
	{"time", "2026-02-30", nil},
	{"minutes", "5", int64(5)},
	{"minutes", "-5", nil},
	{"minutes", "525601", nil},
	{"int", "-3", int64(-3)},
	{"int", "3.5", nil},
	{"int", "9223372036854775808", nil},
	{"number", "3.5", 3.5},
	{"number", "NaN", nil},
	{"number", "1e999", nil},
	{"bool", "true", true},
	{"bool", "yes", nil},
	{"text", "any 'thing' at all;", "any 'thing' at all;"},
	{"text", "\xff", nil},
	{"capture", "incident", "incident"},
	{"capture", "a\nb", nil},
}

func moment(text string) time.Time { at, _ := time.Parse(time.RFC3339Nano, text); return at }

func TestValuesByKind(t *testing.T) {
	for _, c := range valuesByKind {
		q := &Query{ID: "q", SQL: "SELECT $v", Params: []Param{{Name: "v", Kind: c.kind, Required: true, Doc: "a value"}}}
		sql, args, err := q.Bind(map[string]string{"v": c.text})
		switch {
		case c.want == nil && err == nil:
			t.Errorf("%s %q: accepted as %v", c.kind, c.text, args["v"])
		case c.want == nil && (!strings.Contains(err.Error(), "parameter v") || !strings.Contains(err.Error(), "\nhint: ")):
			t.Errorf("%s %q: %v: names no parameter or gives no hint", c.kind, c.text, err)
		case c.want != nil && err != nil:
			t.Errorf("%s %q: %v", c.kind, c.text, err)
		case c.want != nil && (args["v"] != c.want || sql != q.SQL):
			t.Errorf("%s %q: got %v (%T), want %v", c.kind, c.text, args["v"], args["v"], c.want)
		}
	}
}

func TestBindMessages(t *testing.T) {
	s := builtins(t)
	for _, c := range []struct {
		id     string
		values map[string]string
		want   string
	}{
		{"flows-of-address", nil,
			"flows-of-address: parameter ip is missing: the address\nhint: -p ip=10.0.1.5"},
		{"flows-of-address", map[string]string{"ip": "10.0.1"},
			"flows-of-address: parameter ip: \"10.0.1\" is not of kind ip\nhint: an IPv4 or IPv6 address"},
		{"queries-of-address", map[string]string{"ip": "10.0.1.5", "adress": "x"},
			"queries-of-address has no parameter \"adress\"\nhint: it takes ip (required), from, to, capture"},
		{"flows-in-cidr", map[string]string{"cidr": "10.0.1.5/24"},
			"flows-in-cidr: parameter cidr: \"10.0.1.5/24\": 10.0.1.5 is one address of the block 10.0.1.0/24\n" +
				"hint: 10.0.0.0/24 or 2001:db8::/32, host bits zero; an address alone is a block of one"},
		{"captures", map[string]string{"x": "1"}, "captures has no parameter \"x\"\nhint: it takes none"},
	} {
		if _, _, err := s.Get(c.id).Bind(c.values); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestLeftOut(t *testing.T) {
	q := &Query{ID: "q", Params: []Param{
		{Name: "capture", Kind: "capture", Default: "incident"}, {Name: "all", Kind: "capture"}, {Name: "from", Kind: "time"},
		{Name: "top", Kind: "int", Default: "50"}, {Name: "ip", Kind: "ip"}, {Name: "note", Kind: "text"},
	}}
	_, args, err := q.Bind(map[string]string{"capture": "", "from": ""})
	if err != nil {
		t.Fatal(err)
	}
	want := "map[all: capture: from:<nil> ip:<nil> note: top:50]"
	if got := fmt.Sprint(args); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, args, _ = q.Bind(nil); args["capture"] != "incident" {
		t.Errorf("the default of a capture is %v", args["capture"])
	}
}

// FuzzBind: whatever is given, the SQL stays what it was and values are found in the arguments only.
func FuzzBind(f *testing.F) {
	f.Add("ip", "10.0.1.5")
	f.Add("name", "xn--\u00fc.'; DROP TABLE flow; --")
	f.Add("time", "2026-11-01 10:00")
	f.Add("cidr", "::/0")
	f.Fuzz(func(t *testing.T, kind, text string) {
		if _, ok := kinds[kind]; !ok {
			kind = Kinds()[len(kind)%len(kinds)]
		}
		q := &Query{ID: "q", SQL: "SELECT $v", Params: []Param{{Name: "v", Kind: kind, Required: true, Doc: "a value"}}}
		sql, args, err := q.Bind(map[string]string{"v": text})
		if err != nil {
			if sql != "" || args != nil {
				t.Errorf("an error, and yet SQL %q or arguments %v", sql, args)
			}
			return
		}
		if sql != "SELECT $v" || len(args) != 1 {
			t.Errorf("SQL %q, arguments %v", sql, args)
		}
		switch v := args["v"].(type) {
		case string: // what was accepted is accepted again, unchanged; but for dots in a row, and names in quotes
			again, err := kindOf(kind).read(v)
			if v != "" && !strings.HasSuffix(v, ".") && !strings.HasPrefix(text, `"`) && (err != nil || again != v) {
				t.Errorf("%s %q became %q, and that %q, %v", kind, text, v, again, err)
			}
		case int64, float64, bool, time.Time:
		default:
			t.Errorf("%s %q became a %T", kind, text, v)
		}
	})
}
