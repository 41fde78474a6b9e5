package bag

import (
	"bytes"
	_ "embed" // of readme.txt
	"fmt"
	"text/template"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/safetext"
	"case53/cases/verify"
)

//go:embed readme.txt
var readmeText string

var readmeTemplate = template.Must(template.New("README.txt").Funcs(template.FuncMap{"show": safetext.Show}).Parse(readmeText))

// head is what a bag says of its case.
type head struct {
	id   string // SHA-256 of the first line of the custody log
	text []byte
}

// readme says what is in the bag, and how to check it.
func (w *writer) readme() (h head, err error) {
	facts := struct {
		Program, ID, Head, Key, Namespace, SealNamespace string
		Lines                                            int
		Info                                             cases.Info
		Stamped                                          bool
	}{Program: w.Program, Info: w.info, Namespace: verify.BagNamespace, SealNamespace: verify.Namespace,
		Stamped: exists(verify.SealPath(w.k.Dir, verify.StampFile))}
	if err = custody.ReadLines(cases.CustodyFile(w.k.Dir), func(e custody.Entry, sum string) error {
		if facts.ID == "" {
			facts.ID = sum
		}
		facts.Lines, facts.Head = e.Seq, sum
		return nil
	}); err != nil {
		return h, err
	}
	if w.Key != nil {
		facts.Key = ssh.FingerprintSHA256(w.Key.PublicKey())
	}
	var text bytes.Buffer
	if err := readmeTemplate.Execute(&text, facts); err != nil {
		return h, fmt.Errorf("README.txt: %w", err)
	}
	return head{facts.ID, text.Bytes()}, nil
}
