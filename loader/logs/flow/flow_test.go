package flow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

// decodeFlow reads records as a load does: the field lists are resolved from the records, then every record is decoded.
func decodeFlow(recs [][]byte, given ...string) (*logstest.Decoding, error) {
	d := logstest.New(Type)
	o := d.Dec.(*decoder).opt
	var lists [][]string
	for _, g := range given {
		names, err := ParseFormat(g)
		if err != nil {
			return nil, err
		}
		lists = append(lists, names)
	}
	var err error
	if o.Formats, err = Type.Resolve(recs, lists); err != nil {
		return nil, err
	}
	d.Dec = Type.New(o)
	return d, nil
}

// TestFlowVectors reads testdata/flow.txtar: name.log (or .quoted) holds records, name.format what --flow-format was given (a line
// each), name.rows what becomes of them. CASE53_UPDATE=1 rewrites the .rows.
func TestFlowVectors(t *testing.T) {
	path := filepath.Join("testdata", "flow.txtar")
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, formats := map[string]string{}, map[string][]string{}
	for _, f := range archive.Files {
		switch base, ext, _ := strings.Cut(f.Name, "."); ext {
		case "rows":
			want[base] = string(f.Data)
		case "format":
			formats[base] = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		}
	}
	var out []txtar.File
	for _, f := range archive.Files {
		base, ext, _ := strings.Cut(f.Name, ".")
		if ext == "rows" {
			continue
		}
		out = append(out, f)
		if ext == "format" {
			continue
		}
		got := renderFlow(t, logstest.VectorRecords(t, f), formats[base])
		if got != want[base] && os.Getenv("CASE53_UPDATE") == "" {
			t.Errorf("%s: got\n%s\nwant\n%s", base, got, want[base])
		}
		out = append(out, txtar.File{Name: base + ".rows", Data: []byte(got)})
	}
	if os.Getenv("CASE53_UPDATE") != "" {
		if err := os.WriteFile(path, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: out}), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func renderFlow(t *testing.T, recs [][]byte, given []string) string {
	detected := fmt.Sprintf("detect: %d\n", Type.Detect(recs))
	d, err := decodeFlow(recs, given...)
	if err != nil {
		return detected + "resolve: " + err.Error() + "\n"
	}
	for _, rec := range recs {
		d.Decode(rec)
	}
	rows := d.Render(t)
	return detected + "format: " + d.Dec.Format() + "\n" + rows
}

// TestFlowSQL walks the field table and flow.sql both ways.
func TestFlowSQL(t *testing.T) {
	tables := logstest.Tables(Type.SQL)
	stored, plain := tables["flow_full"].Names, tables["flow_plain"]
	if len(plain.Names) != flowPlainColumns || !slices.Equal(plain.Names, stored[:flowPlainColumns]) ||
		!slices.Equal(plain.Types, tables["flow_full"].Types[:flowPlainColumns]) {
		t.Fatalf("store.flow_plain is %v", plain.Names)
	}
	if len(stored) != flowColumns || stored[flowStart] != "start" || stored[flowExtraJSON] != "extra" || stored[flowEscaped] != "utf8_escaped" {
		t.Fatalf("store.flow_full is %v", stored)
	}
	seen := map[string]bool{}
	short := strings.NewReplacer("pkt-srcaddr", "pkt_src4", "pkt-dstaddr", "pkt_dst4", "srcaddr", "src4", "dstaddr", "dst4", "-", "_")
	for _, f := range flowFields {
		table, column := "flow_context", f.column+1
		want, types := strings.ReplaceAll(f.name, "-", "_"), map[flowKind]string{flowText: "VARCHAR", flowSmall: "SMALLINT"}
		if f.kind != flowText && f.kind != flowSmall {
			table, column, want = "flow_full", f.column, short.Replace(f.name)
			if f.kind == flowLost {
				want = "packets_lost"
			}
			types = map[flowKind]string{
				flowLost:     "VARCHAR",
				flowAddr:     "UINTEGER",
				flowTime:     "TIMESTAMP",
				flowPort:     "INTEGER",
				flowProtocol: "SMALLINT",
				flowFlags:    "SMALLINT",
				flowCount:    "BIGINT",
			}
		}
		if tables[table].Names[column] != want || tables[table].Types[column] != types[f.kind] {
			t.Errorf("%s: store.%s column %d is %s %s", f.name, table, column, tables[table].Names[column], tables[table].Types[column])
		}
		if f.kind == flowAddr && stored[flowAddr6[flowSlot(&f)]] != strings.Replace(want, "4", "6", 1) {
			t.Errorf("%s: no IPv6 column beside %s", f.name, want)
		}
		seen[table+"."+want] = true
	}
	notFields := []string{"object_id", "row_no", "context_id", "extra", "utf8_escaped", "capture", "log_group", "log_stream"}
	for _, table := range []string{"flow_full", "flow_context"} {
		for _, name := range tables[table].Names {
			four := strings.Replace(name, "6", "4", 1)
			if !seen[table+"."+name] && !(strings.HasSuffix(name, "6") && seen[table+"."+four]) && !slices.Contains(notFields, name) {
				t.Errorf("store.%s.%s is no field", table, name)
			}
		}
	}
	for _, f := range flowFields {
		column := strings.ReplaceAll(f.name, "-", "_")
		if !strings.Contains(Type.SQL, "COMMENT ON COLUMN flow."+column+" IS") && !strings.Contains(Type.SQL, "COMMENT ON COLUMN flow.\""+column+"\" IS") {
			t.Errorf("%s: column flow.%s has no comment", f.name, column)
		}
	}
	counts := map[int]int{2: 14, 3: 21, 4: 25, 5: 29, 7: 39, 8: 40, 9: 41, 10: 42, 11: 54, 6: 36}
	for _, p := range flowPresets {
		if p.title[:3] != "con" && !strings.Contains(p.title, "ECS") && !strings.Contains(p.title, "'s ") && len(p.names) != counts[p.version] {
			t.Errorf("%s has %d fields", p.title, len(p.names))
		}
	}
}

func TestParseFlowFormat(t *testing.T) {
	want := []string{"version", "account-id", "log-status"}
	for _, s := range []string{
		"${version} ${account-id} ${log-status}", "$${version} $${account-id} $${log-status}", "version account-id log-status",
		"version,account_id,log_status", "VERSION\n\tAccount_ID\r\nlog-status\n", `"${version} ${account-id} ${log-status}"`,
		"${version}${account-id}${log-status}",
	} {
		if got, err := ParseFormat(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for s, reason := range map[string]string{
		"": "no field", " , ": "no field", "version vpcid srcadr": `["vpcid" "srcadr"]`, "version ${": "not a field", "${version": "not a field",
		"{version}": "not a field", "version account-id Version": "version is named twice", "version €": `unknown field ["€"]`,
	} {
		if got, err := ParseFormat(s); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}

func TestFlowResolveErrors(t *testing.T) {
	line := []byte("2 123456789012 eni-0050644426037aa0f 10.26.1.153 3.239.232.29 60220 443 6 48 21869 1669842701 1669842702 ACCEPT OK")
	_, err := Type.Resolve([][]byte{line[2:]}, nil)
	var unknown *unknownFormatError
	if !errors.As(err, &unknown) || unknown.Tokens != 13 || !strings.Contains(err.Error(), string(line[2:])) || !strings.HasSuffix(err.Error(), flowHint) {
		t.Errorf("13 fields: %v", err)
	}
	given, _ := ParseFormat("srcaddr dstaddr start")
	if _, err = Type.Resolve([][]byte{line}, [][]string{given}); !errors.As(err, &unknown) || !strings.Contains(unknown.Why, "field 1, srcaddr") {
		t.Errorf("a format of another flow log: %v", err)
	}
	for rec, ok := range map[string]bool{`{"srcaddr":"1.2.3.4","dstaddr":"1.2.3.5"}`: true, `{"action":"BLOCK","region":"-"}`: false, "srcaddr start": true} {
		if _, err = Type.Resolve([][]byte{[]byte(rec)}, [][]string{given}); (err == nil) != ok {
			t.Errorf("%s under a given format: %v", rec, err)
		}
	}
	// 99 % must fit: one odd line of a hundred is damage, three are another format.
	sample := slices.Repeat([][]byte{line}, 100)
	sample[50] = []byte("2 x")
	if formats, err := Type.Resolve(sample, nil); err != nil || presetOf(formats[0]).title != "AWS default, version 2" {
		t.Errorf("one odd line: %v, %v", formats, err)
	}
	sample[51], sample[52] = sample[50], sample[50]
	if _, err := Type.Resolve(sample, nil); !errors.As(err, &unknown) || unknown.Tokens != 2 {
		t.Errorf("three odd lines: %v", err)
	}
}

// TestFlowWindow: a record is asked about with its own times, and one that is not wanted leaves nothing behind.
func TestFlowWindow(t *testing.T) {
	d := logstest.New(Type)
	var asked [][2]int64
	answer := logs.Outside
	d.Admit = func(first, last int64) logs.Outcome { asked = append(asked, [2]int64{first, last}); return answer }
	d.Decode([]byte("srcaddr dstaddr start end extra-column"))
	o, first, last, err := d.Decode([]byte("10.0.0.1 2001:db8::1 1669842701 1669842760 x"))
	if o != logs.Outside || first != 1669842701e6 || last != 1669842760e6 || err != nil || len(d.Contexts) != 0 {
		t.Error(o, first, last, err, d.Contexts)
	}
	answer = logs.Row
	o, first, last, err = d.Decode([]byte("- 10.0.0.2 1669842800 1669842700 -"))
	if o != logs.Row || first != 1669842700e6 || last != 1669842800e6 || err != nil {
		t.Error("end before start:", o, first, last, err)
	}
	if _, first, last, err = d.Decode([]byte("10.0.0.1 10.0.0.2 - - -")); err == nil || first != logs.NoTime || last != logs.NoTime || len(asked) != 2 {
		t.Error("no time where there are times:", first, last, asked)
	}
	d.Decode([]byte("srcaddr dstaddr extra-column"))
	o, first, last, err = d.Decode([]byte("10.0.0.1 10.0.0.2 -"))
	if o != logs.Row || first != logs.NoTime || last != logs.NoTime || err != nil || len(asked) != 2 {
		t.Error("no time:", o, first, last, err, asked)
	}
	want := `flow_full 3 start=2022-11-30T21:13:20Z end=2022-11-30T21:11:40Z dst4=10.0.0.2 extra={"extra-column":null}`
	if got := d.Render(t); !strings.Contains(got, want) || strings.Contains(got, "flow_full 2 ") {
		t.Errorf("got\n%s\nwant in it\n%s", got, want)
	}
}

// TestFlowTables: what a log's field list has decides which table its rows are in, NODATA too; of a plain log only what has
// no column there goes elsewhere.
func TestFlowTables(t *testing.T) {
	for _, c := range []struct{ log, want string }{
		{"srcaddr dstaddr bytes\n10.0.0.1 10.0.0.2 7\n- - -\n10.0.0.1 2001:db8::1 7\n10.0.0.1 10.0.0.2 8", "plain plain full plain"},
		{"srcaddr dstaddr vpc-id\n10.0.0.1 10.0.0.2 vpc-1", "plain"},
		{"srcaddr dstaddr tcp-flags\n10.0.0.1 10.0.0.2 2\n- - -\n10.0.0.1 10.0.0.2 -", "full full full"},
		{"srcaddr dstaddr pkt-dstaddr\n- - -", "full"},
		{"srcaddr dstaddr packets-lost-no-route\n- - -", "full"},
		{"srcaddr dstaddr new-field\n- - -", "full"},
		{`{"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2"}` + "\n" +
			`{"srcaddr":null,"dstaddr":"-","tcp-flags":"-"}` + "\n" +
			`{"srcaddr":"10.0.0.1","dstaddr":"10.0.0.2"}`, "plain full plain"},
	} {
		d := logstest.New(Type)
		for line := range strings.SplitSeq(c.log, "\n") {
			d.Decode([]byte(line))
		}
		rows := d.All()
		slices.SortFunc(rows, func(a, b logstest.Row) int {
			return logstest.Atoi(a.Values["row_no"]) - logstest.Atoi(b.Values["row_no"])
		})
		var got []string
		for _, r := range rows {
			got = append(got, strings.TrimPrefix(r.Table, "flow_"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s, want %s", c.log, got, c.want)
		}
	}
}

// TestFlowFlush fills more than one batch, with rejects between: of plain rows with a few others, and of others only.
func TestFlowFlush(t *testing.T) {
	for _, c := range []struct{ version, flushes int }{{2, 3}, {5, 2}} {
		testFlowFlush(t, c.version, c.flushes)
	}
}

func testFlowFlush(t *testing.T, version, flushes int) {
	recs := flowSample(2*logs.BatchSize+100, version)
	for i := range recs {
		if i%10 == 3 {
			recs[i] = append(slices.Clone(recs[i]), " surplus"...)
		}
	}
	d, err := decodeFlow(recs[:1])
	if err != nil {
		t.Fatal(err)
	}
	rejects := 0
	for _, rec := range recs {
		if _, _, _, err := d.Decode(rec); err != nil {
			rejects++
		}
	}
	rows := d.All()
	if len(rows)+rejects != len(recs) || rejects != (len(recs)+6)/10 || d.Flushes != flushes {
		t.Errorf("version %d: %d records, %d rows, %d rejects, %d flushes", version, len(recs), len(rows), rejects, d.Flushes)
	}
	for _, r := range rows {
		f := strings.Fields(string(recs[logstest.Atoi(r.Values["row_no"])-1]))
		isFull := version == 5 || strings.Contains(f[4], ":")
		if r.Values["interface_id"] != f[2] || r.Values["bytes"] != f[9] || r.Values["dst4"]+r.Values["dst6"] != f[4] || isFull != (r.Table == "flow_full") {
			t.Fatalf("%v from %q", r.Values, f)
		}
	}
}

// TestFlowForget: with more contexts than a decoder remembers, and more headers, every row still has its own.
func TestFlowForget(t *testing.T) {
	d := logstest.New(Type)
	names := []string{"srcaddr", "instance-tag", "interface-tag"}
	d.Decode([]byte(strings.Join(names, " ")))
	long := strings.Repeat("x", 6000)
	for i := range 3 * maxFlowKeys / 6000 {
		d.Meta.LogStream = fmt.Sprint("stream-", i%7)
		if i%10 == 0 {
			names[1], names[2] = names[2], names[1]
			d.Decode([]byte(strings.Join(names, " ") + fmt.Sprint(" new-", i)))
		}
		d.Decode(fmt.Appendf(nil, "10.0.0.1 %s-%d tag-%d -", names[1][:6]+long, i/2, i%3))
	}
	for _, r := range d.All() {
		i := logstest.Atoi(r.Values["row_no"])
		i -= 1 + (i+9)/11 + 1 // the headers before it
		if r.Values["log_stream"] != fmt.Sprint("stream-", i%7) {
			t.Fatalf("row %d is of %s", i, r.Values["log_stream"])
		}
		first, second := "instance_tag", "interface_tag"
		if i/10%2 == 0 {
			first, second = second, first
		}
		if !strings.HasSuffix(r.Values[first], fmt.Sprint("-", i/2)) || r.Values[second] != fmt.Sprint("tag-", i%3) {
			t.Fatalf("row %d: %s, %s", i, r.Values[first][6000:], r.Values[second])
		}
	}
	if len(d.Rows) != 3*maxFlowKeys/6000 {
		t.Errorf("%d rows", len(d.Rows))
	}
}
