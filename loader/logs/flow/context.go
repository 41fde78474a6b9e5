package flow

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"strconv"

	"case53/loader/logs"
	"case53/loader/logs/field"
)

// flowContexts finds the number of a row's context. Ten million rows have a few thousand contexts: a line's is looked up
// by the bytes of its fields as they stand in the line, first among the recent ones, and only a context not seen
// before is taken apart, checked, and asked for by Options.Intern.
type flowContexts struct {
	opt    logs.Options
	recent []seenContext // by a hash of the key
	seed   maphash.Seed
	seen   map[string]seenContext
	size   int // bytes of the keys seen
	key    []byte

	stream     uint32 // number of the log group and stream last seen
	streams    map[[2]string]uint32
	lastStream [2]string

	values [][]byte // one per column of store.flow_context after context_id; nil is NULL
	smalls []byte   // the digits that values of small integers point to
	full   []byte
}

type seenContext struct {
	key string
	id  uint32
}

// The recent contexts' table grows with the number of contexts, between these.
const minRecent, maxRecent = 1 << 9, 1 << 13

func (c *flowContexts) init(o logs.Options) {
	c.opt = o
	c.values = make([][]byte, flowContextColumns)
	c.smalls = make([]byte, 0, 64)
	c.forget()
}

// forget empties the memory.
func (c *flowContexts) forget() {
	c.recent, c.seed = make([]seenContext, minRecent), maphash.MakeSeed()
	c.seen, c.size = make(map[string]seenContext), 0
	c.streams, c.lastStream, c.stream = map[[2]string]uint32{{}: 0}, [2]string{}, 0
}

// reset makes every value NULL.
func (c *flowContexts) reset() {
	clear(c.values)
	c.smalls = c.smalls[:0]
}

// setSmall sets a small integer of the context, as digits. There are three such fields, each once in a record.
func (c *flowContexts) setSmall(col int, v uint64) {
	at := len(c.smalls)
	c.smalls = strconv.AppendUint(c.smalls, v, 10)
	c.values[col] = c.smalls[at:len(c.smalls):len(c.smalls)]
}

// streamOf numbers the log group and stream.
func (c *flowContexts) streamOf(meta logs.Meta) uint32 {
	if meta.LogStream == c.lastStream[1] && meta.LogGroup == c.lastStream[0] {
		return c.stream
	}
	name := [2]string{meta.LogGroup, meta.LogStream}
	n, ok := c.streams[name]
	if !ok {
		n = uint32(len(c.streams))
		c.streams[name] = n
	}
	c.lastStream, c.stream = name, n
	return n
}

// intern gives the number of the context in values.
func (c *flowContexts) intern(meta logs.Meta) uint32 {
	c.full = logs.AppendText(c.full[:0], []byte(c.opt.Capture))
	for _, name := range [2]string{meta.LogGroup, meta.LogStream} {
		if name == "" {
			c.full = logs.AppendNull(c.full)
		} else {
			c.full = logs.AppendText(c.full, []byte(name))
		}
	}
	for _, v := range c.values[flowContextFirst:] {
		if v == nil {
			c.full = logs.AppendNull(c.full)
		} else {
			c.full = logs.AppendText(c.full, v)
		}
	}
	return c.opt.Intern("flow_context", c.full)
}

// keyPrefix is the format and the stream, which stand before a line's values in its key.
const keyPrefix = 4 + 4

// lineContext finds the context of a plain line.
func (d *decoder) lineContext(f *format, rec []byte, meta logs.Meta) (uint32, error) {
	c := &d.names
	if cap(c.key) < len(rec)+keyPrefix+len(f.runs) {
		c.key = make([]byte, 2*len(rec)+keyPrefix+len(f.runs))
	}
	key := c.key[:cap(c.key)]
	binary.LittleEndian.PutUint32(key, f.id)
	binary.LittleEndian.PutUint32(key[4:], c.streamOf(meta))
	n := keyPrefix
	for _, r := range f.runs {
		n += copy(key[n:], rec[d.line.ends[r[0]]+1:d.line.ends[r[1]+1]])
		key[n] = ' '
		n++
	}
	key = key[:n]
	recent := &c.recent[maphash.Bytes(c.seed, key)&uint64(len(c.recent)-1)]
	if recent.key == string(key) {
		return recent.id, nil
	}
	known, ok := c.seen[string(key)]
	if !ok {
		id, err := d.newContext(f, rec, meta)
		if err != nil {
			return 0, err
		}
		known = c.add(seenContext{string(key), id})
	}
	*recent = known
	return known.id, nil
}

// add remembers a context.
func (c *flowContexts) add(s seenContext) seenContext {
	if c.size += len(s.key); c.size > maxFlowKeys {
		c.forget() // and its key with it: the numbers of the streams begin anew
		return s
	}
	c.seen[s.key] = s
	if 2*len(c.seen) > len(c.recent) && len(c.recent) < maxRecent {
		c.recent = make([]seenContext, 2*len(c.recent))
	}
	return s
}

// newContext checks and interns a context that was not seen before.
func (d *decoder) newContext(f *format, rec []byte, meta logs.Meta) (uint32, error) {
	token := func(k int) []byte { return d.line.field(rec, k) }
	d.names.reset()
	for k := range f.ops {
		if op := &f.ops[k]; op.kind == flowText || op.kind == flowSmall {
			if err := d.set(op, 0, token(k)); err != nil {
				return 0, err
			}
		}
	}
	if err := d.names.contradicts(f, token); err != nil {
		return 0, err
	}
	return d.names.intern(meta), nil
}

// contradicts says why a line cannot have an inferred field list: an id of another kind in it. The sample did not
// show this, so nobody has vouched for storing it.
func (c *flowContexts) contradicts(f *format, token func(int) []byte) error {
	if f.origin != fromPreset {
		return nil
	}
	for k := range f.ops {
		op := &f.ops[k]
		if value := token(k); op.class.firm() && len(value) > 0 && !field.IsDash(value) &&
			(!op.class.has(value) || op.class == classVersion && !f.preset.isVersion(value)) {
			return fmt.Errorf("%s: %s contradicts the inferred field list", op.name, field.Quoted(value))
		}
	}
	return nil
}
