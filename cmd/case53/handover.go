package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/bag"
	"case53/cases/seal"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/loader/second"
	"case53/queries"
	"case53/queries/export"
)

// handOvers are the flags of export that each write a folder of the whole case.
var handOvers = []string{"bag", "tables"}

func handsOver(c *cobra.Command) bool {
	for _, flag := range handOvers {
		if c.Flags().Changed(flag) {
			return true
		}
	}
	return false
}

// runHandOver writes a case as a whole.
func runHandOver(c *cobra.Command, args []string) error {
	for _, flag := range []string{"as", "rows", "param", "sql", "capture", "from", "to", "format-version", "force"} {
		if c.Flags().Changed(flag) {
			return cli.Usage("--%s is for rows: the whole case is written\nhint: case53 %s", flag, c.Use)
		}
	}
	if len(args) != 1 {
		return cli.Usage("export: %d arguments\nhint: case53 export CASE --tables FOLDER", len(args))
	}
	k, err := cli.OpenRecords(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	if c.Flags().Changed("bag") {
		return handOverBag(c, k)
	}
	dir, _ := c.Flags().GetString("tables")
	m, err := export.Tables(c.Context(), k, dir, "case53 "+version())
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), m)
	}
	printed.Tables(c.OutOrStdout(), dir, m)
	return nil
}

// handOverBag writes a bag.
func handOverBag(c *cobra.Command, k *cases.Case) error {
	target, _ := c.Flags().GetString("bag")
	if err := export.Outside(k.Dir, target); err != nil {
		return err
	}
	opt := bag.Options{Program: "case53 " + version(), Schemas: loader.Schemas()}
	var err error
	if file, _ := c.Flags().GetString("key"); file != "" {
		if opt.Key, err = seal.Key(file, passphraseOf(c, file)); err != nil {
			return err
		}
	}
	set, err := cli.Library(k.Dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	for _, q := range set.All() {
		opt.More = append(opt.More, bag.File{Name: "queries/" + q.ID + ".sql", Text: queryText(q)})
	}
	texts := second.Texts()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		opt.More = append(opt.More, bag.File{Name: "second/" + name, Text: []byte(texts[name])})
	}
	made, err := writeBag(c, k, target, opt)
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), made)
	}
	printed.Bag(c.OutOrStdout(), c.ErrOrStderr(), made)
	return nil
}

// writeBag writes a bag as a folder; with --encrypt as one file, and the folder is gone again.
func writeBag(c *cobra.Command, k *cases.Case, target string, opt bag.Options) (made bag.Made, err error) {
	given, _ := c.Flags().GetStringArray("encrypt")
	if len(given) == 0 {
		return bag.Write(c.Context(), k, target, opt)
	}
	recipients, err := bag.Recipients(given)
	if err == nil {
		err = export.Target(k.Dir, target, false)
	}
	if err != nil {
		return made, err
	}
	// What is not encrypted stays on the disk that the case is on: the target may be on one that is given away.
	work, err := os.MkdirTemp(filepath.Dir(k.Dir), ".case53-bag-*")
	if err != nil {
		return made, err
	}
	defer os.RemoveAll(work)
	folder := filepath.Join(work, "bag")
	if made, err = bag.Write(c.Context(), k, folder, opt); err != nil {
		return made, err
	}
	made.Dir = target
	return made, export.File(target, func(w io.Writer) error { return bag.Pack(c.Context(), folder, w, recipients) })
}

// queryText is a saved query as a file of SQL for others: what it is, what it cannot tell, and its parameters.
func queryText(q *queries.Query) []byte {
	var b strings.Builder
	for _, line := range strings.Split(q.Title+"\n\n"+q.Doc, "\n") {
		fmt.Fprintln(&b, strings.TrimRight("-- "+line, " "))
	}
	if q.Cannot != "" {
		fmt.Fprintf(&b, "-- Cannot tell: %s\n", q.Cannot)
	}
	for _, p := range q.Params {
		fmt.Fprintf(&b, "-- $%s, %s: %s\n", p.Name, p.Kind, p.Doc)
	}
	return []byte(b.String() + q.SQL + ";\n")
}
