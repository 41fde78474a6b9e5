package verify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"case53/cases"
)

// Namespace is what an SSH signature of a seal is for: ssh-keygen -Y verify -n takes it.
const Namespace = "case53-seal@v1"

// Files of a seal, in the folder of that name.
const (
	SealFolder    = "seal"
	SealFile      = "seal.json"
	SignatureFile = "seal.json.sig"
	ManifestFile  = "manifest-sha256.txt"
	DigestsFile   = "digests.txt"
)

// Seal is what seal.json says.
type Seal struct {
	Format   int       `json:"format"` // of the seal: 1
	Case     string    `json:"case"`   // name of the folder
	SealedAt time.Time `json:"sealed_at"`
	SealedBy string    `json:"sealed_by"` // user@host, as the operating system says it
	Tool     string    `json:"tool"`
	DuckDB   string    `json:"duckdb"`
	Key      string    `json:"key"` // SHA-256 fingerprint of the signing key
	Manifest string    `json:"manifest_sha256"`
	Digests  string    `json:"digests_sha256"`
	Custody  struct {
		Lines int    `json:"lines"`
		Head  string `json:"head"`
	} `json:"custody"`
	Objects  int64               `json:"objects"`
	Tables   map[string]int64    `json:"tables"` // rows, by view
	Lines    cases.Counts        `json:"lines"`
	Window   cases.Span          `json:"window"`
	Captures []cases.CaptureInfo `json:"captures"`
	Slices   []cases.SliceInfo   `json:"slices"`    // how completely remote sources were read
	Problems []string            `json:"problems"`  // what is known to be missing or wrong
	NotShown []string            `json:"not_shown"` // what such logs never show
}

const (
	meansSeal   = "the seal was changed after it was signed: it vouches for nothing"
	meansUnlike = "it is not the file that was sealed"
)

// SealPath is a file of the seal of a case in dir.
func SealPath(dir, name string) string { return filepath.Join(dir, SealFolder, name) }

// seal compares the case with its seal, where it has one.
func (r *run) seal(ctx context.Context) error {
	if !cases.Sealed(r.dir) {
		if r.bag != "" && r.opt.StampedBy != nil {
			r.fault(SealFolder, 0, meansStamp, "the case in the bag is not sealed, or its seal was taken away")
		}
		return nil
	}
	text, seal, key, err := readSeal(r.dir)
	if err != nil {
		r.fault(SealFolder+"/"+SealFile, 0, meansSeal, "%s", err)
		return nil
	}
	r.result.Seal = &Sealed{SealedAt: seal.SealedAt, Key: ssh.FingerprintSHA256(key), Head: seal.Custody.Head, SHA256: Sum(text)}
	if r.opt.Signer != nil && !bytes.Equal(r.opt.Signer.Marshal(), key.Marshal()) {
		r.fault(SealFolder+"/"+SignatureFile, 0, "somebody else has sealed the case, perhaps anew after changing it",
			"it was made with the key %s, not with %s", ssh.FingerprintSHA256(key), ssh.FingerprintSHA256(r.opt.Signer))
	}
	r.stamp(text)
	manifest, err := readManifest(r.dir, seal.Manifest)
	if err != nil {
		r.fault(SealFolder+"/"+ManifestFile, 0, meansSeal, "%s", err)
		return nil
	}
	if manifest[SealFolder+"/"+DigestsFile] != seal.Digests {
		r.fault(SealFolder+"/"+SealFile, 0, meansSeal, "manifest and seal name other digests")
	}
	return r.sealed(ctx, manifest)
}

