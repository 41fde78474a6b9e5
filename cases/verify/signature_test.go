package verify

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// No byte of a signature's file can be altered, added or taken away without a word, white space included.
func TestEveryByteOfASignature(t *testing.T) {
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("what was signed\n")
	made, err := sshsig.Sign(bytes.NewReader(text), signer, sshsig.HashSHA512, BagNamespace)
	if err != nil {
		t.Fatal(err)
	}
	holds := func(armored []byte) bool {
		signature, err := readSignature(armored)
		return err == nil && sshsig.Verify(bytes.NewReader(text), signature, signature.PublicKey, signature.HashAlgorithm, BagNamespace) == nil &&
			bytes.Equal(signature.PublicKey.Marshal(), signer.PublicKey().Marshal())
	}
	whole := sshsig.Armor(made)
	if !holds(whole) {
		t.Fatal("the signature as it was made does not hold")
	}
	for at := range len(whole) + 1 {
		for _, with := range []byte(" \n\r\tA=-") {
			if altered := slices.Insert(slices.Clone(whole), at, with); !bytes.Equal(altered, whole) && holds(altered) {
				t.Errorf("%q before byte %d", with, at)
			}
			if at == len(whole) {
				continue
			}
			altered := slices.Clone(whole)
			if altered[at] = with; !bytes.Equal(altered, whole) && holds(altered) {
				t.Errorf("%q in place of byte %d", with, at)
			}
		}
		if at < len(whole) && holds(slices.Delete(slices.Clone(whole), at, at+1)) {
			t.Errorf("without byte %d", at)
		}
	}
}
