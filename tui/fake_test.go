package tui

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"case53/cases"
	"case53/loader"
	"case53/tui/frame"
	"case53/tui/frame/frametest"
)

// call is a query that the fake was asked.
type call struct {
	sql  string
	args map[string]any
}

// fakeReader answers from tables made up here.
type fakeReader struct {
	mu       sync.Mutex
	calls    []call
	opened   int
	closed   int
	overview cases.Overview
	err      error // for the next Query
	answer   func(sql string) *fakeResult
	block    chan struct{} // when set, Query waits for it or for its context
	raw      string
	lost     error // of Record
}

func newFake() *fakeReader {
	return &fakeReader{overview: fakeOverview(), raw: `{"version":"1.100000","query_name":"c2.example.net.","rcode":"NOERROR"}`, answer: fakeAnswer}
}

func (f *fakeReader) Overview(context.Context, time.Duration) (cases.Overview, error) {
	return f.overview, nil
}

func (f *fakeReader) Coverage(context.Context, time.Duration) ([]cases.Coverage, error) {
	return fakeCoverage(f.overview), nil
}

// fakeCoverage is that of the overview, with the end of a log that a call explains, and a replay days later.
func fakeCoverage(o cases.Overview) []cases.Coverage {
	all := slices.Clone(o.Coverage)
	end := all[1].Window.To
	all[1].Explained = []cases.Explanation{{From: end, To: end.Add(4 * time.Hour), Certainty: cases.Named, Because: "the call names what this log is of",
		EventTime: end, EventName: "DeleteFlowLogs", Calls: 1, Resource: "fl-0a1b" + strings.TrimPrefix(all[0].Source, "eni-0a1b2c3d4e5f60718")}}
	replay := covered("dns", "vpc-0r", cases.StatusNone, "records 60, none 12, records 72")
	replay.Capture = "replay"
	const later = 8 * 24 * time.Hour
	replay.Window.From, replay.Window.To = replay.Window.From.Add(later), replay.Window.To.Add(later)
	for i := range replay.Spans {
		replay.Spans[i].From, replay.Spans[i].To = replay.Spans[i].From.Add(later), replay.Spans[i].To.Add(later)
	}
	return append(all, replay)
}

// LogTypes are those whose tables the overview counts.
func (f *fakeReader) LogTypes() []cases.LogType {
	var types []cases.LogType
	for _, t := range loader.Types() {
		if _, counted := f.overview.Tables[t.View]; counted {
			types = append(types, t.LogType)
		}
	}
	return types
}

func (f *fakeReader) Lacking(views []string, rows map[string]int64) (types []cases.LogType, all bool) {
	for _, v := range views {
		name := map[string]string{"flow_by_addr": "flow"}[v]
		if name == "" {
			name = v
		}
		if n, known := rows[name]; known && n == 0 {
			types = append(types, cases.LogType{Name: name})
		}
	}
	return types, len(types) == len(views) && len(views) > 0
}

// Behind names the records of a finding by its src.
func (f *fakeReader) Behind(_ context.Context, cols []cases.Column, row []cases.Cell) (string, map[string]any, error) {
	for i, c := range cols {
		if c.Name == "src" && !row[i].Null {
			return "SELECT * FROM flow_by_addr WHERE addr = '" + row[i].Text + "'", nil, nil
		}
	}
	return "", nil, nil
}

func (f *fakeReader) Record(_ context.Context, object, row int64) (cases.Record, error) {
	if f.lost != nil {
		return cases.Record{}, f.lost
	}
	r := cases.Record{
		LogType:    "dns",
		ObjectID:   object,
		RowNo:      row,
		URI:        "s3://logs/AWSLogs/123456789012/vpcdnsquerylogs/vpc-0a1b/2026/11/01/x.log.gz",
		SHA256:     strings.Repeat("ab", 32),
		Raw:        []byte(f.raw),
		Capture:    "incident",
		Format:     "JSON lines",
		AcquiredAt: start0,
		LogGroup:   "/aws/dns",
		EventID:    "3826",
	}
	if object == 2 {
		r.LogType, r.Raw = "flow", []byte("2 123456789012 eni-0a1b 10.0.1.23 203.0.113.9 49152 443 6 10 840 1793600000 1793600060 ACCEPT OK")
	}
	return r, nil
}

