package zone

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/logstest"
)

func TestZoneVectors(t *testing.T) { logstest.Vectors(t, Type, "zone.txtar") }

// checkZoneLine holds a line against a reading with package strings: the same verdict on its shape, every token in
// its place, and all of it valid UTF-8.
func checkZoneLine(t rapid.TB, d *logstest.Decoding, line string) {
	t.Helper()
	d.Rows, d.Notes, d.Contexts = nil, nil, nil
	_, first, _, err := d.Decode([]byte(line))
	rows := d.RowsOf("zone")
	if err != nil {
		if len(rows) > 0 {
			t.Fatalf("%q: %v, and %v", line, err, rows)
		}
		return
	}
	between := ' '
	if rest := strings.TrimLeft(strings.TrimLeft(line, " \t"), "0123456789."); strings.HasPrefix(rest, "\t") {
		between = '\t'
	}
	if line = strings.TrimSpace(line); strings.HasPrefix(line, "{") {
		return // objects have tests of their own
	}
	tokens := strings.FieldsFunc(line, func(r rune) bool { return r == between })
	if len(tokens) < 10 || !strings.HasPrefix(tokens[0], "1.") {
		t.Fatalf("%q: accepted", line)
	}
	row := rows[0]
	if at, zoned, ok := field.TimeText([]byte(tokens[1])); !ok || !zoned || at != first {
		t.Fatalf("%q: time %d", line, first)
	}
	logged := func(i int, column string) {
		t.Helper()
		text, _ := field.ValidText([]byte(tokens[i]))
		if got, ok := row[column]; ok != (tokens[i] != "-") || ok && got != string(text) {
			t.Fatalf("%q: %s is %q", line, column, got)
		}
	}
	if _, ok := row["query_name"]; !ok {
		if name, ok := row["name"]; ok {
			row["query_name"] = name
		}
	}
	for i, column := range []string{
		"version", "", "hosted_zone_id", "query_name", "query_type", "response_code", "protocol", "edge_location", "",
		"edns_client_subnet",
	} {
		if column != "" {
			logged(i, column)
		}
	}
	resolver := row["resolver4"] + row["resolver6"]
	if want, err := netip.ParseAddr(tokens[8]); tokens[8] == "-" && resolver != "" || tokens[8] != "-" && (err != nil || want.Unmap().String() != resolver) {
		t.Fatalf("%q: resolver %q", line, resolver)
	}
	var extra struct {
		Surplus []string `json:"surplus"`
	}
	if text, ok := row["extra"]; ok != (len(tokens) > 10) {
		t.Fatalf("%q: extra %q", line, text)
	} else if ok {
		if err := json.Unmarshal([]byte(text), &extra); err != nil || len(extra.Surplus) != len(tokens)-10 {
			t.Fatalf("%q: extra %s: %v", line, text, err)
		}
		for i, got := range extra.Surplus {
			if want, _ := field.ValidText([]byte(tokens[10+i])); got != string(want) {
				t.Fatalf("%q: surplus %q, want %q", line, got, want)
			}
		}
	}
	if got := row["utf8_escaped"] == "1"; got == logstest.IsUTF8([]byte(line)) {
		t.Fatalf("%q: utf8_escaped %v", line, got)
	}
}

func FuzzZoneLine(f *testing.F) {
	for _, line := range []string{
		"1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -",
		"1.0 2017-12-13T08:16:03Z Z123412341234 EXAMPLE.com. ANY NOERROR UDP FRA6 2001:db8::1234 2001:db8:abcd::/48",
		"  1.12  2017-12-13T08:16:03Z Z1 \xff\\. A - TCP ICN54-C1 ::ffff:192.0.2.1 192.0.2.0/24 a \xfe \"", "2.0 - - - - - - - - -", "",
	} {
		f.Add(line)
	}
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, line string) { checkZoneLine(t, d, line) })
}

