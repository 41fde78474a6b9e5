package cases

import (
	"context"
	"strings"
	"time"
)

// Overview is the case at a glance.
type Overview struct {
	Info              // its captures count child rows too
	Rejects  []Reason // the most frequent first
	Hours    []Histogram
	Coverage []Coverage
	Problem  string // why the index may not be what raw/ holds; "" when all is well
	Remedy   string // what to do about it; "" where nothing can be done
}

// Reason is why records were rejected, and how many.
type Reason struct {
	Text  string
	Count int64
}

// Histogram is the number of records of a log type per hour.
type Histogram struct {
	LogType string
	Times   []time.Time
	Counts  []int64
}

// mostReasons bounds Overview.Rejects; the saved query reject-reasons has them all.
const mostReasons = 10

// Overview reads the case at a glance, with coverage in windows of bin. What is derived is left out where it is not
// whole, and Problem says so.
func (c *Case) Overview(ctx context.Context, bin time.Duration) (Overview, error) {
	var o Overview
	var err error
	if o.Info, err = c.Info(ctx); err != nil {
		return o, err
	}
	if err := c.countChildren(ctx, o.Captures); err != nil {
		return o, err
	}
	if o.Rejects, err = c.reasons(ctx); err != nil {
		return o, err
	}
	if c.NotReady != nil {
		o.Problem, o.Remedy = c.lacks(), c.remedy()
		return o, nil
	}
	o.Problem = strings.Join(c.Unfinished, "; ")
	if o.Hours, err = c.hours(ctx); err != nil {
		return o, err
	}
	o.Coverage, err = c.Coverage(ctx, bin)
	return o, err
}

// countChildren counts the child rows of each capture.
func (c *Case) countChildren(ctx context.Context, captures []CaptureInfo) error {
	for _, t := range c.types {
		if t.Children == nil {
			continue
		}
		sql := "SELECT o.capture, sum(n)::BIGINT FROM " +
			"(SELECT object_id, count(*) AS n FROM store." + t.Children.View + " GROUP BY 1) " +
			"JOIN store.object o USING (object_id) GROUP BY 1"
		err := c.Each(ctx, sql, nil, func(v []any) error {
			for i := range captures {
				if captures[i].Name == v[0].(string) {
					captures[i].Rows[t.Children.View] = v[1].(int64)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Case) reasons(ctx context.Context) ([]Reason, error) {
	var out []Reason
	sql := "SELECT reason, count(*) FROM reject GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT $most"
	err := c.Each(ctx, sql, map[string]any{"most": int64(mostReasons)}, func(v []any) error {
		out = append(out, Reason{v[0].(string), v[1].(int64)})
		return nil
	})
	return out, err
}

func (c *Case) hours(ctx context.Context) ([]Histogram, error) {
	var out []Histogram
	sql := "SELECT log_type, date_trunc('hour', minute) AS hour, sum(records)::BIGINT FROM minute GROUP BY ALL ORDER BY 1, 2"
	err := c.Each(ctx, sql, nil, func(v []any) error {
		logType := v[0].(string)
		if len(out) == 0 || out[len(out)-1].LogType != logType {
			out = append(out, Histogram{LogType: logType})
		}
		h := &out[len(out)-1]
		h.Times, h.Counts = append(h.Times, v[1].(time.Time)), append(h.Counts, v[2].(int64))
		return nil
	})
	return out, err
}
