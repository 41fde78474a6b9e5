// Package demo is the sample incident that the program brings along: two captures in the three log formats, as AWS
// delivers them, in one archive.
//
// The archive is made by the program in generate, from seeds. Nothing here is real but the formats: accounts, names
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

//go:generate go run case53/cmd/case53/demo/generate incident.tar.zst

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
	defer root.Close()

	unpacked, err := open()
	if err != nil {
		return nil, err
	}
	defer unpacked.Close()
	var files []string
	for members := tar.NewReader(unpacked); ; {
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
		if err := place(root, h.Name, text); err != nil {
			return nil, fmt.Errorf("demo: %s: %w", filepath.Join(dir, h.Name), err)
		}
		files = append(files, filepath.Join(dir, filepath.FromSlash(h.Name)))
	}
	slices.Sort(files)
	return files, nil
}

// open gives the archive's tar, in which every file is plain.
func open() (io.ReadCloser, error) {
	z, err := zstd.NewReader(bytes.NewReader(archive), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("demo: archive: %w", err)
	}
	return z.IOReadCloser(), nil
}

// place puts one file under root, which keeps it from leaving the folder. Files named .gz become gzip.
func place(root *os.Root, name string, content []byte) error {
	if strings.HasSuffix(name, ".gz") {
		var err error
		if content, err = compress(content); err != nil {
			return err
		}
	}
	there, err := root.ReadFile(name)
	if err == nil {
		if bytes.Equal(there, content) {
			return nil
		}
		return ErrDiffers
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	// A file under its own name is whole: what was being written when the program was stopped has another.
	unfinished := name + ".part"
	if err := root.WriteFile(unfinished, content, 0o600); err != nil {
		return err
	}
	return root.Rename(unfinished, name)
}

// compress is gzip without name or time, so that the same file always has the same hash.
func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
