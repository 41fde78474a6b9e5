package intake_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/custody"
	"case53/cases/notes"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/loader"
	"case53/loader/intake"
	"case53/loader/loadertest"
	"case53/loader/rebuild"
)

// sealedBag is a signed bag of a sealed case.
func sealedBag(t *testing.T) (bagged, dir string, key ssh.Signer) {
	t.Helper()
	dir = loadertest.Case(t, map[string]string{
		"flow.log": "2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n",
		"zone.log": "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n1.0 broken\n",
	})
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := notes.Open(t.Context(), dir, "case53 test")
	if err != nil {
		t.Fatal(err)
	}
	if target, err := notes.ValueOf("ip", "198.51.100.7"); err != nil {
		t.Fatal(err)
	} else if _, err := b.Do(t.Context(), notes.Marks(true, target)); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Case(t.Context(), dir, loader.Schemas(), key); err != nil {
		t.Fatal(err)
	}
	bagged = filepath.Join(t.TempDir(), "a.bag")
	if _, err := bag.Write(t.Context(), loadertest.Open(t, dir), bagged, bag.Options{Program: "case53 test", Key: key}); err != nil {
		t.Fatal(err)
	}
	return bagged, dir, key
}

// TestBag takes a case over: it has the same objects, rows and log, and says where it is from.
func TestBag(t *testing.T) {
	from, was, key := sealedBag(t)
	dir := filepath.Join(t.TempDir(), "b.case")
	r, err := intake.Bag(t.Context(), from, dir, verify.Options{Signer: key.PublicKey()})
	if err != nil || !r.OK || r.Rebuilt.Objects != 2 || r.Rebuilt.Rows != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	checked, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas(), ExpectHead: r.Verified.Head})
	if err != nil || !checked.OK || checked.Head != r.Head || checked.Checked.Rows != 3 {
		t.Errorf("%+v, %v", checked, err)
	}
	before, err := os.ReadFile(cases.CustodyFile(was))
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(cases.CustodyFile(dir)); err != nil || !bytes.HasPrefix(after, before) {
		t.Errorf("the log is not the one that was handed over, and more: %v", err)
	}
	var last custody.Entry
	if err := custody.Read(cases.CustodyFile(dir), func(e custody.Entry) error { last = e; return nil }); err != nil || last.Action != "import" ||
		!strings.Contains(string(last.Detail), r.Bag) || !strings.Contains(string(last.Detail), r.Verified.Seal.SHA256) {
		t.Errorf("%+v, %v", last, err)
	}
	kept, err := notes.Open(t.Context(), dir, "case53 test")
	if err != nil || kept.Fault() != nil || len(kept.Notes()) != 1 || !kept.Notes()[0].Marked || !strings.Contains(string(last.Detail), `"notes":{"lines":2`) {
		t.Errorf("the notes did not come along: %v", err)
	}
	one, err := verify.DigestLines(was)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := verify.DigestLines(dir); err != nil || !bytes.Equal(one, two) {
		t.Errorf("%s\n%s\n%v", one, two, err)
	}
	if _, err := os.Stat(filepath.Join(dir, intake.Kept, "seal", "seal.json.sig")); err != nil || cases.Sealed(dir) {
		t.Error(err)
	}
	if _, err := intake.Bag(t.Context(), from, dir, verify.Options{}); err == nil {
		t.Error("a case was written over")
	}
}

// TestRefused: a bag that is altered gives no case, and what is altered is named. A link in it is not followed.
func TestRefused(t *testing.T) {
	from, _, _ := sealedBag(t)
	object, err := filepath.Glob(filepath.Join(from, "data/raw/??/*"))
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, alter := range map[string]func(path string) error{
		"another's bytes": func(path string) error { return os.WriteFile(path, []byte("2 other"), 0o600) },
		"gone":            os.Remove,
		"a link":          func(path string) error { os.Remove(path); return os.Symlink(outside, path) },
	} {
		altered := filepath.Join(t.TempDir(), "altered.bag")
		if err := os.CopyFS(altered, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(from, object[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := alter(filepath.Join(altered, name)); err != nil {
			t.Fatal(err)
		}
		parent := t.TempDir()
		r, err := intake.Bag(t.Context(), altered, filepath.Join(parent, "b.case"), verify.Options{})
		if err != nil || r.OK || len(r.Faults()) == 0 || !slices.ContainsFunc(r.Faults(), func(f verify.Fault) bool { return f.File == name }) {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
		if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
			t.Errorf("%s: %v %v", what, left, err)
		}
	}
}

// TestInterruptedWhileBuilding: once the case is made and compared, an interrupt does not throw it away: it is there, its log says where
// it is from, and only what is derived from it is missing.
func TestInterruptedWhileBuilding(t *testing.T) {
	from, _, _ := sealedBag(t)
	dir := filepath.Join(t.TempDir(), "b.case")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := intake.Bag(ctx, from, dir, verify.Options{Schemas: loader.Schemas(), Progress: func(_ string, _, of int64) {
		if of == 0 { // a step of what is derived does not know how far it is
			cancel()
		}
	}})
	if !errors.Is(err, rebuild.ErrUnbuilt) || !errors.Is(err, context.Canceled) || !r.OK || r.Head == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	c, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !c.Unbuilt || c.Altered != nil {
		t.Errorf("unbuilt %v, altered %v", c.Unbuilt, c.Altered)
	}
	checked, err := verify.Case(t.Context(), dir, verify.Options{Schemas: loader.Schemas(), ExpectHead: r.Head})
	if err != nil || !checked.OK || checked.Checked.Rows != 3 {
		t.Errorf("%+v, %v", checked, err)
	}
}
