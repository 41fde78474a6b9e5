package main

import (
	"github.com/spf13/cobra"

	"case53/cmd/case53/printed"
	"case53/queries/export"
)

// handOvers are the flags of export that each write a folder of the whole case.
var handOvers = []string{"tables"}

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
			return usage("--%s is for --as: the whole case is written\nhint: case53 %s", flag, c.Use)
		}
	}
	if len(args) != 1 {
		return usage("export: %d arguments\nhint: case53 export CASE --tables FOLDER", len(args))
	}
	k, err := openCase(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	dir, _ := c.Flags().GetString("tables")
	m, err := export.Tables(c.Context(), k, dir, "case53 "+version())
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), m)
	}
	printed.Tables(c.OutOrStdout(), dir, m)
	return nil
}
