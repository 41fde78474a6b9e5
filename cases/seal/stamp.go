package seal

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/digitorus/timestamp"

	"case53/cases"
	"case53/cases/verify"
)

// Request is a request to a time-stamping authority (RFC 3161) over the seal of the case in dir. It says nothing of the case but the
// SHA-256 of seal.json, and takes no nonce: nobody waits for the reply.
func Request(dir string) ([]byte, error) {
	text, err := sealed(dir)
	if err != nil {
		return nil, err
	}
	return timestamp.CreateRequest(bytes.NewReader(text), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
}

// Stamp keeps the reply in a file beside the seal of the case in dir, where it is over that seal. One that is there stays.
func Stamp(dir, file string) (stamp verify.Stamp, err error) {
	text, err := sealed(dir)
	if err != nil {
		return stamp, err
	}
	reply, err := os.ReadFile(file)
	if err != nil {
		return stamp, err
	}
	if stamp, err = verify.ReadStamp(reply, text); err != nil {
		return stamp, fmt.Errorf("%s: %w\nhint: case53 seal %s --timestamp-request FILE writes a request; "+
			"the authority's reply to it is what is kept", file, err, dir)
	}
	target := verify.SealPath(dir, verify.StampFile)
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return stamp, fmt.Errorf("%s is there already\nhint: an earlier time shows more; move it away to put another in its place", target)
	}
	making := filepath.Join(dir, verify.SealFolder+".making")
	if err := errors.Join(os.RemoveAll(making), write(making, reply)); err != nil {
		return stamp, fmt.Errorf("keep the reply: %w", err)
	}
	return stamp, os.Rename(making, target)
}

// sealed is what the seal of a case says, as bytes.
func sealed(dir string) ([]byte, error) {
	if !cases.Sealed(dir) {
		return nil, fmt.Errorf("%s is not sealed\nhint: case53 seal %s --key FILE seals it; the time is that of the seal", dir, dir)
	}
	return os.ReadFile(verify.SealPath(dir, verify.SealFile))
}
