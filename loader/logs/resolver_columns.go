package logs

// queryColumns is a batch of store.dns.
type queryColumns struct {
	Batch
	objectID, rowNo, context []uint32
	time                     []int64
	name                     nameColumns
	src                      addrColumns
	port, answersN           []int32
	portOK, answersNOK       []uint64
	extra                    [][]byte
	extraOK                  []uint64
	escaped                  []uint8
}

func newQueryColumns() *queryColumns {
	c := &queryColumns{
		objectID: make([]uint32, BatchSize), rowNo: make([]uint32, BatchSize), context: make([]uint32, BatchSize),
		time: make([]int64, BatchSize), name: newNameColumns(), src: newAddrColumns(),
		port: make([]int32, BatchSize), answersN: make([]int32, BatchSize), portOK: NewMask(), answersNOK: NewMask(),
		extra: make([][]byte, BatchSize), extraOK: NewMask(), escaped: make([]uint8, BatchSize),
	}
	c.Table = "dns"
	c.Cols = append([]any{c.objectID, c.rowNo, c.context, c.time}, c.name.cols()...)
	c.Cols = append(c.Cols, c.src.v4, c.src.v6, c.port, c.answersN, c.extra, c.escaped)
	c.Valid = append([][]uint64{nil, nil, nil, nil}, c.name.valid()...)
	c.Valid = append(c.Valid, c.src.v4OK, c.src.v6OK, c.portOK, c.answersNOK, c.extraOK, nil)
	return c
}

func (c *queryColumns) add(meta Meta, context uint32, r *resolverRecord, name []byte, f facts) {
	i := c.N
	c.N++
	c.objectID[i], c.rowNo[i], c.context[i], c.time[i] = meta.ObjectID, meta.RowNo, context, r.time
	if r.queryName != nil {
		logged := r.queryName
		if n := len(name); len(logged) == n+1 && logged[n] == '.' && string(logged[:n]) == string(name) {
			logged = nil
		}
		c.name.add(&c.Batch, i, name, logged, f)
	}
	c.src.add(i, r.src)
	if r.port >= 0 {
		c.port[i] = r.port
		set(c.portOK, i)
	}
	if r.hasAnswers {
		c.answersN[i] = int32(len(r.answers))
		set(c.answersNOK, i)
	}
	if len(r.extra) > len("{}") {
		c.extra[i] = c.Keep(r.extra)
		set(c.extraOK, i)
	}
	c.escaped[i] = flag(r.escaped)
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// answerColumns is a batch of store.dns_answer.
type answerColumns struct {
	Batch
	objectID, rowNo, answerNo, context []uint32
	answerContext                      []uint32
	time                               []int64
	name                               [][]byte
	nameOK                             []uint64
	src, addr                          addrColumns
	rdata                              [][]byte
	rdataOK                            []uint64
	escaped                            []uint8
}

func newAnswerColumns() *answerColumns {
	c := &answerColumns{
		objectID: make([]uint32, BatchSize), rowNo: make([]uint32, BatchSize),
		answerNo: make([]uint32, BatchSize), context: make([]uint32, BatchSize), answerContext: make([]uint32, BatchSize),
		time: make([]int64, BatchSize), name: make([][]byte, BatchSize), nameOK: NewMask(),
		src: newAddrColumns(), addr: newAddrColumns(),
		rdata: make([][]byte, BatchSize), rdataOK: NewMask(), escaped: make([]uint8, BatchSize),
	}
	c.Table = "dns_answer"
	c.Cols = []any{c.objectID, c.rowNo, c.answerNo, c.context, c.time, c.name, c.src.v4, c.src.v6,
		c.rdata, c.answerContext, c.addr.v4, c.addr.v6, c.escaped}
	c.Valid = [][]uint64{nil, nil, nil, nil, nil, c.nameOK, c.src.v4OK, c.src.v6OK,
		c.rdataOK, nil, c.addr.v4OK, c.addr.v6OK, nil}
	return c
}

// add sets the row of a record's answer n, counted from 0. answerContext is the number of its type and class.
func (c *answerColumns) add(meta Meta, context, answerContext uint32, r *resolverRecord, name []byte, n int) {
	i, a := c.N, &r.answers[n]
	c.N++
	c.objectID[i], c.rowNo[i], c.answerNo[i] = meta.ObjectID, meta.RowNo, uint32(n+1)
	c.context[i], c.answerContext[i], c.time[i] = context, answerContext, r.time
	if r.queryName != nil {
		c.name[i] = c.Keep(name)
		set(c.nameOK, i)
	}
	c.src.add(i, r.src)
	if rdata := a.text[aRdata]; rdata != nil {
		c.rdata[i] = c.Keep(rdata)
		set(c.rdataOK, i)
	}
	c.addr.add(i, a.addr)
	c.escaped[i] = flag(r.escapedOutside || a.escaped > 0)
}
