package main

import (
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/queries/export"
)

func newSeal() *cobra.Command {
	c := &cobra.Command{
		Use:   "seal CASE --key FILE",
		Short: "Sign what a case holds, and close it",
		Long: `The case is verified; then the SHA-256 of every file, the content digests of all rows, the head of the custody log and what the
case is known to lack are written into seal/ and signed with an SSH key: a private key, or a public one that an ssh-agent
holds the other half of. The files become read-only, and no command adds to the case any more.

Whoever has the public key checks the seal without case53:

  ssh-keygen -Y check-novalidate -n ` + verify.Namespace + ` -s seal/seal.json.sig < seal/seal.json
  sha256sum seal/manifest-sha256.txt      # the same as manifest_sha256 in seal.json
  sha256sum --check --quiet seal/manifest-sha256.txt

A seal shows that nothing has changed since this key signed. It does not show when that was, nor that the logs were honest. That it was
there at a time is for somebody else to say: of a sealed case, --timestamp-request FILE writes a request to a time-stamping authority, which
has nothing of the case but the SHA-256 of seal.json and is sent by hand; --timestamp FILE keeps the reply as seal/seal.json.tsr, and

  openssl ts -verify -data seal/seal.json -in seal/seal.json.tsr -CAfile CA.pem

checks it, as case53 verify --timestamp-ca CA.pem does.`,
		Args: cli.Exactly(1),
		RunE: runSeal,
	}
	c.Flags().String("key", "", "the SSH key to sign with")
	c.Flags().String("timestamp-request", "", "write a request of RFC 3161 over the seal of a sealed case into this `FILE`, for a time-stamping authority")
	c.Flags().String("timestamp", "", "keep the authority's reply in this `FILE` beside the seal of a sealed case")
	return c
}

func runSeal(c *cobra.Command, args []string) error {
	if c.Flags().Changed("timestamp-request") || c.Flags().Changed("timestamp") {
		return stampSeal(c, args[0])
	}
	file, _ := c.Flags().GetString("key")
	if file == "" {
		return cli.Usage("a seal needs a key\nhint: --key ~/.ssh/id_ed25519; ssh-keygen -t ed25519 -f FILE makes one")
	}
	dir := cli.FindCase(args[0], c.ErrOrStderr())
	if !cases.Is(dir) {
		return fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	key, err := seal.Key(file, passphraseOf(c, file))
	if err != nil {
		return err
	}
	made, err := seal.Case(c.Context(), dir, loader.Schemas(), key)
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), made)
	}
	out := c.OutOrStdout()
	fmt.Fprintf(out, "%s: sealed, %s, with the key %s\n", safetext.Show(dir), words.Plural(made.Objects, "source object", "source objects"), made.Key)
	fmt.Fprintln(out, custodyHead(made.Custody))
	for _, p := range made.Problems {
		fmt.Fprintf(out, "sealed with: %s\n", safetext.Show(p))
	}
	return nil
}

// stampSeal writes a request for a time-stamp, or keeps the reply.
func stampSeal(c *cobra.Command, path string) error {
	dir, out := cli.FindCase(path, c.ErrOrStderr()), c.OutOrStdout()
	request, _ := c.Flags().GetString("timestamp-request")
	reply, _ := c.Flags().GetString("timestamp")
	if c.Flags().Changed("key") || (request == "") == (reply == "") {
		return cli.Usage("a case is sealed, a request written, or a reply kept: one at a time\n" +
			"hint: seal CASE --key FILE; then seal CASE --timestamp-request FILE; then seal CASE --timestamp FILE")
	}
	if request != "" {
		text, err := seal.Request(dir)
		if err == nil {
			err = export.File(request, func(w io.Writer) error { _, err := w.Write(text); return err })
		}
		if err == nil && !cli.WantsJSON(c) {
			fmt.Fprintf(out, "%s: send it to a time-stamping authority as application/timestamp-query, and keep its reply with --timestamp\n",
				safetext.Show(request))
		}
		return err
	}
	stamp, err := seal.Stamp(dir, reply)
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(out, stamp)
	}
	fmt.Fprintf(out, "%s: the seal was there at %s UTC, says %s\n", safetext.Show(dir), stamp.Time.Format("2006-01-02 15:04:05"), safetext.Show(stamp.By))
	return nil
}

// passphraseOf asks for a key's passphrase; nil where nobody can be asked.
func passphraseOf(c *cobra.Command, file string) func() ([]byte, error) {
	in, ok := c.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(in.Fd()) {
		return nil
	}
	return func() ([]byte, error) {
		fmt.Fprintf(c.ErrOrStderr(), "Passphrase of %s: ", safetext.Show(file))
		defer fmt.Fprintln(c.ErrOrStderr())
		return term.ReadPassword(in.Fd())
	}
}
