package notes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"case53/cases/custody"
)

// formatVersion is that of the lines. A file of a newer one is not read.
const formatVersion = 1

// What a line says.
const (
	actBegin  = "notes.begin"
	actChange = "notes.change"
	actUndo   = "notes.undo"
	actRedo   = "notes.redo"
	actTorn   = "notes.torn-line"
)

// Bounds of the file.
const (
	mostLineBytes = 16 << 20
	mostFile      = 128 << 20
	mostSaid      = 4 << 20 // values, tags and comments that all changes give and take: what a person keeps is far below
)

// zero is the "prev" of the first line.
var zero = strings.Repeat("0", 64)

// entry is a line. Its first two keys stand as in the custody log, so that the same recipe checks the chain.
type entry struct {
	Seq    int             `json:"seq"`
	Prev   string          `json:"prev"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Tool   string          `json:"tool"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail"`
}

type (
	begun struct {
		FormatVersion int `json:"format_version"`
	}
	back struct {
		Line int `json:"line"` // of the change that is taken back, or holds again
	}
	torn struct {
		Cut  string `json:"cut"` // its beginning
		Size int    `json:"size"`
	}
)

// event is a line that was read.
type event struct {
	action string
	by     string
	at     time.Time
	change Change
	of     int // of an undo or a redo: the line of its change
}

// readOn reads what is in the file after what has been read. What is wrong with it becomes the fault; the error is of reading.
func (b *Book) readOn() error {
	if b.fault != nil {
		return nil
	}
	f, err := os.OpenFile(b.path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() < b.read:
		b.fault = fmt.Errorf("%w: %s was cut back to %d bytes", ErrAltered, b.path, info.Size())
		return nil
	case info.Size() > mostFile:
		b.fault = fmt.Errorf("%w: %s has %d bytes, and no file of notes has more than %d", ErrAltered, b.path, info.Size(), int64(mostFile))
		return nil
	}
	was := len(b.lines)
	lines := bufio.NewReaderSize(io.NewSectionReader(f, b.read, info.Size()-b.read), 64<<10)
	for b.torn = nil; b.fault == nil; {
		line, err := custody.Line(lines, mostLineBytes)
		if err == io.EOF {
			b.torn = line
			break
		}
		if err == nil {
			err = b.take(line)
		} else if !errors.Is(err, custody.ErrLong) {
			return err
		}
		if err != nil {
			b.fault = fmt.Errorf("%w: %s, line %d: %w", ErrAltered, b.path, len(b.lines)+1, err)
		}
	}
	if len(b.lines) > was {
		b.state = fold(b.lines)
	}
	return nil
}

// take checks a line and adds it.
func (b *Book) take(line []byte) error {
	if !bytes.HasPrefix(line, fmt.Appendf(nil, `{"seq":%d,"prev":"%s",`, len(b.lines)+1, b.head)) {
		return errors.New("it does not follow the line before it")
	}
	var e entry
	if err := strictly(line, &e); err != nil {
		return err
	}
	ev := event{action: e.Action, by: e.Actor, at: e.At}
	if e.Actor == "" || len(e.Actor) > mostText || len(e.Tool) > mostText {
		return errors.New("it does not say who wrote it")
	}
	if (len(b.lines) == 0) != (e.Action == actBegin) {
		return fmt.Errorf("the first line is %s, and no other", actBegin)
	}
	if err := ev.read(e.Detail); err != nil {
		return err
	}
	if err := b.state.follows(ev); err != nil {
		return err
	}
	if err := b.tooMuch(ev.change); err != nil {
		return err
	}
	b.said += ev.change.size()
	b.lines = append(b.lines, ev)
	b.state.stack(ev, len(b.lines))
	b.head = sumOf(line)
	b.read += int64(len(line)) + 1
	return nil
}

// read reads what a line says beside who and when.
func (ev *event) read(detail []byte) error {
	switch ev.action {
	case actBegin:
		var v begun
		if err := strictly(detail, &v); err != nil {
			return err
		}
		if v.FormatVersion != formatVersion {
			return fmt.Errorf("notes of format version %d; this program knows %d", v.FormatVersion, formatVersion)
		}
		return nil
	case actChange:
		if err := strictly(detail, &ev.change); err != nil {
			return err
		}
		return ev.change.check()
	case actUndo, actRedo:
		var v back
		err := strictly(detail, &v)
		ev.of = v.Line
		return err
	case actTorn:
		return strictly(detail, &torn{})
	}
	return fmt.Errorf("%.40q is nothing that notes say", ev.action)
}

// strictly reads one JSON object that has these keys and no others.
func strictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("it is no note: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is something after it")
	}
	return nil
}
