package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"case53/cases/bag"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/loader/intake"
	"case53/queries"
)

func newImport() *cobra.Command {
	c := &cobra.Command{
		Use:   "import BAG CASE",
		Short: "Make a case of a bag that somebody has handed over",
		Long: `The bag is checked as case53 verify does; then its source objects and its custody log become the new case, and the database is made
of the objects again, by this program's own decoders, and compared with the digests in the log. Nothing else of the bag is
used, and no database or query of somebody else's is opened. The custody log goes on where it was: a line says what was taken
over. What the bag said of itself, with its seal, is kept in the folder import of the case.

A bag that is altered is refused with exit code 3, and every fault named. An encrypted bag (export --encrypt) takes --identity, a
file of age identities or an SSH private key.`,
		Args: cli.Exactly(2),
		RunE: runImport,
	}
	c.Flags().String("identity", "", "the `FILE` of the key that decrypts the bag")
	c.Flags().String("expect-head", "", "fail unless a line of the custody log has this SHA-256")
	c.Flags().String("signer", "", "a file with an SSH public key: fail unless the bag was signed with it, and the case in it sealed with no other")
	c.Flags().Bool("quiet", false, "no progress")
	return c
}

func runImport(c *cobra.Command, args []string) error {
	from, dir := args[0], args[1]
	expect, err := expectedHead(c)
	if err != nil {
		return err
	}
	opt := verify.Options{ExpectHead: expect, Schemas: loader.Schemas()}
	if opt.Texts, err = bagTexts(); err != nil {
		return err
	}
	if file, _ := c.Flags().GetString("signer"); file != "" {
		if opt.Signer, err = seal.PublicKey(file); err != nil {
			return fmt.Errorf("--signer: %w", err)
		}
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		work, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".case53-import-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		if from, err = decrypted(c, from, work); err != nil {
			return err
		}
	}
	if !verify.IsBag(from) {
		return fmt.Errorf("%s is no bag\nhint: case53 export CASE --bag FOLDER makes one of a case", from)
	}
	show, end := counted(c)
	opt.Progress = show
	defer end()
	r, err := intake.Bag(c.Context(), from, dir, opt)
	end()
	if err != nil && !r.OK {
		return err
	}
	shown := judged(c, r, r.OK, func() { printed.Imported(c.OutOrStdout(), c.ErrOrStderr(), r) })
	if err != nil {
		return unbuilt(c, shown, dir, err)
	}
	return shown
}

// decrypted unpacks an encrypted bag into a folder.
func decrypted(c *cobra.Command, file, work string) (string, error) {
	identity, _ := c.Flags().GetString("identity")
	if identity == "" {
		return "", queries.Ask("%s is a file\nhint: a bag is a folder; one that was encrypted takes --identity FILE, the key that decrypts it", file)
	}
	ids, err := bag.Identities(identity, passphraseOf(c, identity))
	if err != nil {
		return "", err
	}
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return "", err
	}
	return bag.Unpack(c.Context(), in, info.Size(), ids, work)
}
