package cases_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"case53/cases"
	"case53/cases/raw"
)

// TestAlteredObjectIsNotShown: a record is shown as evidence only when its whole object is what was loaded, wherever in the
// object the change is.
func TestAlteredObjectIsNotShown(t *testing.T) {
	dir := smallCase(t)
	c := openCase(t, dir)
	read := func() [2]cases.Record {
		one, err := c.Record(t.Context(), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		many := cases.Record{ObjectID: 1, RowNo: 1}
		if err := c.ReadRecords(t.Context(), []*cases.Record{&many}); err != nil {
			t.Fatal(err)
		}
		return [2]cases.Record{one, many}
	}
	for _, r := range read() {
		if r.Err != nil || string(r.Raw) != "object 1" {
			t.Errorf("%q, %v", r.Raw, r.Err)
		}
	}
	const line = "object 1"
	named := fmt.Sprintf("%x", sha256.Sum256([]byte(line)))
	path, err := c.RawStore().Path(named)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"object 2", "object 1\n", "object 1\nobject 2", "object", "", "\x1f\x8b broken"} {
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		for _, r := range read() {
			want := fmt.Sprintf("object 1: raw object altered: %s holds bytes whose SHA-256 is %x", named, sha256.Sum256([]byte(text)))
			if len(r.Raw) > 0 || !errors.Is(r.Err, raw.ErrAltered) || !strings.Contains(fmt.Sprint(r.Err), want) {
				t.Errorf("%q in place of %q: %q, %v", text, line, r.Raw, r.Err)
			}
		}
	}
}
