package cases

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"case53/cases/duck"
	"case53/cases/internal/layout"
)

// checkRows compares how many rows the tables have with how many were loaded. It costs a few milliseconds, reads no row, and finds
// what an accident takes or a hand adds; that the rows are the same ones, package verify says.
func (c *Case) checkRows(ctx context.Context, conn *duck.Conn) error {
	loaded, counts := map[string]int64{}, []string{}
	foreign := ""
	if err := conn.Each(ctx, "SELECT name, sum(rows)::BIGINT FROM store.digest GROUP BY name ORDER BY name", nil, func(v []any) {
		name := v[0].(string)
		if c.known.Entries["table store."+name] == "" {
			foreign = name
			return
		}
		loaded[name] = v[1].(int64)
		counts = append(counts, fmt.Sprintf(`SELECT '%[1]s', count(*) FROM store."%[1]s"`, name))
	}); err != nil {
		return err
	}
	if foreign != "" {
		return c.damaged("rows of %q were loaded, and it is no table of ours", foreign)
	}
	if len(counts) == 0 {
		return nil
	}
	var wrong []string
	err := conn.Each(ctx, strings.Join(counts, " UNION ALL "), nil, func(v []any) {
		name, n := v[0].(string), v[1].(int64)
		if n != loaded[name] {
			wrong = append(wrong, fmt.Sprintf("store.%s has %d rows, and %d were loaded", name, n, loaded[name]))
		}
	})
	if err == nil && wrong != nil {
		err = c.damaged("%s", strings.Join(wrong, "; "))
	}
	return err
}

func (c *Case) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s\nhint: case53 verify %s names what is altered; case53 rebuild %s makes the database again from raw/",
		layout.ErrDamaged, fmt.Sprintf(format, args...), c.Dir, c.Dir)
}

// sizes says which source objects are gone from raw/, or have not the size that they had: without reading them.
func (c *Case) sizes(ctx context.Context, say func(format string, args ...any)) error {
	wrong := 0
	err := c.Each(ctx, "SELECT DISTINCT sha256, size FROM store.object ORDER BY sha256", nil, func(v []any) error {
		sha, size := v[0].(string), v[1].(int64)
		file, err := c.raw.Path(sha)
		if err != nil {
			return err
		}
		info, err := os.Lstat(file)
		name := path.Join(layout.Raw, sha[:2], sha)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = nil
			if wrong++; wrong <= maxProblems {
				say("%s is missing: evidence is gone", name)
			}
		case err == nil && (!info.Mode().IsRegular() || info.Size() != size):
			if wrong++; wrong <= maxProblems {
				say("%s has %d bytes, and %d were received: evidence was altered", name, info.Size(), size)
			}
		}
		return err
	})
	if more := wrong - maxProblems; more > 0 {
		say("%d more files of raw/ are gone or altered: case53 verify names all", more)
	}
	return err
}
