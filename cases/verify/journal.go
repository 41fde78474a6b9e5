package verify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/digest"
)

// Names in the folder of a case.
var (
	nameCustody  = filepath.Base(cases.CustodyFile(""))
	nameDatabase = filepath.Base(cases.DatabaseFile(""))
	nameRaw      = filepath.Base(cases.RawFolder(""))
)

// journal is what the custody log says of the case.
type journal struct {
	lines    int
	head     string
	expected bool              // a line has the head that was asked for
	whole    bool              // the chain holds to its end
	open     bool              // its last load or pull has no end: it is under way, or was killed
	objects  map[uint32]loaded // by object_id
	raw      map[string]string // SHA-256 → what it is, for people
	described
}

// described is how many rows files that are no logs gave, by SHA-256.
type described struct{ flowLogs, addresses, networks map[string]int64 }

// loaded is what a line says of an object.
type loaded struct {
	line    int
	detail  json.RawMessage
	sha     string
	digests map[string]digest.Sum
}

// readJournal reads a log as far as its chain holds.
func readJournal(path, expect string) (*journal, error) {
	j := &journal{objects: map[uint32]loaded{}, raw: map[string]string{}}
	j.flowLogs, j.addresses, j.networks = map[string]int64{}, map[string]int64{}, map[string]int64{}
	if info, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return j, fmt.Errorf("%w: it is gone", custody.ErrBroken)
	} else if err != nil {
		return j, err
	} else if !info.Mode().IsRegular() {
		return j, fmt.Errorf("%w: it is no file of its own", custody.ErrBroken)
	}
	err := custody.ReadLines(path, func(e custody.Entry, sum string) error {
		j.lines, j.head = e.Seq, sum
		j.expected = j.expected || sum == expect
		if err := j.take(e); err != nil {
			return fmt.Errorf("%w: line %d: %w", custody.ErrBroken, e.Seq, err)
		}
		return nil
	})
	j.whole = err == nil
	return j, err
}

// take notes what a line says.
func (j *journal) take(e custody.Entry) error {
	switch e.Action {
	case "load.begin", "pull.begin":
		j.open = true
	case "load.end", "pull.end":
		j.open = false
	case "object.load", "object.reconcile":
		var o struct {
			ID      uint32 `json:"object_id"`
			SHA256  string
			URI     string
			Digests map[string]digest.Sum
		}
		if err := json.Unmarshal(e.Detail, &o); err != nil {
			return err
		}
		j.objects[o.ID] = loaded{e.Seq, bytes.Clone(e.Detail), o.SHA256, o.Digests}
		j.raw[o.SHA256] = o.URI
	case "describe.import", "network.import":
		var f struct {
			What, Name, SHA256  string
			Addresses, Networks int64
			FlowLogs            int64 `json:"flow_logs"`
		}
		if err := json.Unmarshal(e.Detail, &f); err != nil {
			return err
		}
		j.raw[f.SHA256] = f.What + f.Name
		if e.Action == "network.import" {
			j.networks[f.SHA256] = f.Networks
		} else {
			j.flowLogs[f.SHA256], j.addresses[f.SHA256] = f.FlowLogs, f.Addresses
		}
	}
	return nil
}
