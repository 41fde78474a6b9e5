package local

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"case53/cases"
	"case53/loader/source"
)

// limits bound what an archive may make of itself.
type limits struct {
	members   int   // files in one archive and in those in it
	depth     int   // archives, one in the other
	ratio     int64 // bytes of files per byte of the archive, from ratioFrom on
	ratioFrom int64
	directory int64 // bytes of a zip's directory
}

var bounds = limits{members: 500_000, depth: 3, ratio: 250, ratioFrom: 64 << 20, directory: 128 << 20}

// form is what a file turns out to be by its first bytes.
type form uint8

const (
	isFile form = iota
	isZip
	isTar
	isTarGzip
	isTarZstd
)

// block is how much is looked at: a header of a tar.
const block = 512

// prober tells archives by their first bytes. A folder may hold very many files that it looks at: so it keeps what it works
// with.
type prober struct {
	head [block]byte
	in   *bufio.Reader
	gzip *gzip.Reader
}

// form tells an archive. Office documents are zips too, and are files.
func (p *prober) form(r io.Reader) form {
	if p.in == nil {
		p.in = bufio.NewReaderSize(nil, 4096)
	}
	p.in.Reset(r)
	head, _ := p.in.Peek(block)
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && bytes.Contains(head, []byte("[Content_Types].xml")):
		return isFile
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return isZip
	case tarHeader(head):
		return isTar
	case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
		if p.gzip == nil {
			p.gzip = new(gzip.Reader)
		}
		if p.gzip.Reset(p.in) == nil && p.startsTar(p.gzip) {
			return isTarGzip
		}
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		if z, err := zstdReader(p.in); err == nil {
			defer z.Close()
			if p.startsTar(z) {
				return isTarZstd
			}
		}
	}
	return isFile
}

func (p *prober) startsTar(r io.Reader) bool {
	n, _ := io.ReadFull(r, p.head[:])
	return tarHeader(p.head[:n])
}

// tarHeader says whether a block is the header of a tar's file: its checksum is right.
func tarHeader(b []byte) bool {
	const at, size = 148, 8
	if len(b) < block {
		return false
	}
	sum := int64(size * ' ')
	for i, c := range b[:block] {
		if i < at || i >= at+size {
			sum += int64(c)
		}
	}
	want, digits := int64(0), 0
	for _, c := range bytes.Trim(b[at:at+size], " \x00") {
		if c < '0' || c > '7' {
			return false
		}
		want, digits = want<<3|int64(c-'0'), digits+1
	}
	return digits > 0 && want == sum && b[0] != 0
}

func zstdReader(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
}

// archive is a file that is read as a folder.
type archive struct {
	uri     string
	file    *shared
	sha     string
	members int   // looked at, archives in it included
	files   int   // that became objects
	decoded int64 // bytes that its files have, or are said to have
}

