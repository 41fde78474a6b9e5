package records

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var gzipMagic, zstdMagic = []byte("\x1f\x8b\x08"), []byte("\x28\xb5\x2f\xfd")

// meter counts what an object has cost so far, over all of its wrappers. It also reads the stored bytes, to tell
// the source's own errors from damage.
type meter struct {
	r       io.Reader
	opt     Options
	stored  int64 // bytes read from r
	decoded int64 // bytes out of every decompression
	err     error // r's own error, io.EOF aside
	ended   bool
	bomb    *DamageError // set once the object has grown beyond its bounds
}

func (m *meter) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.ended {
		return 0, io.EOF
	}
	n, err := m.r.Read(p)
	m.stored += int64(n)
	if err == io.EOF {
		m.ended = true
	} else if err != nil {
		m.err = fmt.Errorf("read: %w", err)
		err = m.err
	}
	return n, err
}

// spend counts n decoded bytes, and refuses when they are too many.
func (m *meter) spend(what string, n int) error {
	m.decoded += int64(n)
	switch {
	case m.bomb != nil:
	case m.decoded > m.opt.MaxDecoded:
		m.bomb = &DamageError{what, fmt.Errorf("stopped at %d decoded bytes, the most that is taken of one object", m.opt.MaxDecoded)}
	case m.decoded > m.opt.RatioFrom && m.decoded/m.opt.MaxRatio >= m.stored:
		m.bomb = &DamageError{what, fmt.Errorf("stopped at %d decoded bytes from %d stored: a decompression bomb", m.decoded, m.stored)}
	}
	if m.bomb != nil {
		return m.bomb
	}
	return nil
}

// damage gives the error of a decompressor its meaning.
func (m *meter) damage(what string, err error) error {
	var d *DamageError
	switch {
	case m.err != nil:
		return m.err // the source failed, the object may be fine
	case errors.As(err, &d):
		return d // from the wrapper around this one
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return &DamageError{what, fmt.Errorf("cut off: %w", io.ErrUnexpectedEOF)}
	}
	return &DamageError{what, err}
}

// unpack takes off what compression there is, one around the other, and UTF-16, and names it. depth is how many wrappers
// there are around r. Damage comes from the reader it gives, after what can be read.
func (m *meter) unpack(r io.Reader, depth int) (io.Reader, []wrapper) {
	var found []wrapper
	in := bufio.NewReaderSize(r, blockSize(r))
	for {
		magic, _ := in.Peek(utf16Look)
		var w wrapper
		order, wide := utf16Order(magic)
		switch {
		case bytes.HasPrefix(magic, gzipMagic):
			w = &gunzip{in: in, m: m}
		case bytes.HasPrefix(magic, zstdMagic):
			w = &unzstd{in: in, m: m}
		case wide:
			w = &utf16Text{in: in, m: m, order: order}
		default:
			return in, found
		}
		if depth+len(found) >= MaxWrappers {
			return failing{&DamageError{w.String(), fmt.Errorf("wrapped more than %d deep", MaxWrappers)}}, found
		}
		found = append(found, w)
		in = bufio.NewReaderSize(w, 64<<10)
	}
}

// unpackBytes is unpack for data in memory; without compression the reader is nil.
func (m *meter) unpackBytes(data []byte, depth int) (io.Reader, []wrapper) {
	if _, wide := utf16Order(data); !wide && !bytes.HasPrefix(data, gzipMagic) && !bytes.HasPrefix(data, zstdMagic) {
		return nil, nil
	}
	return m.unpack(bytes.NewReader(data), depth)
}

