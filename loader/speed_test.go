package loader_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"case53/cases/duck"
	"case53/cases/records"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/logs"
	"case53/loader/logs/flow"
	"case53/loader/logs/resolver"
	"case53/loader/logs/zone"
	"case53/loader/source"
	"case53/loader/source/local"
)

// The benchmarks compare, in one run on one machine: the floor (gunzip and decode by the same code, no database), the
// load, and DuckDB's own reader filling the same tables. Their numbers are ratios; seconds depend on the machine.
//
//	go test ./loader -run '^$' -bench Load -benchtime 1x
//	CASE53_BENCH_SCALE=10 …     10M flows, 2M Resolver records, 1M zone lines (default 1: a tenth of that)
//	CASE53_BENCH_DIR=/big/disk  keeps the generated logs and cases

func scale() int {
	if n, err := strconv.Atoi(os.Getenv("CASE53_BENCH_SCALE")); err == nil {
		return n
	}
	return 1
}

func benchDir(b *testing.B) string {
	if dir := os.Getenv("CASE53_BENCH_DIR"); dir != "" {
		return dir
	}
	return b.TempDir()
}

// took is what something cost: by the clock, which other programs disturb, and in this program's own CPU time.
type took struct{ wall, cpu time.Duration }

// measure starts measuring; the answer stops it.
func measure() func() took {
	used := func() time.Duration {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	start, cpu := time.Now(), used()
	return func() took { return took{time.Since(start), used() - cpu} }
}

// floor reads and decodes every object of a folder on two goroutines, and throws the rows away.
func floor(tb testing.TB, dir string, typ *logs.Type) (took, int64) {
	files, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	if err != nil || len(files) == 0 {
		tb.Fatal("no generated files", err)
	}
	stop := measure()
	next, wg := make(chan string), sync.WaitGroup{}
	var mu sync.Mutex
	var rows int64
	for range 2 {
		wg.Go(func() {
			for path := range next {
				n, err := decodeOnly(path, typ)
				if err != nil {
					tb.Error(err)
				}
				mu.Lock()
				rows += n
				mu.Unlock()
			}
		})
	}
	for _, f := range files {
		next <- f
	}
	close(next)
	wg.Wait()
	return stop(), rows
}

func decodeOnly(path string, typ *logs.Type) (rows int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rd, err := records.NewReader(f)
	if err != nil {
		return 0, err
	}
	contexts := map[string]uint32{}
	dec := typ.New(logs.Options{
		Capture: "bench",
		Admit:   func(int64, int64) logs.Outcome { return logs.Row },
		Intern: func(_ string, key []byte) uint32 {
			id, ok := contexts[string(key)]
			if !ok {
				id = uint32(len(contexts))
				contexts[string(key)] = id
			}
			return id
		},
		Flush: func(b *logs.Batch) error { b.Reset(); return nil },
	})
	for {
		rec, err := rd.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		outcome, _, _, err := dec.Decode(rec.Data, logs.Meta{ObjectID: 1, RowNo: rec.No})
		if err != nil {
			return rows, err
		}
		if outcome == logs.Row {
			rows++
		}
	}
}

// loadFolder loads a folder into a new case; derive is what came after the last commit, the checkpoint included.
func loadFolder(tb testing.TB, dir, target string) (report loader.Report, load, derive took) {
	os.RemoveAll(target)
	stop := measure()
	loaded := func(p loader.Progress) {
		if p.Phase != "load" && p.Phase != "" && load.wall == 0 {
			load = stop()
		}
	}
	w, err := writer.Open(context.Background(), target, loader.Schemas())
	if err != nil {
		tb.Fatal(err)
	}
	report, err = loader.Load(context.Background(), w, loader.Plan{Sources: []source.Source{local.New(dir)}, Capture: "incident", Role: "incident"}, loaded)
	if err != nil {
		tb.Fatal(err)
	}
	if len(report.Failures) > 0 {
		tb.Fatal(report.Failures[0].Err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	all := stop()
	return report, load, took{all.wall - load.wall, all.cpu - load.cpu}
}

// duckdbReader lets DuckDB fill the tables by itself, with two threads, after it has been prepared.
func duckdbReader(tb testing.TB, target, prepare, sql string) took {
	os.Remove(target)
	db, err := duck.Open(target, map[string]string{"threads": "2"})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(context.Background(), "CREATE SCHEMA store; SET preserve_insertion_order=false;"+prepare); err != nil {
		tb.Fatal(err)
	}
	stop := measure()
	if err := c.Exec(context.Background(), sql+"; CHECKPOINT"); err != nil {
		tb.Fatal(err)
	}
	return stop()
}

// csvContexts numbers the contexts beforehand, so that DuckDB reads the files once in the time that is measured.
const csvContexts = v4Macro + `
CREATE TABLE store.raw_context AS SELECT row_number() OVER () AS context_id, account_id, interface_id, action, log_status FROM
  (SELECT DISTINCT account_id, interface_id, action, log_status FROM read_csv('%[1]s', delim=' ', header=true, nullstr='-', names=[%[2]s], types={%[3]s}))`

// readCSV fills the columns of store.flow_plain from the default format by DuckDB's reader. It cannot fill two tables in
// one pass, so addresses that are not IPv4 stand in two columns more.
const readCSV = `
CREATE TABLE store.flow_plain AS
SELECT f.filename AS object, context_id, to_timestamp(f.start)::TIMESTAMP AS start, to_timestamp(f."end")::TIMESTAMP AS "end",
  CASE WHEN NOT contains(srcaddr, ':') THEN v4(srcaddr) END AS src4, CASE WHEN contains(srcaddr, ':') THEN srcaddr END AS src6,
  CASE WHEN NOT contains(dstaddr, ':') THEN v4(dstaddr) END AS dst4, CASE WHEN contains(dstaddr, ':') THEN dstaddr END AS dst6,
  srcport, dstport, protocol, packets, bytes
FROM read_csv('%[1]s', delim=' ', header=true, nullstr='-', names=[%[2]s], types={%[3]s}, filename=true) f
JOIN store.raw_context c USING (account_id, interface_id, action, log_status)`

const flowNames = `'version','account_id','interface_id','srcaddr','dstaddr','srcport','dstport',
  'protocol','packets','bytes','start','end','action','log_status'`

const flowTypes = `'version':'SMALLINT','account_id':'VARCHAR','interface_id':'VARCHAR','srcaddr':'VARCHAR','dstaddr':'VARCHAR',
  'srcport':'INTEGER','dstport':'INTEGER','protocol':'SMALLINT','packets':'BIGINT','bytes':'BIGINT',
  'start':'BIGINT','end':'BIGINT','action':'VARCHAR','log_status':'VARCHAR'`

const v4Macro = `CREATE MACRO v4(a) AS (split_part(a,'.',1)::UINTEGER*16777216 + split_part(a,'.',2)::UINTEGER*65536 +
  split_part(a,'.',3)::UINTEGER*256 + split_part(a,'.',4)::UINTEGER);`

// jsonContexts numbers the contexts beforehand, as csvContexts does, those of answers too.
const jsonContexts = v4Macro + `
CREATE TABLE store.raw_context AS SELECT row_number() OVER () AS context_id, * FROM
  (SELECT DISTINCT version, account_id, region, vpc_id, query_type, query_class, rcode, transport, srcids.instance AS instance
   FROM read_json('%[1]s', format='newline_delimited', columns={%[2]s}));
CREATE TABLE store.raw_answer AS SELECT row_number() OVER () AS answer_context_id, type, class FROM
  (SELECT DISTINCT a.Type AS type, a.Class AS class
   FROM (SELECT unnest(answers) AS a FROM read_json('%[1]s', format='newline_delimited', columns={%[2]s})))`

// readJSON fills the parent and the child table of the Resolver's records by DuckDB's reader, as far as SQL goes: without
// the registered domain, and with the entropy of the first label only.
const readJSON = `
CREATE TEMP TABLE raw AS SELECT filename AS object, row_number() OVER () AS row_no, context_id, query_timestamp,
  lower(rtrim(query_name, '.')) AS name,
  CASE WHEN NOT contains(srcaddr, ':') THEN v4(srcaddr) END AS src4, CASE WHEN contains(srcaddr, ':') THEN srcaddr END AS src6,
  srcport::INTEGER AS srcport, answers
FROM (SELECT *, srcids.instance AS instance FROM read_json('%[1]s', format='newline_delimited', columns={%[2]s}, filename=true))
JOIN store.raw_context c USING (version, account_id, region, vpc_id, query_type, query_class, rcode, transport, instance);
CREATE TABLE store.dns AS SELECT * EXCLUDE (answers), len(answers) AS answers_n, len(string_split(name, '.')) AS labels,
  list_max(list_transform(string_split(name, '.'), lambda l: len(l))) AS longest_label,
  list_aggregate(string_split(split_part(name, '.', 1), ''), 'entropy') AS entropy FROM raw;
CREATE TABLE store.dns_answer AS SELECT object, row_no, context_id, query_timestamp, name, src4, src6,
  a.Rdata AS rdata, k.answer_context_id, CASE WHEN a.Type = 'A' THEN v4(a.Rdata) END AS rdata4
FROM (SELECT *, unnest(answers) AS a FROM raw) JOIN store.raw_answer k ON k.type = a.Type AND k.class = a.Class`

const resolverTypes = `version:'VARCHAR', account_id:'VARCHAR', region:'VARCHAR', vpc_id:'VARCHAR', query_timestamp:'TIMESTAMP',
  query_name:'VARCHAR', query_type:'VARCHAR', query_class:'VARCHAR', rcode:'VARCHAR',
  answers:'STRUCT(Rdata VARCHAR, Type VARCHAR, Class VARCHAR)[]',
  srcaddr:'VARCHAR', srcport:'VARCHAR', transport:'VARCHAR', srcids:'STRUCT(instance VARCHAR)'`

func BenchmarkLoadFlow(b *testing.B) {
	root := benchDir(b)
	dir := generate(b, root, "flow", scale()*1_000_000)
	for range b.N {
		base, rows := floor(b, dir, flow.Type)
		report, load, derive := loadFolder(b, dir, filepath.Join(root, "flow.case"))
		if report.Lines.Rows != rows {
			b.Fatalf("%d rows loaded, %d decoded", report.Lines.Rows, rows)
		}
		csv := duckdbReader(b, filepath.Join(root, "csv.duckdb"), fmt.Sprintf(csvContexts, filepath.Join(dir, "*.gz"), flowNames, flowTypes),
			fmt.Sprintf(readCSV, filepath.Join(dir, "*.gz"), flowNames, flowTypes))
		ratios(b, rows, base, load, derive, csv, "read_csv")
	}
}

func BenchmarkLoadResolver(b *testing.B) {
	root := benchDir(b)
	dir := generate(b, root, "dns", scale()*200_000)
	for range b.N {
		base, rows := floor(b, dir, resolver.Type)
		_, load, derive := loadFolder(b, dir, filepath.Join(root, "dns.case"))
		json := duckdbReader(b, filepath.Join(root, "json.duckdb"), fmt.Sprintf(jsonContexts, filepath.Join(dir, "*.gz"), resolverTypes),
			fmt.Sprintf(readJSON, filepath.Join(dir, "*.gz"), resolverTypes))
		ratios(b, rows, base, load, derive, json, "read_json")
	}
}

func BenchmarkLoadZone(b *testing.B) {
	root := benchDir(b)
	dir := generate(b, root, "zone", scale()*100_000)
	for range b.N {
		base, rows := floor(b, dir, zone.Type)
		_, load, derive := loadFolder(b, dir, filepath.Join(root, "zone.case"))
		ratios(b, rows, base, load, derive, took{}, "")
	}
}

// ratios reports a load against its floor and against DuckDB's own reader, by the clock and by CPU time.
func ratios(b *testing.B, rows int64, base, load, derive, theirs took, name string) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(rows)/1e6, "Mrows")
	for _, m := range []struct {
		name string
		took
	}{{"floor", base}, {"load", load}, {"derive", derive}, {name, theirs}} {
		if m.wall > 0 {
			b.ReportMetric(m.wall.Seconds(), m.name+"-s")
			b.ReportMetric(m.cpu.Seconds(), m.name+"-cpu-s")
		}
	}
	b.ReportMetric(load.wall.Seconds()/base.wall.Seconds(), "load/floor")
	b.ReportMetric(load.cpu.Seconds()/base.cpu.Seconds(), "load/floor-cpu")
	if theirs.wall > 0 {
		b.ReportMetric(theirs.wall.Seconds()/load.wall.Seconds(), name+"/load")
		b.ReportMetric(theirs.cpu.Seconds()/load.cpu.Seconds(), name+"/load-cpu")
	}
}