// Apart is the same: what is made up needs no process of its own.
func (f *fakeReader) Apart() frame.Reader { return f }

func (f *fakeReader) ReadRecords(ctx context.Context, rows []*cases.Record) error {
	for _, r := range rows {
		found, err := f.Record(ctx, r.ObjectID, r.RowNo)
		if *r = found; err != nil {
			r.Err = err
		}
	}
	return ctx.Err()
}

func (f *fakeReader) Query(ctx context.Context, sql string, args map[string]any) (frame.Result, error) {
	f.mu.Lock()
	f.calls = append(f.calls, call{sql, args})
	err, block := f.err, f.block
	f.err = nil
	f.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	r := f.answer(sql)
	if r == nil {
		return nil, errors.New("Catalog Error: Table with name nosuch does not exist!")
	}
	r = inOrder(r, sql, args)
	r.fake = f
	f.mu.Lock()
	f.opened++
	f.mu.Unlock()
	return r, nil
}

var rowAfter = regexp.MustCompile(`"row_no" > ([0-9]+)`)

// inOrder makes of a result what is asked of a list in order: its first rows, the count of its minutes (here there is one), and
// those after a row, which is told by its row_no.
func inOrder(r *fakeResult, sql string, args map[string]any) *fakeResult {
	first, row := 0, r.row
	if m := rowAfter.FindStringSubmatch(sql); m != nil {
		first, _ = strconv.Atoi(m[1])
	}
	r.row = func(i int) []cases.Cell { return row(first + i) }
	r.n = max(r.n-first, 0)
	if most, ok := args["step_rows"].(int64); ok {
		r.n = min(r.n, int(most))
	}
	if !strings.Contains(sql, "AS minute, count(*)") {
		return r
	}
	n := r.n
	return &fakeResult{cols: frametest.Columns("minute:TIMESTAMP records:BIGINT"), n: 1, row: func(int) []cases.Cell {
		return frametest.Cells("2026-11-01 10:00:00", n)
	}}
}

// fakeResult makes its rows as they are asked for.
type fakeResult struct {
	fake *fakeReader
	cols []cases.Column
	n    int
	row  func(i int) []cases.Cell
	seen atomic.Int64 // Count is asked while Fetch runs
}

func (r *fakeResult) Columns() []cases.Column { return r.cols }
func (r *fakeResult) Count() (int, bool) {
	seen := int(r.seen.Load())
	return min(seen, r.n), seen > r.n
}
func (r *fakeResult) Close() {
	r.fake.mu.Lock()
	r.fake.closed++
	r.fake.mu.Unlock()
}

func (r *fakeResult) Fetch(ctx context.Context, off, n int) ([][]cases.Cell, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	seen := max(int(r.seen.Load()), min(off+n, r.n+1))
	if off+n >= r.n { // a real one notices the end with the last row it reads
		seen = r.n + 1
	}
	r.seen.Store(int64(seen))
	var rows [][]cases.Cell
	for i := off; i < min(off+n, r.n); i++ {
		rows = append(rows, r.row(i))
	}
	return rows, nil
}

const flowColumns = "start:TIMESTAMP:time srcaddr::ip srcport:INTEGER:port dstaddr::ip dstport:INTEGER:port protocol:SMALLINT:number " +
	"action bytes:BIGINT:bytes interface_id::interface tgw_id object_id:UINTEGER:object row_no:UINTEGER:number srcaddr_n:UHUGEINT:number"

func fakeFlow(n int) *fakeResult {
	return &fakeResult{cols: frametest.Columns(flowColumns), n: n, row: func(i int) []cases.Cell {
		action := "ACCEPT"
		if i%7 == 3 {
			action = "REJECT"
		}
		at := time.Date(2026, 11, 1, 10, 0, i, 0, time.UTC).Format(frame.CellTime)
		return frametest.Cells(at, fmt.Sprintf("10.0.1.%d", i%250), 49152+i%1000, "203.0.113.9", 443, 6, action, 840*(i+1), "eni-0a1b2c3d",
			"-", 2, i+1, 281470681743360+i)
	}}
}