// blockSize spares the many small objects inside an envelope a big buffer each.
func blockSize(r io.Reader) int {
	if s, ok := r.(*bytes.Reader); ok {
		return min(64<<10, s.Len()+16)
	}
	return 64 << 10
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// wrapper is one compression, or encoding of text, taken off. String names it; what it says is final at the end.
type wrapper interface {
	io.Reader
	String() string
}

// gunzip reads gzip members one by one, to count them.
type gunzip struct {
	in      *bufio.Reader
	m       *meter
	z       *gzip.Reader
	members int
	err     error
}

func (g *gunzip) String() string {
	if g.members > 1 {
		return fmt.Sprintf("gzip(%d members)", g.members)
	}
	return "gzip"
}

func (g *gunzip) Read(p []byte) (n int, err error) {
	for n == 0 && g.err == nil {
		if g.z == nil {
			g.z, err = gzip.NewReader(g.in)
			g.open(err)
			continue
		}
		n, err = g.z.Read(p)
		if e := g.m.spend("gzip", n); e != nil {
			g.err = e
		} else if err == io.EOF {
			g.next()
		} else if err != nil {
			g.err = g.m.damage("gzip", err)
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, g.err
}

// between is what may stand behind a member and is none: padding to a block, as tapes and some copies have, and the line ends
// that some senders put between compressed records.
var between = []byte("\x00 \t\r\n")

// next opens the member behind the one just read, if there is one.
func (g *gunzip) next() {
	for {
		b, err := g.in.Peek(1)
		switch {
		case err == io.EOF:
			g.err = io.EOF
			return
		case err != nil:
			g.err = g.m.damage("gzip", err)
			return
		case slices.Contains(between, b[0]):
			g.in.Discard(1)
			continue
		case b[0] != 0x1f:
			g.err = &DamageError{"gzip", errors.New("what follows its last member is not gzip")}
			return
		}
		g.open(g.z.Reset(g.in))
		return
	}
}

// open takes the result of reading a member's header.
func (g *gunzip) open(err error) {
	if err != nil {
		g.err = g.m.damage("gzip", err)
		return
	}
	g.z.Multistream(false)
	g.members++
}

// unzstd reads zstd frames, without goroutines.
type unzstd struct {
	in  *bufio.Reader
	m   *meter
	z   *zstd.Decoder
	err error
}

func (u *unzstd) String() string { return "zstd" }

func (u *unzstd) Read(p []byte) (n int, err error) {
	if u.err != nil {
		return 0, u.err
	}
	if u.z == nil {
		u.z, err = zstd.NewReader(u.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			u.err = u.m.damage("zstd", err)
			return 0, u.err
		}
	}
	n, err = u.z.Read(p)
	if err != nil {
		u.z.Close()
	}
	if e := u.m.spend("zstd", n); e != nil {
		u.err = e
	} else if err == io.EOF {
		u.err = io.EOF
	} else if err != nil {
		u.err = u.m.damage("zstd", err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, u.err
}

// names joins wrappers, outermost first.
func names(wrappers []wrapper) string {
	list := make([]string, len(wrappers))
	for i, w := range wrappers {
		list[i] = w.String()
	}
	return strings.Join(list, " > ")
}

// magics are the beginnings of what is refused.
var magics = []struct {
	at   int
	text string
	err  error
}{
	{0, "PAR1", ErrParquet},
	{0, "PK\x03\x04", ErrArchive}, {0, "PK\x05\x06", ErrArchive}, {0, "7z\xbc\xaf\x27\x1c", ErrArchive},
	{257, "ustar\x00", ErrArchive}, {257, "ustar  \x00", ErrArchive}, {0, "Rar!\x1a\x07", ErrArchive},
	{4, "1AY&SY", ErrPacked}, {0, "\xfd7zXZ\x00", ErrPacked}, {0, "\x04\x22\x4d\x18", ErrPacked},
	{0, "\x1f\x9d", ErrPacked}, {0, "\xff\x06\x00\x00sNaPpY", ErrPacked},
	{0, "\xff\xfe\x00\x00", ErrUTF32}, {0, "\x00\x00\xfe\xff", ErrUTF32},
	{0, "SQLite format 3\x00", binaryOf("an SQLite database")}, {0, "%PDF-", binaryOf("a PDF document")},
	{0, "\x89PNG", binaryOf("an image")}, {0, "\xff\xd8\xff", binaryOf("an image")}, {0, "GIF89a", binaryOf("an image")},
	{0, "\xd4\xc3\xb2\xa1", binaryOf("a packet capture (pcap)")}, {0, "\xa1\xb2\xc3\xd4", binaryOf("a packet capture (pcap)")},
	{8, "\x4d\x3c\x2b\x1a", binaryOf("a packet capture (pcapng)")}, {0, "ElfFile\x00", binaryOf("a Windows event log (evtx)")},
	{0, "\x7fELF", binaryOf("a program")}, {0, "Obj\x01", binaryOf("an Avro file")},
}

// binaryOf names a kind of binary data.
func binaryOf(what string) error { return fmt.Errorf("%w: %s", ErrBinary, what) }

// refuse says why the beginning of an unpacked object is not text; nil when it may be.
func refuse(sample []byte) error {
	if len(sample) == 0 {
		return ErrEmpty
	}
	if bytes.HasPrefix(sample, []byte("PK\x03\x04")) && bytes.Contains(sample[:min(len(sample), 512)], []byte("[Content_Types].xml")) {
		return ErrOffice
	}
	for _, m := range magics {
		if len(sample) >= m.at && bytes.HasPrefix(sample[m.at:], []byte(m.text)) {
			return m.err
		}
	}
	sample = sample[:min(len(sample), 8<<10)]
	control := 0
	for _, c := range sample {
		if c < ' ' && !slices.Contains([]byte("\t\n\r\x1b"), c) {
			control++
		}
	}
	// A stray NUL makes a line odd; one byte in twenty makes it no text at all.
	if control >= 8 && control*20 > len(sample) {
		return ErrBinary
	}
	return nil
}
