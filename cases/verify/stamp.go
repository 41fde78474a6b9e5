package verify

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// StampFile is the reply of a time-stamping authority (RFC 3161) that a seal was there, in the folder of the seal. It comes later than
// the seal, and from somebody else.
const StampFile = "seal.json.tsr"

// maxStamp bounds a reply. One with a chain of certificates has some KiB.
const maxStamp = 1 << 16

// Stamp is what a time-stamping authority says: that it was shown the hash of the seal at a time.
type Stamp struct {
	Time    time.Time `json:"time"`
	By      string    `json:"by"`      // subject of the certificate that signed it, by its own word
	Trusted bool      `json:"trusted"` // that certificate leads to one of those that were given
	SHA256  string    `json:"sha256"`  // of the reply

	signer *x509.Certificate
	chain  []*x509.Certificate
}

// ReadStamp reads a reply over the bytes of seal.json. It must be granted, of these bytes, and signed with a certificate that is in it.
func ReadStamp(reply, seal []byte) (Stamp, error) {
	if len(reply) > maxStamp {
		return Stamp{}, errors.New("it is too large for a reply")
	}
	said, err := timestamp.ParseResponse(reply)
	if err != nil {
		return Stamp{}, fmt.Errorf("it is no reply of a time-stamping authority: %w", err)
	}
	if said.HashAlgorithm != crypto.SHA256 && said.HashAlgorithm != crypto.SHA384 && said.HashAlgorithm != crypto.SHA512 {
		return Stamp{}, fmt.Errorf("it is over a hash by %s, which shows nothing", said.HashAlgorithm)
	}
	h := said.HashAlgorithm.New()
	h.Write(seal)
	if sum := h.Sum(nil); string(sum) != string(said.HashedMessage) {
		return Stamp{}, fmt.Errorf("it is over the hash %s; that of %s is %x", hex.EncodeToString(said.HashedMessage), SealFile, sum)
	}
	token, err := pkcs7.Parse(said.RawToken)
	if err != nil {
		return Stamp{}, err
	}
	signer := token.GetOnlySigner()
	if signer == nil { // then its signature was not looked at either
		return Stamp{}, errors.New("the certificate that signed it is not in it: a request asks for it (openssl ts -query -cert)")
	}
	return Stamp{Time: said.Time.UTC(), By: signer.Subject.String(), SHA256: Sum(reply), signer: signer, chain: token.Certificates}, nil
}

// leadsTo says whether the certificate leads to one of those that are trusted, and was there to sign times when it did.
func (s Stamp) leadsTo(trusted *x509.CertPool) error {
	others := x509.NewCertPool()
	for _, c := range s.chain {
		others.AddCert(c)
	}
	_, err := s.signer.Verify(x509.VerifyOptions{
		Roots: trusted, Intermediates: others, CurrentTime: s.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	return err
}

// Authorities reads certificates, in PEM, of time-stamping authorities.
func Authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate in PEM", file)
	}
	return pool, nil
}

const meansStamp = "nothing shows that the seal was there at that time: somebody may have sealed the case anew, later"

// stamp checks the time-stamp of the seal, where there is one.
func (r *run) stamp(seal []byte) {
	name := SealFolder + "/" + StampFile
	reply, err := readSmall(SealPath(r.dir, StampFile))
	if errors.Is(err, fs.ErrNotExist) {
		if r.opt.StampedBy != nil {
			r.fault(name, 0, meansStamp, "the seal has no time-stamp, or it was taken away")
		}
		return
	}
	var stamp Stamp
	if err == nil {
		stamp, err = ReadStamp(reply, seal)
	}
	if err != nil {
		r.fault(name, 0, meansStamp, "%s", err)
		return
	}
	if r.opt.StampedBy == nil {
		r.remark("who stamped the seal with the time %s is not known: --timestamp-ca takes the certificate of an authority that you trust",
			stamp.Time.Format(time.RFC3339))
	} else if err := stamp.leadsTo(r.opt.StampedBy); err != nil {
		r.fault(name, 0, meansStamp, "the certificate of %s leads to none of those that were given: %s", stamp.By, err)
	} else {
		stamp.Trusted = true
	}
	r.result.Seal.Stamp = &stamp
}
