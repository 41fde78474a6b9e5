package duck

import (
	"runtime"
	"unsafe"
)

// textRef is one text of a vector, as duckdb.h declares it (duckdb_string_t): up to 12 bytes stand in it, zero behind
// them; of a longer text the first four, and where all of it is.
type textRef struct {
	length uint32
	prefix [4]byte
	rest   [8]byte // bytes 5 to 12, or the address
}

// inlined is how many bytes stand in a textRef.
const inlined = 12

// textHeap is memory for the longer texts of one chunk: DuckDB copies them while it appends the chunk. It is Go's
// memory, which does not move while it is pinned. DuckDB's own way, a call into C for each text, is a tenth of the time
// that a load of Resolver records takes.
type textHeap struct {
	block []byte // pinned
	used  int
	pins  runtime.Pinner
}

// A block is at least, and is kept for the next chunk if it is at most, this large.
const minTexts, maxTexts = 256 << 10, 4 << 20

// reset gives the memory of the last chunk's texts up.
func (h *textHeap) reset() {
	if h.used = 0; len(h.block) > maxTexts {
		h.free()
	}
}

func (h *textHeap) free() {
	h.pins.Unpin()
	h.block, h.used = nil, 0
}

// room makes sure that so many bytes fit. Blocks that earlier texts are in stay where they are.
func (h *textHeap) room(size int) {
	if len(h.block)-h.used >= size {
		return
	}
	h.block, h.used = make([]byte, max(size, 2*len(h.block), minTexts)), 0
	h.pins.Pin(&h.block[0])
}

// fill sets the texts of a vector, except those that are NULL.
func (h *textHeap) fill(to []textRef, texts [][]byte, valid []uint64) {
	size := 0
	for i, text := range texts {
		if len(text) > inlined && (valid == nil || valid[i>>6]&(1<<(i&63)) != 0) {
			size += len(text)
		}
	}
	h.room(size)
	for i, text := range texts {
		if valid != nil && valid[i>>6]&(1<<(i&63)) == 0 {
			continue
		}
		ref := &to[i]
		*ref = textRef{length: uint32(len(text))}
		copy(ref.prefix[:], text)
		if len(text) <= inlined {
			if len(text) > len(ref.prefix) {
				copy(ref.rest[:], text[len(ref.prefix):])
			}
			continue
		}
		at := h.block[h.used : h.used+len(text)]
		h.used += copy(at, text)
		*(*uintptr)(unsafe.Pointer(&ref.rest)) = uintptr(unsafe.Pointer(&at[0]))
	}
}
