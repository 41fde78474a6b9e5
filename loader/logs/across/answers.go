package across

import (
	"context"
	"sort"

	"case53/cases"
	"case53/cases/duck"
)

// answers are derived.answer_sides and derived.answer_time: what each client was given, and when.
type answers struct {
	sides map[pairKey]pair
	first []uint32 // of a pair: its first place in what follows; the next pair's is its end
	at    []int64  // µs, in order
	names []uint32
}

// pairKey is two addresses, the lower one first.
type pairKey struct {
	lo, hi uint64
	cap    uint16
}

// pair has the numbers of the pairs in which the lower address asked for the higher one, and the other way; 0: never.
type pair struct{ up, down uint32 }

const (
	late      = 60 * 1_000_000    // the start of a record may be so late
	remembers = 86400 * 1_000_000 // an answer is old after that
)

func readAnswers(ctx context.Context, in cases.Tables) (*answers, error) {
	a := &answers{sides: map[pairKey]pair{}}
	if err := in.Read(ctx, "SELECT cap, lo, hi, coalesce(up, 0)::UINTEGER AS up, coalesce(down, 0)::UINTEGER AS down FROM derived.answer_sides", nil,
		func(c duck.Chunk) error {
			cap, lo, hi := c.Cols[0].([]uint16), c.Cols[1].([]uint64), c.Cols[2].([]uint64)
			up, down := c.Cols[3].([]uint32), c.Cols[4].([]uint32)
			for i := range c.N {
				a.sides[pairKey{lo[i], hi[i], cap[i]}] = pair{up[i], down[i]}
			}
			return nil
		}); err != nil {
		return nil, err
	}
	err := in.Read(ctx, "SELECT pair_id, asked_at, name_no FROM derived.answer_time ORDER BY pair_id, asked_at", nil, func(c duck.Chunk) error {
		for i, id := range c.Cols[0].([]uint32) {
			for int(id) >= len(a.first) {
				a.first = append(a.first, uint32(len(a.at)+i))
			}
		}
		a.at = append(a.at, c.Cols[1].([]int64)...)
		a.names = append(a.names, c.Cols[2].([]uint32)...)
		return nil
	})
	a.first = append(a.first, uint32(len(a.at)))
	return a, err
}

// asked gives the pair that asked for the other: the client where it ever did, else the server; 0: neither.
func (a *answers) asked(k pairKey, byLo bool) uint32 {
	p := a.sides[k]
	if !byLo {
		p.up, p.down = p.down, p.up
	}
	if p.up == 0 {
		return p.down
	}
	return p.up
}

// last is the place of the last answer to a pair that was known at a time, where that is not too old; -1: there is none.
func (a *answers) last(pair uint32, start int64) int {
	if pair == 0 || int(pair)+1 >= len(a.first) {
		return -1
	}
	from, to := int(a.first[pair]), int(a.first[pair+1])
	i := from + sort.Search(to-from, func(i int) bool { return a.at[from+i]-late > start }) - 1
	if i < from || a.at[i] < start-remembers {
		return -1
	}
	return i
}
