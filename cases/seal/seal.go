// Package seal closes a case: it writes down the SHA-256 of every file that is evidence or made of it, the content digest of every
// object, and what the case is known to lack, and signs that with an SSH key. From then on the case is only looked at.
//
//	seal/digests.txt           content digests, as the recipe of FORMAT.md section 12 prints them
//	seal/manifest-sha256.txt   every file: sha256sum --check takes it
//	seal/seal.json             what was sealed, when, by whom; names the two files above
//	seal/seal.json.sig         its signature: ssh-keygen -Y verify takes it
//
// Rules: only a case that package verify finds whole is sealed, and none whose loads have not come to their end. The signature is over
// the bytes of seal.json as they are; nothing is written anew to check it. A signature shows that nothing has changed since this key
// signed; it does not show when that was, nor that the logs were honest.
package seal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/verify"
	"case53/cases/writer"
)

// Case seals the case in dir.
func Case(ctx context.Context, dir string, schemas []cases.Schema, key ssh.Signer) (verify.Seal, error) {
	var seal verify.Seal
	dir, err := filepath.Abs(dir)
	if err != nil {
		return seal, err
	}
	if cases.Sealed(dir) {
		return seal, fmt.Errorf("%w: %s", cases.ErrSealed, dir)
	}
	checked, err := verify.Case(ctx, dir, verify.Options{Schemas: schemas})
	if err != nil {
		return seal, err
	}
	if len(checked.Faults) > 0 {
		return seal, fmt.Errorf("%w: %s is not what was loaded: %s: %s\nhint: case53 verify %s names every fault",
			cases.ErrDamaged, dir, checked.Faults[0].File, checked.Faults[0].What, dir)
	}
	if err := gather(ctx, dir, schemas, &seal); err != nil {
		return seal, err
	}
	digests, err := digestsOf(ctx, dir, schemas)
	if err != nil {
		return seal, err
	}
	seal.Format, seal.Case, seal.SealedBy, seal.Tool, seal.DuckDB = 1, filepath.Base(dir), custody.Actor(), writer.Tool(), duck.Version()
	seal.SealedAt, seal.Key = time.Now().UTC(), ssh.FingerprintSHA256(key.PublicKey())
	seal.Digests = verify.Sum(digests)
	if err := note(ctx, dir, schemas, &seal); err != nil {
		return seal, err
	}
	return seal, finish(ctx, dir, &seal, digests, key)
}

// gather says what is in the case, and what it is known to lack. A case with unfinished loads is refused. What is derived is not sealed,
// and nothing is lacking where it is not built.
func gather(ctx context.Context, dir string, schemas []cases.Schema, seal *verify.Seal) error {
	c, err := cases.Open(ctx, dir, schemas)
	if err != nil {
		return err
	}
	defer c.Close()
	if c.NotReady != nil && !c.Unbuilt {
		return c.NotReady
	}
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if info.Objects == 0 {
		return fmt.Errorf("nothing has been loaded into %s\nhint: case53 load %s PATH... fills it", dir, dir)
	}
	seal.Objects, seal.Tables, seal.Lines, seal.Window = info.Objects, info.Tables, info.Lines, info.Window
	seal.Captures, seal.Slices, seal.Problems = info.Captures, info.Slices, info.OfRecords()
	for _, t := range c.LogTypes() {
		seal.NotShown = append(seal.NotShown, t.BlindTexts()...)
	}
	return nil
}

// digestsOf are the lines of digests.txt.
func digestsOf(ctx context.Context, dir string, schemas []cases.Schema) ([]byte, error) {
	c, err := cases.Open(ctx, dir, schemas)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var lines []string
	if err := cases.ReadWhole(ctx, c, func(o cases.Object) error {
		for table, sum := range o.Digests {
			lines = append(lines, fmt.Sprintf("%s  %s/%s\n", sum.Digest, table, o.SHA256))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "")), nil
}

// note writes the last line of the custody log, and leaves database and log as they will be sealed.
func note(ctx context.Context, dir string, schemas []cases.Schema, seal *verify.Seal) error {
	w, err := writer.Open(ctx, dir, schemas)
	if err != nil {
		return err
	}
	err = w.Custody.Append("case.seal", map[string]any{
		"digests_sha256": seal.Digests, "key": seal.Key, "objects": seal.Objects, "sealed_at": seal.SealedAt,
	})
	seal.Custody.Lines, seal.Custody.Head = w.Custody.Head()
	return errors.Join(err, w.Close())
}

// finish writes the seal beside the case; it is there as a whole or not at all.
func finish(ctx context.Context, dir string, seal *verify.Seal, digests []byte, key ssh.Signer) error {
	manifest, files, err := manifestOf(ctx, dir, seal.Digests)
	if err != nil {
		return err
	}
	seal.Manifest = verify.Sum(manifest)
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetIndent("", "  ")
	if err := out.Encode(seal); err != nil {
		return err
	}
	signature, err := sshsig.Sign(bytes.NewReader(text.Bytes()), key, sshsig.HashSHA512, verify.Namespace)
	if err != nil {
		return fmt.Errorf("sign the seal: %w", err)
	}
	making := filepath.Join(dir, verify.SealFolder+".making")
	if err := errors.Join(os.RemoveAll(making), os.Mkdir(making, 0o700)); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		verify.DigestsFile: digests, verify.ManifestFile: manifest, verify.SealFile: text.Bytes(), verify.SignatureFile: sshsig.Armor(signature),
	} {
		if err := write(filepath.Join(making, name), content); err != nil {
			return fmt.Errorf("write the seal: %w", err)
		}
	}
	for _, path := range files {
		if err := os.Chmod(path, 0o400); err != nil {
			return err
		}
	}
	if err := os.Rename(making, filepath.Join(dir, verify.SealFolder)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// write writes a new file, read-only and synced.
func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o400)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// manifestOf has a line, as sha256sum writes it, for every file that is sealed. files are those that are still writable.
func manifestOf(ctx context.Context, dir, digests string) (manifest []byte, files []string, err error) {
	lines := []string{digests + "  " + verify.SealFolder + "/" + verify.DigestsFile + "\n"}
	for _, path := range []string{cases.DatabaseFile(dir), cases.CustodyFile(dir)} {
		sum, err := verify.HashFile(ctx, path)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, path)
		lines = append(lines, sum+"  "+filepath.Base(path)+"\n")
	}
	if wal := cases.DatabaseFile(dir) + ".wal"; exists(wal) {
		return nil, nil, fmt.Errorf("%w: %s is still there after the database was closed", cases.ErrDamaged, wal)
	}
	raw, err := filepath.Glob(filepath.Join(cases.RawFolder(dir), "??", "*"))
	if err != nil {
		return nil, nil, err
	}
	for _, path := range raw { // verify has compared each with its name
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, nil, err
		}
		lines = append(lines, filepath.Base(path)+"  "+filepath.ToSlash(rel)+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return []byte(strings.Join(lines, "")), files, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
