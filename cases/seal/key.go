package seal

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Key reads the key to sign with: an SSH private key, or a public one whose private half an ssh-agent holds. passphrase is asked where
// the file has one; nil: nobody can be asked. The agent's connection stays open until the program ends.
func Key(file string, passphrase func() ([]byte, error)) (ssh.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil {
		return fromAgent(file, public)
	}
	key, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if passphrase == nil {
			return nil, fmt.Errorf("%s has a passphrase\nhint: ssh-add %s, and name %s.pub", file, file, file)
		}
		secret, err := passphrase()
		if err != nil {
			return nil, err
		}
		key, err = ssh.ParsePrivateKeyWithPassphrase(text, bytes.TrimRight(secret, "\r\n"))
		clear(secret)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return key, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no SSH key: %w\nhint: ssh-keygen -t ed25519 -f FILE makes one", file, err)
	}
	return key, nil
}

// PublicKey reads a public key, as ssh-keygen writes it, or one line of an allowed_signers file.
func PublicKey(file string) (ssh.PublicKey, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	line := strings.TrimSpace(string(text))
	for line != "" {
		if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line)); err == nil {
			return key, nil
		}
		_, line, _ = strings.Cut(line, " ") // who may sign, and options
	}
	return nil, fmt.Errorf("%s has no SSH public key", file)
}

// fromAgent finds the private half of a key.
func fromAgent(file string, public ssh.PublicKey) (ssh.Signer, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, fmt.Errorf("%s is a public key, and no ssh-agent is there\nhint: name the private key", file)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: %w", err)
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: %w", err)
	}
	for _, s := range signers {
		if bytes.Equal(s.PublicKey().Marshal(), public.Marshal()) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the ssh-agent does not hold the key of %s\nhint: ssh-add adds it", file)
}
