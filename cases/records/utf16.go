package records

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Look is how many bytes are looked at to tell UTF-16 that has no byte order mark.
const utf16Look = 64

// utf16Order tells text in UTF-16, as PowerShell's > and Excel's "Unicode text" write it, by its first bytes: a byte order
// mark, or at least eight characters of which every one is printable ASCII, a tab or a line end.
func utf16Order(b []byte) (order binary.ByteOrder, ok bool) {
	if len(b) >= 2 {
		switch string(b[:2]) {
		case "\xff\xfe":
			return binary.LittleEndian, len(b) < 4 || b[2] != 0 || b[3] != 0 // else UTF-32
		case "\xfe\xff":
			return binary.BigEndian, true
		}
	}
	if b = b[:min(len(b), utf16Look)&^1]; len(b) < 16 {
		return nil, false
	}
	if b[0] == 0 {
		order = binary.BigEndian
	} else {
		order = binary.LittleEndian
	}
	for i := 0; i < len(b); i += 2 {
		if c := order.Uint16(b[i:]); (c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n' {
			return nil, false
		}
	}
	return order, true
}

// utf16Text reads UTF-16 as UTF-8. Half of a surrogate pair becomes the three bytes of its code point, as in a message of
// JSON: invalid UTF-8, but not lost.
type utf16Text struct {
	in    *bufio.Reader
	m     *meter
	order binary.ByteOrder
	out   []byte // read, and not handed on yet
	buf   [4096]byte
	err   error
}

func (u *utf16Text) String() string {
	if u.order == binary.BigEndian {
		return "utf-16be"
	}
	return "utf-16le"
}

func (u *utf16Text) Read(p []byte) (int, error) {
	if len(u.out) == 0 {
		u.fill()
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// fill reads as many characters as out has room for.
func (u *utf16Text) fill() {
	u.out = u.buf[:0]
	for u.err == nil && len(u.out) <= len(u.buf)-utf8.UTFMax {
		b, err := u.in.Peek(2)
		if err != nil {
			u.err = u.ended(len(b), err)
			return
		}
		c, size := rune(u.order.Uint16(b)), 2
		if c >= 0xd800 && c < 0xdc00 {
			if b, _ = u.in.Peek(4); len(b) == 4 {
				if r := utf16.DecodeRune(c, rune(u.order.Uint16(b[2:]))); r != utf8.RuneError {
					c, size = r, 4
				}
			}
		}
		u.in.Discard(size)
		if c >= 0xd800 && c < 0xe000 {
			u.out = append(u.out, 0xe0|byte(c>>12), 0x80|byte(c>>6)&0x3f, 0x80|byte(c)&0x3f)
		} else {
			u.out = utf8.AppendRune(u.out, c)
		}
	}
}

// ended gives the end of what was read its meaning; left is how many bytes there are of another character.
func (u *utf16Text) ended(left int, err error) error {
	switch {
	case err != io.EOF:
		return u.m.damage("UTF-16", err)
	case left > 0:
		return &DamageError{"UTF-16", errors.New("cut off: it ends inside a character")}
	}
	return io.EOF
}
