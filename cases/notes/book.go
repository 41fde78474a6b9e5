package notes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"case53/cases"
	"case53/cases/custody"
)

var (
	// ErrAltered says that the file is not what this package has written: nothing is appended to it.
	ErrAltered = errors.New("notes altered")
	// ErrNothing says that a change would change nothing, or that there is nothing to undo.
	ErrNothing = errors.New("nothing to change")
)

// Book is the notes of a case. Its methods may be called from several goroutines; other processes may write the same file meanwhile.
type Book struct {
	path, actor, tool string

	mu    sync.Mutex
	read  int64  // bytes of the file that have been read
	head  string // SHA-256 of the last line read
	lines []event
	said  int // by all changes that were read
	fault error
	torn  []byte // a last line without its end
	state state
}

// Open reads the notes of the case in dir; a case without any has an empty book. What is wrong with the file is a [Book.Fault]: what stands
// before it is there.
func Open(ctx context.Context, dir, tool string) (*Book, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	b := &Book{path: cases.NotesFile(dir), actor: custody.Actor(), tool: tool, head: zero}
	b.state = fold(nil)
	return b, b.Refresh(ctx)
}

// Actor is who writes the notes of this process: user@host.
func (b *Book) Actor() string { return b.actor }

// Path is the file.
func (b *Book) Path() string { return b.path }

// Fault says why the file was not read to its end, if it was not: ErrAltered, with the line. Torn says that the last line has no end,
// which is no fault.
func (b *Book) Fault() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault
}

// Torn says that a process was killed in the middle of the last note, which is not counted.
func (b *Book) Torn() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.torn) > 0
}

// Head is the number of lines and the SHA-256 of the last: who keeps it elsewhere can tell later that no note was taken away.
func (b *Book) Head() (lines int, sha256hex string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines), b.head
}

// Copy writes the lines that were read, as they stand in the file: nothing of a last line without its end. Of a book with a fault it
// writes nothing.
func (b *Book) Copy(w io.Writer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fault != nil {
		return b.fault
	}
	f, err := os.OpenFile(b.path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(w, f, b.read)
	return err
}

// Refresh reads what other processes have written since.
func (b *Book) Refresh(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := regular(b.path); errors.Is(err, fs.ErrNotExist) {
		if b.read > 0 && b.fault == nil {
			b.fault = fmt.Errorf("%w: %s is gone", ErrAltered, b.path)
		}
		return nil
	} else if err != nil {
		return err
	}
	unlock, err := b.lock(ctx, false)
	if err != nil {
		return err
	}
	defer unlock()
	return b.readOn()
}

// regular refuses what is no file.
func regular(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is %s, and no file", ErrAltered, path, info.Mode().Type())
	}
	return err
}

// lockWait is how long another process is waited for: it holds the file while it writes one line.
const lockWait = 10 * time.Second

// lock takes the file: for itself alone where it is to be written.
func (b *Book) lock(ctx context.Context, write bool) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lockWait, fmt.Errorf("%s is held by another process", b.path))
	defer cancel()
	flags := os.O_RDONLY | syscall.O_NOFOLLOW
	if write {
		flags = os.O_CREATE | os.O_RDWR | syscall.O_NOFOLLOW
	}
	l := flock.New(b.path, flock.SetFlag(flags), flock.SetPermissions(0o600))
	try := l.TryRLockContext
	if write {
		try = l.TryLockContext
	}
	if _, err := try(ctx, 5*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("notes: %w", err)
	}
	return func() { l.Close() }, nil
}

// Do writes a change and returns when it is on disk. line is its number, and names it. A change of nothing is ErrNothing.
func (b *Book) Do(ctx context.Context, c Change) (line int, err error) {
	if err := c.check(); err != nil {
		return 0, err
	}
	return b.append(ctx, func() (string, any, error) {
		if !b.state.would(c) {
			return "", nil, ErrNothing
		}
		if err := b.tooMuch(c); err != nil {
			return "", nil, err
		}
		return actChange, c, nil
	})
}

