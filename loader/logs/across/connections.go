package across

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"case53/cases"
	"case53/cases/duck"
)

// side is what a context says of its records: the interface, how long it may pause, and whether they were refused.
type side struct {
	number  uint32
	cap     uint16
	refused bool
	pause   int64 // µs
}

// sessions computes derived.flow_session: two workers take one part of the records after another, join it in memory, and write it.
type sessions struct {
	in    cases.Tables
	sides []side // by context
	names *answers
	ours  *inside
	parts int64
}

// joinWorkers is how many parts are joined at a time: DuckDB reads beside them.
const joinWorkers = 2

func buildSessions(ctx context.Context, in cases.Tables) (err error) {
	s := &sessions{in: in}
	if s.parts, err = s.partsOf(ctx); err != nil {
		return err
	}
	if s.sides, err = readSides(ctx, in); err != nil {
		return err
	}
	if s.names, err = readAnswers(ctx, in); err != nil {
		return err
	}
	if s.ours, err = readInside(ctx, in); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	next, failed := make(chan int64, s.parts), make([]error, joinWorkers)
	for part := range s.parts {
		next <- part
	}
	close(next)
	var wg sync.WaitGroup
	for i := range failed {
		wg.Go(func() {
			j := newJoiner()
			for part := range next {
				if failed[i] = s.build(ctx, j, part); failed[i] != nil {
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range failed {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(failed...)
}

// partsOf says in how many parts the records fit into the memory that there is, were each a connection of its own.
func (s *sessions) partsOf(ctx context.Context) (parts int64, err error) {
	const one = int64(unsafe.Sizeof(joined{})) + 3*4 // and its share of the slots
	err = s.in.Read(ctx, "SELECT count(*) FROM store.flow", nil, func(c duck.Chunk) error {
		parts = c.Cols[0].([]int64)[0]*one*joinWorkers/s.in.Memory() + 1
		return nil
	})
	return parts, err
}

func readSides(ctx context.Context, in cases.Tables) (sides []side, err error) {
	err = in.Read(ctx, `SELECT context_id, number, cap, action IS NOT DISTINCT FROM 'REJECT' AS refused, (epoch(pause) * 1000000)::BIGINT AS pause
		FROM derived.flow_side ORDER BY context_id`, nil, func(c duck.Chunk) error {
		number, cap, refused, pause := c.Cols[1].([]uint32), c.Cols[2].([]uint16), c.Cols[3].([]bool), c.Cols[4].([]int64)
		for i, id := range c.Cols[0].([]uint32) {
			for len(sides) <= int(id) {
				sides = append(sides, side{})
			}
			sides[id] = side{number[i], cap[i], refused[i], pause[i]}
		}
		return nil
	})
	return sides, err
}

// build joins a part of the records, and writes what came of it.
func (s *sessions) build(ctx context.Context, j *joiner, part int64) error {
	j.reset()
	err := s.in.Read(ctx, `SELECT context_id, start, "end", src, dst, srcport, dstport, protocol, packets, bytes, tcp_flags, record
		FROM store.flow_keyed ANTI JOIN derived.again USING (object_id, row_no)
		WHERE (src + dst + srcport + dstport) % $parts::UBIGINT = $part::UBIGINT`, map[string]any{"parts": s.parts, "part": part},
		func(c duck.Chunk) error { return s.join(j, c) })
	if err != nil {
		return err
	}
	return s.write(ctx, j)
}

func (s *sessions) join(j *joiner, c duck.Chunk) error {
	ids, start, end := c.Cols[0].([]uint32), c.Cols[1].([]int64), c.Cols[2].([]int64)
	src, dst, srcPort, dstPort := c.Cols[3].([]uint64), c.Cols[4].([]uint64), c.Cols[5].([]uint16), c.Cols[6].([]uint16)
	protocol, packets, bytes := c.Cols[7].([]uint16), c.Cols[8].([]int64), c.Cols[9].([]int64)
	tcpFlags, record := c.Cols[10].([]int16), c.Cols[11].([]uint64)
	for i, id := range ids {
		if int(id) >= len(s.sides) || s.sides[id].pause == 0 {
			return fmt.Errorf("a record has the context %d, and derived.flow_side does not", id)
		}
		at := &s.sides[id]
		o := joined{
			ends:  ends{lo: src[i], hi: dst[i], loPort: srcPort[i], hiPort: dstPort[i], number: at.number, protocol: protocol[i]},
			start: start[i], end: end[i], firstUp: start[i], firstDown: never, record: record[i], records: 1, context: id, said: saidUp,
		}
		if at.refused {
			o.refused = 1
		}
		way := 0
		if src[i] > dst[i] || src[i] == dst[i] && srcPort[i] > dstPort[i] {
			way, o.said = 1, saidDown
			o.lo, o.hi, o.loPort, o.hiPort, o.firstUp, o.firstDown = o.hi, o.lo, o.hiPort, o.loPort, never, start[i]
		}
		if duck.Has(c.Valid[8], i) {
			o.sums[way] = min(packets[i], mostSum)
			o.said |= packetsUp << way
		}
		if duck.Has(c.Valid[9], i) {
			o.sums[2+way] = min(bytes[i], mostSum)
			o.said |= bytesUp << way
		}
		if duck.Has(c.Valid[10], i) {
			o.tcpFlags = uint16(tcpFlags[i])
			o.said |= flagged
			switch tcpFlags[i] & 18 {
			case 2:
				o.said |= synUp << way
			case 18:
				o.said |= ackUp << way
			}
		}
		j.add(&o, at.pause)
	}
	return nil
}

// write gives the table what was joined.
func (s *sessions) write(ctx context.Context, j *joiner) error {
	rows := newSessionRows()
	for i := range int32(j.n) {
		o := j.at(i)
		if o.records == 0 {
			continue
		}
		s.fill(rows, o)
		if rows.n == len(rows.context) {
			if err := s.in.Append(ctx, "flow_session", rows.chunk()); err != nil {
				return err
			}
			rows.n = 0
		}
	}
	return s.in.Append(ctx, "flow_session", rows.chunk())
}

// fill makes the next row.
func (s *sessions) fill(r *sessionRows, o *joined) {
	n := r.n
	r.n++
	cap := s.sides[o.context].cap
	byLo, toldBy := o.opened(s.ours.lower)
	r.context[n], r.start[n], r.end[n], r.record[n] = o.context, o.start, o.end, o.record
	r.records[n], r.refused[n], r.toldBy[n] = o.records, o.refused, toldBy
	r.protocol[n], r.tcpFlags[n] = int16(o.protocol), int16(o.tcpFlags)
	r.set(colProtocol, n, o.protocol != anyProtocol)
	r.set(colTCPFlags, n, o.said&flagged != 0)
	out, back := 0, 1
	if byLo {
		r.client[n], r.clientPort[n], r.server[n], r.serverPort[n] = o.lo, int32(o.loPort), o.hi, int32(o.hiPort)
	} else {
		out, back = 1, 0
		r.client[n], r.clientPort[n], r.server[n], r.serverPort[n] = o.hi, int32(o.hiPort), o.lo, int32(o.loPort)
	}
	for k, way := range [...]int{out, back, 2 + out, 2 + back} {
		r.sums[k][n] = o.sums[way]
		r.set(colSums+k, n, o.said&(packetsUp<<way) != 0)
	}
	var clientTranslates, serverTranslates bool
	r.clientInside[n], clientTranslates = s.ours.of(cap, r.client[n])
	r.serverInside[n], serverTranslates = s.ours.of(cap, r.server[n])
	r.translated[n] = clientTranslates || serverTranslates
	r.nearness[n] = s.ours.nearness(o.number, r.client[n], r.server[n])
	pair := s.names.asked(pairKey{o.lo, o.hi, cap}, byLo)
	last := s.names.last(pair, o.start)
	if last >= 0 {
		r.pair[n], r.name[n], r.askedAt[n] = pair, s.names.names[last], s.names.at[last]
	}
	for _, col := range []int{colPair, colName, colAskedAt} {
		r.set(col, n, last >= 0)
	}
}

// sessionRows are rows of derived.flow_session, in the order of its columns.
type sessionRows struct {
	n                                      int
	context, pair, name, records, refused  []uint32
	protocol, tcpFlags                     []int16
	client, server, record                 []uint64
	clientPort, serverPort                 []int32
	start, end, askedAt                    []int64
	sums                                   [4][]int64 // packets out and in, bytes out and in
	toldBy, nearness                       []uint8
	clientInside, serverInside, translated []bool
	valid                                  [][]uint64
}

// The columns that may be NULL.
const (
	colProtocol = 1
	colSums     = 8
	colTCPFlags = 14
	colPair     = 21
	colName     = 22
	colAskedAt  = 23
)

func newSessionRows() *sessionRows {
	const n = 2048
	r := &sessionRows{
		context: make([]uint32, n), pair: make([]uint32, n), name: make([]uint32, n), records: make([]uint32, n), refused: make([]uint32, n),
		protocol: make([]int16, n), tcpFlags: make([]int16, n),
		client: make([]uint64, n), server: make([]uint64, n), record: make([]uint64, n),
		clientPort: make([]int32, n), serverPort: make([]int32, n),
		start: make([]int64, n), end: make([]int64, n), askedAt: make([]int64, n),
		toldBy: make([]uint8, n), nearness: make([]uint8, n), clientInside: make([]bool, n), serverInside: make([]bool, n), translated: make([]bool, n),
		valid: make([][]uint64, colAskedAt+1),
	}
	for i := range r.sums {
		r.sums[i] = make([]int64, n)
		r.valid[colSums+i] = make([]uint64, n/64)
	}
	for _, col := range []int{colProtocol, colTCPFlags, colPair, colName, colAskedAt} {
		r.valid[col] = make([]uint64, n/64)
	}
	return r
}

func (r *sessionRows) set(col, row int, valid bool) {
	if bit := uint64(1) << (row % 64); valid {
		r.valid[col][row/64] |= bit
	} else {
		r.valid[col][row/64] &^= bit
	}
}

func (r *sessionRows) chunk() duck.Chunk {
	return duck.Chunk{N: r.n, Valid: r.valid, Cols: []any{
		r.context, r.protocol, r.client, r.clientPort, r.server, r.serverPort, r.start, r.end,
		r.sums[0], r.sums[1], r.sums[2], r.sums[3], r.records, r.refused, r.tcpFlags, r.toldBy,
		r.clientInside, r.serverInside, r.translated, r.nearness, r.record, r.pair, r.name, r.askedAt,
	}}
}
