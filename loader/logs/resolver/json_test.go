package resolver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"case53/loader/logs/field"
	"case53/loader/logs/logstest"
)

// The reader of Resolver records is proven equal to go-json-experiment's strict decoder: it accepts and refuses the
// same texts, and reads the same values. It differs where the evidence asks for it, and only there: text that is not
// Unicode is kept escaped, and nesting ends at maxDepth.

// strictly says whether jsontext accepts b as one text, at its strictest.
func strictly(b []byte, opts ...jsontext.Options) bool {
	d := jsontext.NewDecoder(bytes.NewReader(b), opts...)
	if _, err := d.ReadValue(); err != nil {
		return false
	}
	_, err := d.ReadToken()
	return errors.Is(err, io.EOF)
}

// depthOf is how deep a text nests that jsontext has accepted.
func depthOf(b []byte) (deepest int) {
	d := jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	for {
		if _, err := d.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, d.StackDepth())
	}
}

// checkSyntax compares the scanner's verdict on any bytes.
func checkSyntax(t rapid.TB, b []byte) {
	t.Helper()
	var s field.JSON
	s.Reset(b)
	raw, odd, err := s.Skip(0)
	if err == nil {
		err = s.End()
	}
	lax := strictly(b, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	strict := strictly(b)
	switch {
	case err == nil && !lax:
		t.Fatalf("%q: accepted, jsontext refuses", b)
	case err == nil && !odd && !strict:
		t.Fatalf("%q: accepted as Unicode without duplicates, jsontext refuses", b)
	case err == nil && odd && strict:
		t.Fatalf("%q: not Unicode, jsontext thinks it is", b)
	case err != nil && strict && depthOf(b) <= field.MaxDepth:
		t.Fatalf("%q: %v, jsontext accepts", b, err)
	}
	if err != nil {
		return
	}
	if b = bytes.Trim(b, " \t\r\n"); b[0] == '"' && strict {
		s.Reset(b)
		got, _ := s.Text()
		if want, _ := jsontext.AppendUnquote(nil, b); !bytes.Equal(got, want) {
			t.Fatalf("%q: read as %q, jsontext reads %q", b, got, want)
		}
	}
	// What is kept of a value is as written, or at least well-formed.
	kept := field.AppendJSON(nil, raw, odd)
	if !strictly(kept) || !utf8.Valid(kept) {
		t.Fatalf("%q: kept as %q, which jsontext refuses", b, kept)
	}
	if !odd && !bytes.Equal(kept, b) {
		t.Fatalf("%q: kept as %q", b, kept)
	}
}

// slowRecord reads a record with jsontext, in the plainest way: the rows it becomes, by table and column.
func slowRecord(b []byte) (dns map[string]string, answers []map[string]string, err error) {
	if !strictly(b) {
		return nil, nil, errors.New("not strict JSON")
	}
	if depthOf(b) > field.MaxDepth {
		return nil, nil, errors.New("deep")
	}
	members, err := slowMembers(b)
	if err != nil {
		return nil, nil, err
	}
	dns = map[string]string{}
	extra := map[string]any{}
	for _, m := range members {
		switch m.key {
		case "version", "account_id", "region", "vpc_id", "query_type", "query_class", "rcode", "transport",
			"firewall_rule_action", "firewall_rule_group_id", "firewall_domain_list_id":
			err = slowText(dns, m.key, m.value, true)
			if id := dns["account_id"]; id != "" && len(id) < 12 && strings.Trim(id, "0123456789") == "" {
				dns["account_id"] = strings.Repeat("0", 12-len(id)) + id
			}
		case "query_timestamp", "query_name", "srcaddr", "srcport":
			err = slowText(dns, m.key, m.value, m.key != "query_name")
		case "srcids":
			if m.value, err = slowInner(m.value); err == nil {
				err = slowSources(dns, extra, m.value)
			}
		case "answers":
			if m.value, err = slowInner(m.value); err == nil {
				answers, err = slowAnswers(dns, extra, m.value)
			}
		default:
			extra[m.key] = json.RawMessage(m.value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if len(extra) > 0 {
		text, err := json.Marshal(extra)
		if err != nil {
			return nil, nil, err
		}
		dns["extra"] = string(text)
	}
	return dns, answers, slowCheck(dns)
}

type slowMember struct {
	key   string
	value jsontext.Value
}

func slowMembers(b []byte) (members []slowMember, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(b))
	if d.PeekKind() != '{' {
		return nil, errors.New("not an object")
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' {
		key, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := key.String()
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		members = append(members, slowMember{name, slices.Clone(value)})
	}
	return members, nil
}

// slowInner is the JSON that a text holds; any other value itself.
func slowInner(value jsontext.Value) (jsontext.Value, error) {
	if value.Kind() != '"' {
		return value, nil
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 || string(text) == "-" || string(text) == "null" {
		return jsontext.Value("null"), nil
	}
	text = bytes.Trim(text, " \t\r\n")
	if !strictly(text) || text[0] == 'n' {
		return nil, errors.New("no JSON in the text")
	}
	return text, nil
}

func slowText(row map[string]string, column string, value jsontext.Value, dash bool) error {
	switch value.Kind() {
	case 'n':
		return nil
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		if err != nil {
			return err
		}
		row[column] = string(text)
	case '0':
		row[column] = string(value)
	default:
		return errors.New("not text")
	}
	if dash && row[column] == "-" {
		delete(row, column)
	}
	return nil
}

func slowSources(dns map[string]string, extra map[string]any, value jsontext.Value) error {
	if value.Kind() == 'n' {
		return nil
	}
	members, err := slowMembers(value)
	if err != nil {
		return err
	}
	unknown, seen := map[string]any{}, map[string]bool{}
	for _, m := range members {
		column := "src_" + strings.ReplaceAll(m.key, "-", "_")
		switch m.key {
		case "instance", "resolver_endpoint", "resolver-endpoint", "resolver_network_interface", "resolver-network-interface":
			if seen[column] {
				return errors.New("two spellings")
			}
			seen[column] = true
			if err := slowText(dns, column, m.value, true); err != nil {
				return err
			}
		default:
			unknown[m.key] = json.RawMessage(m.value)
		}
	}
	if len(unknown) > 0 {
		extra["srcids"] = unknown
	}
	return nil
}

func slowAnswers(dns map[string]string, extra map[string]any, value jsontext.Value) (rows []map[string]string, err error) {
	if value.Kind() == 'n' {
		return nil, nil
	}
	if value.Kind() != '[' {
		return nil, errors.New("not an array")
	}
	d := jsontext.NewDecoder(bytes.NewReader(value))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	unknown := map[string]any{}
	for d.PeekKind() != ']' {
		answer, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		members, err := slowMembers(slices.Clone(answer))
		if err != nil {
			return nil, err
		}
		row, seen, rest := map[string]string{}, map[string]bool{}, map[string]any{}
		for _, m := range members {
			switch column := strings.ToLower(m.key); m.key {
			case "Rdata", "rdata", "Type", "type", "Class", "class":
				if seen[column] {
					return nil, errors.New("two spellings")
				}
				seen[column] = true
				if err := slowText(row, column, m.value, false); err != nil {
					return nil, err
				}
			default:
				rest[m.key] = json.RawMessage(m.value)
			}
		}
		rows = append(rows, row)
		if len(rest) > 0 {
			unknown[strconv.Itoa(len(rows))] = rest
		}
	}
	dns["answers_n"] = strconv.Itoa(len(rows))
	if len(unknown) > 0 {
		extra["answers"] = unknown
	}
	return rows, nil
}

// slowCheck does what columns of other types than text ask for.
func slowCheck(dns map[string]string) error {
	var at time.Time
	if err := at.UnmarshalText([]byte(dns["query_timestamp"])); err != nil || logstest.LaxTime(dns["query_timestamp"]) {
		micros, zoned, ok := field.TimeText([]byte(dns["query_timestamp"])) // which has tests of its own
		if !ok || !zoned {
			return errors.New("bad time")
		}
		at = time.UnixMicro(micros)
	}
	dns["query_timestamp"] = at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	if port, ok := dns["srcport"]; ok {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return err
		}
		dns["srcport"] = strconv.FormatUint(n, 10)
	}
	if text, ok := dns["srcaddr"]; ok {
		if _, ok := field.ParseAddr([]byte(text)); !ok {
			return errors.New("bad address")
		}
	}
	_, name := dns["query_name"]
	if _, kind := dns["query_type"]; !name && !kind {
		return errors.New("neither name nor type")
	}
	return nil
}

// checkRecord compares what a decoder makes of a record with the slow reading of it. The decoder may have read other
// records before.
func checkRecord(t rapid.TB, d *logstest.Decoding, b []byte) {
	t.Helper()
	if csvHeader(b) != nil || bytes.Contains(b, []byte(`\\u`)) || hasOther(b) {
		return // headers, texts in texts that are not Unicode, and other people's keys have tests of their own
	}
	d.Rows, d.Notes = nil, nil
	_, _, _, err := d.Decode(b)
	rows := d.All()
	dns, answers, slowErr := slowRecord(b)
	if err != nil {
		if len(rows) != 0 {
			t.Fatalf("%q: an error, and rows %v", b, rows)
		}
		if slowErr == nil {
			t.Fatalf("%q: %v, but the slow reader made %v", b, err, dns)
		}
		return
	}
	if got := rows[0].Values["utf8_escaped"] == "1"; got != (slowErr != nil && !strictly(b)) {
		t.Fatalf("%q: utf8_escaped %v, slow reader: %v", b, got, slowErr)
	} else if got {
		return // jsontext does not read it
	}
	if slowErr != nil {
		t.Fatalf("%q: accepted, slow reader: %v", b, slowErr)
	}
	if len(rows) != 1+len(answers) {
		t.Fatalf("%q: %d rows, want %d", b, len(rows), 1+len(answers))
	}
	got := rows[0].Values
	for column, want := range dns {
		switch column {
		case "query_name":
			logged, ok := got["query_name"]
			if !ok {
				logged = got["name"] + "."
			}
			if logged != want {
				t.Fatalf("%q: query_name %q, want %q", b, logged, want)
			}
		case "srcaddr":
			if got["src4"]+got["src6"] == "" {
				t.Fatalf("%q: no source address", b)
			}
		case "extra":
			if canonical(got[column]) != canonical(want) {
				t.Fatalf("%q: extra %s, want %s", b, got[column], want)
			}
		default:
			if value, ok := got[column]; !ok || value != want {
				t.Fatalf("%q: %s is %q, want %q", b, column, value, want)
			}
		}
	}
	checkNoOther(t, b, got, dns)
	for i, want := range answers {
		got := rows[i+1].Values
		if !maps.Equal(want, logstest.Pick(got, "rdata", "type", "class")) || got["answer_no"] != strconv.Itoa(i+1) {
			t.Fatalf("%q: answer %v, want %v", b, got, want)
		}
	}
}

// checkNoOther wants no value in a column that the slow reading has none for, beside those that are made of others.
func checkNoOther(t rapid.TB, b []byte, got, dns map[string]string) {
	t.Helper()
	for column := range got {
		switch column {
		case "name", "registered_domain", "labels", "longest_label", "entropy", "src4", "src6", "object_id", "row_no",
			"context_id", "utf8_escaped", "capture", "log_group", "log_stream":
		default:
			if _, ok := dns[column]; !ok {
				t.Fatalf("%q: %s is %q, want NULL", b, column, got[column])
			}
		}
	}
}

// hasOther says whether a record has a key of a public zone's log, or a column of an export.
func hasOther(b []byte) bool {
	members, err := new(field.JSON).Object(b, nil)
	return err == nil && slices.ContainsFunc(members, func(m field.Member) bool { return other(m.Name) != "" || ownColumns[string(m.Name)] })
}

// canonical is a JSON text with its white space, escapes and order of keys normalised, but not its numbers.
func canonical(text string) string {
	v := jsontext.Value(text)
	if err := v.Format(jsontext.ReorderRawObjects(true)); err != nil {
		return err.Error()
	}
	return string(v)
}

func FuzzResolver(f *testing.F) {
	for _, rec := range logstest.ResolverSample(3) {
		f.Add(rec)
	}
	for _, text := range []string{
		`{}`, `[1,-0,0.5e+9,true,false,null,"\u00e9\ud83d\ude00\ud800\"\\\/\b\f\n\r\t"]`, `{"a":{"b":[{}]},"c":1}`,
		`{"query_timestamp":"2021-12-11T22:46:26.1+01:00","query_name":"A.b.","srcids":{"resolver-endpoint":"x","y":1},` +
			`"answers":[{"Rdata":"::1","Type":"AAAA","Class":"IN","TTL":1}],"srcport":53,"x":[1.50]}`,
		"{\"query_timestamp\":\"2021-12-11T22:46:26Z\",\"query_type\":\"\xff\",\"k\xfe\":\"\\udc00\\\\\"}",
		` { "query_name" : "a." , "query_name" : "b." } `, `01`, `1.`, `"`, `{"a":1,}`, `[1 2]`, "\"\x00\"", "\ufeff{}",
	} {
		f.Add([]byte(text))
	}
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, b []byte) {
		checkSyntax(t, b)
		checkRecord(t, d, b)
	})
}

// jsonText draws JSON texts with every kind of value, space and escape, well nested and now and then damaged.
func jsonText(t *rapid.T, depth int) string {
	space := rapid.SampledFrom([]string{"", "", "", " ", "\n\t", "\r\n "}).Draw(t, "space")
	kinds := 6
	if depth <= 0 {
		kinds = 4
	}
	var b strings.Builder
	b.WriteString(space)
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		b.WriteString(rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "literal"))
	case 1:
		b.WriteString(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "number"))
	case 2, 3:
		b.WriteString(jsonString(t))
	case 4:
		b.WriteByte('[')
		for i := range rapid.IntRange(0, 3).Draw(t, "elements") {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(jsonText(t, depth-1))
		}
		b.WriteByte(']')
	case 5:
		b.WriteByte('{')
		for i := range rapid.IntRange(0, 3).Draw(t, "members") {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(jsonString(t) + space + ":" + jsonText(t, depth-1))
		}
		b.WriteByte('}')
	}
	return b.String() + space
}

