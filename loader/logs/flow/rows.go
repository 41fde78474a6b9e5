package flow

import (
	"slices"

	"case53/loader/logs"
)

// flowRows is a batch of flow records with its columns at hand. It has every column of store.flow_full; its batch
// may hold fewer, the first ones.
type flowRows struct {
	batch   *logs.Batch
	object  *[logs.BatchSize]uint32
	rowNo   *[logs.BatchSize]uint32
	context *[logs.BatchSize]uint32
	times   [2]*[logs.BatchSize]int64
	v4      [4]*[logs.BatchSize]uint32
	v6      [4]*[logs.BatchSize][2]uint64
	ports   [2]*[logs.BatchSize]int32
	smalls  [2]*[logs.BatchSize]int16 // protocol, tcp-flags
	counts  [2]*[logs.BatchSize]int64
	lost    *[logs.BatchSize][]byte
	extra   *[logs.BatchSize][]byte
	escaped *[logs.BatchSize]uint8
	mask    [flowColumns]*[logs.MaskWords]uint64 // of the columns from flowStart to flowExtraJSON
}

// newFlowRows makes rows of which the first columns go to a table.
func newFlowRows(table string, columns int) flowRows {
	b := &logs.Batch{Table: table, Cols: make([]any, flowColumns), Valid: make([][]uint64, flowColumns)}
	r := flowRows{batch: b, object: column[uint32](b, flowObjectID), rowNo: column[uint32](b, flowRowNo), context: column[uint32](b, flowContextID),
		escaped: column[uint8](b, flowEscaped), extra: column[[]byte](b, flowExtraJSON), lost: column[[]byte](b, flowPacketsLost)}
	for i := range flowFields {
		f := &flowFields[i]
		switch slot := flowSlot(f); f.kind {
		case flowTime:
			r.times[slot] = column[int64](b, f.column)
		case flowAddr:
			r.v4[slot] = column[uint32](b, f.column)
			r.v6[slot] = column[[2]uint64](b, flowAddr6[slot])
		case flowPort:
			r.ports[slot] = column[int32](b, f.column)
		case flowProtocol, flowFlags:
			r.smalls[slot] = column[int16](b, f.column)
		case flowCount:
			r.counts[slot] = column[int64](b, f.column)
		}
	}
	for c := flowStart; c <= flowExtraJSON; c++ {
		b.Valid[c] = logs.NewMask()
		r.mask[c] = (*[logs.MaskWords]uint64)(b.Valid[c])
	}
	b.Cols, b.Valid = b.Cols[:columns], b.Valid[:columns]
	return r
}

// column makes a column of the batch.
func column[T any](b *logs.Batch, c int) *[logs.BatchSize]T {
	rows := new([logs.BatchSize]T)
	b.Cols[c] = rows[:]
	return rows
}

// flowSlot numbers a field among the columns of its kind.
func flowSlot(f *flowField) uint8 {
	switch f.column {
	case flowEnd, flowDst4, flowDstPort, flowTCPFlags, flowBytes:
		return 1
	case flowPktSrc4:
		return 2
	case flowPktDst4:
		return 3
	case flowPacketsLost:
		return uint8(slices.Index(lostNames[:], f.name))
	}
	return 0
}

func (r *flowRows) has(col, n int) bool { return r.mask[col][n>>6]&(1<<(n&63)) != 0 }

// isPlain says that store.flow_plain has a column for everything that is in row n.
func (r *flowRows) isPlain(n int) bool {
	var more uint64
	for c := flowPlainColumns; c <= flowExtraJSON; c++ {
		more |= r.mask[c][n>>6]
	}
	return more&(1<<(n&63)) == 0 && r.escaped[n] == 0
}

// add adds a copy of row n of others to the batch, which must have room.
func (r *flowRows) add(from *flowRows, n int) {
	to := r.batch.N
	r.batch.N++
	r.object[to], r.rowNo[to], r.context[to] = from.object[n], from.rowNo[n], from.context[n]
	for i := range r.times {
		r.times[i][to], r.ports[i][to], r.smalls[i][to], r.counts[i][to] = from.times[i][n], from.ports[i][n], from.smalls[i][n], from.counts[i][n]
	}
	for i := range r.v4 {
		r.v4[i][to], r.v6[i][to] = from.v4[i][n], from.v6[i][n]
	}
	r.lost[to], r.extra[to], r.escaped[to] = from.lost[n], from.extra[n], from.escaped[n]
	for c := flowStart; c <= flowExtraJSON; c++ {
		if from.has(c, n) {
			logs.SetBit(r.mask[c][:], to)
		}
	}
}

// clear makes every nullable column of row n NULL again.
func (r *flowRows) clear(n int) {
	w, bit := n>>6, uint64(1)<<(n&63)
	for c := flowStart; c <= flowExtraJSON; c++ {
		r.mask[c][w] &^= bit
	}
}
