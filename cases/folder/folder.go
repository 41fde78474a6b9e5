// Package folder makes a folder that others are given: its files are hashed while they are written, and it has its name once all of
// them are whole and on disk, or never.
//
// Rules: nothing is written over, no link is followed on the way in, and what is not placed is removed. Files are for their owner
// alone. The package refuses a target that is there, and names that lead out of the folder.
package folder

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrThere says that the target is there already.
var ErrThere = errors.New("is there already")

// File is a file of the folder. Name has slashes.
type File struct {
	Name   string `json:"path"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"bytes"`
}

// Folder is a folder under way.
type Folder struct {
	target string
	making string
	files  []File
}

// New begins a folder that will be called target. It is made beside it, under another name.
func New(target string) (*Folder, error) {
	if _, err := os.Lstat(target); err == nil {
		return nil, fmt.Errorf("%s %w\nhint: name a folder that does not exist yet", target, ErrThere)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	target = filepath.Clean(target)
	making, err := os.MkdirTemp(filepath.Dir(target), ".case53-"+filepath.Base(target)+"-*")
	if err != nil {
		return nil, err
	}
	return &Folder{target: target, making: making}, nil
}

// Path is where a file of the folder is while it is made, and Dir where the folder is.
func (f *Folder) Path(name string) string { return filepath.Join(f.making, filepath.FromSlash(name)) }
func (f *Folder) Dir() string             { return f.making }

// Writer writes a file.
type Writer struct {
	*bufio.Writer
	folder *Folder
	file   *os.File
	hash   hash.Hash
	name   string
	size   int64
}

// Create begins a file. One is written at a time.
func (f *Folder) Create(name string) (*Writer, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q leads out of the folder", name)
	}
	path := f.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := &Writer{folder: f, file: file, hash: sha256.New(), name: name}
	w.Writer = bufio.NewWriterSize(hashed{w}, 1<<18)
	return w, nil
}

// hashed passes on what is written.
type hashed struct{ w *Writer }

func (h hashed) Write(p []byte) (int, error) {
	n, err := h.w.file.Write(p)
	h.w.hash.Write(p[:n])
	h.w.size += int64(n)
	return n, err
}

// Close ends the file: it is on disk, and one of the folder's.
func (w *Writer) Close() error {
	if err := errors.Join(w.Flush(), w.file.Sync(), w.file.Close()); err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	w.folder.files = append(w.folder.files, File{w.name, hex.EncodeToString(w.hash.Sum(nil)), w.size})
	return nil
}

// Give writes a file by a function.
func (f *Folder) Give(name string, write func(io.Writer) error) error {
	w, err := f.Create(name)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		return errors.Join(err, w.file.Close())
	}
	return w.Close()
}

// Write writes a file of a text.
func (f *Folder) Write(name string, text []byte) error {
	return f.Give(name, func(w io.Writer) error { _, err := w.Write(text); return err })
}

// Take makes a file one of the folder's that somebody else has written to its [Folder.Path].
func (f *Folder) Take(name string) error {
	file, err := os.OpenFile(f.Path(name), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	h := sha256.New()
	size, err := io.Copy(h, file)
	if err := errors.Join(err, file.Chmod(0o600), file.Sync()); err != nil {
		return err
	}
	f.files = append(f.files, File{name, hex.EncodeToString(h.Sum(nil)), size})
	return nil
}

// Files are those that are whole, in the order of their names.
func (f *Folder) Files() []File {
	files := slices.Clone(f.files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// File finds one of them.
func (f *Folder) File(name string) File {
	i := slices.IndexFunc(f.files, func(file File) bool { return file.Name == name })
	return f.files[i]
}

// Sums are lines as sha256sum writes them.
func Sums(files []File) []byte {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.SHA256 + "  " + f.Name + "\n")
	}
	return []byte(b.String())
}

// Place gives the folder its name.
func (f *Folder) Place() error {
	err := filepath.WalkDir(f.making, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
	if err != nil {
		return err
	}
	if _, err := os.Lstat(f.target); err == nil {
		return fmt.Errorf("%s %w", f.target, ErrThere)
	}
	if err := os.Rename(f.making, f.target); err != nil {
		return err
	}
	f.making = ""
	return syncDir(filepath.Dir(f.target))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Drop removes what was not placed.
func (f *Folder) Drop() error {
	if f.making == "" {
		return nil
	}
	return os.RemoveAll(f.making)
}
