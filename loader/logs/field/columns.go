package field

import (
	"math"

	"case53/loader/logs"
)

// Context makes the part of a context key that all records of a log stream share.
type Context struct {
	Capture, group, stream string
	key                    []byte
}

// Key gives capture, log_group and log_stream as the beginning of a key; the caller copies it.
func (p *Context) Key(meta logs.Meta) []byte {
	if p.key != nil && p.group == meta.LogGroup && p.stream == meta.LogStream {
		return p.key
	}
	p.group, p.stream = meta.LogGroup, meta.LogStream
	p.key = logs.AppendText(p.key[:0], []byte(p.Capture))
	for _, text := range []string{p.group, p.stream} {
		if text == "" {
			p.key = logs.AppendNull(p.key)
		} else {
			p.key = logs.AppendText(p.key, []byte(text))
		}
	}
	return p.key
}

// MakeRoom flushes a full batch.
func MakeRoom(b *logs.Batch, flush func(*logs.Batch) error) error {
	if b.N < logs.BatchSize {
		return nil
	}
	return flush(b)
}

// NameColumns are what both DNS tables say of a name.
type NameColumns struct {
	name, queryName, domain                                       [][]byte
	labels, longest                                               []int16
	entropy                                                       []float32
	nameOK, queryNameOK, domainOK, labelsOK, longestOK, entropyOK []uint64
}

func NewNameColumns() NameColumns {
	return NameColumns{
		name: make([][]byte, logs.BatchSize), queryName: make([][]byte, logs.BatchSize), domain: make([][]byte, logs.BatchSize),
		labels: make([]int16, logs.BatchSize), longest: make([]int16, logs.BatchSize), entropy: make([]float32, logs.BatchSize),
		nameOK: logs.NewMask(), queryNameOK: logs.NewMask(), domainOK: logs.NewMask(),
		labelsOK: logs.NewMask(), longestOK: logs.NewMask(), entropyOK: logs.NewMask(),
	}
}

// Cols are the columns in the order of the tables, and valid their masks.
func (c *NameColumns) Cols() []any {
	return []any{c.name, c.queryName, c.domain, c.labels, c.longest, c.entropy}
}

func (c *NameColumns) Valid() [][]uint64 {
	return [][]uint64{c.nameOK, c.queryNameOK, c.domainOK, c.labelsOK, c.longestOK, c.entropyOK}
}

// Add sets row i. logged is the name as logged where the table is to keep it, else nil.
func (c *NameColumns) Add(b *logs.Batch, i int, name, logged []byte, f Facts) {
	kept := b.Keep(name)
	c.name[i] = kept
	logs.SetBit(c.nameOK, i)
	if logged != nil {
		c.queryName[i] = b.Keep(logged)
		logs.SetBit(c.queryNameOK, i)
	}
	if !f.known {
		return
	}
	if f.domain >= 0 {
		c.domain[i] = kept[f.domain:]
		logs.SetBit(c.domainOK, i)
	}
	c.labels[i], c.longest[i] = f.labels, f.longest
	logs.SetBit(c.labelsOK, i)
	logs.SetBit(c.longestOK, i)
	if !math.IsNaN(float64(f.entropy)) {
		c.entropy[i] = f.entropy
		logs.SetBit(c.entropyOK, i)
	}
}

// AddrColumns are an address as it is stored.
type AddrColumns struct {
	V4         []uint32
	V6         [][2]uint64
	V4OK, V6OK []uint64
}

func NewAddrColumns() AddrColumns {
	return AddrColumns{make([]uint32, logs.BatchSize), make([][2]uint64, logs.BatchSize), logs.NewMask(), logs.NewMask()}
}

func (c *AddrColumns) Add(i int, a Addr) {
	switch a.Known {
	case 4:
		c.V4[i] = a.V4
		logs.SetBit(c.V4OK, i)
	case 6:
		c.V6[i] = a.V6
		logs.SetBit(c.V6OK, i)
	}
}

// AppendValues adds values to a context key; nil is NULL.
func AppendValues(key []byte, values [][]byte) []byte {
	for _, value := range values {
		if value == nil {
			key = logs.AppendNull(key)
		} else {
			key = logs.AppendText(key, value)
		}
	}
	return key
}

func Flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
