package across

import (
	"context"

	"case53/cases"
	"case53/cases/duck"
)

// firstKey6 is the first key that is no IPv4 address.
const firstKey6 = 1 << 32

// inside says whose addresses are ours: private ones, those of interfaces, and those in the IPv6 blocks (/56) of interfaces.
type inside struct {
	own    map[capKey]bool // translates
	at     map[sideKey]bool
	blocks map[capKey]bool
	six    map[uint64]address6
}

type capKey struct {
	key uint64
	cap uint16
}

// sideKey is an address of an interface.
type sideKey struct {
	key    uint64
	number uint32
}

// address6 is what there is to know of a key that is no IPv4 address.
type address6 struct {
	rank    uint64 // in the order of addresses
	block   uint64
	private bool
}

func readInside(ctx context.Context, in cases.Tables) (*inside, error) {
	s := &inside{own: map[capKey]bool{}, at: map[sideKey]bool{}, blocks: map[capKey]bool{}, six: map[uint64]address6{}}
	if err := in.Read(ctx, `SELECT key, (row_number() OVER (ORDER BY address))::UBIGINT AS rank, (address >> 72::UHUGEINT)::UBIGINT AS block,
			private_number(address) AS private
		FROM derived.address6`, nil, func(c duck.Chunk) error {
		key, rank, block, private := c.Cols[0].([]uint64), c.Cols[1].([]uint64), c.Cols[2].([]uint64), c.Cols[3].([]bool)
		for i := range c.N {
			s.six[key[i]] = address6{rank[i], block[i], private[i]}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return s, in.Read(ctx, "SELECT cap, number, key, translates FROM store.own_key", nil, func(c duck.Chunk) error {
		cap, number, key, translates := c.Cols[0].([]uint16), c.Cols[1].([]uint32), c.Cols[2].([]uint64), c.Cols[3].([]bool)
		for i := range c.N {
			k := capKey{key[i], cap[i]}
			s.own[k] = s.own[k] || translates[i]
			s.at[sideKey{key[i], number[i]}] = true
			if six, ok := s.six[key[i]]; ok {
				s.blocks[capKey{six.block, cap[i]}] = true
			}
		}
		return nil
	})
}

// of says whether an address is inside, and whether packets of others leave by it.
func (s *inside) of(cap uint16, key uint64) (inside, translates bool) {
	translates, own := s.own[capKey{key, cap}]
	switch {
	case own:
		return true, translates
	case key < firstKey6:
		return private4(uint32(key)), false
	}
	six := s.six[key]
	return six.private || s.blocks[capKey{six.block, cap}], false
}

// lower says whether an address is the lower one, IPv4 before others, or the same. Keys are in the order of a load only.
func (s *inside) lower(a, b uint64) bool {
	if a < firstKey6 || b < firstKey6 {
		return a <= b
	}
	return s.six[a].rank <= s.six[b].rank
}

// nearness says how near to the client an interface is: it has the client's address (1), the server's (2), or is on the way (3).
func (s *inside) nearness(number uint32, client, server uint64) uint8 {
	switch {
	case s.at[sideKey{client, number}]:
		return 1
	case s.at[sideKey{server, number}]:
		return 2
	}
	return 3
}

// private4 says of an IPv4 address what the macro private_number says.
func private4(n uint32) bool {
	switch n >> 24 {
	case 0, 10, 127:
		return true
	case 100:
		return n>>22 == 100<<2|1
	case 169:
		return n>>16 == 169<<8|254
	case 172:
		return n>>20 == 172<<4|1
	case 192:
		return n>>16 == 192<<8|168
	}
	return n>>28 == 14 || n == 1<<32-1
}
