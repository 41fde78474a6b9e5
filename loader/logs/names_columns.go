package logs

import "math"

// contextPrefix makes the part of a context key that all records of a log stream share.
type contextPrefix struct {
	capture, group, stream string
	key                    []byte
}

// of gives capture, log_group and log_stream as the beginning of a key; the caller copies it.
func (p *contextPrefix) of(meta Meta) []byte {
	if p.key != nil && p.group == meta.LogGroup && p.stream == meta.LogStream {
		return p.key
	}
	p.group, p.stream = meta.LogGroup, meta.LogStream
	p.key = AppendText(p.key[:0], []byte(p.capture))
	for _, text := range []string{p.group, p.stream} {
		if text == "" {
			p.key = AppendNull(p.key)
		} else {
			p.key = AppendText(p.key, []byte(text))
		}
	}
	return p.key
}

// makeRoom flushes a full batch.
func makeRoom(b *Batch, flush func(*Batch) error) error {
	if b.N < BatchSize {
		return nil
	}
	return flush(b)
}

// nameColumns are what both DNS tables say of a name.
type nameColumns struct {
	name, queryName, domain                                       [][]byte
	labels, longest                                               []int16
	entropy                                                       []float32
	nameOK, queryNameOK, domainOK, labelsOK, longestOK, entropyOK []uint64
}

func newNameColumns() nameColumns {
	return nameColumns{
		name: make([][]byte, BatchSize), queryName: make([][]byte, BatchSize), domain: make([][]byte, BatchSize),
		labels: make([]int16, BatchSize), longest: make([]int16, BatchSize), entropy: make([]float32, BatchSize),
		nameOK: NewMask(), queryNameOK: NewMask(), domainOK: NewMask(),
		labelsOK: NewMask(), longestOK: NewMask(), entropyOK: NewMask(),
	}
}

// cols are the columns in the order of the tables, and valid their masks.
func (c *nameColumns) cols() []any {
	return []any{c.name, c.queryName, c.domain, c.labels, c.longest, c.entropy}
}

func (c *nameColumns) valid() [][]uint64 {
	return [][]uint64{c.nameOK, c.queryNameOK, c.domainOK, c.labelsOK, c.longestOK, c.entropyOK}
}

// add sets row i. logged is the name as logged where the table is to keep it, else nil.
func (c *nameColumns) add(b *Batch, i int, name, logged []byte, f facts) {
	kept := b.Keep(name)
	c.name[i] = kept
	set(c.nameOK, i)
	if logged != nil {
		c.queryName[i] = b.Keep(logged)
		set(c.queryNameOK, i)
	}
	if !f.known {
		return
	}
	if f.domain >= 0 {
		c.domain[i] = kept[f.domain:]
		set(c.domainOK, i)
	}
	c.labels[i], c.longest[i] = f.labels, f.longest
	set(c.labelsOK, i)
	set(c.longestOK, i)
	if !math.IsNaN(float64(f.entropy)) {
		c.entropy[i] = f.entropy
		set(c.entropyOK, i)
	}
}

// addrColumns are an address as it is stored.
type addrColumns struct {
	v4         []uint32
	v6         [][2]uint64
	v4OK, v6OK []uint64
}

func newAddrColumns() addrColumns {
	return addrColumns{make([]uint32, BatchSize), make([][2]uint64, BatchSize), NewMask(), NewMask()}
}

func (c *addrColumns) add(i int, a addr) {
	switch a.is {
	case 4:
		c.v4[i] = a.v4
		set(c.v4OK, i)
	case 6:
		c.v6[i] = a.v6
		set(c.v6OK, i)
	}
}
