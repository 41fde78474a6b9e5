package layout

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoLinks: a link in the place of anything that a case has is refused, wherever it leads.
func TestNoLinks(t *testing.T) {
	for _, name := range []string{Database, Database + ".wal", Custody, Notes, Lock, Raw, Temp, Queries, Derived, DerivedDatabase, Sealing, Seal, Import} {
		for _, target := range []string{t.TempDir(), "/dev/null", "nowhere"} {
			dir := t.TempDir()
			path := Path(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := CheckNames(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			if err := CheckNames(dir); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "links nor devices") {
				t.Errorf("%s as a link to %s: %v", name, target, err)
			}
		}
	}
}
