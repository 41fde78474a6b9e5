package resolver

import (
	"case53/loader/logs"
	"case53/loader/logs/field"
)

// queryColumns is a batch of store.dns.
type queryColumns struct {
	logs.Batch
	objectID, rowNo, context []uint32
	time                     []int64
	name                     field.NameColumns
	src                      field.AddrColumns
	port, answersN           []int32
	portOK, answersNOK       []uint64
	extra                    [][]byte
	extraOK                  []uint64
	escaped                  []uint8
}

func newQueryColumns() *queryColumns {
	c := &queryColumns{
		objectID: make([]uint32, logs.BatchSize), rowNo: make([]uint32, logs.BatchSize), context: make([]uint32, logs.BatchSize),
		time: make([]int64, logs.BatchSize), name: field.NewNameColumns(), src: field.NewAddrColumns(),
		port: make([]int32, logs.BatchSize), answersN: make([]int32, logs.BatchSize), portOK: logs.NewMask(), answersNOK: logs.NewMask(),
		extra: make([][]byte, logs.BatchSize), extraOK: logs.NewMask(), escaped: make([]uint8, logs.BatchSize),
	}
	c.Table = "dns"
	c.Cols = append([]any{c.objectID, c.rowNo, c.context, c.time}, c.name.Cols()...)
	c.Cols = append(c.Cols, c.src.V4, c.src.V6, c.port, c.answersN, c.extra, c.escaped)
	c.Valid = append([][]uint64{nil, nil, nil, nil}, c.name.Valid()...)
	c.Valid = append(c.Valid, c.src.V4OK, c.src.V6OK, c.portOK, c.answersNOK, c.extraOK, nil)
	return c
}

func (c *queryColumns) add(meta logs.Meta, context uint32, r *record, name []byte, f field.Facts) {
	i := c.N
	c.N++
	c.objectID[i], c.rowNo[i], c.context[i], c.time[i] = meta.ObjectID, meta.RowNo, context, r.time
	if r.queryName != nil {
		logged := r.queryName
		if n := len(name); len(logged) == n+1 && logged[n] == '.' && string(logged[:n]) == string(name) {
			logged = nil
		}
		c.name.Add(&c.Batch, i, name, logged, f)
	}
	c.src.Add(i, r.src)
	if r.port >= 0 {
		c.port[i] = r.port
		logs.SetBit(c.portOK, i)
	}
	if r.hasAnswers {
		c.answersN[i] = r.answersN
		logs.SetBit(c.answersNOK, i)
	}
	if len(r.extra) > len("{}") {
		c.extra[i] = c.Keep(r.extra)
		logs.SetBit(c.extraOK, i)
	}
	c.escaped[i] = field.Flag(r.escaped)
}

// answerColumns is a batch of store.dns_answer.
type answerColumns struct {
	logs.Batch
	objectID, rowNo, answerNo, context []uint32
	answerContext                      []uint32
	time                               []int64
	name                               [][]byte
	nameOK                             []uint64
	src, addr                          field.AddrColumns
	rdata                              [][]byte
	rdataOK                            []uint64
	escaped                            []uint8
}

func newAnswerColumns() *answerColumns {
	c := &answerColumns{
		objectID: make([]uint32, logs.BatchSize), rowNo: make([]uint32, logs.BatchSize),
		answerNo: make([]uint32, logs.BatchSize), context: make([]uint32, logs.BatchSize), answerContext: make([]uint32, logs.BatchSize),
		time: make([]int64, logs.BatchSize), name: make([][]byte, logs.BatchSize), nameOK: logs.NewMask(),
		src: field.NewAddrColumns(), addr: field.NewAddrColumns(),
		rdata: make([][]byte, logs.BatchSize), rdataOK: logs.NewMask(), escaped: make([]uint8, logs.BatchSize),
	}
	c.Table = "dns_answer"
	c.Cols = []any{c.objectID, c.rowNo, c.answerNo, c.context, c.time, c.name, c.src.V4, c.src.V6,
		c.rdata, c.answerContext, c.addr.V4, c.addr.V6, c.escaped}
	c.Valid = [][]uint64{nil, nil, nil, nil, nil, c.nameOK, c.src.V4OK, c.src.V6OK,
		c.rdataOK, nil, c.addr.V4OK, c.addr.V6OK, nil}
	return c
}

// add sets the row of a record's answer n, counted from 0. answerContext is the number of its type and class.
func (c *answerColumns) add(meta logs.Meta, context, answerContext uint32, r *record, name []byte, n int) {
	i, a := c.N, &r.answers[n]
	c.N++
	c.objectID[i], c.rowNo[i], c.answerNo[i] = meta.ObjectID, meta.RowNo, uint32(n+1)
	c.context[i], c.answerContext[i], c.time[i] = context, answerContext, r.time
	if r.queryName != nil {
		c.name[i] = c.Keep(name)
		logs.SetBit(c.nameOK, i)
	}
	c.src.Add(i, r.src)
	if rdata := a.text[aRdata]; rdata != nil {
		c.rdata[i] = c.Keep(rdata)
		logs.SetBit(c.rdataOK, i)
	}
	c.addr.Add(i, a.addr)
	c.escaped[i] = field.Flag(r.escapedOutside || a.escaped > 0)
}
