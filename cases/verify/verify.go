// Package verify checks a case against what is known of it: the bytes of raw/ against their names, the custody log against its own
// chain, and the database against the custody log. Each line of the log that tells of an object carries all that the tables say of
// it and the content digest of its rows (package digest), so that whoever changes the database has to change the log too, and whoever
// changes the log changes its head.
//
// Of a bag the texts of the tables stand for the database, and no SQL of it is run.
//
// Rules: verify looks, and writes nothing. It does not stop at the first fault. Every fault names the file, the object where it is
// one's, and what it means. What DuckDB says of itself (its checksums) is taken for nothing. It never opens a file through a link.
package verify

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/custody"
)

// Fault is one thing that is not as it was.
type Fault struct {
	File   string  `json:"file"`   // in the case's folder
	Object *uint32 `json:"object"` // nil where it is no object's
	What   string  `json:"what"`
	Means  string  `json:"means"`
}

// Checked is how much was looked at.
type Checked struct {
	Objects int64 `json:"objects"` // files of raw/
	Rows    int64 `json:"rows"`    // rows of the database, of records, rejects and events
	Custody int64 `json:"custody"` // lines
}

// Result is what came of it.
type Result struct {
	OK      bool    `json:"ok"`
	Checked Checked `json:"checked"`
	Faults  []Fault `json:"faults"`
	Head    string  `json:"head"` // of the custody log
	Seal    *Sealed `json:"seal,omitempty"`
	Bag     *Signed `json:"bag,omitempty"`     // who signed the bag, where one did
	Notes   *Noted  `json:"notes,omitempty"`   // of a bag, where examiners kept something
	Decoded int64   `json:"decoded,omitempty"` // rows that decoding raw/ again gave
	Second  *Second `json:"second,omitempty"`
	// Remarks are what is no fault and should be known: what could not be compared.
	Remarks []string `json:"remarks,omitempty"`
}

// Second is how much was read by plain SQL too.
type Second struct {
	Objects int64            `json:"objects"`
	Rows    int64            `json:"rows"`
	Unread  map[string]int64 `json:"unread"` // objects that it could not read, by why
}

// Sealed is the seal of a case, whose signature holds. That of whom has to be known from elsewhere.
type Sealed struct {
	SealedAt time.Time `json:"sealed_at"` // by the word of who sealed it
	Key      string    `json:"key"`       // fingerprint of the key that signed it
	Head     string    `json:"head"`      // of the custody log when it was sealed
	SHA256   string    `json:"sha256"`    // of seal.json
	Stamp    *Stamp    `json:"timestamp,omitempty"`
}

// Signed is the signature of a bag, which holds.
type Signed struct {
	Key string `json:"key"` // fingerprint
}

// Noted is what examiners have kept: how many lines of it, and the SHA-256 of the last.
type Noted struct {
	Lines int    `json:"lines"`
	Head  string `json:"head"`
}

// Options say what else is asked for.
type Options struct {
	Schemas    []cases.Schema                    // what the case's database must be made of; of a bag, nil: that is not asked
	Texts      map[string][]byte                 // files of a bag, by name, as this program writes them
	ExpectHead string                            // a head that was noted before; ""
	Signer     ssh.PublicKey                     // who must have sealed the case; nil: anybody, or nobody
	StampedBy  *x509.CertPool                    // who must have stamped the seal with a time; nil: anybody, or nobody
	Progress   func(what string, done, of int64) // may be nil; called from any goroutine, one call at a time
}

// run is a check under way.
type run struct {
	dir    string
	opt    Options
	mu     sync.Mutex
	result Result
	log    *journal
	there  map[string]bool // files of raw/, by SHA-256
	bag    string          // the bag that the case is in, "": none; then dir is its payload

	looked    map[string]bool // files of a bag's payload that were compared with more than the manifest
	notSealed bool            // the database is not the one that was sealed
}

// Case checks the case in dir. The error says that it could not be checked to its end; what was found so far is in the result.
func Case(ctx context.Context, dir string, opt Options) (Result, error) {
	if !cases.Is(dir) {
		return Result{}, fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	r := &run{dir: dir, opt: opt, result: Result{Faults: []Fault{}}}
	err := r.custody()
	if err == nil {
		err = r.raw(ctx)
	}
	if err == nil {
		err = r.seal(ctx)
	}
	if err == nil {
		err = r.database(ctx)
	}
	if err == nil && (opt.Signer != nil || opt.StampedBy != nil) && !cases.Sealed(dir) {
		r.fault(SealFolder, 0, "nobody vouches for the case", "the case is not sealed, or its seal was taken away")
	}
	r.result.OK = err == nil && len(r.result.Faults) == 0
	return r.result, err
}

// fault notes a fault. object is 0 where it is of none.
func (r *run) fault(file string, object uint32, means, what string, args ...any) {
	switch {
	case r.bag != "":
		file = payload + "/" + file
	case means == meansRows:
		means += againRows
	}
	r.faultAt(file, object, means, what, args...)
}

// faultAt is fault of a file of the bag.
func (r *run) faultAt(file string, object uint32, means, what string, args ...any) {
	f := Fault{File: file, What: fmt.Sprintf(what, args...), Means: means}
	if object != 0 {
		f.Object = &object
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Faults = append(r.result.Faults, f)
}

func (r *run) remark(format string, args ...any) {
	r.result.Remarks = append(r.result.Remarks, fmt.Sprintf(format, args...))
}

func (r *run) progress(what string, done, of int64) {
	if r.opt.Progress != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.opt.Progress(what, done, of)
	}
}

const (
	meansChain  = "the log of what was done to this case was changed after it was written: nothing in it, or after the place named, can be relied on"
	meansHead   = "the log was cut back, or written anew as a whole, after that head was noted"
	meansBytes  = "the bytes are not those that were received: rows that came from them can no longer be shown from their source"
	meansGone   = "evidence is missing: rows that came from these bytes can no longer be shown from their source"
	meansExtra  = "somebody put a file among the evidence; it is not part of the case"
	meansRows   = "rows were changed, added or removed after they were loaded: nothing that rests on them holds"
	againRows   = "; case53 rebuild makes them again from raw/" // of a case: a bag is as somebody else has made it
	meansObject = "what the case says of a source object is not what was noted when it was loaded"
	meansLink   = "what reads or writes there reaches something outside of the case"
	meansIndex  = "the database cannot be relied on: case53 rebuild makes it again from raw/"
)

// custody reads the log.
func (r *run) custody() error {
	log, err := readJournal(cases.CustodyFile(r.dir), r.opt.ExpectHead)
	r.log = log
	r.result.Checked.Custody, r.result.Head = int64(log.lines), log.head
	switch {
	case errors.Is(err, custody.ErrTorn):
		log.whole = true
		r.remark("the last line of %s has no end, as a kill leaves it: the next load cuts it off and notes that", nameCustody)
	case errors.Is(err, custody.ErrBroken):
		r.fault(nameCustody, 0, meansChain, "%s", err)
	case err != nil:
		return err
	}
	if r.opt.ExpectHead != "" && !log.expected {
		r.fault(nameCustody, 0, meansHead, "no line of it has the SHA-256 %s", r.opt.ExpectHead)
	}
	return nil
}
