package bag_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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

func unpacked(t *testing.T, archive []byte, identity, dir string) (string, error) {
	t.Helper()
	return bag.Unpack(t.Context(), bytes.NewReader(archive), int64(len(archive)), identities(t, identity), dir)
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
		got, err := unpacked(t, packed.Bytes(), file, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("diff", "-r", dir, got).CombinedOutput(); err != nil {
			t.Errorf("%s", out)
		}
	}
	other, _ := identity(t, "age")
	var nobody *age.NoIdentityMatchError
	if _, err := unpacked(t, packed.Bytes(), other, t.TempDir()); !errors.As(err, &nobody) {
		t.Error("somebody else has read it", err)
	}
	for _, at := range []int{packed.Len() / 2, packed.Len() - 1} {
		altered := bytes.Clone(packed.Bytes())
		altered[at] ^= 1
		for what, text := range map[string][]byte{"altered": altered, "cut": packed.Bytes()[:at]} {
			if _, err := unpacked(t, text, first, t.TempDir()); !errors.Is(err, bag.ErrArchive) {
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
		if _, err := unpacked(t, packed.Bytes(), file, dir); !errors.Is(err, bag.ErrArchive) {
			t.Errorf("%q: %v", h.Name, err)
		}
		if out, err := exec.Command("find", parent, "-mindepth", "2").CombinedOutput(); len(out) > 0 {
			t.Errorf("%q: %s %v", h.Name, out, err)
		}
	}
	if _, err := unpacked(t, []byte("no archive"), file, t.TempDir()); err == nil {
		t.Error("no archive was taken for one")
	}
}

// sparse is an archive whose one file is said to have size bytes, none of which stand in it: of the form of PAX, or of the older one.
func sparse(t *testing.T, size int64, pax bool) []byte {
	t.Helper()
	var out bytes.Buffer
	header := func(name string, kind byte, length int, more func(block []byte)) {
		block := make([]byte, 512)
		copy(block, name)
		copy(block[100:], "0000600\x000000000\x000000000\x00")
		copy(block[124:], fmt.Sprintf("%011o\x0000000000000\x00        ", length))
		block[156] = kind
		copy(block[257:], "ustar\x0000")
		more(block)
		sum := 0
		for _, b := range block {
			sum += int(b)
		}
		copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
		out.Write(block)
	}
	put := func(text string) { out.WriteString(text + strings.Repeat("\x00", (512-len(text)%512)%512)) }
	if pax {
		var records string
		for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=bag/data/a", fmt.Sprint("GNU.sparse.realsize=", size)} {
			n := len(r) + 4
			records += fmt.Sprintf("%d %s\n", n, r)
		}
		header("PaxHeaders/a", 'x', len(records), func([]byte) {})
		put(records)
		header("bag/data/a", '0', 512, func([]byte) {})
		put(fmt.Sprintf("1\n%d\n0\n", size))
	} else {
		header("bag/data/a", 'S', 0, func(block []byte) {
			copy(block[257:], "ustar  \x00")
			copy(block[386:], fmt.Sprintf("%011o\x00%011o\x00", size, 0))
			copy(block[483:], fmt.Sprintf("%011o\x00", size))
		})
	}
	out.Write(make([]byte, 1024))
	return out.Bytes()
}

// TestBombs: an archive of a few hundred bytes does not become a file as large as a disk, and one that there is no room for is not begun.
func TestBombs(t *testing.T) {
	file, recipient := identity(t, "age")
	to, err := bag.Recipients([]string{recipient})
	if err != nil {
		t.Fatal(err)
	}
	for _, pax := range []bool{true, false} {
		plain := sparse(t, 64<<20, pax)
		if h, err := tar.NewReader(bytes.NewReader(plain)).Next(); err != nil || h.Name != "bag/data/a" || h.Size != 64<<20 {
			t.Fatalf("pax %t: no such archive: %+v, %v", pax, h, err)
		}
		var packed bytes.Buffer
		sealed, err := age.Encrypt(&packed, to...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sealed.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := sealed.Close(); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := unpacked(t, packed.Bytes(), file, dir); !errors.Is(err, bag.ErrArchive) {
			t.Errorf("pax %t: %v", pax, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("pax %t: %v %v", pax, left, err)
		}
	}
	if _, err := bag.Unpack(t.Context(), strings.NewReader(""), 1<<60, identities(t, file), t.TempDir()); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
}

// TestUnpackEnds: what is unpacked ends with the context, though all of the archive has been read.
func TestUnpackEnds(t *testing.T) {
	file, recipient := identity(t, "age")
	to, err := bag.Recipients([]string{recipient})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bagit.txt"), bytes.Repeat([]byte("a"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := bag.Pack(t.Context(), dir, &packed, to); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	in := io.MultiReader(&packed, readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF }))
	if _, err := bag.Unpack(ctx, in, int64(packed.Len()), identities(t, file), t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
