package loader

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"strings"
	"sync"

	"case53/cases/records"
	"case53/cases/writer"
)

// turns lets batches do something one after the other, in their order.
type turns struct {
	mu   sync.Mutex
	cond *sync.Cond
	next int
}

func newTurns() *turns {
	t := &turns{}
	t.cond = sync.NewCond(&t.mu)
	return t
}

// wait returns when it is batch n's turn, or when ctx has ended.
func (t *turns) wait(ctx context.Context, n int) error {
	stop := context.AfterFunc(ctx, func() {
		t.mu.Lock()
		t.cond.Broadcast()
		t.mu.Unlock()
	})
	defer stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != n && ctx.Err() == nil {
		t.cond.Wait()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// done passes the turn on.
func (t *turns) done() {
	t.mu.Lock()
	t.next++
	t.cond.Broadcast()
	t.mu.Unlock()
}

// eventKey stands for an event: 128 bits of SHA-256 over what tells it from every other one. The message is part of
// it, so that an id that was used twice (a hand-made file, a masked copy) loses nothing. Of the log group it is the
// name that counts: a subscription's envelope has no more, and whoever pulls may not know the account.
func eventKey(group string, e *records.Event, message []byte) [2]uint64 {
	h := sha256.New()
	var n [8]byte
	for _, part := range []string{groupName(group), e.ID} {
		binary.LittleEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		io.WriteString(h, part)
	}
	h.Write(message)
	var sum [32]byte
	h.Sum(sum[:0])
	return [2]uint64{binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])}
}

// groupName is the name in a log group's ARN, or the name itself.
func groupName(group string) string {
	if _, name, ok := strings.Cut(group, ":log-group:"); ok && strings.HasPrefix(group, "arn:") {
		return strings.TrimSuffix(name, ":*")
	}
	return group
}

// groupOf is the log group of an event: what its wrapper says, else what the source does.
func groupOf(e *records.Event, given string) string {
	if e.Group != "" {
		return e.Group
	}
	return given
}

// claims knows the events that are in the case or will be before the next batch. It is filled from the case when the
// first event turns up; 10M events take about 300 MB.
type claims struct {
	seen map[[2]uint64]struct{}
}

func (c *claims) load(ctx context.Context, w *writer.Writer) error {
	if c.seen != nil {
		return nil
	}
	c.seen = map[[2]uint64]struct{}{}
	return w.EventKeys(ctx, func(key [2]uint64) { c.seen[key] = struct{}{} })
}

// claim says which of an object's events are duplicates of earlier ones, by their index in keys.
func (c *claims) claim(keys [][2]uint64) map[int]bool {
	duplicate := map[int]bool{}
	for i, key := range keys {
		if _, ok := c.seen[key]; ok {
			duplicate[i] = true
		} else {
			c.seen[key] = struct{}{}
		}
	}
	return duplicate
}
