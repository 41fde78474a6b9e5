package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/loader"
	logs "case53/loader/logs/logstest/delivered"
	"case53/loader/source/cwlogs/cwfake"
)

// agentGroup is a log group as the CloudWatch agent and others fill it: every form of log that may come as events, a stream each and
// all at once, and a stream that is no log.
const agentGroup = "/web/ec2"

// fillStreams adds n events of each form, a minute apart, and as many of the other stream; it gives the moments of each type that are in
// the window.
func fillStreams(fake *cwfake.Server, n int, from, to time.Time) map[string][]string {
	times := map[string][]string{}
	add := func(k, i int, stream string, record func(at time.Time, n int) string) (at time.Time, within bool) {
		at = testDay.Add(time.Duration(i)*time.Minute + time.Duration(k)*time.Second)
		fake.Add(agentGroup, cwfake.Event{ID: fmt.Sprintf("%d-%d", k, i), Stream: stream, Timestamp: at.UnixMilli(), Ingestion: at.UnixMilli() + 900,
			Message: record(at, 1000+i)})
		return at, !at.Before(from) && at.Before(to)
	}
	for i := range n {
		for k, form := range logs.Forms {
			if !form.Event {
				continue
			}
			if at, within := add(k, i, fmt.Sprintf("i-0123456789abcdef0/%02d", k), form.Record); within {
				times[form.Type] = append(times[form.Type], at.Format("2006-01-02T15:04:05Z"))
			}
		}
		add(len(logs.Forms), i, "i-0123456789abcdef0/diary", func(at time.Time, n int) string { return "dear diary, it is " + at.String() })
	}
	for _, all := range times {
		slices.Sort(all)
	}
	return times
}

// TestPullOfAGroupThatMixesLogs: each stream is what it is, to the record, whatever else the group holds and however the service
// behaves; what is no log is counted under its stream's name; the group is found, and the policy lets it be read.
func TestPullOfAGroupThatMixesLogs(t *testing.T) {
	const minutes = 120
	from, to := testDay.Add(20*time.Minute), testDay.Add(100*time.Minute)
	fake := &cwfake.Server{ThrottleEvery: 4, EmptyEvery: 3, PageEvents: 150}
	times := fillStreams(fake, minutes, from, to)
	c := newTestCloud(t, fake)
	args := []string{"pull", "x.case", "--log-group", agentGroup, "--from", from.Format(time.RFC3339), "--to", to.Format(time.RFC3339), "--rate", "100000"}
	for _, exit := range []int{4, 0} { // what is no log is said; the second pull adds nothing
		if out, errs, code := c.case53(args...); code != exit {
			t.Fatalf("exit %d: %s %s", code, out, errs)
		}
		got := c.momentsOfTypes("x.case")
		for _, typ := range loader.Types() {
			if !slices.Equal(got[typ.Name], times[typ.Name]) {
				t.Errorf("%s: %d records, want %d", typ.Name, len(got[typ.Name]), len(times[typ.Name]))
			}
			if len(times[typ.Name]) == 0 {
				t.Errorf("%s: nothing of it came as events", typ.Name)
			}
		}
		if n := c.number("x.case", "SELECT sum(unread)::BIGINT FROM object_part WHERE log_stream = 'i-0123456789abcdef0/diary'"); n < 80 || n == minutes {
			t.Errorf("%d events of no log, of which 80 are in the window", n)
		}
		if n := c.number("x.case", "SELECT count(*) FROM reject"); n != 0 {
			t.Errorf("%d rejects", n)
		}
		out, _, _ := c.case53("info", "x.case", "--json")
		if _, err := balanced([]byte(out)); err != nil {
			t.Error(err)
		}
	}
	if fake.Throttled() == 0 {
		t.Error("nothing was throttled")
	}
	out, errs, code := c.case53("sources", "--from", "2026-11-01", "--to", "2026-11-02")
	if !strings.Contains(out, ":log-group:"+agentGroup+"  2026-11-01 00:00") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
	for _, typ := range loader.Types() {
		if code != 0 || !strings.Contains(out, typ.Name) {
			t.Errorf("exit %d, no %s: %s", code, typ.Name, out)
		}
	}
	out, errs, code = c.case53("iam-policy", "--log-group", agentGroup)
	if code != 0 || !strings.Contains(out, ":log-group:"+agentGroup+":*") || strings.Contains(out, "GROUP") {
		t.Errorf("exit %d: %s %s", code, out, errs)
	}
}

// momentsOfTypes are the times of all records of each log type.
func (c *testCloud) momentsOfTypes(name string) map[string][]string {
	c.t.Helper()
	var parts []string
	for _, typ := range loader.Types() {
		parts = append(parts, fmt.Sprintf("SELECT '%s' AS log, strftime(%q, '%%Y-%%m-%%dT%%H:%%M:%%SZ') AS moment FROM %s", typ.Name, typ.Time, typ.View))
	}
	all := map[string][]string{}
	for _, row := range c.rows(name, strings.Join(parts, " UNION ALL ")+" ORDER BY log, moment") {
		log := row["log"].(string)
		all[log] = append(all[log], row["moment"].(string))
	}
	return all
}
