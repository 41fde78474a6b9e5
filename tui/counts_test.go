package tui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cases/writer"
	"case53/loader/loadertest"
	"case53/queries"
	"case53/tui/frame"
)

// minutesCase is a real case of forty minutes: each has a look-up of a name, and a connection to its answer.
func minutesCase(t *testing.T) *cases.Case {
	t.Helper()
	const ask = `{"version":"1.100000","query_timestamp":"%s","query_name":"true.example.","query_type":"A","query_class":"IN","rcode":"NOERROR",` +
		`"answers":[{"Rdata":"203.0.113.9","Type":"A","Class":"IN"}],"vpc_id":"vpc-1","srcaddr":"10.0.1.10","srcport":"%d","transport":"UDP",` +
		`"srcids":{"instance":"i-0a1b"}}` + "\n"
	const flow = "2 123456789012 eni-0a1b2c3d 10.0.1.10 203.0.113.9 %d 443 6 10 840 %d %d ACCEPT OK\n"
	dns, flows := "", "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
	for i := range 40 {
		at := time.Date(2026, 11, 1, 10, i, 0, 0, time.UTC)
		dns += fmt.Sprintf(ask, at.Format(time.RFC3339), 40000+i)
		flows += fmt.Sprintf(flow, 50000+i, at.Unix()+1, at.Unix()+31)
	}
	return loadertest.Open(t, loadertest.Case(t, map[string]string{"dns.log": dns, "flow.log": flows},
		func(w *writer.Writer) error { return w.Derive(t.Context(), nil) }))
}

// drivenReal is a workbench over a real case, with the queries that come with the program.
func drivenReal(t *testing.T, k *cases.Case, width, height int) *driver {
	t.Helper()
	set, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, width, height)
	d.app.env.Reader, d.app.env.Library = frame.CaseReader{Case: k}, set
	d.run(d.app.Init())
	return d
}

// toColumn goes to the column of a name, where the list has it.
func (d *driver) toColumn(name string) bool {
	d.t.Helper()
	for d.keys("^"); ; d.keys("right") {
		before := d.screen()
		if strings.Contains(before, "\n "+name+" (") || strings.Contains(before, "\n "+name+": ") {
			return true
		}
		if d.keys("right"); d.screen() == before {
			return false
		}
		d.keys("left")
	}
}

var (
	countedWay = regexp.MustCompile(`(?m)^.*│ +([1-9])  (.*?)  +([0-9,]+)  ([a-z0-9-]+)`)
	rowsOf     = regexp.MustCompile(`\| (?:[0-9]+–[0-9]+ of ([0-9]+)|(no rows))`)
)

// The number beside a way of a pivot is the number of rows that the way leads to: under a window those that it leaves, whether the
// query takes one or is narrowed to it.
func TestPivotCountsAreTheRows(t *testing.T) {
	d := drivenReal(t, minutesCase(t), 160, 50)
	d.keys("w", "'11-01 10:10 to 10:20", "enter")
	cut := 0
	for _, at := range []struct{ list, filter, column string }{
		{"4", "srcport=40012", "query_name"}, {"4", "srcport=40012", "query_timestamp"}, {"3", "srcport=50012", "dstaddr"}, {"3", "srcport=50012", "start"},
	} {
		d.keys("1", at.list, "/", "'"+at.filter, "enter")
		if !d.toColumn(at.column) {
			t.Fatalf("no column %s:\n%s", at.column, d.screen())
		}
		d.keys("p").wants("Pivot: ")
		for _, w := range countedWay.FindAllStringSubmatch(d.screen(), -1) {
			if d.keys(w[1]); strings.HasSuffix(w[2], "…") { // it asks how far around the moment
				d.keys("enter")
			}
			m := rowsOf.FindStringSubmatch(d.screen())
			if m == nil || m[1] != w[3] && m[2]+w[3] != "no rows0" {
				t.Errorf("%s of %s is counted as %s:\n%s", w[4], at.column, w[3], d.screen())
			}
			if w[3] == "10" || w[3] == "8" { // of the 40 of a value, of the 11 around its moment
				cut++
			}
			d.keys("backspace")
			d.hold = true // they were counted
			d.keys("p")
			d.hold, d.held = false, nil
		}
		d.keys("esc")
	}
	if cut < 6 {
		t.Errorf("the window cut %d ways only", cut)
	}
}
