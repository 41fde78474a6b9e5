package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/loader/rebuild"
	"case53/loader/second"
)

func newVerify() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify CASE|BAG",
		Short: "Check a case, or a bag of one, against the hashes and digests that were noted when it was loaded",
		Long: `Reads every source object and compares its bytes with its name; checks the chain of the custody log; computes the content
digest of every object's rows from the database, and compares it, and all that the database says of the object, with the
line of the custody log that was written when it was loaded. What is not as it was is named, with what that means; the exit
code is then 3. Nothing is written.

Of a bag (case53 export --bag) every file is checked against the manifests, the rows of its tables against the digests that its
custody log has, and what its tables say of the objects against that log; none of its SQL is run, and what nothing speaks for but the
manifest is named. With --signer the bag must be signed with that key, and the case in it sealed with no other.

--deep decodes raw/ again, as the custody log says that it was loaded, into a database in the folder of temporary files (TMPDIR; as
large as the case's), and compares all rows, rejects and counts: what differs is named by object, rows and columns.

--second reads flow, Resolver and public zone query logs once more by plain SQL that a stock duckdb runs and that shares nothing with
the decoders, and compares every field that stands in a record with what the views say: two independent readings of the same bytes.

Whoever can change the case can change database and custody log together: the log's head, compared with one that was noted
elsewhere (--expect-head), shows that.`,
		Args: cli.Exactly(1),
		RunE: runVerify,
	}
	c.Flags().String("expect-head", "", "fail unless a line of the custody log has this SHA-256")
	c.Flags().Bool("deep", false, "decode raw/ again, and compare every row")
	c.Flags().Bool("second", false, "read raw/ by plain SQL too, which shares nothing with the decoders, and compare the fields")
	c.Flags().String("signer", "", "a file with an SSH public key: fail unless the case was sealed with it")
	c.Flags().String("timestamp-ca", "", "a `FILE` of certificates in PEM: fail unless a time-stamping authority that they vouch for has stamped the seal")
	c.Flags().Bool("quiet", false, "no progress")
	return c
}

// runVerify has the work done by a process of its own: what is checked may have been prepared by somebody.
func runVerify(c *cobra.Command, args []string) error {
	done, err := cli.Guarded(c)
	if errors.Is(err, cli.ErrDied) {
		return fmt.Errorf("%s: %w: a file in it is damaged, or was prepared by somebody\n"+
			"hint: case53 rebuild CASE makes the database of a case again from raw/ and the custody log", args[0], err)
	}
	if !done {
		err = checkWhole(c, args)
	}
	return err
}

func checkWhole(c *cobra.Command, args []string) error {
	stderr := c.ErrOrStderr()
	expect, err := expectedHead(c)
	if err != nil {
		return err
	}
	opt := verify.Options{Schemas: loader.Schemas(), ExpectHead: expect}
	if opt.Texts, err = bagTexts(); err != nil {
		return err
	}
	if file, _ := c.Flags().GetString("signer"); file != "" {
		if opt.Signer, err = seal.PublicKey(file); err != nil {
			return fmt.Errorf("--signer: %w", err)
		}
	}
	if file, _ := c.Flags().GetString("timestamp-ca"); file != "" {
		if opt.StampedBy, err = verify.Authorities(file); err != nil {
			return fmt.Errorf("--timestamp-ca: %w", err)
		}
	}
	show, end := counted(c)
	opt.Progress = show
	defer end()
	check, dir := verify.Case, args[0]
	deep, _ := c.Flags().GetBool("deep")
	twice, _ := c.Flags().GetBool("second")
	if !cases.Is(dir) && verify.IsBag(dir) {
		if check = verify.Bag; deep || twice {
			return cli.Usage("--deep and --second are of a case, and %s is a bag\nhint: case53 verify %s alone checks it; "+
				"case53 import %s NEW.case makes a case of it, which they can be asked of", dir, dir, dir)
		}
	} else if isEncrypted(dir) {
		return fmt.Errorf("%s is an encrypted file\nhint: age -d -i KEY %s | tar -x writes the folder bag, which case53 verify checks", dir, dir)
	} else {
		dir = cli.FindCase(dir, stderr)
	}
	result, err := check(c.Context(), dir, opt)
	if _, absent := os.Lstat(filepath.Join(dir, cases.DerivedFile)); err == nil && absent == nil && cases.Is(dir) {
		result.Remarks = append(result.Remarks, cases.DerivedFile+" was not looked at: it is computed from the records, and no evidence; "+
			"case53 derive --again computes it anew")
	}
	if err == nil && deep {
		result, err = rebuild.Deep(c.Context(), dir, result, rebuild.Options{Progress: show})
	}
	if err == nil && twice {
		result, err = second.Check(c.Context(), dir, result, show)
	}
	end()
	if err != nil {
		return err
	}
	return judged(c, result, result.OK, func() { printed.Verified(c.OutOrStdout(), stderr, result) })
}

// bagTexts are files that a bag of this version has, by name.
func bagTexts() (map[string][]byte, error) {
	script, err := bag.CheckScript()
	texts := map[string][]byte{"check.sh": script}
	for name, text := range second.Texts() {
		texts["data/second/"+name] = []byte(text)
	}
	return texts, err
}

// isEncrypted says whether a file is one that age has written.
func isEncrypted(file string) bool {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	var begins [18]byte
	_, err = io.ReadFull(f, begins[:])
	return err == nil && string(begins[:]) == "age-encryption.org"
}

// judged prints what a check came to, as JSON or for people, and ends with the code of what is altered where it is not well.
func judged(c *cobra.Command, result any, ok bool, print func()) error {
	if !cli.WantsJSON(c) {
		print()
	} else if err := printed.JSON(c.OutOrStdout(), result); err != nil {
		return err
	}
	if !ok {
		return &cli.Status{Code: cli.Altered}
	}
	return nil
}