// tooMuch refuses a change that makes the notes more than anybody keeps.
func (b *Book) tooMuch(c Change) error {
	if b.said+c.size() > mostSaid {
		return fmt.Errorf("the changes of all notes come to more than %d values, tags and comments", mostSaid)
	}
	return nil
}

// Undo takes back the last change of this person that holds; Redo makes it hold again, as long as there was no other since.
func (b *Book) Undo(ctx context.Context) (Change, error) { return b.takeBack(ctx, actUndo) }

// Redo makes the change hold again that was undone last.
func (b *Book) Redo(ctx context.Context) (Change, error) { return b.takeBack(ctx, actRedo) }

func (b *Book) takeBack(ctx context.Context, action string) (of Change, err error) {
	_, err = b.append(ctx, func() (string, any, error) {
		stack := b.state.done[b.actor]
		if action == actRedo {
			stack = b.state.undone[b.actor]
		}
		if len(stack) == 0 {
			return "", nil, ErrNothing
		}
		line := stack[len(stack)-1]
		of = b.lines[line-1].change
		return action, back{line}, nil
	})
	return of, err
}

// append writes a line, under the lock and after what others have written.
func (b *Book) append(ctx context.Context, what func() (action string, detail any, err error)) (line int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := regular(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	unlock, err := b.lock(ctx, true)
	if err != nil {
		return 0, err
	}
	defer unlock()
	if err := b.readOn(); err != nil {
		return 0, err
	}
	if b.fault != nil {
		return 0, fmt.Errorf("%w\nhint: nothing is added to it; move the file away to begin anew, and keep it", b.fault)
	}
	action, detail, err := what()
	if err != nil {
		return 0, err
	}
	var text bytes.Buffer
	head, n := b.head, len(b.lines)
	add := func(action string, detail any) error {
		var one []byte
		n++
		if one, head, err = encode(n, head, b.actor, b.tool, action, detail); err == nil {
			text.Write(one)
		}
		return err
	}
	if n == 0 {
		err = add(actBegin, begun{formatVersion})
	}
	if len(b.torn) > 0 && err == nil {
		cut := b.torn[:min(len(b.torn), mostText)]
		err = add(actTorn, torn{string(bytes.ToValidUTF8(cut, []byte("\ufffd"))), len(b.torn)})
	}
	if err == nil {
		err = add(action, detail)
	}
	if err == nil {
		err = b.write(text.Bytes())
	}
	if err != nil {
		return 0, fmt.Errorf("notes: %w", err)
	}
	return n, b.readOn()
}

// write puts lines at the end of the file, in place of a last line that has no end: all or none.
func (b *Book) write(lines []byte) error {
	if b.read+int64(len(lines)) > mostFile {
		return fmt.Errorf("%s would have more than %d bytes", b.path, int64(mostFile))
	}
	f, err := os.OpenFile(b.path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	put := func(text []byte) error {
		_, err := f.WriteAt(text, b.read)
		return errors.Join(err, f.Truncate(b.read+int64(len(text))))
	}
	if err = put(lines); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, put(b.torn))
	}
	if b.read == 0 { // the name of a new file has to last too
		err = syncDir(filepath.Dir(b.path))
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// encode makes a line.
func encode(n int, prev, actor, tool, action string, detail any) (line []byte, sum string, err error) {
	raw, err := json.Marshal(detail)
	if err != nil {
		return nil, "", err
	}
	line, err = json.Marshal(entry{n, prev, time.Now().UTC(), actor, tool, action, raw})
	if err != nil {
		return nil, "", err
	}
	if len(line) > mostLineBytes {
		return nil, "", fmt.Errorf("a change of %d bytes: at most %d are written at once", len(line), mostLineBytes)
	}
	return append(line, '\n'), sumOf(line), nil
}
