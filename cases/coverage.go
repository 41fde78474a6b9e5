package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"case53/cases/words"
)

// Statuses of a window of a source. A flow log says so itself, except StatusAbsent: no record of the interface falls in
// the window, while the capture as a whole spans it. Where a log has no NODATA, a window without records may be quiet,
// cached or not logged, and is StatusNone: see LogType.Silence.
const (
	StatusOK       = "OK"
	StatusNoData   = "NODATA"
	StatusSkipData = "SKIPDATA"
	StatusAbsent   = "absent"
	StatusRecords  = "records"
	StatusNone     = "none"
)

// Statuses are all of them, in the order in which they are told.
var Statuses = []string{StatusOK, StatusRecords, StatusNoData, StatusSkipData, StatusAbsent, StatusNone}

// Coverage is what is really there of one source in one capture.
type Coverage struct {
	LogType string        `json:"log_type"`
	Capture string        `json:"capture"`
	Source  string        `json:"source"` // interface, VPC or hosted zone
	Bin     time.Duration `json:"-"`
	Window  Span          `json:"window"` // of the capture and log type, in whole bins
	Windows int64         `json:"windows"`
	// Counts of windows by status; SKIPDATA counts before OK, OK before NODATA.
	Counts map[string]int64 `json:"counts"`
	Spans  []CoverageSpan   `json:"spans"`
	// Explained are the calls that explain why there is no record for a time, or may. Such a time may lie after Window, where all
	// sources of the log end before the capture does.
	Explained []Explanation `json:"explained,omitempty"`

	// Narrowed is what the log's records in the capture were narrowed to before they came: a window without a record says nothing then.
	Narrowed []Scope `json:"narrowed,omitempty"`

	Silence string `json:"-"` // status of a window without a record
}

// CoverageSpan is a run of windows of one status.
type CoverageSpan struct {
	From, To time.Time
	Status   string
}

// MarshalJSON writes {"from":…,"to":…,"status":…}.
func (s CoverageSpan) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		From   *time.Time `json:"from"`
		To     *time.Time `json:"to"`
		Status string     `json:"status"`
	}{point(s.From), point(s.To), s.Status})
}

// How sure an explanation is: the call names what the log is of; it may have meant it; it failed, and so explains nothing.
const (
	Named    = "named"
	Possible = "possible"
	Attempt  = "attempt"
)

// Explanation is a call, the first of its like, that explains why a source has no record from one moment to another, or may.
type Explanation struct {
	From            time.Time `json:"from"`
	To              time.Time `json:"to"`
	ComesBack       bool      `json:"comes_back"`
	Certainty       string    `json:"certainty"`
	Because         string    `json:"because"` // what says so, and what is not known
	EventTime       time.Time `json:"event_time"`
	EventName       string    `json:"event_name"`
	Calls           int64     `json:"calls"`
	Resource        string    `json:"resource,omitempty"`
	UserIdentityARN string    `json:"user_identity_arn,omitempty"`
	SourceIPAddress string    `json:"source_ip_address,omitempty"`
	ErrorCode       string    `json:"error_code,omitempty"`
	ObjectID        int64     `json:"object_id"`
	RowNo           int64     `json:"row_no"`
}

// coverageSQL gives (log_type, capture, source, bin, status) for every bin that has records, and the bounds of the
// capture's records of that type. A bin has the strongest status of its minutes.
const coverageSQL = `
WITH seen AS (
  SELECT log_type, capture, coalesce(source, '-') AS source, minute,
    CASE status WHEN 'SKIPDATA' THEN 3 WHEN 'NODATA' THEN 1 ELSE 2 END AS rank
  FROM derived.span
  UNION ALL
  SELECT log_type, capture, coalesce(source, '-'), minute, 4
  FROM derived.minute WHERE log_type IN (SELECT name FROM store.log_type WHERE silence = 'none')
),
binned AS (
  SELECT log_type, capture, source, time_bucket(to_minutes($bin), minute, TIMESTAMP '2000-01-01') AS bin, max(rank) AS rank
  FROM seen GROUP BY ALL
)
SELECT log_type, capture, source, bin, rank,
  min(bin) OVER (PARTITION BY log_type, capture) AS first, max(bin) OVER (PARTITION BY log_type, capture) AS last
FROM binned ORDER BY log_type, capture, source, bin`

var statusOfRank = map[int64]string{1: StatusNoData, 2: StatusOK, 3: StatusSkipData, 4: StatusRecords}