func (a *archive) String() string {
	return fmt.Sprintf("%s is an archive of %s, SHA-256 %s", a.uri, files(a.files), a.sha)
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// grow counts n bytes that come out of it, and refuses when they are too many.
func (a *archive) grow(n int64) error {
	a.decoded += n
	if a.decoded > bounds.ratioFrom && a.decoded/bounds.ratio >= a.file.size {
		return errBomb
	}
	return nil
}

var errBomb = errors.New("its archive grows far beyond its size: a decompression bomb\nhint: unpack it where that can do no harm, and load the folder")

// damaged words an error of reading what is in an archive.
func damaged(what string, err error) error {
	var temporary errSpool
	if errors.Is(err, errBomb) || errors.As(err, &temporary) {
		return err
	}
	return fmt.Errorf("damaged %s: %w", what, err)
}

// packed is a file in an archive.
type packed struct {
	name string
	size int64
	mod  time.Time
	mode fs.FileMode
	err  error                         // why it cannot be read
	data *io.SectionReader             // where it is stored as it is
	open func() (io.ReadCloser, error) // where it is not
}

func (p *packed) reader() (io.ReadCloser, error) {
	if p.data != nil {
		return io.NopCloser(io.NewSectionReader(p.data, 0, p.data.Size())), nil
	}
	return p.open()
}

// archive walks an archive, whose open file becomes its own. What cannot be read of it is an error under its own name.
func (w *walk) archive(file string, info fs.FileInfo, f *os.File, form form) {
	a := &archive{uri: uri(file), file: &shared{path: file, size: info.Size(), mod: info.ModTime(), f: f, users: 1}}
	defer a.file.release()
	if w.seen[a.uri] {
		return
	}
	w.seen[a.uri] = true
	data, hash := io.NewSectionReader(a.file, 0, info.Size()), sha256.New()
	if _, err := io.Copy(hash, contextReader{w.ctx, data}); err != nil {
		w.found = append(w.found, entry{uri: a.uri, err: reason(err)})
		return
	}
	a.sha = hex.EncodeToString(hash.Sum(nil))
	if err := w.expand(a, a.uri, data, form, 1); err != nil {
		w.found = append(w.found, entry{uri: a.uri, err: err})
	}
	w.archives = append(w.archives, a)
}

// expand lists an archive that is all of data. The error is what is wrong with it as a whole; what could be listed is.
func (w *walk) expand(a *archive, at string, data *io.SectionReader, form form, depth int) error {
	if depth > bounds.depth {
		return fmt.Errorf("an archive in archives, %d deep: %d are read\nhint: unpack it and load the folder", depth, bounds.depth)
	}
	var list []packed
	var err error
	switch form {
	case isZip:
		list, err = zipped(data)
	case isTar:
		list, err = tarred(data)
	default:
		var damage error
		data, damage = w.unpack(a, data, form)
		if data == nil {
			return damage
		}
		if list, err = tarred(data); damage != nil {
			err = damage
		}
	}
	w.members(a, at, list, depth)
	return err
}

// unpack decompresses a tar, as far as it is good.
func (w *walk) unpack(a *archive, data *io.SectionReader, form form) (*io.SectionReader, error) {
	what := "gzip"
	var r io.Reader
	var err error
	if form == isTarGzip {
		r, err = gzip.NewReader(io.NewSectionReader(data, 0, data.Size()))
	} else {
		what = "zstd"
		var z *zstd.Decoder
		if z, err = zstdReader(io.NewSectionReader(data, 0, data.Size())); err == nil {
			defer z.Close()
		}
		r = z
	}
	if err != nil {
		return nil, damaged(what, err)
	}
	out, err := w.spool.add(contextReader{w.ctx, growing{a, r}})
	if err != nil {
		err = damaged(what, err)
	}
	return out, err
}

// members adds the files of an archive, and lists the archives among them.
func (w *walk) members(a *archive, at string, list []packed, depth int) {
	inCase := caseFolders(list)
	for i := range list {
		p := &list[i]
		if w.ctx.Err() != nil {
			return
		}
		name := strings.TrimPrefix(p.name, "./")
		if dir, ok := inCase(name); ok {
			w.addAt(memberURI(at, dir), nil, errors.New("a case, which is not loaded into a case again"))
			continue
		}
		if p.mode.IsDir() {
			continue
		}
		never := ""
		switch base := name[strings.LastIndexAny(name, `/\`)+1:]; {
		case p.mode&fs.ModeSymlink != 0:
			never = "links in archives, which are not followed"
		case !p.mode.IsRegular():
			never = "devices and the like in archives"
		default:
			never = source.Never(base, p.size)
		}
		if never != "" {
			w.passed[never]++
			continue
		}
		w.member(a, w.fresh(memberURI(at, name)), p, depth)
	}
}

// member adds one file of an archive, or what is in it where it is one itself.
func (w *walk) member(a *archive, at string, p *packed, depth int) {
	if a.members++; a.members > bounds.members {
		if a.members == bounds.members+1 {
			w.addAt(at, nil, fmt.Errorf(
				"this and the files behind it are not read: an archive may have %d\nhint: unpack it and load the folder", bounds.members,
			))
		}
		return
	}
	if p.err == nil && p.open != nil {
		p.err = a.grow(p.size) // of a zip, whose files may lie over each other
	}
	if p.err != nil {
		w.addAt(at, nil, p.err)
		return
	}
	form := isFile
	if r, err := p.reader(); err == nil {
		form = w.prober.form(r)
		r.Close()
	}
	if form == isFile {
		a.files++
		w.addAt(at, &member{uri: at, name: strings.TrimPrefix(at, a.uri+"!/"), archive: a, packed: p}, nil)
		return
	}
	data := p.data
	if data == nil && depth < bounds.depth {
		r, err := p.reader()
		if err == nil {
			data, err = w.spool.add(contextReader{w.ctx, r})
			r.Close()
		}
		if err != nil {
			w.addAt(at, nil, damaged("in its archive", err))
			return
		}
	}
	w.seen[at] = true
	if err := w.expand(a, at, data, form, depth+1); err != nil {
		w.found = append(w.found, entry{uri: at, err: err})
	}
}

// caseFolders finds the folders in an archive that are cases. The function it gives names the case that a file lies in.
func caseFolders(list []packed) func(name string) (string, bool) {
	folders := map[string]bool{}
	for _, p := range list {
		if name := strings.TrimPrefix(p.name, "./"); cases.Makes(path.Base(name)) {
			folders[path.Dir(name)] = true
		}
	}
	return func(name string) (string, bool) {
		for dir := path.Dir(name); len(folders) > 0; dir = path.Dir(dir) {
			if folders[dir] {
				return dir, true
			}
			if dir == "." || dir == "/" {
				break
			}
		}
		return "", false
	}
}

// memberURI names a file in an archive: the archive's URI, "!/", and its path there. No other URI has an exclamation mark: in
// names it is escaped.
func memberURI(at, name string) string {
	if name == "." {
		name = ""
	}
	return at + "!/" + (&url.URL{Path: name}).EscapedPath()
}

// fresh makes a URI one of its own: an archive may have two files of one name.
func (w *walk) fresh(u string) string {
	one := u
	for n := 2; w.seen[u]; n++ {
		u = fmt.Sprintf("%s#%d", one, n)
	}
	return u
}

// zipped lists a zip.
func zipped(data *io.SectionReader) ([]packed, error) {
	budget := &budget{r: data, left: bounds.directory}
	z, err := zip.NewReader(budget, data.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		if budget.left < 0 {
			return nil, fmt.Errorf("its directory is longer than %d bytes\nhint: unpack it and load the folder", bounds.directory)
		}
		return nil, fmt.Errorf("damaged zip: %w\nhint: zip -FF repairs what can be repaired", err)
	}
	budget.free = true
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	var list []packed
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		p := packed{name: f.Name, size: int64(f.UncompressedSize64), mod: f.Modified.UTC(), mode: f.Mode(), open: f.Open}
		switch {
		case f.Flags&1 != 0:
			p.err = errors.New("encrypted\nhint: unpack it with its password and load the folder")
		case !slices.Contains([]uint16{zip.Store, zip.Deflate, zstd.ZipMethodWinZip}, f.Method):
			p.err = fmt.Errorf("compressed by method %d of zip, which is not read\nhint: unpack it and load the folder", f.Method)
		case p.size < 0:
			p.err = errors.New("damaged zip: no size")
		case p.size > bounds.ratioFrom && p.size/1100 > int64(f.CompressedSize64):
			p.err = fmt.Errorf("%d bytes are said to be in %d: a decompression bomb", p.size, f.CompressedSize64)
		case f.Method == zip.Store:
			if at, err := f.DataOffset(); err == nil && f.CompressedSize64 == f.UncompressedSize64 && at+p.size <= data.Size() {
				p.data = io.NewSectionReader(data, at, p.size)
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// tarred lists a tar. What is good before the damage is listed too.
func tarred(data *io.SectionReader) ([]packed, error) {
	in := io.NewSectionReader(data, 0, data.Size())
	var list []packed
	for t := tar.NewReader(in); ; {
		h, err := t.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return list, fmt.Errorf("damaged tar, after %d files: %w", len(list), err)
		}
		if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		p := packed{name: h.Name, size: h.Size, mod: h.ModTime.UTC(), mode: h.FileInfo().Mode()}
		at, err := in.Seek(0, io.SeekCurrent)
		switch {
		case err != nil:
			return list, err
		case h.Typeflag == tar.TypeLink:
			p.mode |= fs.ModeSymlink
		case h.Typeflag == tar.TypeGNUSparse || sparse(h):
			p.err = errors.New("stored with holes, which is not read\nhint: unpack it and load the folder")
		case h.Size > data.Size()-at:
			p.err = fmt.Errorf("cut off: %d of its %d bytes are there", max(0, data.Size()-at), h.Size)
		default:
			p.data = io.NewSectionReader(data, at, h.Size)
		}
		list = append(list, p)
	}
}

func sparse(h *tar.Header) bool {
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return true
		}
	}
	return false
}
