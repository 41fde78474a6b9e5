package bag

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"case53/cases/verify"
)

// archived is the folder that a bag is in, in an archive.
const archived = "bag"

// ErrArchive says that a file is no archive of a bag, or that what is in it is not.
var ErrArchive = errors.New("not an archive of a bag")

// Recipients reads for whom a bag is encrypted: each an age recipient (age1…), an SSH public key, or a file that has some, a line each.
func Recipients(given []string) (all []age.Recipient, err error) {
	for _, text := range given {
		lines := text
		if !strings.HasPrefix(text, "age1") && !strings.HasPrefix(text, "ssh-") {
			content, err := os.ReadFile(text)
			if err != nil {
				return nil, fmt.Errorf("recipient %q: %w\nhint: age1…, an SSH public key, or a file of such", text, err)
			}
			lines = string(content)
		}
		n := len(all)
		for _, line := range strings.Split(lines, "\n") {
			if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			var r age.Recipient
			if strings.HasPrefix(line, "ssh-") {
				r, err = agessh.ParseRecipient(line)
			} else {
				r, err = parseRecipient(line)
			}
			if err != nil {
				return nil, fmt.Errorf("recipient %q: %w", text, err)
			}
			all = append(all, r)
		}
		if len(all) == n {
			return nil, fmt.Errorf("recipient %q: the file names nobody", text)
		}
	}
	return all, nil
}

// parseRecipient reads an age recipient, of whatever kind this version of age knows.
func parseRecipient(line string) (age.Recipient, error) {
	all, err := age.ParseRecipients(strings.NewReader(line))
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Identities reads a file of age identities, or an SSH private key. passphrase is asked where the key has one; nil: nobody can be asked.
func Identities(file string, passphrase func() ([]byte, error)) ([]age.Identity, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte("PRIVATE KEY-----")) {
		return age.ParseIdentities(bytes.NewReader(text))
	}
	id, err := agessh.ParseIdentity(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return []age.Identity{id}, nil
	case !errors.As(err, &locked) || locked.PublicKey == nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case passphrase == nil:
		return nil, fmt.Errorf("%s has a passphrase, and nobody can be asked for it", file)
	}
	unlocked, err := agessh.NewEncryptedSSHIdentity(locked.PublicKey, text, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []age.Identity{unlocked}, nil
}

// Pack writes the bag in dir as a tar that only the recipients can read.
func Pack(ctx context.Context, dir string, out io.Writer, recipients []age.Recipient) error {
	sealed, err := age.Encrypt(out, recipients...)
	if err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	w := tar.NewWriter(sealed)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return pack(ctx, w, path, archived+"/"+filepath.ToSlash(name))
	})
	return errors.Join(err, w.Close(), sealed.Close())
}

func pack(ctx context.Context, w *tar.Writer, path, name string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: info.Size(), Mode: 0o600}); err != nil {
		return err
	}
	_, err = io.Copy(w, reader{ctx, f})
	return err
}

// Unpack writes the bag of an archive of so many bytes into the folder dir, which is there and empty, and gives the bag's folder. Nothing
// but files with the names of a bag's comes out of it, and no more bytes than went in: files with holes, which say in a few bytes that
// they are as large as a disk, are refused, and so is an archive that there is no room for.
func Unpack(ctx context.Context, in io.Reader, size int64, identities []age.Identity, dir string) (string, error) {
	if err := room(dir, size); err != nil {
		return "", err
	}
	plain, err := age.Decrypt(reader{ctx, in}, identities...)
	if err != nil {
		return "", fmt.Errorf("decrypt: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	r := tar.NewReader(plain)
	for left := size; ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrArchive, err)
		}
		name, ok := strings.CutPrefix(h.Name, archived+"/")
		if !ok || !verify.BagName(name) || !whole(h) {
			return "", fmt.Errorf("%w: it has %q, which is no file of a bag", ErrArchive, h.Name)
		}
		if left -= h.Size; left < 0 {
			return "", fmt.Errorf("%w: its files have more bytes than it has itself, at %s", ErrArchive, name)
		}
		if err := unpack(root, archived+"/"+name, reader{ctx, r}); err != nil {
			return "", err
		}
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // to its end: what was cut off is noticed there
		return "", fmt.Errorf("%w: %w", ErrArchive, err)
	}
	return filepath.Join(dir, archived), nil
}

// whole says whether a file of an archive stands in it byte for byte, as Pack writes it: what is said of it beside name and size could
// say that there are holes in it.
func whole(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if key != "path" && key != "size" {
			return false
		}
	}
	return h.Typeflag == tar.TypeReg
}

// room refuses what the disk has no room for.
func room(dir string, size int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return fmt.Errorf("room in %s: %w", dir, err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < uint64(max(size, 0)) {
		return fmt.Errorf("the archive has %d bytes, and the disk of %s has room for %d: %w", size, filepath.Dir(dir), free, syscall.ENOSPC)
	}
	return nil
}

func unpack(root *os.Root, name string, in io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: it has %s twice", ErrArchive, name)
	}
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, in); err != nil {
		err = fmt.Errorf("%w: %s: %w", ErrArchive, name, err)
	}
	return errors.Join(err, f.Close())
}
