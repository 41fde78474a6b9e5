package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"case53/cases/canonical"
	"case53/cases/digest"
	"case53/cases/duck"
)

// tableText is where a bag has a table.
func tableText(table string) string { return BagTables + "/" + table + ".txt" }

// tables computes the digest of every object and table from the texts of a bag. What they say is not trusted: a header that was
// changed gives other digests.
func (r *run) tables(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(r.dir, BagTables))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	columns, names, heads := map[string][]digest.Column{}, map[string]bool{}, map[string][]duck.Column{}
	for _, e := range entries {
		table, ok := strings.CutSuffix(e.Name(), ".txt")
		if !ok {
			continue
		}
		if err := r.readTable(table, func(in *canonical.Reader) error {
			names[table], heads[table] = true, in.Columns
			for _, c := range in.Columns {
				columns[table] = append(columns[table], digest.Column(c))
			}
			return nil
		}); err != nil {
			return err
		}
	}
	contexts, err := r.contexts(ctx, names)
	if err != nil {
		return err
	}
	found := newSums(r, nil, contexts)
	found.file = tableText
	for table := range names {
		schema, ok, err := digest.NewSchema(table, columns[table], names)
		if err != nil {
			r.fault(tableText(table), 0, meansRows, "%s", err)
		}
		if !ok {
			continue
		}
		r.looked[tableText(table)] = true
		if err := r.readTable(table, func(in *canonical.Reader) error {
			return schema.Read(&interrupted{in, ctx}, contexts, found.take(table))
		}); err != nil {
			return err
		}
	}
	if err := found.compare(ctx); err != nil {
		return err
	}
	return r.stored(ctx, heads)
}

// take notes the rows of a table that come to an end.
func (s *sums) take(table string) func(object uint32, h *digest.Hasher) error {
	return func(object uint32, h *digest.Hasher) error {
		of := ofTable{object, table}
		if _, twice := s.found[of]; twice || h.Unsorted {
			s.found[of] = digest.Sum{Rows: -1}
			return nil
		}
		s.found[of] = h.Sum()
		return nil
	}
}

// readTable opens the text of a table. One that cannot be read as such is a fault.
func (r *run) readTable(table string, read func(*canonical.Reader) error) error {
	name := tableText(table)
	f, err := os.OpenFile(filepath.Join(r.dir, filepath.FromSlash(name)), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := canonical.NewReader(f)
	if err == nil {
		err = read(in)
	}
	var at *fs.PathError
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &at) {
		return err
	}
	if large := tooLarge(table, err); large != nil {
		return large
	}
	if err != nil {
		r.fault(name, 0, meansRows, "it cannot be read: %s", err)
	}
	return nil
}

// interrupted ends rows with the context.
type interrupted struct {
	*canonical.Reader
	ctx context.Context
}

func (i *interrupted) NextChunk() (duck.Chunk, bool) {
	if i.ctx.Err() != nil {
		return duck.Chunk{}, false
	}
	return i.Reader.NextChunk()
}

func (i *interrupted) Err() error {
	if i.ctx.Err() != nil {
		return context.Cause(i.ctx)
	}
	return i.Reader.Err()
}

// contexts gives the digests of all contexts in the texts.
func (r *run) contexts(ctx context.Context, names map[string]bool) (digest.Contexts, error) {
	all := map[string]map[uint32][sha256.Size]byte{}
	for table := range names {
		if !strings.HasSuffix(table, "_context") {
			continue
		}
		of := map[uint32][sha256.Size]byte{}
		all[table], r.looked[tableText(table)] = of, true
		if err := r.readTable(table, func(in *canonical.Reader) error { return readContexts(&interrupted{in, ctx}, of) }); err != nil {
			return nil, err
		}
	}
	return func(table string, id uint32) ([sha256.Size]byte, error) {
		sum, ok := all[table][id]
		if !ok {
			return sum, fmt.Errorf("store.%s has no context %d", table, id)
		}
		return sum, nil
	}, nil
}

func readContexts(in *interrupted, of map[uint32][sha256.Size]byte) error {
	var c digest.Context
	for {
		chunk, more := in.NextChunk()
		if !more {
			return in.Err()
		}
		ids, ok := chunk.Cols[0].([]uint32)
		if !ok {
			return errors.New("a context has no number")
		}
		for row := range chunk.N {
			for i, col := range chunk.Cols[1:] {
				if !duck.Has(chunk.Valid[i+1], row) {
					c.Null()
					continue
				}
				text, err := asVarchar(col, row)
				if err != nil {
					return err
				}
				c.Value(text)
			}
			if _, twice := of[ids[row]]; twice {
				return fmt.Errorf("context %d is there twice", ids[row])
			}
			of[ids[row]] = c.Sum()
		}
	}
}

// asVarchar is a value as DuckDB casts it to VARCHAR. Contexts have text, whole numbers and flags.
func asVarchar(col any, row int) ([]byte, error) {
	switch col := col.(type) {
	case [][]byte:
		return col[row], nil
	case []bool:
		return strconv.AppendBool(nil, col[row]), nil
	case []int16:
		return strconv.AppendInt(nil, int64(col[row]), 10), nil
	case []int32:
		return strconv.AppendInt(nil, int64(col[row]), 10), nil
	case []int64:
		return strconv.AppendInt(nil, col[row], 10), nil
	}
	return nil, fmt.Errorf("a context has no %T", col)
}

// DigestLines are the digests that the custody log of a case has noted, as the recipe of FORMAT.md section 12 prints them. dir is the
// case's, or the payload of a bag.
func DigestLines(dir string) ([]byte, error) {
	log, err := readJournal(filepath.Join(dir, nameCustody), "")
	if err != nil {
		return nil, err
	}
	return log.digestLines(), nil
}

func (j *journal) digestLines() []byte {
	var lines []string
	for _, o := range j.objects {
		for table, sum := range o.digests {
			lines = append(lines, fmt.Sprintf("%s  %s/%s\n", sum.Digest, table, o.sha))
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, ""))
}

// digestLines compares the digests that a bag lists with those of its custody log.
func (r *run) digestLines() {
	text, err := readSmall(filepath.Join(r.dir, DigestsFile))
	if err != nil || r.log.whole && !bytes.Equal(text, r.log.digestLines()) {
		r.fault(DigestsFile, 0, meansBag, "it does not have the digests that %s has", nameCustody)
	}
}
