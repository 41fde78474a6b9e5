package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/loadertest"
)

// keyFile makes a key as ssh-keygen does, and its public half beside it.
func keyFile(t testing.TB, passphrase string) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	for name, text := range map[string][]byte{file: pem.EncodeToMemory(block), file + ".pub": ssh.MarshalAuthorizedKey(key)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

// newCase makes a case of two objects.
func newCase(t testing.TB) string {
	t.Helper()
	return loadertest.Case(t, map[string]string{
		"flow.log": "2 123456789012 eni-1 10.0.0.1 198.51.100.7 50000 443 6 3 180 1793534400 1793534430 ACCEPT OK\n",
		"zone.log": "1.0 2026-11-01T12:00:00Z Z123412341234 a.example.com A NOERROR UDP FRA6 192.0.2.1 -\n1.0 broken\n",
	})
}

// sealed is a sealed case and the file of its key.
func sealed(t testing.TB) (dir, key string) {
	t.Helper()
	dir, key = newCase(t), keyFile(t, "")
	signer, err := seal.Key(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Case(t.Context(), dir, loader.Schemas(), signer); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

func check(t testing.TB, dir, key string) verify.Result {
	t.Helper()
	signer, err := seal.PublicKey(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	r, err := verify.Case(t.Context(), dir, verify.Options{Signer: signer, Schemas: loader.Schemas()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedCase(t *testing.T) {
	dir, key := sealed(t)
	r := check(t, dir, key)
	if !r.OK || r.Seal == nil || r.Seal.Head != r.Head {
		t.Errorf("%+v", r)
	}
	if r := check(t, dir, keyFile(t, "")); r.OK || r.Faults[0].File != "seal/seal.json.sig" {
		t.Errorf("of another key: %+v", r)
	}
	if _, err := writer.Open(t.Context(), dir, loader.Schemas()); !errors.Is(err, cases.ErrSealed) {
		t.Errorf("opened for writing: %v", err)
	}
	c, err := cases.Open(t.Context(), dir, loader.Schemas())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	signer, err := seal.Key(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Case(t.Context(), dir, loader.Schemas(), signer); !errors.Is(err, cases.ErrSealed) {
		t.Errorf("sealed twice: %v", err)
	}
	for _, name := range []string{"case.duckdb", "custody.jsonl", "seal/seal.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestWithoutUs checks a seal as somebody does who does not have case53.
func TestWithoutUs(t *testing.T) {
	for _, tool := range []string{"ssh-keygen", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	dir, key := sealed(t)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	signers := filepath.Join(t.TempDir(), "allowed_signers")
	if err := os.WriteFile(signers, append([]byte("examiner "), public...), 0o600); err != nil {
		t.Fatal(err)
	}
	if k, err := seal.PublicKey(signers); err != nil || !bytes.Equal(ssh.MarshalAuthorizedKey(k), public) {
		t.Error(k, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "seal/seal.json"))
	if err != nil {
		t.Fatal(err)
	}
	signed := func(namespace string, text []byte) error {
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "examiner", "-n", namespace, "-s", filepath.Join(dir, "seal/seal.json.sig"))
		cmd.Stdin = bytes.NewReader(text)
		return cmd.Run()
	}
	if err := signed(verify.Namespace, text); err != nil {
		t.Error("ssh-keygen does not take the seal", err)
	}
	if signed("file", text) == nil || signed(verify.Namespace, append(text, ' ')) == nil {
		t.Error("ssh-keygen takes another namespace, or other bytes")
	}
	sums := exec.Command("sha256sum", "--check", "--quiet", "--strict", "seal/manifest-sha256.txt")
	sums.Dir = dir
	if out, err := sums.CombinedOutput(); err != nil {
		t.Errorf("%v, %s", err, out)
	}
	manifest := exec.Command("sha256sum", "seal/manifest-sha256.txt")
	manifest.Dir = dir
	out, err := manifest.Output()
	if err != nil || !bytes.Contains(text, out[:64]) {
		t.Errorf("%v, %s", err, out)
	}
}

func TestKeys(t *testing.T) {
	locked := keyFile(t, "open sesame")
	if _, err := seal.Key(locked, nil); err == nil || !strings.Contains(err.Error(), "has a passphrase") {
		t.Error(err)
	}
	if _, err := seal.Key(locked, func() ([]byte, error) { return []byte("open sesame\n"), nil }); err != nil {
		t.Error(err)
	}
	if _, err := seal.Key(locked, func() ([]byte, error) { return []byte("no"), nil }); err == nil {
		t.Error("a wrong passphrase was taken")
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	if _, err := seal.Key(locked+".pub", nil); err == nil || !strings.Contains(err.Error(), "no ssh-agent") {
		t.Error(err)
	}
	if _, err := seal.Key(os.DevNull, nil); err == nil {
		t.Error("no key was taken for one")
	}
}

// TestAlteredIsNotSealed: what is not what was loaded is not sealed.
func TestAlteredIsNotSealed(t *testing.T) {
	dir := newCase(t)
	files, _ := filepath.Glob(filepath.Join(dir, "raw/??/*"))
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	signer, err := seal.Key(keyFile(t, ""), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Case(t.Context(), dir, loader.Schemas(), signer); !errors.Is(err, cases.ErrDamaged) || cases.Sealed(dir) {
		t.Error(err)
	}
}

// TestTampering alters a sealed case at random: every alteration is noticed, and the file that was altered is named; as it was it is
// whole. CASE53_TAMPERINGS=10000 makes as many (default 40).
func TestTampering(t *testing.T) {
	dir, key := sealed(t)
	n := 40
	if text := os.Getenv("CASE53_TAMPERINGS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	var files []string
	kept := map[string][]byte{}
	if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "derived" { // it is no evidence, and not sealed
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || d.Name() == "case.lock" {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		files = append(files, name)
		kept[name], err = os.ReadFile(path)
		return errors.Join(err, os.Chmod(path, 0o600))
	}); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(53, 12))
	for i := range n {
		name := files[random.IntN(len(files))]
		path := filepath.Join(dir, name)
		what, more, text := alteration(random, kept, files, name)
		if what == "" {
			continue
		}
		var err error
		switch {
		case more != "":
			name, path = more, filepath.Join(dir, more)
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600))
		case text == nil:
			err = os.Remove(path)
		default:
			err = os.WriteFile(path, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		r := check(t, dir, key)
		if r.OK || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return names(f.File, name) }) {
			t.Errorf("%d: %s: %s: %+v", i, name, what, r)
		}
		if more != "" {
			err = os.Remove(path)
		} else {
			err = os.WriteFile(path, kept[name], 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if r := check(t, dir, key); !r.OK {
			t.Fatalf("as it was: %+v", r)
		}
	}
}

// alteration is what is done to a file: text is what it holds from then on, nil that it is gone, more a file that comes beside it.
// what is "" where nothing would change.
func alteration(random *rand.Rand, kept map[string][]byte, files []string, name string) (what, more string, text []byte) {
	text = bytes.Clone(kept[name])
	switch at := random.IntN(len(text)); random.IntN(7) {
	case 0:
		return "a bit", "", slices.Concat(text[:at], []byte{text[at] ^ 1<<random.IntN(8)}, text[at+1:])
	case 1:
		return "cut", "", text[:at]
	case 2:
		return "longer", "", append(text, byte(random.Uint32()))
	case 3:
		return "gone", "", nil
	case 4:
		if other := kept[files[random.IntN(len(files))]]; !bytes.Equal(other, text) {
			return "another's bytes", "", other
		}
	case 5:
		return "a file more", fmt.Sprintf("raw/%02x/%064x", random.IntN(256), random.Uint64()), text
	case 6:
		if at+16 <= len(text) && !bytes.Equal(text[at:at+8], text[at+8:at+16]) {
			return "words swapped", "", slices.Concat(text[:at], text[at+8:at+16], text[at:at+8], text[at+16:])
		}
	}
	return "", "", nil
}

// names says whether a fault of a file tells of an alteration of another: a seal and its signature stand together.
func names(fault, altered string) bool {
	return fault == altered || altered == "seal/seal.json.sig" && fault == "seal/seal.json" ||
		strings.HasPrefix(altered, "seal/seal.json") && fault == "seal"
}