// sealed compares the files of the case with a manifest. Those of raw/ have been compared with their names before.
func (r *run) sealed(ctx context.Context, manifest map[string]string) error {
	for name, sum := range manifest {
		if r.bag != "" && name == nameDatabase {
			continue // no database is handed over
		}
		path := filepath.Join(r.dir, filepath.FromSlash(name))
		info, err := os.Lstat(path)
		object := uint32(0)
		if strings.HasPrefix(name, nameRaw+"/") {
			object = r.log.object(sum)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.fault(name, object, meansGone, "it was sealed, and is gone")
			continue
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			r.fault(name, object, meansUnlike, "it is no file of its own")
			continue
		case strings.HasPrefix(name, nameRaw+"/"):
			if filepath.Base(name) != sum {
				r.fault(name, object, meansUnlike, "it was sealed with the SHA-256 %s", sum)
			}
			continue
		}
		now, err := HashFile(ctx, path)
		if err != nil {
			return err
		}
		if now != sum {
			r.notSealed = r.notSealed || name == nameDatabase
			r.fault(name, 0, meansUnlike, "its SHA-256 is %s; it was sealed with %s", now, sum)
		}
	}
	for name := range r.there {
		if _, ok := manifest[r.rawPath(name)]; !ok {
			r.fault(r.rawPath(name), r.log.object(name), meansExtra, "it was not sealed")
		}
	}
	if wal := nameDatabase + ".wal"; exists(filepath.Join(r.dir, wal)) {
		r.notSealed = true
		r.fault(wal, 0, "somebody has written to the database after it was sealed", "a sealed case has no such file")
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// readSeal reads a seal and checks its signature.
func readSeal(dir string) (text []byte, seal Seal, key ssh.PublicKey, err error) {
	if text, err = readSmall(SealPath(dir, SealFile)); err != nil {
		return nil, seal, nil, err
	}
	armored, err := readSmall(SealPath(dir, SignatureFile))
	if err != nil {
		return nil, seal, nil, fmt.Errorf("its signature cannot be read: %w", err)
	}
	signature, err := readSignature(armored)
	if err != nil {
		return nil, seal, nil, fmt.Errorf("%s is no signature: %w", SignatureFile, err)
	}
	if err := sshsig.Verify(bytes.NewReader(text), signature, signature.PublicKey, signature.HashAlgorithm, Namespace); err != nil {
		return nil, seal, nil, fmt.Errorf("its signature is not of these bytes: %w", err)
	}
	if err := json.Unmarshal(text, &seal); err != nil {
		return nil, seal, nil, err
	}
	if seal.Format != 1 {
		return nil, seal, nil, fmt.Errorf("a seal of format %d is not known", seal.Format)
	}
	return text, seal, signature.PublicKey, nil
}

// readManifest reads lines as sha256sum writes them, of a file with this SHA-256.
func readManifest(dir, want string) (map[string]string, error) {
	text, err := readSmall(SealPath(dir, ManifestFile))
	if err != nil {
		return nil, err
	}
	if sum := Sum(text); sum != want {
		return nil, fmt.Errorf("its SHA-256 is %s; %s has %s", sum, SealFile, want)
	}
	return parseSums(text)
}

// sumsName is a name in a manifest of ours.
var sumsName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

// parseSums reads lines as sha256sum writes them.
func parseSums(text []byte) (map[string]string, error) {
	sums := map[string]string{}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return nil, errors.New("its last line has no end")
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || !rawName.MatchString(sum) || !sumsName.MatchString(name) {
			return nil, fmt.Errorf("no line of a manifest: %q", lines.Text())
		}
		if _, twice := sums[name]; twice {
			return nil, fmt.Errorf("%s is in it twice", name)
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

// maxSmall bounds a file of a seal; a manifest has about 140 bytes for each object.
const maxSmall = 1 << 30

// readSmall reads a file that is no link.
func readSmall(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSmall {
		return nil, fmt.Errorf("%s is no file of a seal", filepath.Base(path))
	}
	return os.ReadFile(path)
}

// Sum is the SHA-256 of a text, in hexadecimal digits.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// HashFile is the SHA-256 of a file, in hexadecimal digits.
func HashFile(ctx context.Context, path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	for {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		switch _, err := io.CopyN(h, f, 8<<20); {
		case err == io.EOF:
			return hex.EncodeToString(h.Sum(nil)), nil
		case err != nil:
			return "", err
		}
	}
}
