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
	blocks map[capKey]bool
	six    map[uint64]address6
}

type capKey struct {
	key uint64
	cap uint16
}

// address6 is what there is to know of a key that is no IPv4 address.
type address6 struct {
	block   uint64
	private bool
}

func readInside(ctx context.Context, in cases.Tables) (*inside, error) {
	s := &inside{own: map[capKey]bool{}, blocks: map[capKey]bool{}, six: map[uint64]address6{}}
	if err := in.Read(ctx, "SELECT key, (address >> 72::UHUGEINT)::UBIGINT AS block, private_number(address) AS private FROM derived.address6", nil,
		func(c duck.Chunk) error {
			key, block, private := c.Cols[0].([]uint64), c.Cols[1].([]uint64), c.Cols[2].([]bool)
			for i := range c.N {
				s.six[key[i]] = address6{block[i], private[i]}
			}
			return nil
		}); err != nil {
		return nil, err
	}
	return s, in.Read(ctx, `SELECT n.cap, coalesce(six.key, (a.address - 281470681743360::UHUGEINT)::UBIGINT) AS key, bool_or(a.translates) AS translates,
			(a.address >> 72::UHUGEINT)::UBIGINT AS block, a.address > 281474976710655::UHUGEINT AS has_block
		FROM derived.interface_address a JOIN derived.capture_no n USING (capture) LEFT JOIN derived.address6 six ON six.address = a.address
		GROUP BY n.cap, a.address, six.key`, nil, func(c duck.Chunk) error {
		cap, key, translates := c.Cols[0].([]uint16), c.Cols[1].([]uint64), c.Cols[2].([]bool)
		block, hasBlock := c.Cols[3].([]uint64), c.Cols[4].([]bool)
		for i := range c.N {
			s.own[capKey{key[i], cap[i]}] = translates[i]
			if hasBlock[i] {
				s.blocks[capKey{block[i], cap[i]}] = true
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
