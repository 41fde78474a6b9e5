package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases/duck"
	"case53/cases/internal/layout"
)

// checkReady finds out whether every load came to its end, and whether every step has reached the last object.
func (c *Case) checkReady(ctx context.Context, conn *duck.Conn) error {
	const unfinished = "SELECT what, began_at, accepted_at FROM store.unfinished ORDER BY began_at, what"
	if err := conn.Each(ctx, unfinished, nil, func(v []any) {
		what := fmt.Sprintf("the %s that began at %s was interrupted", v[0], v[1].(time.Time).Format(time.RFC3339))
		if accepted, ok := v[2].(time.Time); ok {
			c.Unfinished = append(c.Unfinished, what+", and the case taken as it stood at "+accepted.Format(time.RFC3339)+
				": records may be missing")
		} else {
			c.interrupted = append(c.interrupted, what)
		}
	}); err != nil {
		return err
	}
	if c.behind = c.db.State.Why(); c.lacks() != "" {
		c.Unbuilt = len(c.interrupted) == 0
		c.NotReady = fmt.Errorf("%w: %s: %s\nhint: %s", layout.ErrNotReady, c.Dir, c.lacks(), c.remedy())
	}
	return nil
}

// lacks says why the case is not ready, without its path.
func (c *Case) lacks() string {
	why := slices.Clone(c.interrupted)
	if c.behind != "" {
		why = append(why, c.behind)
	}
	return strings.Join(why, "; ")
}

// remedy says what makes a case ready that is not.
func (c *Case) remedy() string {
	remedy := "case53 derive " + c.Dir + " builds what is missing"
	if c.Unbuilt {
		return remedy
	}
	return "repeat the command that was interrupted, it goes on where it stopped; or " + remedy + " for the records that are there"
}

// refuseUnready refuses a statement that rests on derived tables while these are not all there: it would count what is
// missing as nothing.
func (c *Case) refuseUnready(ctx context.Context, conn *duck.Conn, asks asked) error {
	if c.NotReady == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.derived == nil { // once, as nothing changes while the case is open
		var err error
		if c.derived, err = restOnDerived(ctx, conn); err != nil {
			return err
		}
	}
	if c.derived.touchedBy(asks) {
		return c.NotReady
	}
	return nil
}

// derivedNames are the views and macros that rest on tables of derived.duckdb, directly or through others.
type derivedNames map[string]bool

func (d derivedNames) touchedBy(asks asked) bool {
	for name := range asks {
		if strings.HasPrefix(name, "derived.") || d[strings.TrimPrefix(name, "main.")] {
			return true
		}
	}
	return false
}

// restOnDerived reads the definitions of the case's views and macros.
func restOnDerived(ctx context.Context, conn *duck.Conn) (derivedNames, error) {
	all, _, err := definitions(ctx, conn)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d definition) bool { return d.internal })
	asks := make([]asked, len(all))
	for i, d := range all {
		var err error
		if asks[i], err = gate(ctx, conn, d.sql); err != nil {
			return nil, fmt.Errorf("%w: the definition of %s: %w", layout.ErrDamaged, d.name, err)
		}
	}
	derived := derivedNames{}
	for grown := true; grown; {
		grown = false
		for i, d := range all {
			if !derived[d.name] && derived.touchedBy(asks[i]) {
				derived[d.name], grown = true, true
			}
		}
	}
	return derived, nil
}
