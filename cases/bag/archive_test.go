package bag_test

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"case53/cases/bag"
)

// identity makes a key of age, or of SSH, and gives its file and its public half.
func identity(t *testing.T, kind string) (file, recipient string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "key")
	var text []byte
	if kind == "age" {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		text, recipient = []byte(id.String()+"\n"), id.Recipient().String()
	} else {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open sesame"))
		if err != nil {
			t.Fatal(err)
		}
		key, err := ssh.NewPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		text, recipient = pem.EncodeToMemory(block), string(ssh.MarshalAuthorizedKey(key))
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, recipient
}

func identities(t *testing.T, file string) []age.Identity {
	t.Helper()
	ids, err := bag.Identities(file, func() ([]byte, error) { return []byte("open sesame"), nil })
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestArchive encrypts a folder for two, and each reads it; nobody else, and nothing of it that was altered or cut.
func TestArchive(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "bagit.txt"), []byte("a"), 0o600), os.MkdirAll(filepath.Join(dir, "data/raw"), 0o700),
		os.WriteFile(filepath.Join(dir, "data/raw/b"), bytes.Repeat([]byte("b"), 1<<18), 0o600)); err != nil {
		t.Fatal(err)
	}
	first, one := identity(t, "age")
	second, two := identity(t, "ssh")
	named := filepath.Join(t.TempDir(), "recipients")
	if err := os.WriteFile(named, []byte("# who\n"+two), 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := bag.Recipients([]string{one, named})
	if err != nil || len(to) != 2 {
		t.Fatal(to, err)
	}
	var packed bytes.Buffer
	if err := bag.Pack(t.Context(), dir, &packed, to); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{first, second} {
		got, err := bag.Unpack(t.Context(), bytes.NewReader(packed.Bytes()), identities(t, file), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("diff", "-r", dir, got).CombinedOutput(); err != nil {
			t.Errorf("%s", out)
		}
	}
	other, _ := identity(t, "age")
	var nobody *age.NoIdentityMatchError
	if _, err := bag.Unpack(t.Context(), bytes.NewReader(packed.Bytes()), identities(t, other), t.TempDir()); !errors.As(err, &nobody) {
		t.Error("somebody else has read it", err)
	}
	for _, at := range []int{packed.Len() / 2, packed.Len() - 1} {
		altered := bytes.Clone(packed.Bytes())
		altered[at] ^= 1
		for what, text := range map[string][]byte{"altered": altered, "cut": packed.Bytes()[:at]} {
			if _, err := bag.Unpack(t.Context(), bytes.NewReader(text), identities(t, first), t.TempDir()); !errors.Is(err, bag.ErrArchive) {
				t.Errorf("%s at %d: %v", what, at, err)
			}
		}
	}
	for _, given := range []string{"age1nobody", "ssh-ed25519 x", filepath.Join(dir, "none"), os.DevNull} {
		if _, err := bag.Recipients([]string{given}); err == nil {
			t.Errorf("%s was taken", given)
		}
	}
}

// TestHostileArchive: nothing comes out of an archive but files of a bag, in the folder for them.
func TestHostileArchive(t *testing.T) {
	file, recipient := identity(t, "age")
	to, err := bag.Recipients([]string{recipient})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []tar.Header{
		{Name: "../a"}, {Name: "/a"}, {Name: "bag/../../a"}, {Name: "bag/.a"}, {Name: "bag//a"}, {Name: "bag/a/"}, {Name: "a"}, {Name: "bag/a\nb"},
		{Name: "bag/a", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, {Name: "bag/a", Typeflag: tar.TypeLink, Linkname: "bag/b"},
		{Name: "bag/a", Typeflag: tar.TypeDir}, {Name: "bag/a", Typeflag: tar.TypeFifo}, {Name: "bag/" + strings.Repeat("a/", 300) + "\x00"},
	} {
		var packed bytes.Buffer
		sealed, err := age.Encrypt(&packed, to...)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(sealed)
		if err := errors.Join(w.WriteHeader(&h), w.Close(), sealed.Close()); err != nil {
			continue // cannot even be written
		}
		parent := t.TempDir()
		dir := filepath.Join(parent, "in")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := bag.Unpack(t.Context(), &packed, identities(t, file), dir); !errors.Is(err, bag.ErrArchive) {
			t.Errorf("%q: %v", h.Name, err)
		}
		if out, err := exec.Command("find", parent, "-mindepth", "2").CombinedOutput(); len(out) > 0 {
			t.Errorf("%q: %s %v", h.Name, out, err)
		}
	}
	if _, err := bag.Unpack(t.Context(), io.LimitReader(strings.NewReader("no archive"), 5), identities(t, file), t.TempDir()); err == nil {
		t.Error("no archive was taken for one")
	}
}
