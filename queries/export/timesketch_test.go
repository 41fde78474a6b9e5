package export_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/queries/export"
)

// sketchEvents reads a timeline as Timesketch's import does (lib/utils.py: read_and_validate_csv, read_and_validate_jsonl): it gives
// the events that it keeps, and refuses the file where Timesketch refuses it. What it drops without a word is a fault.
func sketchEvents(name string, text []byte) (events []map[string]any, err error) {
	switch filepath.Ext(name) {
	case ".csv":
		events, err = sketchCSV(text)
	case ".jsonl":
		events, err = sketchJSONL(text)
	default:
		err = fmt.Errorf("the end of the name says no form that it takes")
	}
	for i, event := range events {
		if err == nil {
			if err = sketchEvent(event); err != nil {
				err = fmt.Errorf("event %d: %w", i+1, err)
			}
		}
	}
	return events, err
}

var mandatory = []string{"message", "datetime", "timestamp_desc"}

func sketchCSV(text []byte) (events []map[string]any, err error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("no CSV: %w", err)
	}
	for _, name := range mandatory {
		if !slices.Contains(rows[0], name) {
			return nil, fmt.Errorf("no column %s", name)
		}
	}
	for _, row := range rows[1:] {
		event := map[string]any{}
		for i, v := range row {
			if v != "" {
				event[rows[0][i]] = v
			}
		}
		events = append(events, event)
	}
	return events, nil
}

func sketchJSONL(text []byte) (events []map[string]any, err error) {
	for line := range bytes.Lines(text) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var event map[string]any
		if err := d.Decode(&event); err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}

// sketchEvent is what an event must be to be kept as it is.
func sketchEvent(event map[string]any) error {
	for _, name := range mandatory {
		if s, _ := event[name].(string); s == "" {
			return fmt.Errorf("no %s", name)
		}
	}
	for _, name := range []string{"_id", "_index", "_type", "__ts_timeline_id", "timesketch_label", "label"} {
		if _, there := event[name]; there {
			return fmt.Errorf("%s is Timesketch's own", name)
		}
	}
	when, err := time.Parse(time.RFC3339Nano, event["datetime"].(string))
	if err != nil || when.Year() < 1700 || !strings.HasSuffix(event["datetime"].(string), "+00:00") {
		return fmt.Errorf("datetime %v: %v", event["datetime"], err)
	}
	us, err := strconv.ParseInt(fmt.Sprint(event["timestamp"]), 10, 64)
	if err != nil || us != when.UnixMicro() {
		return fmt.Errorf("timestamp %v is not %v", event["timestamp"], event["datetime"])
	}
	for name, v := range event {
		switch v := v.(type) {
		case nil:
			return fmt.Errorf("%s is null", name)
		case string:
			if len(v) > 32766 {
				return fmt.Errorf("%s is too long", name)
			}
		case map[string]any:
			return fmt.Errorf("%s is an object", name)
		}
	}
	return nil
}

func TestTimesketch(t *testing.T) {
	k := openCase(t)
	got := map[string][]string{}
	read := func(name string, views ...string) {
		target, m := exported(t, k, "timesketch", name, export.Request{Views: views})
		text, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		events, err := sketchEvents(name, text)
		if err != nil {
			t.Fatalf("%s of %v: %v", name, views, err)
		}
		if int64(len(events)) != m.Files[0].Records {
			t.Errorf("%s of %v: %d events of %d", name, views, len(events), m.Files[0].Records)
		}
		for _, e := range events {
			row := fmt.Sprint(e["case53_object"], "|", e["case53_row"], "|", e["src_ip"], "|", e["query_name"], "|", e["query_type"], "|", e["timestamp"])
			if e["data_type"] != "aws:vpc:flow" && e["data_type"] != "aws:route53:resolver" && e["data_type"] != "aws:route53:zone" {
				row = fmt.Sprint(e["case53_object"], "|", e["case53_row"], "|", e["timestamp"])
			}
			kind := filepath.Ext(name) + " " + e["data_type"].(string)
			got[kind] = append(got[kind], row)
		}
	}
	read("all.jsonl")
	read("all.jsonl", "connection", "dns_answer")
	for _, view := range []string{"flow", "dns", "zone", "connection", "dns_answer", "http", "tls", "finding", "change", "host_log"} {
		read("one.csv", view)
	}
	for kind, sql := range map[string]string{
		"aws:vpc:flow": `SELECT concat_ws('|', object_id, row_no, coalesce(pkt_srcaddr, srcaddr, '<nil>'), '<nil>', '<nil>', epoch_us(start))
			FROM flow ORDER BY object_id, row_no`,
		"aws:route53:resolver": `SELECT concat_ws('|', object_id, row_no, coalesce(srcaddr, '<nil>'), coalesce(query_name, '<nil>'),
			coalesce(query_type, '<nil>'), epoch_us(query_timestamp)) FROM dns ORDER BY object_id, row_no`,
		"aws:route53:zone": `SELECT concat_ws('|', object_id, row_no, coalesce(resolver_ip, '<nil>'), coalesce(query_name, '<nil>'),
			coalesce(query_type, '<nil>'), epoch_us(query_timestamp)) FROM zone ORDER BY object_id, row_no`,
		"case53:http":           "SELECT concat_ws('|', object_id, row_no, epoch_us(time)) FROM http WHERE time IS NOT NULL ORDER BY object_id, row_no",
		"aws:elb:tls":           "SELECT concat_ws('|', object_id, row_no, epoch_us(time)) FROM tls ORDER BY object_id, row_no",
		"aws:guardduty:finding": "SELECT concat_ws('|', object_id, row_no, epoch_us(updated_at)) FROM finding ORDER BY object_id, row_no",
		"aws:cloudtrail:change": "SELECT concat_ws('|', object_id, row_no, epoch_us(event_time)) FROM change ORDER BY object_id, row_no",
		"case53:host_log":       "SELECT concat_ws('|', object_id, row_no, epoch_us(time)) FROM host_log WHERE time IS NOT NULL ORDER BY object_id, row_no",
	} {
		want := column(t, k, sql)
		compareRows(t, kind+" as JSONL", got[".jsonl "+kind], want)
		compareRows(t, kind+" as CSV", got[".csv "+kind], want)
	}
}

// TestTimesketchsOwn holds the rules to Timesketch's own files, the good and the bad ones.
func TestTimesketchsOwn(t *testing.T) {
	dir := filepath.Join(fixtures(t), "timesketch")
	for name, good := range map[string]bool{"sigma_events.csv": true, "incorrect.csv": false, "invalid_datetime.csv": false} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sketchEvents(name, text); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	const event = `{"message":"a","datetime":"2026-11-01T10:00:00.123456+00:00","timestamp":1793527200123456,"timestamp_desc":"b"}` + "\n"
	if _, err := sketchEvents("a.jsonl", []byte(event)); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{`"message":"a",`, ``}, {`+00:00`, ``}, {`+00:00`, `Z`}, {`2026-`, `1669-`}, {`123456}`, `1}`}, {`"timestamp":1793527200123456,`, ``}, {`"b"`, `null`},
		{`"b"`, `"b","_id":"c"`}, {`"b"`, `"b","c":{}`}, {`"b"`, `"b","c":"` + strings.Repeat("x", 33000) + `"`}, {`123456,`, `123457,`},
	} {
		if _, err := sketchEvents("a.jsonl", []byte(strings.Replace(event, fault[0], fault[1], 1))); err == nil && strings.Contains(event, fault[0]) {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
	if _, err := sketchEvents("a.json", []byte(event)); err == nil {
		t.Error("a name that it does not take is taken")
	}
}
