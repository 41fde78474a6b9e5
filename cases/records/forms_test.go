package records

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// written is one event, to be written in a form and read back.
type written struct {
	message, group, stream, id string
	at, ingested               int64
}

// inTime gives a time of an event, in ms.
var inTime = rapid.Int64Range(1_500_000_000_000, 1_900_000_000_000)

func drawEvents(t *rapid.T, message *rapid.Generator[string]) []written {
	group := rapid.StringMatching(`/aws/[a-z/-]{1,9}`).Draw(t, "group")
	events := make([]written, rapid.IntRange(1, 5).Draw(t, "events"))
	for i := range events {
		events[i] = written{
			message: message.Draw(t, "message"), group: group, stream: rapid.StringMatching(`[a-z0-9/\[\]$._-]{1,20}`).Draw(t, "stream"),
			id: rapid.StringMatching(`3[0-9]{55}`).Draw(t, "id"), at: inTime.Draw(t, "at"), ingested: inTime.Draw(t, "ingested"),
		}
	}
	return events
}

// oneLine is a message that no form takes for two, and that is no envelope; anyText may be any that has no envelope in it.
var (
	oneLine = rapid.OneOf(
		rapid.StringMatching(`2 [0-9]{12} eni-[0-9a-f]{8} [ -z~]{0,40}ACCEPT OK`),
		rapid.StringMatching(`\{"version":"1\.100000","query_name":"[a-z.\}\{,]{0,20}"\}`),
		rapid.StringMatching(`[A-Za-z(][!-9;-~]{0,5}( [!-9;-~]{1,9}){1,6}`),
	)
	anyText = rapid.OneOf(oneLine, rapid.StringMatching(`x[a-z ",;|\t\r\n'é\x{1F600}]{0,30}x`))
)

func iso(ms int64, layout string) string { return time.UnixMilli(ms).UTC().Format(layout) }

// writers put events into one of the forms that commands print and consoles save. What they leave out is cleared in the
// events, so that what is left must be read.
var writers = map[string]struct {
	message *rapid.Generator[string]
	write   func(*rapid.T, []written) string
}{
	"tail short": {oneLine, func(_ *rapid.T, events []written) string {
		var b strings.Builder
		for i, e := range events {
			fmt.Fprintf(&b, "%s %s\n", iso(e.at, "2006-01-02T15:04:05"), e.message)
			events[i] = written{message: e.message, at: e.at / 1000 * 1000}
		}
		return b.String()
	}},
	"tail detailed": {oneLine, func(_ *rapid.T, events []written) string {
		var b strings.Builder
		for i, e := range events {
			fmt.Fprintf(&b, "%s %s %s\n", iso(e.at, "2006-01-02T15:04:05.000000+00:00"), e.stream, e.message)
			events[i] = written{message: e.message, at: e.at, stream: e.stream}
		}
		return b.String()
	}},
	"awslogs": {oneLine, func(t *rapid.T, events []written) string {
		var b strings.Builder
		stamps := rapid.Bool().Draw(t, "stamps")
		for i, e := range events {
			fmt.Fprintf(&b, "%s %-20s ", e.group, e.stream)
			if stamps {
				fmt.Fprintf(&b, "%s %s ", iso(e.at, "2006-01-02T15:04:05.000Z"), iso(e.ingested, "2006-01-02T15:04:05.000Z"))
			} else {
				events[i].at, events[i].ingested = 0, 0
			}
			fmt.Fprintln(&b, e.message)
			events[i].id = ""
		}
		return b.String()
	}},
	"output text": {anyLine, func(_ *rapid.T, events []written) string {
		var b strings.Builder
		for i, e := range events {
			fmt.Fprintf(&b, "EVENTS\t%s\t%d\t%s\t%s\t%d\n", e.id, e.ingested, e.stream, e.message, e.at)
			events[i].group = ""
		}
		return b.String() + "SEARCHEDLOGSTREAMS\ts\tTrue\n"
	}},
	"output yaml": {anyText, func(t *rapid.T, events []written) string {
		var list []map[string]any
		for i, e := range events {
			list = append(list, map[string]any{
				"eventId": e.id, "ingestionTime": e.ingested, "logStreamName": e.stream, "message": e.message, "timestamp": e.at,
			})
			events[i].group = ""
		}
		doc := any(map[string]any{"events": list, "searchedLogStreams": []string{"s"}})
		if rapid.Bool().Draw(t, "stream") {
			doc = []any{doc}
		}
		var b bytes.Buffer
		enc := yaml.NewEncoder(&b)
		enc.SetIndent(2)
		if err := enc.Encode(doc); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}},
	"console CSV": {anyText, func(t *rapid.T, events []written) string {
		return table1(t, events, []string{"timestamp", "message"}, func(e *written) []string {
			*e = written{message: e.message, at: e.at}
			return []string{fmt.Sprint(e.at), e.message}
		})
	}},
	"Insights CSV": {anyText, func(t *rapid.T, events []written) string {
		return table1(t, events, []string{"@log", "@message", "@ptr", "@timestamp", "@logStream", "srcAddr"}, func(e *written) []string {
			*e = written{message: e.message, at: e.at, stream: e.stream, group: e.group}
			return []string{"123456789012:" + e.group, e.message, "Cp8B", iso(e.at, insightsTime), e.stream, "10.0.0.1"}
		})
	}},
	"Insights results": {anyText, func(t *rapid.T, events []written) string {
		var rows [][]map[string]string
		for i, e := range events {
			rows = append(rows, []map[string]string{
				{"field": "@timestamp", "value": iso(e.at, insightsTime)}, {"field": "@message", "value": e.message},
				{"field": "@logStream", "value": e.stream}, {"field": "@log", "value": "123456789012:" + e.group},
			})
			events[i] = written{message: e.message, at: e.at, stream: e.stream, group: e.group}
		}
		b, _ := json.MarshalIndent(map[string]any{"results": rows, "status": "Complete"}, "", "    ")
		return string(b)
	}},
	"logstash": {anyText, func(_ *rapid.T, events []written) string {
		var b strings.Builder
		for _, e := range events {
			doc, _ := json.Marshal(map[string]any{
				"@timestamp": iso(e.at, time.RFC3339Nano), "@version": "1", "message": e.message,
				"cloudwatch_logs": map[string]string{
					"log_group": e.group, "log_stream": e.stream, "event_id": e.id, "ingestion_time": iso(e.ingested, time.RFC3339Nano),
				},
			})
			b.Write(append(doc, '\n'))
		}
		return b.String()
	}},
}

