package seal_test

import (
	"bytes"
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/digitorus/timestamp"
	"golang.org/x/crypto/ssh"

	"case53/cases/bag"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/loader"
	"case53/loader/loadertest"
)

// authority is a time-stamping authority that openssl is.
type authority struct {
	t   testing.TB
	dir string
	ca  string // file of its root
}

func newAuthority(t testing.TB) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.ca = filepath.Join(a.dir, "ca.pem")
	config := `[tsa]
default_tsa = one
[one]
serial = DIR/serial
crypto_device = builtin
signer_cert = DIR/tsa.pem
certs = DIR/ca.pem
signer_key = DIR/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[leaf]
extendedKeyUsage = critical,timeStamping
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
`
	for name, text := range map[string]string{"cnf": strings.ReplaceAll(config, "DIR", a.dir), "serial": "01\n"} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.openssl("req", "-x509", "-config", "cnf", "-extensions", "root", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-days", "2")
	a.openssl("req", "-config", "cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
		"-subj", "/CN=clock")
	a.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "cnf", "-extensions", "leaf",
		"-out", "tsa.pem", "-days", "2")
	return a
}

func (a *authority) openssl(args ...string) string {
	a.t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		a.t.Skip(err)
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = a.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("openssl %v: %v: %s", args, err, out)
	}
	return string(out)
}

// stamp is the file of its reply to a request.
func (a *authority) stamp(request []byte) string {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, "tsq"), request, 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.openssl("ts", "-reply", "-config", "cnf", "-queryfile", "tsq", "-out", "tsr")
	return filepath.Join(a.dir, "tsr")
}

func stampedBy(t *testing.T, dir, ca string) verify.Result {
	t.Helper()
	opt := verify.Options{Schemas: loader.Schemas()}
	var err error
	if ca != "" {
		if opt.StampedBy, err = verify.Authorities(ca); err != nil {
			t.Fatal(err)
		}
	}
	check := verify.Case
	if verify.IsBag(dir) {
		check = verify.Bag
	}
	r, err := check(t.Context(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStamp has a seal stamped with a time, keeps the reply, hands it over, and checks it with and without us. A reply that is of another
// seal, of another authority, cut or changed is told of.
func TestStamp(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	dir, key := sealed(t)
	request, err := seal.Request(dir)
	if err != nil {
		t.Fatal(err)
	}
	reply := a.stamp(request)
	if said := a.openssl("ts", "-query", "-in", "tsq", "-text"); !strings.Contains(said, "Hash Algorithm: sha256") ||
		!strings.Contains(said, "Certificate required: yes") {
		t.Error(said)
	}
	elsewhere, _ := sealed(t)
	if _, err := seal.Stamp(elsewhere, reply); err == nil || !strings.Contains(err.Error(), "it is over the hash") {
		t.Errorf("a reply over another seal: %v", err)
	}
	if _, err := seal.Stamp(newCase(t), reply); err == nil || !strings.Contains(err.Error(), "is not sealed") {
		t.Errorf("no seal: %v", err)
	}
	if _, err := seal.Stamp(dir, key); err == nil || !strings.Contains(err.Error(), "no reply of a time-stamping authority") {
		t.Errorf("no reply: %v", err)
	}
	if r := stampedBy(t, dir, a.ca); r.OK || len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, "the seal has no time-stamp") {
		t.Errorf("not stamped: %+v", r.Faults)
	}
	stamp, err := seal.Stamp(dir, reply)
	if err != nil || stamp.By != "CN=clock" || stamp.Time.IsZero() {
		t.Fatalf("%+v, %v", stamp, err)
	}
	if _, err := seal.Stamp(dir, reply); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("twice: %v", err)
	}
	a.openssl("ts", "-verify", "-data", verify.SealPath(dir, verify.SealFile), "-in", verify.SealPath(dir, verify.StampFile), "-CAfile", a.ca)
	bagged := filepath.Join(t.TempDir(), "a.bag")
	opt := bag.Options{Program: "case53 test", Schemas: loader.Schemas(), Key: signerOf(t, key)}
	if _, err := bag.Write(t.Context(), loadertest.Open(t, dir), bagged, opt); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{dir, bagged} {
		if r := stampedBy(t, where, a.ca); !r.OK || r.Seal.Stamp == nil || !r.Seal.Stamp.Trusted || !r.Seal.Stamp.Time.Equal(stamp.Time) {
			t.Errorf("%s: %+v", where, r)
		}
		if r := stampedBy(t, where, other.ca); r.OK || len(r.Faults) != 1 || !strings.Contains(r.Faults[0].What, "leads to none of those") {
			t.Errorf("%s: another authority: %+v", where, r.Faults)
		}
		if r := stampedBy(t, where, ""); !r.OK || r.Seal.Stamp.Trusted || !strings.Contains(strings.Join(r.Remarks, "\n"), "--timestamp-ca") {
			t.Errorf("%s: whose is not asked: %+v", where, r)
		}
	}
	for ca, want := range map[string]string{
		a.ca: "well: the seal was there at its time: Time stamp: ", other.ca: "ALTERED: seal/seal.json.tsr", "": "not checked: when the seal",
	} {
		args := []string{filepath.Join(bagged, "check.sh")}
		if ca != "" {
			args = append(args, "--timestamp-ca", ca)
		}
		if out, err := exec.Command("bash", args...).CombinedOutput(); !strings.Contains(string(out), want) || (err == nil) != (ca != other.ca) {
			t.Errorf("check.sh %q: %v\n%s\nwant %s", ca, err, out, want)
		}
	}
	alteredStamps(t, dir, a)
}

// alteredStamps changes the reply that a case has.
func alteredStamps(t *testing.T, dir string, a *authority) {
	path := verify.SealPath(dir, verify.StampFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{
		"cut":     whole[:len(whole)-1],
		"more":    append(bytes.Clone(whole), 0),
		"empty":   {},
		"changed": bytes.Replace(whole, []byte("clock"), []byte("cl0ck"), 1),
		"time":    laterYear(whole),
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o400); err != nil {
			t.Fatal(err)
		}
		if r := stampedBy(t, dir, a.ca); r.OK || len(r.Faults) != 1 || r.Faults[0].File != "seal/seal.json.tsr" {
			t.Errorf("%s: %+v", what, r.Faults)
		}
	}
}

// laterYear is a reply with another year in the time that it says: the first GeneralizedTime.
func laterYear(reply []byte) []byte {
	text := bytes.Clone(reply)
	if at := bytes.Index(text, []byte{0x18, 0x0f, '2', '0'}); at >= 0 {
		text[at+4]++
	}
	return text
}

func signerOf(t *testing.T, file string) ssh.Signer {
	t.Helper()
	key, err := seal.Key(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// FuzzReadStamp: whatever somebody puts beside a seal is an error, and not the end of the program.
func FuzzReadStamp(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x00})
	if _, err := exec.LookPath("openssl"); err == nil {
		a := newAuthority(f)
		request, err := timestamp.CreateRequest(strings.NewReader("another seal"), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true})
		if err != nil {
			f.Fatal(err)
		}
		reply, err := os.ReadFile(a.stamp(request))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(reply)
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		if stamp, err := verify.ReadStamp(reply, []byte("{}")); err == nil {
			t.Errorf("a reply over {}: %+v", stamp)
		}
	})
}
