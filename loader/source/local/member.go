package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"case53/loader/source"
)

// member is a file in an archive. Its bytes are those the archive holds, without the archive's own compression.
type member struct {
	uri, name string
	archive   *archive
	packed    *packed
}

func (m *member) URI() string          { return m.uri }
func (m *member) Size() int64          { return m.packed.size }
func (m *member) ModTime() time.Time   { return m.packed.mod }
func (m *member) Listed() source.Facts { return source.Facts{} }

// Acquired names the archive, so that the bytes can be found in it again: by its hash, if it is kept.
func (m *member) Acquired() source.Facts {
	return source.Facts{Kind: "file", More: map[string]any{"archive": m.archive.uri, "archive_sha256": m.archive.sha, "member": m.name}}
}

// Open opens the file in its archive, and refuses when the archive is no longer what was listed.
func (m *member) Open(ctx context.Context) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := m.archive.file.acquire(); err != nil {
		return nil, &source.ObjectError{URI: m.uri, Err: reason(err)}
	}
	r, err := m.packed.reader()
	if err != nil {
		m.archive.file.release()
		return nil, &source.ObjectError{URI: m.uri, Err: fmt.Errorf("damaged in its archive: %w", err)}
	}
	return &opened{r: r, file: m.archive.file}, nil
}

// opened is a member being read.
type opened struct {
	r    io.ReadCloser
	file *shared
	once sync.Once
}

func (o *opened) Read(p []byte) (int, error) {
	n, err := o.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("damaged in its archive: %w", err)
	}
	return n, err
}

func (o *opened) Close() error {
	err := o.r.Close()
	o.once.Do(o.file.release)
	return err
}

// shared is an archive's file: open while anyone reads of it, so that many archives need not be open at once.
type shared struct {
	path string
	size int64
	mod  time.Time

	mu    sync.Mutex
	f     *os.File
	users int
}

// acquire opens the file, or refuses what is no longer what was listed.
func (s *shared) acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == 0 {
		f, err := os.Open(s.path)
		if err != nil {
			return err
		}
		if info, err := f.Stat(); err != nil || info.Size() != s.size || !info.ModTime().Equal(s.mod) {
			f.Close()
			return errors.Join(err, errors.New("its archive has changed since it was listed"))
		}
		s.f = f
	}
	s.users++
	return nil
}

func (s *shared) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		s.f.Close()
	}
}

// ReadAt reads of the open file.
func (s *shared) ReadAt(p []byte, at int64) (int, error) { return s.f.ReadAt(p, at) }

// spool is a temporary file without a name for what must be decompressed to be read out of order. It is gone with the
// process, however that ends.
type spool struct {
	f    *os.File
	size int64
}

// errSpool is an error of the temporary folder: of its disk, not of the case's.
type errSpool struct{ err error }

func (e errSpool) Error() string {
	return fmt.Sprintf("temporary folder %s: %v\nhint: set TMPDIR to a folder with more room, or unpack the archive and load the folder", os.TempDir(), e.err)
}

// add keeps all of r. With an error it gives what there was before it, or nil.
func (s *spool) add(r io.Reader) (*io.SectionReader, error) {
	if s.f == nil {
		f, err := os.CreateTemp("", "case53-archive-*")
		if err != nil {
			return nil, errSpool{err}
		}
		os.Remove(f.Name())
		s.f = f
	}
	start, buf := s.size, make([]byte, 256<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := s.f.WriteAt(buf[:n], s.size); err != nil {
				return nil, errSpool{err}
			}
			s.size += int64(n)
		}
		if err != nil {
			out := io.NewSectionReader(s.f, start, s.size-start)
			if err == io.EOF {
				return out, nil
			}
			return out, err
		}
	}
}

// growing counts what comes out of an archive.
type growing struct {
	a *archive
	r io.Reader
}

func (g growing) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if e := g.a.grow(int64(n)); e != nil {
		return 0, e
	}
	return n, err
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// budget lets only so many bytes be read, until it is free.
type budget struct {
	r    io.ReaderAt
	left int64
	free bool
}

func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if !b.free {
		if b.left -= int64(len(p)); b.left < 0 {
			return 0, errors.New("too long")
		}
	}
	return b.r.ReadAt(p, at)
}
