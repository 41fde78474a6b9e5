package queries

import (
	"database/sql"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the front matter of a hunt says was measured is measured again here, and must be what it says. Of measured: three kinds
// of sentences are read, the rest is prose that other tests hold:
//
//	found: DATA n of m, DATA n of m.
//	False findings in benign days, high and medium: SET n and n, SET n and n.
//	False findings per million benign records, high and medium: SET n and n, SET n and n.
//
// The sets and the data are those of benignSets and recalls. A hunt speaks of every one that it runs on. What these tests say
// instead, with -table, is what is to be written.

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
var unmeasured = strings.Fields(`coverage-matrix import-balance ioc-sweep what-changed same-as-the-incident minus-clean-baseline
	called-out who-did-it-talk-to top-talkers dns-logging-hole replay-was-asked`)

// benignSet is data in which nothing is an attack, except what guilty says.
type benignSet struct {
	name   string
	days   string // its name where it is of whole days
	web    bool   // only what reads requests is measured on it
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
	{"ctu-normal", "two days of ctu-normal", false, func(t *testing.T) []map[string][]byte {
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
	{"benign-dns", "", false, func(t *testing.T) []map[string][]byte {
		return []map[string][]byte{
			truth(t, "benign-dns/browsing-yandex.log.gz"),
			truth(t, "benign-dns/rita-proxy_rolling-flow.log.gz", "benign-dns/rita-proxy_rolling-resolver.log.gz"),
		}
	}, innocent},
	{"wrccdc", "", false, func(t *testing.T) []map[string][]byte {
		text, _ := mixed(wrccdc(t), nil)
		return []map[string][]byte{{"resolver.json": text}}
	}, innocent},
	{"a shop", "", true, func(t *testing.T) []map[string][]byte {
		all := lines(t, fixture(t, "access/tstack+lnav/test/logfile_shop_access_log.0.gz"))
		return []map[string][]byte{{"access.log": []byte(strings.Join(all, "\n") + "\n")}}
	}, innocent},
	{"ordinary requests", "", true, func(*testing.T) []map[string][]byte {
		return []map[string][]byte{dayOfRequests(false, false), dayOfRequests(false, true)}
	}, innocent},
	{"a web tier", "", true, func(*testing.T) []map[string][]byte { return []map[string][]byte{quietTier().files()} }, innocent},
	{"ordinary day", "a generated day", false, func(*testing.T) []map[string][]byte {
		day, _ := ordinaryDay(1)
		return []map[string][]byte{day}
	}, innocent},
}

// falseCount is how many false findings there are, and among how many records.
type falseCount struct {
	high, medium int
	records      float64
}

// perMillion is how many there are in a million records.
func (c falseCount) perMillion() [2]int {
	return [2]int{int(math.Round(1e6 * float64(c.high) / c.records)), int(math.Round(1e6 * float64(c.medium) / c.records))}
}

// falseCounts runs every hunt on a set; hunts that cannot run there are not in the result.
func falseCounts(t *testing.T, set benignSet) map[string]falseCount {
	t.Helper()
	guilty := set.guilty(t)
	counts := map[string]falseCount{}
	for _, logs := range set.cases(t) {
		db := loaded(t, logs)
		n := countOf(t, db, "SELECT (SELECT count(*) FROM flow) + (SELECT count(*) FROM dns) + (SELECT count(*) FROM zone) + (SELECT count(*) FROM http)")
		for _, q := range builtins(t).Hunts() {
			if slices.Contains(unmeasured, q.ID) || set.web != readsRequests(q) || !runs(t, db, q) {
				continue
			}
			count := counts[q.ID]
			count.records += n
			for _, f := range findingsOf(t, db, q.ID, nil) {
				if !f.serious() || guilty(&f) {
					continue
				}
				if f.severity == "high" {
					count.high++
				} else {
					count.medium++
				}
				if *verbose {
					t.Logf("%s: %s %s %.3f %s %s %s %s: %s", set.name, q.ID, f.severity, f.score,
						f.text("src"), f.text("client"), f.text("dst"), f.text("registered_domain"), f.reason)
				}
			}
			counts[q.ID] = count
		}
	}
	return counts
}

func countOf(t *testing.T, db *sql.DB, text string) (n float64) {
	t.Helper()
	if err := db.QueryRow("SELECT (" + text + ")::DOUBLE").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// isOfRequests says whether a view shows requests, or what the host that they came to wrote.
func isOfRequests(view string) bool {
	return view == "http" || view == "alb" || view == "httpd" || view == "host_log" || view == "tls"
}

// readsRequests says whether a hunt needs one of those.
func readsRequests(q *Query) bool {
	return slices.ContainsFunc(slices.Concat(q.Needs, slices.Concat(q.OneOf...)), isOfRequests)
}

// runs says whether a case has records of the logs that a hunt needs.
func runs(t *testing.T, db *sql.DB, q *Query) bool {
	t.Helper()
	empty := func(view string) bool {
		log := logOf(view)
		return log != "" && countOf(t, db, "SELECT count(*) FROM "+log) == 0
	}
	return !slices.ContainsFunc(q.Needs, empty) &&
		!slices.ContainsFunc(q.OneOf, func(group []string) bool {
			return !slices.ContainsFunc(group, func(view string) bool { return !empty(view) })
		})
}

// logOf is the log type that a view is made of; empty where it is of none or of any.
func logOf(view string) string {
	switch {
	case isOfRequests(view):
		return view
	case strings.HasPrefix(view, "session"), strings.HasPrefix(view, "flow"), strings.HasPrefix(view, "connection"):
		return "flow"
	case strings.HasPrefix(view, "dns"):
		return "dns"
	case strings.HasPrefix(view, "zone"):
		return "zone"
	}
	return ""
}

var (
	rateForm   = regexp.MustCompile(`(?i)false findings per million benign records, high and medium: ([^.]+)`)
	dayForm    = regexp.MustCompile(`(?i)false findings in benign days, high and medium: ([^.]+)`)
	foundForm  = regexp.MustCompile(`(?i)found: ([^.]+)`)
	twoNumbers = regexp.MustCompile(`^ ?(.+) (\d+) (?:and|of) (\d+)$`)
)

// said is what a sentence of measured: says of each set: two numbers.
func said(form *regexp.Regexp, measured string) map[string][2]int {
	all := map[string][2]int{}
	if m := form.FindStringSubmatch(measured); m != nil {
		for _, part := range strings.Split(m[1], ",") {
			if n := twoNumbers.FindStringSubmatch(part); n != nil {
				first, _ := strconv.Atoi(n[2])
				second, _ := strconv.Atoi(n[3])
				all[n[1]] = [2]int{first, second}
			}
		}
	}
	return all
}

// heldAgainst compares what is measured with what a hunt says.
func heldAgainst(t *testing.T, hunt string, form *regexp.Regexp, set string, have [2]int) {
	t.Helper()
	if *table {
		t.Logf("%s|%s|%d|%d", hunt, set, have[0], have[1])
	} else if said, ok := said(form, builtins(t).Get(hunt).Hunt.Measured)[set]; !ok {
		t.Errorf("%s: measured: says nothing of %s: %d and %d", hunt, set, have[0], have[1])
	} else if said != have {
		t.Errorf("%s: measured: says %d and %d of %s: it is %d and %d", hunt, said[0], said[1], set, have[0], have[1])
	}
}

// TestFalseFindings: no hunt cries wolf more, or less, than its front matter says.
func TestFalseFindings(t *testing.T) {
	for _, set := range benignSets {
		t.Run(set.name, func(t *testing.T) {
			counts := falseCounts(t, set)
			for _, hunt := range slices.Sorted(maps.Keys(counts)) {
				count := counts[hunt]
				heldAgainst(t, hunt, rateForm, set.name, count.perMillion())
				if set.days != "" {
					heldAgainst(t, hunt, dayForm, set.days, [2]int{count.high, count.medium})
				}
			}
		})
	}
}

// TestFound: nor does any find less, or more.
func TestFound(t *testing.T) {
	for _, r := range recalls {
		t.Run(r.name, func(t *testing.T) {
			counts := r.measure(t)
			for _, hunt := range slices.Sorted(maps.Keys(counts)) {
				if counts[hunt][1] > 0 {
					heldAgainst(t, hunt, foundForm, r.name, counts[hunt])
				}
			}
		})
	}
}

// TestEveryHuntIsMeasured: or is one whose findings are no accusations.
func TestEveryHuntIsMeasured(t *testing.T) {
	sets := map[string]bool{}
	for _, s := range benignSets {
		sets[s.name], sets[s.days] = true, true
	}
	for _, r := range recalls {
		sets[r.name] = true
	}
	for _, q := range builtins(t).Hunts() {
		rates := said(rateForm, q.Hunt.Measured)
		if len(rates) == 0 && !slices.Contains(unmeasured, q.ID) {
			t.Errorf("%s: nothing measured", q.ID)
		}
		for _, form := range []*regexp.Regexp{rateForm, dayForm, foundForm} {
			for set := range said(form, q.Hunt.Measured) {
				if !sets[set] {
					t.Errorf("%s: measured: speaks of %q, which nobody measures", q.ID, set)
				}
			}
		}
	}
}