func jsonString(t *rapid.T) string {
	parts := rapid.SliceOfN(rapid.SampledFrom([]string{
		"a", "b", ".", "example", "12345678", `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`, `\u0000`, `\u20aC`,
		`\u00DF`, `\uD83D\uDE00`, "\u00df", "\U0001f600", "-",
	}), 0, 4).Draw(t, "text")
	return `"` + strings.Join(parts, "") + `"`
}

// TestEveryByte puts each byte where it may matter, and pairs of \u escapes around the surrogates together.
func TestEveryByte(t *testing.T) {
	for c := range 256 {
		for _, text := range []string{
			`"%s"`, `"1234567%s"`, `"\%s"`, `"\u00%s0"`, `{"%s":1}`, `[%s]`, `[1%s]`, `[1%s2]`, `%s`, `{}%s`, `[-%s1]`,
			`[1.%s]`, `[1e%s]`,
		} {
			checkSyntax(t, []byte(strings.ReplaceAll(text, "%s", string([]byte{byte(c)}))))
		}
	}
	units := []string{`\u0041`, `\ud7ff`, `\ud800`, `\udBFF`, `\udc00`, `\udfff`, `\ue000`, `\uFFFF`, `a`, `\\`, "\xed\xa0\x80", "\xf4\x90\x80\x80"}
	for _, a := range units {
		for _, b := range units {
			checkSyntax(t, []byte(`"`+a+b+`"`))
			checkSyntax(t, []byte(`{"`+a+`":"","`+b+`":""}`))
		}
	}
}