func fakeDNS(n int) *fakeResult {
	return &fakeResult{
		cols: frametest.Columns("query_timestamp:TIMESTAMP:time srcaddr::ip query_name::name query_type rcode answers_n:INTEGER:count " +
			"object_id:UINTEGER:object row_no:UINTEGER:number"),
		n: n,
		row: func(i int) []cases.Cell {
			names := []string{"c2.example.net.", "www.example.com.", strings.Repeat("0123456789abcdef", 4) + ".tunnel.example.org."}
			return frametest.Cells(time.Date(2026, 11, 1, 10, 0, i, 0, time.UTC).Format(frame.CellTime), "10.0.1.23", names[i%3], "A",
				[]string{"NOERROR", "NOERROR", "NXDOMAIN"}[i%3], 1, 1, i+1)
		},
	}
}

// fakeAnswer knows the tables of the fake case.
func fakeAnswer(sql string) *fakeResult {
	switch {
	case strings.Contains(sql, "nosuch"):
		return nil
	case strings.Contains(sql, "AS bucket, count(*)"):
		return &fakeResult{cols: frametest.Columns("bucket:TIMESTAMP records:BIGINT"), n: 4, row: func(i int) []cases.Cell {
			return [][]cases.Cell{frametest.Cells("2026-11-01 10:00:00", 90), frametest.Cells("2026-11-01 12:00:00", 100),
				frametest.Cells("2026-11-02 06:00:00", 800), frametest.Cells("2026-11-02 09:00:00", 10)}[i]
		}}
	case strings.Contains(sql, "FROM over_time"):
		return &fakeResult{cols: frametest.Columns("time:TIMESTAMP log records:BIGINT capture"), n: 6, row: func(i int) []cases.Cell {
			return [][]cases.Cell{
				frametest.Cells("2026-11-01 10:00:00", "flow", 1200, "incident"), frametest.Cells("2026-11-01 11:00:00", "flow", 300, "incident"),
				frametest.Cells("2026-11-01 11:00:00", "dns", 7, "incident"), frametest.Cells("2026-11-02 06:00:00", "flow", 10921, "incident"),
				frametest.Cells("2026-11-09 10:00:00", "flow", 44, "replay"), frametest.Cells("2026-11-09 10:00:00", "dns", 70, "replay"),
			}[i]
		}}
	case strings.Contains(sql, "page_"):
		return fakePage(sql)
	case strings.HasPrefix(sql, "SELECT count(*) AS n"):
		return &fakeResult{cols: frametest.Columns("n:BIGINT"), n: 1, row: func(int) []cases.Cell { return frametest.Cells(834) }}
	case strings.Contains(sql, "GROUP BY 1"):
		return &fakeResult{cols: frametest.Columns("action records:BIGINT percent:DOUBLE"), n: 2, row: func(i int) []cases.Cell {
			return [][]cases.Cell{frametest.Cells("ACCEPT", 857, 85.7), frametest.Cells("REJECT", 143, 14.3)}[i]
		}}
	case strings.Contains(sql, "FROM found"):
		const columns = "severity score:DOUBLE src dst entropy:FLOAT reason rows:BIGINT from_time:TIMESTAMP to_time:TIMESTAMP"
		return &fakeResult{cols: frametest.Columns(columns), n: 2,
			row: func(i int) []cases.Cell {
				at := []string{"2026-11-01 10:00:00.28", "2026-11-01 11:00:00"}
				return [][]cases.Cell{
					frametest.Cells("high", 0.9, "10.0.1.23", "203.0.113.9", 3.0849626064300537, "every 300 s for a day", 288, at[0], at[1]),
					frametest.Cells("low", 0.5, "-", "-", 0.5, "nothing named", 3, at[1], at[1]),
				}[i]
			}}
	case strings.Contains(sql, "empty"):
		return &fakeResult{cols: frametest.Columns("a")}
	case strings.Contains(sql, "dns_answer"):
		return &fakeResult{cols: frametest.Columns("answer_no:UINTEGER:number rdata::rdata type class"), n: 2, row: func(i int) []cases.Cell {
			return [][]cases.Cell{frametest.Cells(1, "edge.example.net.", "CNAME", "IN"), frametest.Cells(2, "203.0.113.9", "A", "IN")}[i]
		}}
	case strings.Contains(sql, "dns"):
		n := 300
		if strings.Contains(sql, "object_id = $object") {
			n = 1
		}
		return fakeDNS(n)
	case strings.Contains(sql, "object_id = $object"):
		return fakeFlow(1)
	}
	return fakeFlow(1000)
}

