// Package raw is the store of source objects: each one byte for byte as received, in a file named by its SHA-256.
//
// A file appears whole or not at all: it is written under a temporary name, synced, made read-only (0400) and then
// renamed; the folder is synced after it. It is never rewritten. Anyone can check the store with sha256sum:
// raw/ab/abcd… must hash to its own name. The package refuses to hand out bytes under a name they do not hash to, a name that is
// no SHA-256 (a case may be a stranger's, and its tables may say anything), and to go through a link.
package raw

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrAltered says that a stored file's bytes no longer hash to its name, or that what is there is no file of this store.
var ErrAltered = errors.New("raw object altered")

// Store is the folder raw/ of a case.
type Store struct{ dir string }

// Open uses the folder; it need not exist before the first Put.
func Open(dir string) *Store { return &Store{dir} }

// Path is where the object with this SHA-256 is kept.
func (s *Store) Path(sha256hex string) (string, error) {
	if len(sha256hex) != hex.EncodedLen(sha256.Size) || strings.Trim(sha256hex, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%w: %.100q is no SHA-256", ErrAltered, sha256hex)
	}
	return filepath.Join(s.dir, sha256hex[:2], sha256hex), nil
}

// folder makes sure that a folder of the store is there, and is one and not a link to another.
func folder(dir string) (made bool, err error) {
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, fs.ErrExist) {
		return err == nil, err
	}
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%w: %s is no folder", ErrAltered, dir)
	}
	return false, err
}

// Put stores what r gives and says its SHA-256 (lower-case hex) and size. Bytes that are there already are kept as
// they are. An error, or a cancelled context, leaves nothing behind.
func (s *Store) Put(ctx context.Context, r io.Reader) (sha string, size int64, err error) {
	if _, err := folder(s.dir); err != nil {
		return "", 0, err
	}
	tmp, err := os.CreateTemp(s.dir, ".incoming-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if tmp != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	h := sha256.New()
	size, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(tmp, h)}, readerWithContext{ctx, r}, make([]byte, 1<<20))
	if err != nil {
		return "", 0, err
	}
	sha = hex.EncodeToString(h.Sum(nil))
	final, err := s.Path(sha)
	if err != nil {
		return "", 0, err
	}
	made, err := folder(filepath.Dir(final))
	if err == nil && made {
		err = syncDir(s.dir)
	}
	if err != nil {
		return "", 0, err
	}
	if info, err := os.Lstat(final); err == nil {
		if !info.Mode().IsRegular() {
			return "", 0, fmt.Errorf("%w: %s is no file", ErrAltered, sha)
		}
		if info.Size() != size {
			return "", 0, fmt.Errorf("%w: %s has %d bytes in the case and %d at its source", ErrAltered, sha, info.Size(), size)
		}
		return sha, size, nil
	}
	if err := errors.Join(tmp.Chmod(0o400), tmp.Sync(), tmp.Close()); err != nil {
		return "", 0, err
	}
	name := tmp.Name()
	tmp = nil
	if err := place(name, final); err != nil {
		os.Remove(name)
		return "", 0, err
	}
	return sha, size, nil
}

// place renames name to final and makes the rename last.
func place(name, final string) error {
	if err := os.Rename(name, final); err != nil {
		return err
	}
	return syncDir(filepath.Dir(final))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open opens a stored object for reading. Its bytes are checked while they are read: a reader that gets to the end
// gets ErrAltered in place of io.EOF when they do not hash to the name.
func (s *Store) Open(sha256hex string) (io.ReadCloser, error) {
	f, err := s.open(sha256hex)
	if err != nil {
		return nil, err
	}
	return &checked{f: f, h: sha256.New(), want: sha256hex}, nil
}

// open opens a stored object; links, pipes and the like are not gone into.
func (s *Store) open(sha256hex string) (*os.File, error) {
	path, err := s.Path(sha256hex)
	if err != nil {
		return nil, err
	}
	for _, at := range []string{s.dir, filepath.Dir(path), path} {
		info, err := os.Lstat(at)
		if err == nil && !info.Mode().IsRegular() && !(info.IsDir() && at != path) {
			err = fmt.Errorf("%w: %s is %s, and no part of this store", ErrAltered, at, info.Mode().Type())
		}
		if err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
}

type checked struct {
	f    *os.File
	h    hash.Hash
	want string
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.f.Read(p)
	c.h.Write(p[:n])
	if err == io.EOF && c.sum() != c.want {
		return n, c.altered()
	}
	return n, err
}

func (c *checked) Close() error { return c.f.Close() }

func (c *checked) sum() string { return hex.EncodeToString(c.h.Sum(nil)) }

// altered says what the object is named and what its bytes are.
func (c *checked) altered() error {
	return fmt.Errorf("%w: %s holds bytes whose SHA-256 is %s", ErrAltered, c.want, c.sum())
}

// OpenChecked is Open, and every byte is checked before the first is handed out: for whoever does not read to the end.
func (s *Store) OpenChecked(ctx context.Context, sha256hex string) (io.ReadCloser, error) {
	f, err := s.open(sha256hex)
	if err != nil {
		return nil, err
	}
	if err = check(ctx, f, sha256hex); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Check reads an object to its end: ErrAltered where its bytes do not hash to its name.
func (s *Store) Check(ctx context.Context, sha256hex string) error {
	f, err := s.open(sha256hex)
	if err != nil {
		return err
	}
	defer f.Close()
	return check(ctx, f, sha256hex)
}

func check(ctx context.Context, f *os.File, want string) error {
	c := &checked{f: f, h: sha256.New(), want: want}
	if _, err := io.CopyBuffer(c.h, struct{ io.Reader }{readerWithContext{ctx, f}}, make([]byte, 1<<20)); err != nil {
		return err
	}
	if c.sum() != want {
		return c.altered()
	}
	return nil
}

// CleanUp removes what an interrupted Put left. Only the holder of the case's lock may call it.
func (s *Store) CleanUp() error {
	info, err := os.Lstat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%w: %s is no folder", ErrAltered, s.dir)
	}
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".incoming-") {
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, e.Name())))
		}
	}
	return err
}

// readerWithContext stops reading when ctx ends.
type readerWithContext struct {
	ctx context.Context
	r   io.Reader
}

func (r readerWithContext) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
