// Package custody keeps a case's log of what was done to it: one JSON object per line, append-only, each line
// carrying the SHA-256 of the line before it.
//
// Anyone can check the chain with sha256sum: line n's "prev" is the hash of line n−1's bytes without the newline;
// the first line's is 64 zeros. A chain alone cannot show that its tail was cut off: its head (see [Log.Head]) must be
// kept somewhere else, which is what sealing is for. The package refuses to append to a chain that does not hold.
package custody

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// ErrBroken says that the chain does not hold.
var ErrBroken = errors.New("custody log altered")

// ErrTorn says that the last line has no end: what a kill in the middle of an append leaves. It is ErrBroken too.
var ErrTorn = fmt.Errorf("%w: its last line has no end", ErrBroken)

// zero is the "prev" of the first line.
var zero = strings.Repeat("0", 64)

// Entry is a line of the log. At is UTC; Mono counts nanoseconds since the program started, which no clock change
// moves; Detail is what the action says about itself.
type Entry struct {
	Seq    int             `json:"seq"`
	Prev   string          `json:"prev"`
	At     time.Time       `json:"at"`
	Mono   int64           `json:"mono_ns"`
	Actor  string          `json:"actor"`
	Tool   string          `json:"tool"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Log is an open custody log. Its methods may be called from several goroutines.
type Log struct {
	mu    sync.Mutex
	f     *os.File
	head  string
	seq   int
	actor string
	tool  string
	start time.Time
}

// Open checks the chain of the log at path and opens it for appending; a missing file is an empty log. A last line
// without its newline is what a kill in the middle of an append leaves: it is cut off, and the cut is the next entry.
func Open(path, actor, tool string) (*Log, error) {
	l := &Log{head: zero, actor: actor, tool: tool, start: time.Now()}
	torn, err := l.replay(path)
	if err != nil {
		return nil, err
	}
	l.f, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if len(torn) > 0 {
		info, err := l.f.Stat()
		if err == nil {
			err = l.f.Truncate(info.Size() - int64(len(torn)))
		}
		if err == nil {
			err = l.Append("custody.torn-line", map[string]any{"cut": string(bytes.ToValidUTF8(torn, []byte("\ufffd")))})
		}
		if err != nil {
			l.f.Close()
			return nil, err
		}
	}
	return l, nil
}

// replay checks the chain and finds its head; torn is a last line without a newline.
func (l *Log) replay(path string) (torn []byte, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return scan(f, func(e Entry, line []byte) error {
		l.seq, l.head = e.Seq, hashOf(line)
		return nil
	})
}

// ReadLines is Read, and gives each line's SHA-256 too: the head that the log had when it was the last.
func ReadLines(path string, each func(e Entry, sum string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	torn, err := scan(f, func(e Entry, line []byte) error { return each(e, hashOf(line)) })
	if err == nil && len(torn) > 0 {
		err = ErrTorn
	}
	return err
}

// Read gives every entry of the log at path, in order, after checking that each fits the one before.
func Read(path string, each func(Entry) error) error {
	return ReadLines(path, func(e Entry, _ string) error { return each(e) })
}

func scan(r io.Reader, each func(e Entry, line []byte) error) (torn []byte, err error) {
	prev, seq := zero, 0
	for br := bufio.NewReaderSize(r, 64<<10); ; {
		line, err := Line(br, mostLine)
		switch {
		case err == io.EOF:
			return line, nil
		case errors.Is(err, ErrLong):
			return nil, fmt.Errorf("%w: line %d: %w", ErrBroken, seq+1, err)
		case err != nil:
			return nil, err
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("%w: line %d is not JSON: %w", ErrBroken, seq+1, err)
		}
		if seq++; e.Seq != seq || e.Prev != prev {
			return nil, fmt.Errorf("%w: line %d does not follow line %d", ErrBroken, seq, seq-1)
		}
		if err := each(e, line); err != nil {
			return nil, err
		}
		prev = hashOf(line)
	}
}

// mostLine is how long a line can be: one that a stranger has made longer would take all memory before it is found out.
const mostLine = 64 << 20

// ErrLong says that a line has more bytes than it may.
var ErrLong = errors.New("it is longer than any line that case53 writes")

// Line reads a line of at most so many bytes, without its newline; with io.EOF what is left without one.
func Line(r *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > most+1:
			return nil, ErrLong
		case err == bufio.ErrBufferFull:
		case err != nil:
			return line, err
		default:
			return line[:len(line)-1], nil
		}
	}
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// Check checks the chain of the log at path, and that it holds line n with this SHA-256: a log that is gone, was cut before that
// line or was written anew is ErrBroken. What a kill has left of a last line is passed over.
func Check(path string, n int, head string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && n > 0 {
		return fmt.Errorf("%w: it is gone, and the case was last written after its line %d", ErrBroken, n)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	prev, seq := zero, 0
	for br := bufio.NewReaderSize(f, 64<<10); ; {
		line, err := Line(br, mostLine)
		if err == io.EOF {
			break
		}
		if errors.Is(err, ErrLong) {
			return fmt.Errorf("%w: line %d: %w", ErrBroken, seq+1, err)
		}
		if err != nil {
			return err
		}
		if seq++; !bytes.HasPrefix(line, fmt.Appendf(nil, `{"seq":%d,"prev":"%s",`, seq, prev)) {
			return fmt.Errorf("%w: line %d does not follow line %d", ErrBroken, seq, seq-1)
		}
		if prev = hashOf(line); seq == n && prev != head {
			return fmt.Errorf("%w: line %d is not the one after which the case was last written", ErrBroken, n)
		}
	}
	if seq < n {
		return fmt.Errorf("%w: it has %d lines, and the case was last written after its line %d", ErrBroken, seq, n)
	}
	return nil
}

// Append adds entries of one action, a line for each detail, and returns when they are on disk. When it fails (a full
// disk) the log is cut back to what it was, so that the next entry follows the last whole one.
func (l *Log) Append(action string, details ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines bytes.Buffer
	head, seq := l.head, l.seq
	for _, detail := range details {
		raw, err := json.Marshal(detail)
		if err != nil {
			return fmt.Errorf("custody entry %s: %w", action, err)
		}
		seq++
		now := time.Now()
		line, err := json.Marshal(Entry{
			Seq:    seq,
			Prev:   head,
			At:     now.UTC(),
			Mono:   int64(now.Sub(l.start)),
			Actor:  l.actor,
			Tool:   l.tool,
			Action: action,
			Detail: raw,
		})
		if err != nil {
			return fmt.Errorf("custody entry %s: %w", action, err)
		}
		lines.Write(line)
		lines.WriteByte('\n')
		head = hashOf(line)
	}
	if err := l.write(lines.Bytes()); err != nil {
		return fmt.Errorf("custody entry %s: %w", action, err)
	}
	l.head, l.seq = head, seq
	return nil
}

// write adds lines, all or none.
func (l *Log) write(lines []byte) error {
	info, err := l.f.Stat()
	if err != nil {
		return err
	}
	if _, err = l.f.Write(lines); err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		err = errors.Join(err, l.f.Truncate(info.Size()))
	}
	return err
}

// Head is the number of the last line and its SHA-256: who keeps it elsewhere can tell later that nothing before it
// has changed or gone.
func (l *Log) Head() (seq int, sha256hex string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq, l.head
}

// Close closes the file.
func (l *Log) Close() error { return l.f.Close() }

// Head is the SHA-256 of line n of a custody log, counted from 1, in hexadecimal digits: what the next line carries as prev.
func Head(path string, n int) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewReaderSize(f, 64<<10)
	for i := 1; ; i++ {
		line, err := Line(lines, mostLine)
		if err != nil && err != io.EOF {
			return "", err
		}
		if i == n {
			return hashOf(line), nil
		}
		if err == io.EOF {
			return "", fmt.Errorf("%w: it has less than %d lines", ErrBroken, n)
		}
	}
}
