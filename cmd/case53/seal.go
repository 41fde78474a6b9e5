package main

import (
	"fmt"
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

A seal shows that nothing has changed since this key signed. It does not show when that was, nor that the logs were honest.`,
		Args: cli.Exactly(1),
		RunE: runSeal,
	}
	c.Flags().String("key", "", "the SSH key to sign with")
	return c
}

func runSeal(c *cobra.Command, args []string) error {
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