// anyLine may hold tabs; it does not end like a row.
var anyLine = rapid.OneOf(oneLine, rapid.StringMatching(`x[a-z ",;|\t]{0,30}x`))

// table1 writes events as CSV, the columns in any order.
func table1(t *rapid.T, events []written, names []string, row func(*written) []string) string {
	order := rapid.Permutation(indexes(len(names))).Draw(t, "order")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = rapid.Bool().Draw(t, "crlf")
	put := func(cells []string) {
		out := make([]string, len(cells))
		for i, k := range order {
			out[i] = cells[k]
		}
		w.Write(out)
	}
	put(names)
	for i := range events {
		put(row(&events[i]))
	}
	w.Flush()
	if w.UseCRLF { // the writer has made the line ends of messages CRLF too
		for i := range events {
			events[i].message = strings.ReplaceAll(strings.ReplaceAll(events[i].message, "\r", ""), "\n", "\r\n")
		}
	}
	return b.String()
}

func indexes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func TestEveryFormIsReadBack(t *testing.T) {
	for name, form := range writers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				want := drawEvents(t, form.message)
				stored := form.write(t, want)
				var src io.Reader = strings.NewReader(stored)
				if rapid.Bool().Draw(t, "byte by byte") {
					src = iotest.OneByteReader(src)
				}
				recs, err := read(t, Options{}, src)
				if err != io.EOF {
					t.Fatalf("%s\nended with %v", stored, err)
				}
				var got []written
				for _, rec := range recs {
					if rec.Kind == Control {
						continue
					}
					one := written{message: string(rec.Data)}
					if e := rec.Event; e != nil {
						one.group, one.stream, one.id, one.at, one.ingested = e.Group, e.Stream, e.ID, e.Timestamp, e.Ingestion
					}
					got = append(got, one)
				}
				if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
					t.Fatalf("%s\ngave %#v\nwant %#v", stored, got, want)
				}
			})
		})
	}
}

// Flow lines run together in any number and come apart again.
func TestLinesRunTogether(t *testing.T) {
	word := rapid.StringMatching(`[a-z0-9.:-]{1,12}`)
	rapid.Check(t, func(t *rapid.T) {
		version, words := rapid.IntRange(2, 11).Draw(t, "version"), rapid.IntRange(4, 20).Draw(t, "words")
		var want []string
		for range rapid.IntRange(2, 6).Draw(t, "lines") {
			line := fmt.Sprint(version)
			for range words {
				line += " " + word.Draw(t, "word")
			}
			want = append(want, line+" "+rapid.SampledFrom([]string{"OK", "NODATA", "SKIPDATA"}).Draw(t, "status"))
		}
		stored := strings.Join(want, rapid.SampledFrom([]string{"", "\t"}).Draw(t, "between"))
		recs, err := read(t, Options{}, strings.NewReader(stored))
		var got []string
		for _, rec := range recs {
			got = append(got, string(rec.Data))
		}
		if err != io.EOF || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%q gave %q and %v", stored, got, err)
		}
	})
}

// Lines that go on for longer than a window are found whole, and memory is bounded.
func TestLinesRunTogetherInAnyLength(t *testing.T) {
	line := "2 123456789010 eni-1235b8ca 10.0.0.1 10.0.0.2 1 443 6 1 40 1772359200 1772359260 ACCEPT OK"
	const n = 50_000
	recs, err := read(t, Options{MaxRecord: 4096}, strings.NewReader(strings.Repeat(line, n)))
	if err != io.EOF || len(recs) != n {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	for _, rec := range recs {
		if string(rec.Data) != line {
			t.Fatalf("%q", rec.Data)
		}
	}
}
