package field

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCSV(t *testing.T) {
	for _, c := range []struct {
		line, want string // values with | between them
		ok         bool
	}{
		{"a,b", "a|b", true}, {"", "", true}, {",", "|", true}, {"a,", "a|", true}, {` a , b `, "a|b", true},
		{`"a,b","c"`, "a,b|c", true}, {`"a ""b"" c",d`, `a "b" c|d`, true}, {`"",x`, "|x", true}, {`" a "`, " a ", true},
		{` "a" , "b"`, "a|b", true}, {`""""`, `"`, true}, {`a"b,c`, `a"b|c`, true},
		{`"a`, "", false}, {`"a"b,c`, "", false}, {`"a"",b`, "", false}, {`x,"`, "", false},
	} {
		got, ok := AppendCSV([][]byte{[]byte("before")}, []byte(c.line))
		if ok != c.ok || ok && string(bytes.Join(got[1:], []byte("|"))) != c.want || !ok && len(got) != 1 {
			t.Errorf("%q: %q, %v", c.line, got, ok)
		}
	}
}

// checkCSV holds a line against encoding/csv, which knows no spaces around a value and takes some lines that are refused here.
func checkCSV(t rapid.TB, line string) {
	t.Helper()
	got, ok := AppendCSV(nil, []byte(line))
	if strings.ContainsAny(line, " \t\v\f\r\n") || line == "" {
		return
	}
	r := csv.NewReader(strings.NewReader(line))
	r.LazyQuotes = !strings.Contains(line, `"`) || !ok
	want, err := r.Read()
	if ok && err != nil && !strings.Contains(err.Error(), `bare "`) {
		t.Fatalf("%q: %q, encoding/csv: %v", line, got, err)
	}
	if !ok || err != nil {
		return
	}
	for i := range want {
		if len(got) != len(want) || string(got[i]) != want[i] {
			t.Fatalf("%q: %q, encoding/csv: %q", line, got, want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, line := range []string{`a,"b,""c""",`, `"`, `""`, `"a"b`, "a\x00,\xff", `,,`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		checkCSV(t, line)
		if c, ok := ParseCSV([]byte(line)); ok {
			if text, err := c.Object([]byte(line)); err != nil || !json.Valid(bytes.ToValidUTF8(text, nil)) {
				t.Fatalf("%q: %q, %v", line, text, err)
			}
		}
	})
}

// TestCSVComesBack: what encoding/csv writes is read as it was, but for spaces at the ends of what needs no quotes.
func TestCSVComesBack(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", ",", `"`, "ß", `\`, "\xff", "b c", "-", "{}", "\x01"})
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(part, 0, 5).Draw(t, "parts"), "")
		}), 2, 6).Draw(t, "values")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.Write(values); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
		checkCSV(t, string(line))
		got, ok := AppendCSV(nil, line)
		if !ok || len(got) != len(values) {
			t.Fatalf("%q: %q", line, got)
		}
		for i := range values {
			if string(got[i]) != values[i] {
				t.Fatalf("%q: %q, want %q", line, got[i], values[i])
			}
		}
	})
}

func TestCSVObject(t *testing.T) {
	c, ok := ParseCSV([]byte(`"query_name", Source IP,@timestamp,aws.x`))
	if !ok || strings.Join(c.Names, "|") != "query_name|Source IP|@timestamp|aws.x" {
		t.Fatalf("%v, %v", c, ok)
	}
	for _, tt := range []struct{ line, want, err string }{
		{`"a ""\"" b.",,x` + "\x1f,\xff", `{"query_name":"a \"\\\" b.","@timestamp":"x\u001f","aws.x":"` + "\xff" + `"}`, ""},
		{",,,", "{}", ""}, {"a,b,c", "", "3 values under a header of 4"}, {`a,"b,c,d`, "", "a quote is not closed"},
	} {
		got, err := c.Object([]byte(tt.line))
		if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: %s, %v", tt.line, got, err)
		}
	}
	for _, line := range []string{"a", "", "a,a", "a,", "a,1b", `a,"b`, "a,b{", "2,x", "a;b"} {
		if _, ok := ParseCSV([]byte(line)); ok {
			t.Errorf("%q is no header", line)
		}
	}
}
