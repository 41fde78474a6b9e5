// Package demo is the sample incident that the program brings along: two captures in the log formats, as AWS
// delivers them, in one archive.
//
// The archive is made by the program in cmd/demo-incident, from seeds. Nothing here is real but the formats: accounts, names
// and people are invented, addresses come from ranges kept for documentation and tests (and 8.8.8.8, which the story
// needs as itself).
//
// Rules:
//   - Write makes ordinary files in an ordinary folder. What is done with them afterwards is the normal path; the
//     loader does not know a demo from a case.
//   - A file that is there already is left alone when it is the same, and is an error when it is not.
//   - Every figure in Steps is checked by test against the files that Write makes.
package demo

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

//go:generate go run case53/cmd/demo-incident incident.tar.zst

//go:embed incident.tar.zst
var archive []byte

// Capture is one folder of the demo and how it is to be loaded.
type Capture struct{ Name, Role, Dir string }

// Captures are the folders that Write makes, in the order of the story.
func Captures() []Capture {
	return []Capture{
		{Name: "incident", Role: "incident", Dir: "incident"},
		{Name: "replay", Role: "replay", Dir: "replay"},
	}
}

// ErrDiffers is wrapped where a file of the demo exists with other content.
var ErrDiffers = errors.New("exists with other content")

// Write unpacks the demo into dir, which it makes if need be, and gives the paths of its files, sorted.
// It may be repeated: files that are there and the same are left as they are.
func Write(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	u := &unpacker{root: root, gzip: gzip.NewWriter(nil)}
	defer u.close()

	// In the archive every file is plain.
	z, err := zstd.NewReader(bytes.NewReader(archive), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("demo: archive: %w", err)
	}
	defer z.Close()
	var files []string
	for members := tar.NewReader(z); ; {
		h, err := members.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("demo: archive: %w", err)
		}
		text, err := io.ReadAll(members)
		if err != nil {
			return nil, fmt.Errorf("demo: archive: %s: %w", h.Name, err)
		}
		if err := u.place(h.Name, text); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", filepath.Join(dir, h.Name), err)
		}
		files = append(files, filepath.Join(dir, filepath.FromSlash(h.Name)))
	}
	slices.Sort(files)
	return files, nil
}

// unpacker puts files under root, which keeps them from leaving the folder.
type unpacker struct {
	root   *os.Root
	folder *os.Root // where the last file went; most go where the last one did
	path   string   // and its path below root
	gzip   *gzip.Writer
	packed bytes.Buffer
}

func (u *unpacker) close() {
	if u.folder != nil {
		u.folder.Close()
	}
	u.root.Close()
}

// enter makes a folder the one that files go to.
func (u *unpacker) enter(folder string) error {
	if u.folder != nil && u.path == folder {
		return nil
	}
	if err := u.root.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	next, err := u.root.OpenRoot(folder)
	if err != nil {
		return err
	}
	if u.folder != nil {
		u.folder.Close()
	}
	u.folder, u.path = next, folder
	return nil
}

// place puts one file in its folder. Files named .gz become gzip.
func (u *unpacker) place(name string, content []byte) error {
	if strings.HasSuffix(name, ".gz") {
		var err error
		if content, err = u.compress(content); err != nil {
			return err
		}
	}
	if err := u.enter(path.Dir(name)); err != nil {
		return err
	}
	base := path.Base(name)
	there, err := u.folder.ReadFile(base)
	if err == nil {
		if bytes.Equal(there, content) {
			return nil
		}
		return ErrDiffers
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A file under its own name is whole: what was being written when the program was stopped has another.
	unfinished := base + ".part"
	if err := u.folder.WriteFile(unfinished, content, 0o600); err != nil {
		return err
	}
	return u.folder.Rename(unfinished, base)
}

// compress is gzip without name or time, so that the same file always has the same hash. What it gives is valid
// until the next call.
func (u *unpacker) compress(text []byte) ([]byte, error) {
	u.packed.Reset()
	u.gzip.Reset(&u.packed)
	if _, err := u.gzip.Write(text); err != nil {
		return nil, err
	}
	if err := u.gzip.Close(); err != nil {
		return nil, err
	}
	return u.packed.Bytes(), nil
}
