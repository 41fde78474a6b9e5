package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/internal/layout"
)

// checkInterrupted looks, where the last writer was interrupted, whether all that the custody log says was loaded is there: DuckDB
// loses what a damaged or missing write-ahead log held without an error.
func (c *Case) checkInterrupted(ctx context.Context, conn *duck.Conn) error {
	if layout.LeftBy(c.Dir).Process == "" {
		return nil
	}
	logged, err := LoggedObjects(c.Dir)
	if errors.Is(err, custody.ErrBroken) { // of which more is said
		return nil
	}
	if err != nil {
		return err
	}
	if err := conn.Each(ctx, "SELECT object_id FROM store.object", nil, func(v []any) { delete(logged, uint32(v[0].(int64))) }); err != nil {
		return err
	}
	if len(logged) > 0 {
		return Lost(len(logged))
	}
	return nil
}

// Lost says that objects are gone from the tables which the custody log names.
func Lost(objects int) error {
	return fmt.Errorf("%w: %s has lost %d objects that the custody log names\n"+
		"hint: their bytes are in raw/; case53 rebuild makes the database again from there",
		layout.ErrDamaged, layout.Database, objects)
}

// LoggedObjects gives the SHA-256 of every object that the custody log says is in the case.
func LoggedObjects(dir string) (map[uint32]string, error) {
	logged := map[uint32]string{}
	return logged, custody.Read(CustodyFile(dir), func(e custody.Entry) error {
		if e.Action != "object.load" && e.Action != "object.reconcile" {
			return nil
		}
		var o struct {
			ID     uint32 `json:"object_id"`
			SHA256 string `json:"sha256"`
		}
		if err := json.Unmarshal(e.Detail, &o); err != nil {
			return fmt.Errorf("%w: line %d: %w", custody.ErrBroken, e.Seq, err)
		}
		logged[o.ID] = o.SHA256
		return nil
	})
}
