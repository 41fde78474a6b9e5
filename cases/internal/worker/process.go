package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrEnded says that a worker ended before its statement did.
var ErrEnded = errors.New("the process that ran the SQL has ended")

// asked is the variable of the environment that makes a worker of the program.
const asked = "CASE53_WORKER"

// Asked says whether this process is to be a worker.
func Asked() bool { return os.Getenv(asked) != "" }

// The files of a worker beside the standard ones.
const (
	requests = 3
	answers  = 4
)

// Process is a worker, seen by its parent. Its methods may be called from several goroutines.
type Process struct {
	cmd    *exec.Cmd
	stderr head
	out    *os.File

	writing sync.Mutex
	in      *os.File

	mu      sync.Mutex
	last    uint32
	waiting map[uint32]chan message // of each statement: there is room for all that may come without being waited for
	killed  string                  // why we have ended it

	dead chan struct{} // closed when it has ended; err says how
	err  error
}

// Itself is this program, to be run once more, under the name that it was started with.
func Itself(args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(selfFile); err == nil { // the file may have become another version's since
		self = selfFile
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = os.Args[0]
	return cmd, nil
}

// Start starts a worker on the case in dir. What it spills is in the folder temp.
func Start(ctx context.Context, dir, temp string) (*Process, error) {
	cmd, err := Itself()
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, waiting: map[uint32]chan message{}, dead: make(chan struct{})}
	// Two arenas are enough, and the bound on memory counts what the C library reserves for each.
	p.cmd.Env = []string{asked + "=1", "TMPDIR=" + temp, "GOTRACEBACK=none", "MALLOC_ARENA_MAX=2"}
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.pipes(); err != nil {
		return nil, err
	}
	err = p.cmd.Start()
	for _, f := range p.cmd.ExtraFiles {
		f.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a process for SQL: %w", err), p.in.Close(), p.out.Close())
	}
	go p.read()
	w := begin(nil, saysOpen, 0)
	w.b = append(w.b, dir...)
	if _, err := p.ask(ctx, w, saysReady, p.wait(0)); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// selfFile is this program's file as Linux keeps it at hand.
const selfFile = "/proc/self/exe"

func (p *Process) pipes() error {
	theirs, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, answers, err := os.Pipe()
	if err != nil {
		return errors.Join(err, theirs.Close(), in.Close())
	}
	p.in, p.out, p.cmd.ExtraFiles = in, out, []*os.File{theirs, answers}
	return nil
}

// wait gives the channel of what is said of a statement.
func (p *Process) wait(of uint32) chan message {
	said := make(chan message, 3)
	p.mu.Lock()
	p.waiting[of] = said
	p.mu.Unlock()
	return said
}

// read hands on what the worker says, until it has ended.
func (p *Process) read() {
	r := bufio.NewReaderSize(p.out, 64<<10)
	for {
		m, err := receive(r)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.kill(err.Error())
			}
			break
		}
		p.mu.Lock()
		said := p.waiting[m.of]
		p.mu.Unlock()
		select {
		case said <- m: // nobody waits where it is nil
		default:
			p.kill("it said what nobody had asked for")
		}
	}
	late := time.AfterFunc(grace, func() { p.kill("it stopped talking") })
	err := p.cmd.Wait()
	late.Stop()
	p.err = p.ended(err)
	p.in.Close()
	p.out.Close()
	close(p.dead)
}

// ended says how the worker has ended.
func (p *Process) ended(err error) error {
	p.mu.Lock()
	why := p.killed
	p.mu.Unlock()
	said := p.stderr.String()
	var exit *exec.ExitError
	var status syscall.WaitStatus
	if errors.As(err, &exit) {
		status, _ = exit.Sys().(syscall.WaitStatus)
	}
	const memoryHint = "hint: ask for less at a time: fewer rows and columns, no lists of all rows, a LIMIT"
	switch {
	case why != "":
		return fmt.Errorf("%w: %s", ErrEnded, why)
	case strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory") || strings.Contains(said, "bad_alloc"):
		return fmt.Errorf("%w: it needed more memory than the %d GB it may have\n%s", ErrEnded, mostMemory>>30, memoryHint)
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return fmt.Errorf("%w: it was killed, as happens where the machine runs out of memory\n%s", ErrEnded, memoryHint)
	}
	how, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	if how == "" {
		how = fmt.Sprint(err)
	}
	return fmt.Errorf("%w: it crashed (%s)\nhint: the case is as it was; other SQL can be run", ErrEnded, how)
}

// kill ends the worker at once.
func (p *Process) kill(why string) {
	p.mu.Lock()
	if p.killed == "" {
		p.killed = why
	}
	p.mu.Unlock()
	p.cmd.Process.Kill() // says ErrProcessDone where it has ended: its number may be another process's by then
}

// Ended says whether the worker has ended, and runs no more.
func (p *Process) Ended() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// Close ends the worker, whatever it does.
func (p *Process) Close() {
	p.kill("the case was closed")
	<-p.dead
}

// send says something to the worker. One that does not listen is killed.
func (p *Process) send(w *writing) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.in.SetWriteDeadline(time.Now().Add(10 * grace))
	if _, err := p.in.Write(w.end()); err != nil {
		p.kill("it did not listen: " + err.Error())
		<-p.dead
		return p.err
	}
	return nil
}

// ask says something and waits for the answer, which must be of one kind.
func (p *Process) ask(ctx context.Context, w *writing, want kind, said chan message) (*reading, error) {
	if err := p.send(w); err != nil {
		return nil, err
	}
	return p.answer(ctx, want, said)
}

func (p *Process) answer(ctx context.Context, want kind, said chan message) (*reading, error) {
	var m message
	select {
	case m = <-said:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.dead:
		select {
		case m = <-said: // before it ended
		default:
			return nil, p.err
		}
	}
	r := &reading{rest: m.body}
	switch m.kind {
	case want:
		return r, nil
	case saysFailed:
		if f := r.failure(); r.err == nil {
			return nil, f
		}
	}
	p.kill("it sent " + errForm.Error())
	<-p.dead
	return nil, p.err
}

// head keeps the beginning of what is written to it, which is where a process that dies says why.
type head struct {
	mu sync.Mutex
	b  bytes.Buffer
}

const mostSaid = 4 << 10

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b.Write(p[:min(len(p), max(mostSaid-h.b.Len(), 0))])
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}