// fakePage is a part of the page of an address.
func fakePage(sql string) *fakeResult {
	of := func(columns string, rows ...[]cases.Cell) *fakeResult {
		return &fakeResult{cols: frametest.Columns(columns), n: len(rows), row: func(i int) []cases.Cell { return rows[i] }}
	}
	switch {
	case strings.Contains(sql, "page_seen"):
		const columns = "log what capture::capture first_seen:TIMESTAMP:time last_seen:TIMESTAMP:time records:BIGINT:count over_time:MAP:json"
		times := `[{"key":"2026-11-01T00:00:00Z","value":3},{"key":"2026-11-01T12:00:00Z","value":40},{"key":"2026-11-02T06:00:00Z","value":7}]`
		return of(columns, frametest.Cells("flow", "sent or received", "incident", "2026-11-01 00:04:00", "2026-11-02 06:30:00", 50, times))
	case strings.Contains(sql, "page_names"):
		return of("name answers:BIGINT:count first_seen:TIMESTAMP:time", frametest.Cells("c2.example.net", 231, "2026-11-01 00:04:00"))
	case strings.Contains(sql, "page_peers"):
		var rows [][]cases.Cell
		for i := range 20 {
			rows = append(rows, frametest.Cells(fmt.Sprintf("10.0.1.%d", i+1), 443, 9000-i, 100+i, "2026-11-01 00:04:00", "incident"))
		}
		return of("peer server_port:INTEGER:port bytes_to_peer:HUGEINT:bytes bytes_from_peer:HUGEINT:bytes first_seen:TIMESTAMP:time capture::capture", rows...)
	}
	return of("port:INTEGER:port")
}

func fakeOverview() cases.Overview {
	day := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
	span := func(d, e, h int) cases.Span { return cases.Span{From: day(d, 0), To: day(e, h)} }
	o := cases.Overview{Info: cases.Info{Dir: "/cases/demo.case", Window: span(1, 3, 0), Objects: 184,
		Tables: map[string]int64{"flow": 90112, "dns": 10333, "dns_answer": 15021, "zone": 2211},
		Captures: []cases.CaptureInfo{
			{
				Name:   "incident",
				Role:   "incident",
				Window: span(1, 2, 23),
				Rows:   map[string]int64{"flow": 89000, "dns": 10000, "dns_answer": 14500, "zone": 2211},
			},
			{Name: "replay", Role: "replay", Window: span(9, 9, 23), Rows: map[string]int64{"flow": 1112, "dns": 333, "dns_answer": 521}}},
		Lines: cases.Counts{Read: 102700, Rows: 102656, Headers: 30, Duplicate: 2, Rejected: 12}},
		Rejects: []cases.Reason{{Text: "13 fields, want 14", Count: 10}, {Text: "bytes: \"\x1b[2Jx\" is not a number", Count: 2}},
		Coverage: []cases.Coverage{
			covered("flow", "eni-0a1b2c3d4e5f60718", cases.StatusAbsent, "OK 100, NODATA 10, OK 60, absent 6, OK 50, SKIPDATA 2, OK 60"),
			covered("flow", "eni-0fffffffffffffff1", cases.StatusAbsent, "OK 288"),
			covered("dns", "vpc-0a1b2c3d", cases.StatusNone, "records 100, none 144, records 44"),
		},
	}
	for _, name := range []string{"flow", "dns", "zone"} {
		h := cases.Histogram{LogType: name}
		for i := range 48 {
			h.Times = append(h.Times, day(1, i))
			h.Counts = append(h.Counts, int64((i*i*7+len(name)*13)%97)*20)
		}
		o.Hours = append(o.Hours, h)
	}
	return o
}

// covered makes the coverage of a source from runs of its windows, "OK 100, absent 6 …", from November 1 on.
func covered(logType, source, silence, runs string) cases.Coverage {
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := cases.Coverage{LogType: logType, Source: source, Capture: "incident", Bin: 10 * time.Minute, Silence: silence, Counts: map[string]int64{}}
	c.Window.From = at
	for run := range strings.SplitSeq(runs, ", ") {
		var status string
		var n int64
		fmt.Sscan(run, &status, &n)
		to := at.Add(time.Duration(n) * c.Bin)
		c.Spans = append(c.Spans, cases.CoverageSpan{From: at, To: to, Status: status})
		c.Counts[status] += n
		c.Windows, at = c.Windows+n, to
	}
	c.Window.To = at
	return c
}
