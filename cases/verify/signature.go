package verify

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/hiddeco/sshsig"
)

// readSignature reads an armored SSH signature. A reader of PEM passes over white space and over bits that nothing needs: here
// whatever is not as it was written is an alteration, though the signature still holds.
func readSignature(armored []byte) (*sshsig.Signature, error) {
	signature, err := sshsig.Unarmor(armored)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(armored)
	lines := strings.Split(string(armored), "\n")
	if block == nil || len(lines) < 4 || lines[0] != "-----BEGIN SSH SIGNATURE-----" || lines[len(lines)-2] != "-----END SSH SIGNATURE-----" ||
		lines[len(lines)-1] != "" {
		return nil, errors.New("something stands before or behind the signature")
	}
	body := lines[1 : len(lines)-2]
	for i, line := range body {
		if i < len(body)-1 && len(line) != len(body[0]) || len(line) > len(body[0]) || line == "" {
			return nil, errors.New("its lines are not as they were written")
		}
	}
	if strings.Join(body, "") != base64.StdEncoding.EncodeToString(block.Bytes) {
		return nil, errors.New("its letters are not as they were written")
	}
	return signature, nil
}