func TestZoneLinesOfAllShapes(t *testing.T) {
	d := logstest.New(Type)
	rapid.Check(t, func(t *rapid.T) {
		pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
		tokens := []string{pick("version", "1.0", "1.0", "1.12", "2.0", "1", "x"),
			pick("time", "2017-12-13T08:16:02Z", "2017-12-13T08:16:02.130Z", "2017-12-13T08:16:02.123456Z", "-"),
			pick("zone", "Z123", "-"), pick("name", "example.com", "A.b.", ".", "-", "\xff.com", `a\.b`, "\u00df"), pick("type", "A", "ANY"),
			pick("rcode", "NOERROR", "-"), "UDP", pick("edge", "FRA6", "ICN54-C1"),
			pick("resolver", "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "-", "x"), pick("subnet", "-", "192.0.2.0/24", "2001:db8::/56", "x")}
		tokens = append(tokens, rapid.SliceOfN(rapid.SampledFrom([]string{"more", "\"", "\xfe", "-"}), 0, 2).Draw(t, "surplus")...)
		tokens = tokens[:len(tokens)-rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "cut")]
		checkZoneLine(t, d, pick("before", "", " ")+strings.Join(tokens, pick("between", " ", "   ", "\t"))+pick("after", "", "  "))
	})
}

// TestSubnets: the ends of a prefix are what netip thinks: the last address is the first with every host bit set.
func TestSubnets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, rapid.Uint64().Draw(t, "high")), rapid.Uint64().Draw(t, "low"))
		a, bits := netip.AddrFrom16([16]byte(b)), rapid.IntRange(0, 128).Draw(t, "bits")
		if rapid.Bool().Draw(t, "IPv4") {
			a, bits = netip.AddrFrom4([4]byte(b[:4])), bits%33
		}
		p := netip.PrefixFrom(a, bits)
		first, last, err := subnet([]byte(p.String()))
		if err != nil {
			t.Fatal(err)
		}
		if want := logs.Key128(p.Masked().Addr()); first != want {
			t.Fatalf("%v: first %x, want %x", p, first, want)
		}
		ends := key128Addr(last)
		if a.Is4() {
			ends = ends.Unmap()
		}
		if !p.Contains(ends) || ends.Next().IsValid() && p.Contains(ends.Next()) {
			t.Fatalf("%v: last %v", p, ends)
		}
	})
}

func key128Addr(key [2]uint64) netip.Addr {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, key[1]), key[0])
	return netip.AddrFrom16([16]byte(b))
}

// TestZoneErrorsSayWhat: the reason of a reject names the value.
func TestZoneErrorsSayWhat(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for line, want := range map[string]string{
		"1.0 " + long + " Z a A NOERROR UDP FRA6 - -":               long[:64] + `"…`,
		"3.1 2017-12-13T08:16:02Z Z a A NOERROR UDP FRA6 - -":       `version "3.1": only 1.x is known`,
		"1.0 2017-12-13T08:16:02Z Z a A NOERROR UDP FRA6 \x1b[2J -": `"\x1b[2J"`,
		"1.0 2017-12-13T08:16:02Z Z a A NOERROR UDP":                "7 fields, want 10",
	} {
		_, _, _, err := logstest.New(Type).Decode([]byte(line))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 200 {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

// TestZoneFormat: the case records in which forms the records came, which names were read as others, and which were not read.
func TestZoneFormat(t *testing.T) {
	for _, c := range []struct{ log, want string }{
		{"1.0 2026-10-02T21:14:00Z Z0123 a.b A NOERROR UDP FRA6 - -", lines},
		{`{"timestamp":"2026-10-02T21:14:00Z","hosted_zone_id":"Z1","query_name":"a.","edge_location":"FRA6","edge":"x"}`,
			"JSON objects; read: timestamp as query_timestamp; warning: the name edge is not AWS's: kept in extra"},
		{"query_timestamp,hosted_zone_id,query_name,response_code\n2026-10-02T21:14:00Z,Z1,a.b,NOERROR", values},
		{`{"query_timestamp":"2026-10-02T21:14:00Z","hosted_zone_id":"Z1","query_name":"a.","object_id":1,"row_no":1,"capture":"x"}`, objects},
	} {
		d := logstest.New(Type)
		recs := strings.Split(c.log, "\n")
		for _, rec := range recs {
			d.Decode([]byte(rec))
		}
		if got := d.Dec.Format(); got != c.want {
			t.Errorf("%s: format %q", c.log, got)
		}
	}
}

// FuzzZoneObject: an object or a line of values is read as it is by the standard library, or refused.
func FuzzZoneObject(f *testing.F) {
	for _, text := range []string{
		`{"version":"1.0","query_timestamp":"2026-10-02T21:14:00Z","hosted_zone_id":"Z1","query_name":"A.b","resolver_ip":"::1","x":[1]}`,
		`{"query_timestamp":"2026-10-02 21:14:00","object_id":1,"row_no":2,"extra":"{\"a\":1}","log_group":"g"}`, `{"hosted_zone_id":null}`,
	} {
		f.Add(text)
	}
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{[]byte(text)})
		_, _, _, err := d.Decode([]byte(text))
		rows := d.RowsOf("zone")
		if (err == nil) != (len(rows) == 1) {
			t.Fatalf("%q: %v, rows %v", text, err, rows)
		}
		if err != nil || !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			return // text that is not Unicode
		}
		if zone, ok := members["hosted_zone_id"].(string); ok && zone != "-" && zone != rows[0]["hosted_zone_id"] {
			t.Fatalf("%q: %v", text, rows[0])
		}
		if e := rows[0]["extra"]; e != "" && json.Unmarshal([]byte(e), &members) != nil {
			t.Fatalf("%q: extra is %q", text, e)
		}
	})
}
