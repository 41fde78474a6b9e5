package writer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"net/netip"

	"case53/cases"
	"case53/cases/duck"
)

// networkRows is how many networks are handed over at a time.
const networkRows = 2048

// AddNetworks keeps the bytes of a file and its networks, all or nothing; the same bytes are taken once, and then added is
// false. The networks are in order and apart.
func (w *Writer) AddNetworks(
	ctx context.Context, file cases.NetworkFile, text []byte, networks iter.Seq2[cases.Network, error],
) (n int64, added bool, err error) {
	unlock, err := w.write(ctx)
	defer unlock()
	if err != nil {
		return 0, false, err
	}
	sum := sha256.Sum256(text)
	sha := hex.EncodeToString(sum[:])
	row, err := w.conn.QueryRow(ctx, "SELECT max(networks) FROM store.network_file WHERE sha256 = $sha", map[string]any{"sha": sha})
	if err != nil {
		return 0, false, err
	}
	if n, ok := row[0].(int64); ok {
		return n, false, nil
	}
	if err := w.conn.Exec(ctx, "BEGIN"); err != nil {
		return 0, false, err
	}
	if n, err = w.addNetworks(ctx, file, sha, text, networks); err != nil {
		w.conn.Exec(context.Background(), "ROLLBACK")
		return 0, false, fmt.Errorf("%s: %w", file.Name, err)
	}
	return n, true, w.conn.Exec(ctx, "COMMIT")
}

// addNetworks reads the networks to their end before anything of the file is kept: a damaged one leaves nothing.
func (w *Writer) addNetworks(ctx context.Context, file cases.NetworkFile, sha string, text []byte, networks iter.Seq2[cases.Network, error]) (int64, error) {
	row, err := w.conn.QueryRow(ctx, "SELECT coalesce(max(file_id), 0)::BIGINT + 1 FROM store.network_file", nil)
	if err != nil {
		return 0, err
	}
	id := row[0].(int64)
	n, err := w.appendNetworks(ctx, uint32(id), networks)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, errors.New("no network in it")
	}
	if _, _, err := w.keep(ctx, bytes.NewReader(text)); err != nil {
		return 0, err
	}
	at := w.now()
	err = w.note("network.import", map[string]any{
		"kind": file.Kind, "name": file.Name, "database_type": file.DatabaseType, "built_at": file.Built.UTC(),
		"sha256": sha, "size": len(text), "networks": n, "added_at": at,
	})
	if err != nil {
		return 0, err
	}
	insert := "INSERT INTO store.network_file VALUES ($id, $kind, $name, $type, $built, $added, $networks, $size, $sha)"
	return n, w.conn.Run(ctx, insert, map[string]any{
		"id":       id,
		"kind":     file.Kind,
		"name":     file.Name,
		"type":     file.DatabaseType,
		"built":    file.Built.UTC(),
		"added":    at,
		"networks": n,
		"size":     int64(len(text)),
		"sha":      sha,
	})
}

// appendNetworks adds the rows of store.network.
func (w *Writer) appendNetworks(ctx context.Context, id uint32, networks iter.Seq2[cases.Network, error]) (int64, error) {
	a, err := w.conn.NewAppender("case", "store", "network")
	if err != nil {
		return 0, err
	}
	defer a.Close()
	batch := make([]cases.Network, 0, networkRows)
	n := int64(0)
	for network, err := range networks {
		if err == nil && len(batch) == networkRows {
			n += networkRows
			err = errors.Join(ctx.Err(), appendBatch(a, id, batch))
			batch = batch[:0]
		}
		if err != nil {
			return 0, err
		}
		batch = append(batch, network)
	}
	if err := appendBatch(a, id, batch); err != nil {
		return 0, err
	}
	return n + int64(len(batch)), a.Flush()
}

func appendBatch(a *duck.Appender, id uint32, batch []cases.Network) error {
	ids, asns := make([]uint32, len(batch)), make([]uint32, len(batch))
	first, last := make([][2]uint64, len(batch)), make([][2]uint64, len(batch))
	known := make([]uint64, (len(batch)+63)/64) // AS numbers
	for i, n := range batch {
		ids[i], asns[i], first[i], last[i] = id, n.ASN, addressNumber(n.First), addressNumber(n.Last)
		if n.ASN != 0 {
			known[i/64] |= 1 << (i % 64)
		}
	}
	cols, valid := []any{ids, first, last}, [][]uint64{nil, nil, nil}
	for i, get := range []func(*cases.Network) string{
		func(n *cases.Network) string { return n.Country },
		func(n *cases.Network) string { return n.Subdivision },
		func(n *cases.Network) string { return n.City },
		nil,
		func(n *cases.Network) string { return n.ASOrg },
		func(n *cases.Network) string { return n.AWSService },
		func(n *cases.Network) string { return n.AWSRegion },
	} {
		if i == 3 {
			cols, valid = append(cols, asns), append(valid, known)
			continue
		}
		texts, there := make([][]byte, len(batch)), make([]uint64, len(known))
		for row := range batch {
			if s := get(&batch[row]); s != "" {
				texts[row] = []byte(s)
				there[row/64] |= 1 << (row % 64)
			}
		}
		cols, valid = append(cols, texts), append(valid, there)
	}
	return a.Append(len(batch), cols, valid)
}

// addressNumber is the number of an address as in every …_n column, low word first: IPv4 as IPv4-mapped IPv6.
func addressNumber(a netip.Addr) [2]uint64 {
	b := a.As16()
	return [2]uint64{binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[:8])}
}