// Coverage says for every source, in windows of bin (whole minutes), what its logs say about them.
func (c *Case) Coverage(ctx context.Context, bin time.Duration) ([]Coverage, error) {
	if bin < time.Minute || bin%time.Minute != 0 {
		return nil, fmt.Errorf("windows of %s are not whole minutes", bin)
	}
	out := []Coverage{}
	err := c.Each(ctx, coverageSQL, map[string]any{"bin": int64(bin / time.Minute)}, func(v []any) error {
		logType, capture, source := v[0].(string), v[1].(string), v[2].(string)
		at, rank, first, last := v[3].(time.Time), v[4].(int64), v[5].(time.Time), v[6].(time.Time)
		if n := len(out); n == 0 || out[n-1].LogType != logType || out[n-1].Capture != capture || out[n-1].Source != source {
			finish(out)
			t, _ := c.LogType(logType)
			one := Coverage{LogType: logType, Capture: capture, Source: source, Bin: bin, Silence: t.Silence,
				Window: Span{first, last.Add(bin)}, Windows: binsBetween(first, last, bin) + 1, Counts: map[string]int64{}}
			if one.Narrowed = c.Narrowed(logType, capture); one.Narrowed != nil {
				one.Silence = StatusNone
			}
			out = append(out, one)
		}
		cov := &out[len(out)-1]
		cov.fill(at)
		cov.add(at, at.Add(bin), statusOfRank[rank])
		return nil
	})
	finish(out)
	return out, err
}

// fill adds what lies between the last span and to.
func (c *Coverage) fill(to time.Time) {
	from := c.Window.From
	if n := len(c.Spans); n > 0 {
		from = c.Spans[n-1].To
	}
	if from.Before(to) {
		c.add(from, to, c.Silence)
	}
}

// add adds windows, to the last span where the status is the same.
func (c *Coverage) add(from, to time.Time, status string) {
	c.Counts[status] += binsBetween(from, to, c.Bin)
	if n := len(c.Spans); n > 0 && c.Spans[n-1].Status == status {
		c.Spans[n-1].To = to
		return
	}
	c.Spans = append(c.Spans, CoverageSpan{from, to, status})
}

// finish fills the last source up to the end of its window.
func finish(out []Coverage) {
	if len(out) > 0 {
		c := &out[len(out)-1]
		c.fill(c.Window.To)
	}
}

// worstFirst are the statuses in the order in which one of them stands for windows of several.
var worstFirst = []string{StatusSkipData, StatusAbsent, StatusNone, StatusNoData, StatusOK, StatusRecords}

// Bar cuts the window into at most so many equal parts, in the order of time, and gives the worst status of each.
func (c Coverage) Bar(most int) []string {
	width := min(int64(max(most, 0)), c.Windows)
	out := make([]string, width)
	span := 0
	for i := range width {
		from := Later(c.Window.From, float64(i*c.Windows/width)*c.Bin.Seconds())
		to := Later(c.Window.From, float64((i+1)*c.Windows/width)*c.Bin.Seconds())
		best := len(worstFirst) - 1
		for span < len(c.Spans) && !c.Spans[span].To.After(from) {
			span++
		}
		for s := span; s < len(c.Spans) && c.Spans[s].From.Before(to); s++ {
			for rank, status := range worstFirst {
				if status == c.Spans[s].Status {
					best = min(best, rank)
				}
			}
		}
		out[i] = worstFirst[best]
	}
	return out
}

// binsBetween counts bins of whole seconds. A time.Duration would end at 292 years, and a record may say any time.
func binsBetween(from, to time.Time, bin time.Duration) int64 {
	return (to.Unix() - from.Unix()) / int64(bin/time.Second)
}

// Share says how much of a stretch of time is really there, in minutes of every source concerned. Minutes that are neither
// covered nor SKIPDATA are absent, or, in a log without NODATA, without a record.
type Share struct {
	Windows  int64 `json:"windows"`
	Covered  int64 `json:"covered"`
	SkipData int64 `json:"skipdata"`
}

func (s Share) String() string {
	if s.Windows == 0 {
		return "no source to tell its coverage by"
	}
	return fmt.Sprintf("%s of %s minutes covered, %d SKIPDATA", words.Count(s.Covered), words.Count(s.Windows), s.SkipData)
}

// Percent is the share that is covered, to a tenth, rounded neither up to all nor down to none.
func (s Share) Percent() string {
	switch {
	case s.Windows == 0:
		return "nothing"
	case s.Covered == s.Windows:
		return "100%"
	case s.Covered == 0:
		return "0%"
	}
	return fmt.Sprintf("%.1f%%", min(99.9, max(0.1, 100*float64(s.Covered)/float64(s.Windows))))
}

// Add counts the minutes of a span, its last moment included, in the coverage of a source.
func (s *Share) Add(source Coverage, span Span) {
	from := span.From.Truncate(time.Minute)
	to := span.To.Add(time.Minute - 1).Truncate(time.Minute)
	if !to.After(from) {
		to = from.Add(time.Minute)
	}
	s.Windows += binsBetween(from, to, time.Minute)
	for _, there := range source.Spans {
		start, end := there.From, there.To
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if !end.After(start) {
			continue
		}
		n := binsBetween(start, end, time.Minute)
		switch there.Status {
		case StatusOK, StatusNoData, StatusRecords:
			s.Covered += n
		case StatusSkipData:
			s.SkipData += n
		}
	}
}
