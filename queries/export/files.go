package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// files are the files of an export. They have other names until all are whole.
type files struct {
	target  string
	force   bool
	written []*file
	stale   []string // files of an earlier export that go when these come
}

// file is one of them.
type file struct {
	*bufio.Writer
	name    string // it will have
	tmp     *os.File
	hash    hash.Hash
	bytes   int64
	records int64
}

// count counts what is written.
type count struct{ f *file }

func (c count) Write(p []byte) (int, error) {
	c.f.bytes += int64(len(p))
	return len(p), nil
}

// create begins a file of that path.
func (o *files) create(path string) (*file, error) {
	if err := o.free(path); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".export-*")
	if err != nil {
		return nil, err
	}
	f := &file{name: path, tmp: tmp, hash: sha256.New()}
	f.Writer = bufio.NewWriterSize(io.MultiWriter(tmp, f.hash, count{f}), 1<<20)
	o.written = append(o.written, f)
	return f, nil
}

// free says whether a file may be written here.
func (o *files) free(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is there and is no file", path)
	case !o.force:
		return fmt.Errorf("%s exists\nhint: --force writes over it", path)
	}
	return nil
}

// stem is a target without the end of its name, and that end.
func stem(target string) (string, string) {
	end := filepath.Ext(target)
	return strings.TrimSuffix(target, end), end
}

// part is the name of a target's part, counted from 1: a.ndjson, a-0002.ndjson …
func part(target string, n int) string {
	if n == 1 {
		return target
	}
	name, end := stem(target)
	return fmt.Sprintf("%s-%04d%s", name, n, end)
}

// parts makes parts of an earlier export to the same target go, which who reads a*.ndjson would take for parts of this one.
func (o *files) parts() error {
	name, end := stem(o.target)
	entries, err := os.ReadDir(filepath.Dir(o.target))
	if err != nil {
		return err
	}
	numbered := regexp.MustCompile(`^` + regexp.QuoteMeta(filepath.Base(name)) + `-\d{4,}` + regexp.QuoteMeta(end) + `$`)
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(o.target), e.Name())
		isNew := slices.ContainsFunc(o.written, func(f *file) bool { return f.name == path })
		if isNew || !numbered.MatchString(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		if !o.force {
			return fmt.Errorf("%s is there, and would be taken for a part of this export\nhint: --force removes it", path)
		}
		o.stale = append(o.stale, path)
	}
	return nil
}

// finish gives the files their names.
func (r *run) finish() error {
	for _, f := range r.files.written {
		if err := errors.Join(f.Flush(), f.tmp.Chmod(0o600), f.tmp.Sync()); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		name, err := filepath.Rel(filepath.Dir(r.manifestPath()), f.name)
		if err != nil {
			return err
		}
		r.manifest.Files = append(r.manifest.Files, FileManifest{filepath.ToSlash(name), hex.EncodeToString(f.hash.Sum(nil)), f.bytes, f.records})
	}
	manifest, err := r.manifest.JSON()
	if err != nil {
		return err
	}
	f, err := r.files.create(r.manifestPath())
	if err != nil {
		return err
	}
	if _, err := f.Write(manifest); err != nil {
		return err
	}
	if err := errors.Join(f.Flush(), f.tmp.Chmod(0o600), f.tmp.Sync()); err != nil {
		return err
	}
	return r.files.place()
}

// manifestPath is where the manifest goes: beside the file, or into the folder.
func (r *run) manifestPath() string {
	if info, err := os.Stat(r.Target); err == nil && info.IsDir() {
		return filepath.Join(r.Target, "manifest.json")
	}
	return r.Target + ".manifest.json"
}

// place moves the files to their names.
func (o *files) place() error {
	for _, f := range o.written {
		if err := errors.Join(f.tmp.Close(), os.Rename(f.tmp.Name(), f.name)); err != nil {
			return err
		}
	}
	o.written = nil
	for _, name := range o.stale {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// drop removes what was not placed.
func (o *files) drop() {
	for _, f := range o.written {
		f.tmp.Close()
		os.Remove(f.tmp.Name())
	}
}
