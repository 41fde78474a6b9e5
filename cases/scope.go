package cases

import (
	"context"
	"fmt"
	"strings"

	"case53/cases/duck"
	"case53/cases/predicate"
	"case53/cases/words"
)

// NarrowedUnchecked is the state of records that were narrowed before they came: whoever loaded them says to what.
const NarrowedUnchecked = "narrowed-unchecked"

// Scope is what the records that a capture has of a log type were narrowed to before they came into the case. Whoever says that
// something is not among them has to say this with it.
type Scope struct {
	Capture string `json:"capture"`
	LogType string `json:"log_type"`
	To      string `json:"to"` // a predicate's text
	State   string `json:"state"`
	Objects int64  `json:"objects"` // that were narrowed so
	Of      int64  `json:"of"`      // with records of the type in the capture

	log string // the type in a sentence
}

const scopeSQL = `
WITH narrowed AS (
  SELECT o.capture, p.log_type, o.narrowed, count(DISTINCT o.object_id) AS objects
  FROM store.object_part p
    JOIN store.object o USING (object_id)
  WHERE p.log_type <> 'unknown' AND o.capture IN (SELECT capture FROM store.object WHERE narrowed IS NOT NULL)
  GROUP BY o.capture, p.log_type, o.narrowed
)
SELECT capture, log_type, narrowed, objects, (sum(objects) OVER (PARTITION BY capture, log_type))::BIGINT AS of_all
FROM narrowed
QUALIFY narrowed IS NOT NULL
ORDER BY capture, log_type, narrowed`

// loadScopes reads to what records were narrowed.
func (c *Case) loadScopes(ctx context.Context, conn *duck.Conn) error {
	rows, err := conn.Query(ctx, scopeSQL, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		v := rows.Values()
		s := Scope{Capture: v[0].(string), LogType: v[1].(string), To: v[2].(string), State: NarrowedUnchecked, Objects: v[3].(int64), Of: v[4].(int64)}
		t, _ := c.LogType(s.LogType)
		s.log = "the " + t.One
		c.Scopes = append(c.Scopes, s)
	}
	return rows.Err()
}

// Narrowed are the scopes of a log type in a capture, or in any where that is "".
func (c *Case) Narrowed(logType, capture string) (of []Scope) {
	for _, s := range c.Scopes {
		if s.LogType == logType && (capture == "" || s.Capture == capture) {
			of = append(of, s)
		}
	}
	return of
}

// Selected says in words which records there may be: "only records with the address 203.0.113.66 (narrowed-unchecked)".
func (s Scope) Selected() string {
	which := "only " + selectedBy(s.To)
	if s.Objects < s.Of {
		which += fmt.Sprintf(", in %s of %s objects", words.Count(s.Objects), words.Count(s.Of))
	}
	return which + " (" + s.State + ")"
}

// selectedBy says in words which records a predicate selects. The text is a case's, and may be a stranger's.
func selectedBy(text string) string {
	p, err := predicate.Parse(text)
	if err != nil {
		return fmt.Sprintf("records of %q, which cannot be read", text)
	}
	return p.Words()
}

// Has says which records there may be, of which log.
func (s Scope) Has() string {
	return fmt.Sprintf("%s of the capture %s has %s", s.log, s.Capture, s.Selected())
}

// String is the scope as a sentence.
func (s Scope) String() string { return s.Has() + ": of all others nothing can be said" }

// others says of each scope whether the case has rows that it does not select: then they were not narrowed so, or not all of them.
func (c *Case) others(ctx context.Context, say func(string, ...any)) error {
	for _, s := range c.Scopes {
		p, err := predicate.Parse(s.To)
		if err != nil {
			say("%s of the capture %s is narrowed to %q, which cannot be read", s.log, s.Capture, s.To)
			continue
		}
		t, _ := c.LogType(s.LogType)
		children := predicate.Table{}
		if t.Children != nil {
			children = c.table(t.Children.View)
		}
		var n, all int64
		sql := fmt.Sprintf(`SELECT count(*) FILTER (NOT (%s)), count(*) FROM main."%s" r
			WHERE object_id IN (SELECT object_id FROM store.object WHERE narrowed = $to AND capture = $capture)`,
			p.Condition(c.table(t.View), children), t.View)
		if err := c.Each(ctx, sql, map[string]any{"to": s.To, "capture": s.Capture}, func(v []any) error {
			n, all = v[0].(int64), v[1].(int64)
			return nil
		}); err != nil {
			return err
		}
		if n > 0 {
			say("%s of the capture %s is said to have %s, and %s of its %s %s not among them: what it was narrowed to is something else",
				s.log, s.Capture, s.Selected(), words.Count(n), words.Plural(all, "row", "rows"), words.IsAre(n))
		}
	}
	return nil
}

// table is a view with the kinds of its columns.
func (c *Case) table(view string) predicate.Table {
	t := predicate.Table{View: view, Columns: map[string]string{}}
	for _, said := range c.known.Comments {
		if said.View == view && said.Column != "" {
			t.Columns[said.Column], _, _ = strings.Cut(said.Text, ":")
		}
	}
	return t
}
