package queries

import (
	"database/sql"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the front matter of a hunt says was measured is measured again here, and must not have become worse. Of measured: two
// kinds of words are read, the rest is prose:
//
//	false findings per million benign records, high and medium: SET n and n, SET n and n
//	found: DATA n of m, DATA n of m
//
// The sets and the data are those of benignSets and recalls; a hunt that runs on one of the sets must speak of it.

// found is a row of a hunt.
type found struct {
	hunt, severity, reason string
	score                  float64
	row                    map[string]any
}

// text is a column as text, empty where it is NULL or absent.
func (f *found) text(column string) string {
	if v := f.row[column]; v != nil {
		return cell(v)
	}
	return ""
}

// serious says whether a finding is of severity high or medium.
func (f *found) serious() bool { return f.severity == "high" || f.severity == "medium" }

// about says whether a finding has these values; one may be the begin of what it has.
func (f *found) about(columns map[string]string) bool {
	for column, want := range columns {
		if have := f.text(column); have != want && !(strings.HasSuffix(want, ":") && strings.HasPrefix(have, want)) {
			return false
		}
	}
	return true
}

// findingsOf runs a hunt.
func findingsOf(t *testing.T, db *sql.DB, hunt string, given map[string]string) []found {
	t.Helper()
	text, args, err := builtins(t).Get(hunt).Bind(given)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(text, named(args)...)
	if err != nil {
		t.Fatalf("%s: %v", hunt, short(err))
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all []found
	for rows.Next() {
		cells, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		f := found{hunt: hunt, row: map[string]any{}}
		for i, c := range columns {
			f.row[c] = cells[i]
		}
		f.severity, f.reason = f.text("severity"), f.text("reason")
		f.score, _ = f.row["score"].(float64)
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// unmeasured are hunts whose findings are no accusations: they say what is there, or need a second capture or a list.
var unmeasured = strings.Fields("coverage-matrix import-balance ioc-sweep what-changed same-as-the-incident minus-clean-baseline called-out who-did-it-talk-to top-talkers dns-logging-hole")

// benignSet is data in which nothing is an attack, except what guilty says.
type benignSet struct {
	name   string
	cases  func(t *testing.T) []map[string][]byte
	guilty func(t *testing.T) func(f *found) bool
}

func innocent(*testing.T) func(*found) bool { return func(*found) bool { return false } }

// truth reads files of fixtures/truth as the logs of one case.
func truth(t *testing.T, files ...string) map[string][]byte {
	t.Helper()
	logs := map[string][]byte{}
	for _, file := range files {
		logs[strings.TrimSuffix(filepath.Base(file), ".gz")] = []byte(strings.Join(lines(t, fixture(t, "truth/"+file)), "\n") + "\n")
	}
	return logs
}

var benignSets = []benignSet{
	{"ctu-normal", func(t *testing.T) []map[string][]byte {
		return []map[string][]byte{truth(t, "ctu-normal/flow-v2.log.gz"), truth(t, "ctu-normal/flow-v5.log.gz")}
	}, func(t *testing.T) func(*found) bool {
		attackers := map[string]bool{}
		for _, line := range lines(t, fixture(t, "truth/ctu-normal/LABELS.tsv.gz"))[1:] {
			if f := strings.Split(line, "\t"); f[3] == "Malicious" {
				attackers[f[0]] = true
			}
		}
		return func(f *found) bool { return attackers[f.text("src")] }
	}},
	{"benign-dns", func(t *testing.T) []map[string][]byte {
		return []map[string][]byte{truth(t, "benign-dns/browsing-yandex.log.gz"), truth(t, "benign-dns/rita-proxy_rolling-flow.log.gz", "benign-dns/rita-proxy_rolling-resolver.log.gz")}
	}, innocent},
	{"wrccdc", func(t *testing.T) []map[string][]byte {
		text, _ := mixed(wrccdc(t), nil)
		return []map[string][]byte{{"resolver.json": text}}
	}, innocent},
	{"ordinary day", func(*testing.T) []map[string][]byte {
		day, _ := ordinaryDay(1)
		return []map[string][]byte{day}
	}, innocent},
}

// falseRate is how many false findings there are in a million records.
type falseRate struct{ high, medium int }

// falseRates runs every hunt on a set; hunts that cannot run there are not in the result.
func falseRates(t *testing.T, set benignSet) map[string]falseRate {
	t.Helper()
	guilty := set.guilty(t)
	counts, records := map[string]map[string]int{}, map[string]float64{}
	for _, logs := range set.cases(t) {
		db := loaded(t, logs)
		for _, q := range builtins(t).Hunts() {
			n := countOf(t, db, "SELECT (SELECT count(*) FROM flow) + (SELECT count(*) FROM dns) + (SELECT count(*) FROM zone)")
			if slices.Contains(unmeasured, q.ID) || !runs(t, db, q) {
				continue
			}
			records[q.ID] += n
			if counts[q.ID] == nil {
				counts[q.ID] = map[string]int{}
			}
			for _, f := range findingsOf(t, db, q.ID, nil) {
				if f.serious() && !guilty(&f) {
					counts[q.ID][f.severity]++
					if *verbose {
						t.Logf("%s: %s %s %.3f %s %s %s %s: %s", set.name, q.ID, f.severity, f.score, f.text("src"), f.text("client"), f.text("dst"), f.text("registered_domain"), f.reason)
					}
				}
			}
		}
	}
	rates := map[string]falseRate{}
	for hunt, n := range counts {
		rates[hunt] = falseRate{int(math.Round(1e6 * float64(n["high"]) / records[hunt])), int(math.Round(1e6 * float64(n["medium"]) / records[hunt]))}
	}
	return rates
}

func countOf(t *testing.T, db *sql.DB, text string) (n float64) {
	t.Helper()
	if err := db.QueryRow("SELECT (" + text + ")::DOUBLE").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// runs says whether a case has records of the logs that a hunt needs.
func runs(t *testing.T, db *sql.DB, q *Query) bool {
	t.Helper()
	for _, need := range q.Needs {
		for _, log := range []string{"flow", "dns", "zone"} {
			if logOf(need) == log && countOf(t, db, "SELECT count(*) FROM "+log) == 0 {
				return false
			}
		}
	}
	return true
}

// logOf is the log type that a view is made of; empty where it is of none or of any.
func logOf(view string) string {
	switch {
	case strings.HasPrefix(view, "session"), strings.HasPrefix(view, "flow"), view == "connection":
		return "flow"
	case strings.HasPrefix(view, "dns"), view == "resolver_log":
		return "dns"
	case strings.HasPrefix(view, "zone"):
		return "zone"
	}
	return ""
}

var (
	rateForm   = regexp.MustCompile(`(?i)false findings per million benign records, high and medium: ((?:[^,.]+ \d+ and \d+(?:, )?)+)`)
	oneRate    = regexp.MustCompile(`([^,.]+?) (\d+) and (\d+)`)
	recallForm = regexp.MustCompile(`(?i)found: ((?:[^,.;]+ \d+ of \d+(?:, )?)+)`)
	oneRecall  = regexp.MustCompile(`([^,.;]+?) (\d+) of (\d+)`)
)

// TestFalseFindings: no hunt has become worse than its front matter says.
func TestFalseFindings(t *testing.T) {
	fixture(t, "truth")
	for _, set := range benignSets {
		t.Run(set.name, func(t *testing.T) {
			rates := falseRates(t, set)
			for _, hunt := range slices.Sorted(maps.Keys(rates)) {
				have := rates[hunt]
				said, ok := saidRates(builtins(t).Get(hunt).Hunt.Measured)[set.name]
				t.Logf("%-26s %d and %d per million", hunt, have.high, have.medium)
				if *table {
					continue
				}
				if !ok {
					t.Logf("%s: measured: says nothing of %s: %d and %d", hunt, set.name, have.high, have.medium)
				} else if have.high > said.high || have.medium > said.medium {
					t.Errorf("%s: %d and %d false findings per million, measured: says %d and %d", hunt, have.high, have.medium, said.high, said.medium)
				}
			}
		})
	}
}

func saidRates(measured string) map[string]falseRate {
	said := map[string]falseRate{}
	for _, m := range oneRate.FindAllStringSubmatch(strings.Join(rateForm.FindStringSubmatch(measured), ""), -1) {
		high, _ := strconv.Atoi(m[2])
		medium, _ := strconv.Atoi(m[3])
		said[strings.TrimSpace(m[1][strings.LastIndex(m[1], ":")+1:])] = falseRate{high, medium}
	}
	return said
}

func saidRecalls(measured string) map[string][2]int {
	said := map[string][2]int{}
	for _, list := range recallForm.FindAllStringSubmatch(measured, -1) {
		for _, m := range oneRecall.FindAllStringSubmatch(list[1], -1) {
			n, _ := strconv.Atoi(m[2])
			of, _ := strconv.Atoi(m[3])
			said[strings.TrimSpace(m[1])] = [2]int{n, of}
		}
	}
	return said
}

// TestRecall: nor does any find less.
func TestRecall(t *testing.T) {
	fixture(t, "truth")
	for _, r := range recalls {
		t.Run(r.name, func(t *testing.T) {
			for hunt, have := range r.measure(t) {
				t.Logf("%-26s %s %d of %d", hunt, r.name, have[0], have[1])
				if *table || have[1] == 0 {
					continue
				}
				said, ok := saidRecalls(builtins(t).Get(hunt).Hunt.Measured)[r.name]
				if !ok {
					t.Logf("%s: measured: says nothing of %s: %d of %d", hunt, r.name, have[0], have[1])
				} else if have[0] < said[0] || have[1] != said[1] {
					t.Errorf("%s: found %d of %d of %s, measured: says %d of %d", hunt, have[0], have[1], r.name, said[0], said[1])
				}
			}
		})
	}
}

func TestDump(t *testing.T) {
	dir := os.Getenv("CASE53_DUMP")
	if dir == "" {
		t.Skip()
	}
	day, _ := ordinaryDay(1)
	text, _ := mixed(wrccdc(t), nil)
	for name, logs := range map[string]map[string][]byte{"ordinary": day, "bad": badDay(), "wrccdc": {"resolver.json": text}} {
		for file, text := range logs {
			os.MkdirAll(filepath.Join(dir, name), 0o755)
			os.WriteFile(filepath.Join(dir, name, file), text, 0o644)
		}
	}
	fmt.Println(dir)
}