// TestSyntaxIsJSONText holds any text, and any text with one byte changed, against jsontext.
func TestSyntaxIsJSONText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(jsonText(t, 4))
		checkSyntax(t, b)
		if len(b) > 0 {
			at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			b[at] = rapid.SampledFrom([]byte("\"\\{}[]:,0-.eE truen\x00\x1f\x7f\x80\xc3\xed\xff")).Draw(t, "byte")
			checkSyntax(t, b)
			checkSyntax(t, b[:at])
		}
	})
}

// TestRecordsAsJSONText holds records of all shapes against the slow reader.
func TestRecordsAsJSONText(t *testing.T) {
	d := logstest.New(Type)
	rapid.Check(t, func(t *rapid.T) { checkRecord(t, d, []byte(resolverText(t))) })
}

// resolverText draws a record: known keys in some order with likely and unlikely values, and unknown keys.
func resolverText(t *rapid.T) string {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	text := func(label string, of ...string) string {
		if rapid.IntRange(0, 29).Draw(t, label+" odd") == 0 {
			return jsonText(t, 2)
		}
		return strconv.Quote(pick(label, of...))
	}
	answer := func() string {
		members := []string{
			`"` + pick("R", "Rdata", "rdata", "Rdat\\u0061") + `":` + text("rdata", "192.0.2.1", "2001:db8::1", "a.example.", ""),
			`"` + pick("T", "Type", "type") + `":` + text("type", "A", "AAAA", "CNAME"),
			`"` + pick("C", "Class", "class", "CLASS", "TTL") + `":` + text("class", "IN"),
		}
		return "{" + strings.Join(members[:rapid.IntRange(0, 3).Draw(t, "members")], ",") + "}"
	}
	var answers []string
	for range rapid.IntRange(0, 3).Draw(t, "answers") {
		answers = append(answers, answer())
	}
	all := "[" + strings.Join(answers, ",") + "]"
	quoted, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	members := []string{
		`"version":` + text("version", "1.100000", "1.000000", "-"),
		`"account_id":` + pick("account", `"001234567890"`, `"1234567890"`, "1234567890", `"-"`, `"12x"`),
		`"region":` + text("region", "us-east-1"), `"vpc_id":` + text("vpc", "vpc-1", ""),
		`"query_timestamp":` + text("time", "2021-12-11T22:46:26Z", "2021-12-11T22:46:26.123456789+01:00", "2021-12-11"),
		`"query_name":` + text("name", "a.example.com.", "A.Example.com", ".", "-", ""),
		`"query_type":` + text("type", "A", "TYPE65"), `"query_class":` + text("class", "IN"), `"rcode":` + text("rcode", "NOERROR"),
		`"answers":` + pick("answers as", all, all, all, string(quoted), `""`, `"[]"`), `"srcaddr":` + text("addr", "10.0.0.1", "2001:db8::2", "-"),
		`"srcport":` + pick("port", `"53"`, `53`, `"-"`, `null`, `"x"`), `"transport":` + text("transport", "UDP"),
		`"srcids":` + pick("srcids", `{}`, `null`, `{"instance":"i-1"}`,
			`"{\"instance\":\"i-1\"}"`, `{"resolver-endpoint":"r","resolver_network_interface":"n"}`,
			`{"other":[1,{"a":1.0}],"instance":null}`, `{"resolver-endpoint":"r","resolver_endpoint":"r"}`),
		`"firewall_rule_action":` + text("action", "BLOCK"), jsonString(t) + ":" + jsonText(t, 2), `"x":` + jsonText(t, 2),
	}
	members = rapid.Permutation(members).Draw(t, "order")
	return "{" + strings.Join(members[:len(members)-rapid.IntRange(0, 4).Draw(t, "left out")], ",") + "}"
}

// TestManyKeys: an object with many keys is still checked for one that is there twice, and quickly.
func TestManyKeys(t *testing.T) {
	const n = 200_000
	var b bytes.Buffer
	b.WriteString(`{"query_timestamp":"2021-12-11T22:46:26Z","query_name":"a."`)
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":%d`, i, i)
	}
	var r record
	started := time.Now()
	if err := r.read(append(b.Bytes(), '}')); err != nil || bytes.Count(r.extra, []byte{','}) != n-1 {
		t.Fatal(err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	twice := fmt.Sprintf(`,"k%d":0}`, rand.IntN(n))
	if err := r.read(append(b.Bytes(), twice...)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("got %v", err)
	}
}
