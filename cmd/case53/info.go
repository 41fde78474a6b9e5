package main

import (
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"

	"github.com/spf13/cobra"
)

func newInfo() *cobra.Command {
	return &cobra.Command{
		Use:   "info CASE",
		Short: "What is in a case: objects, captures, rows, rejects, window",
		Args:  cli.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			k, err := cli.OpenCase(c.Context(), args[0], c.ErrOrStderr())
			if err != nil {
				return err
			}
			defer k.Close()
			info, err := k.Info(c.Context())
			if err != nil {
				return err
			}
			if cli.WantsJSON(c) {
				return printed.JSON(c.OutOrStdout(), info)
			}
			printed.Info(c.OutOrStdout(), info)
			return nil
		},
	}
}
