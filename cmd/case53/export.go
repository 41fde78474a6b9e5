package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases/notes"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries/export"
	"case53/queries/findings"
)

func newExport() *cobra.Command {
	var forms strings.Builder
	for _, t := range export.Tools() {
		fmt.Fprintf(&forms, "  %-11s %s\n%14sleft out: %s\n", t.Name, t.Title, "", t.Loses)
	}
	c := &cobra.Command{
		Use:   "export CASE [NAME] [-p name=value]... --as FORMAT FILE | --bag DIR | --tables DIR",
		Short: "Write rows for other tools, each with where it is from, or hand the whole case over",
		Long: `--bag hands the case over to somebody who has neither case53 nor reason to trust it: a new folder in the form of BagIt with the raw
objects, the custody log, the seal, all stored tables as text and the records as Parquet, and with a README.txt and a script
that check it with bash, sha256sum, ssh-keygen and a stock duckdb. --key signs the bag as a whole. case53 verify
checks a bag too, and case53 import makes a case of it. With --encrypt the bag is one file, a tar that age -d decrypts.

--tables writes every view of records into a new folder: as Parquet, exact, and as CSV that a spreadsheet can open without running
a cell of it (what begins like a formula gets an apostrophe before it), with a manifest that has hashes and counts.

--as writes rows of the views that the format takes, of those of --rows, or of a saved query or --sql whose rows have the columns of
such a view. Every record says its object, row and SHA-256; FILE.manifest.json (manifest.json in a folder) has the files'
hashes, the query, and how many rows went in, came out, and could not be said, and why. The same case and request give the
same bytes.

Formats:
` + forms.String(),
		Args: cli.Between(1, 3),
		RunE: runExport,
	}
	f := c.Flags()
	f.String("as", "", "the `FORMAT`: "+toolNames())
	f.String("bag", "", "a new `FOLDER` to hand the case over in")
	f.StringArray("encrypt", nil, "of --bag: write one file that only this `RECIPIENT` can read (age1…, an SSH public key, or a file of such); may be repeated")
	f.String("key", "", "the SSH key to sign the bag with")
	f.String("tables", "", "a new `FOLDER` for every view of records, as CSV and as Parquet")
	f.StringSlice("rows", nil, "only rows of these `VIEWS`, by commas")
	f.StringArrayP("param", "p", nil, "a parameter of the query, name=value; may be repeated")
	f.String("sql", "", "the rows of this SQL in place of a view's")
	f.String("capture", "", "only rows of this capture")
	f.String("format-version", "", "version of the standard, where several can be written")
	f.StringArray("ioc", nil, "stix and misp: a `FILE` of addresses, blocks and names that are indicators, one a line; may be repeated")
	f.Bool("notes", false, "timesketch: your marks, tags and comments too, as tags of events and as events")
	f.Bool("force", false, "write over existing files")
	cli.AddWindowFlags(c)
	return c
}

// toolNames lists the formats for a sentence.
func toolNames() string {
	var names []string
	for _, t := range export.Tools() {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func runExport(c *cobra.Command, args []string) error {
	if handsOver(c) {
		return runHandOver(c, args)
	}
	if len(args) < 2 {
		return cli.Usage("export: no file to write to\nhint: case53 %s", c.Use)
	}
	name, _ := c.Flags().GetString("as")
	tool, ok := export.FindTool(name)
	if !ok {
		return cli.Usage("no format %q\nhint: --as %s", name, toolNames())
	}
	req, err := exportRequest(c, args)
	if err != nil {
		return err
	}
	k, err := cli.OpenBuilt(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	if err := export.Outside(k.Dir, req.Target); err != nil {
		return err
	}
	if c.Flags().Changed("sql") || len(args) == 3 {
		set, err := cli.Library(k.Dir, c.ErrOrStderr())
		if err != nil {
			return err
		}
		asked := args[:len(args)-1]
		text, _ := c.Flags().GetString("sql")
		given, _ := c.Flags().GetStringArray("param")
		req.Query = &export.Query{Name: strings.Join(asked[1:], "")}
		var apart bool
		if req.Query.SQL, req.Query.Args, apart, err = statement(c, set, asked, text, given); err != nil {
			return err
		}
		if apart {
			k = k.Apart()
		}
	}
	if with, _ := c.Flags().GetBool("notes"); with {
		if req.Notes, err = notes.Open(c.Context(), k.Dir, req.Program); err != nil {
			return err
		}
	}
	m, err := tool.Export(c.Context(), k, req)
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), m)
	}
	printed.Exported(c.OutOrStdout(), m)
	return nil
}

// exportRequest reads the flags.
func exportRequest(c *cobra.Command, args []string) (export.Request, error) {
	req := export.Request{Target: args[len(args)-1], Program: "case53 " + version()}
	var err error
	if req.Window, err = cli.Window(c, time.Now()); err != nil {
		return req, err
	}
	req.Force, _ = c.Flags().GetBool("force")
	req.Views, _ = c.Flags().GetStringSlice("rows")
	req.Capture, _ = c.Flags().GetString("capture")
	req.Version, _ = c.Flags().GetString("format-version")
	files, _ := c.Flags().GetStringArray("ioc")
	lists, err := findings.ReadLists(files)
	if err != nil {
		return req, fmt.Errorf("--ioc: %w", err)
	}
	req.Indicators = lists.Entries
	query := c.Flags().Changed("sql") || len(args) == 3
	for _, flag := range []string{"rows", "capture", "from", "to"} {
		if query && c.Flags().Changed(flag) {
			return req, cli.Usage("--%s and a query at the same time\nhint: say it in the query", flag)
		}
	}
	if !query && c.Flags().Changed("param") {
		return req, cli.Usage("-p without a query to give it to\nhint: case53 %s", c.Use)
	}
	return req, nil
}
