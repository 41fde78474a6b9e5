package main

import (
	"case53/cmd/case53/cli"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the manual pages; it is for packagers, so help does not list it.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man FOLDER",
		Short:  "Write a manual page for each command into a folder",
		Long:   "man -l FOLDER/case53.1 shows the first; they belong into share/man/man1.",
		Hidden: true,
		Args:   cli.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			root := c.Root()
			root.DisableAutoGenTag = true
			var undated time.Time // pages of the same program are the same bytes
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "case53", Manual: "case53", Date: &undated}, args[0])
		},
	}
}
