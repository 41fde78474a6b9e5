package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"case53/cmd/case53/cli"
	"case53/tui"
	"case53/tui/frame"
)

func newOpen() *cobra.Command {
	c := &cobra.Command{
		Use:   "open CASE",
		Short: "Open the workbench on a case",
		Long: `The case is opened read-only. ? shows the keys of the screen you are on. Where connections, names and counts are not built yet, they
are built beside it, by a process of its own: the records can be looked at meanwhile. While another process loads, open says how far
that is, and waits until the records are in.`,
		Args: cli.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error {
			return openWorkbench(c, args[0])
		},
	}
	addWorkbenchFlags(c)
	return c
}

func addWorkbenchFlags(c *cobra.Command) {
	c.Flags().Bool("ascii", false, "draw with ASCII characters only")
	c.Flags().String("tz", "", "zone of the case, e.g. Europe/Berlin: ctrl+t shows times in it, and reads those that are typed so")
	c.Flags().String("theme", "", "dark or light; asks the terminal when not given")
}

// openWorkbench shows the case until the user quits.
func openWorkbench(c *cobra.Command, dir string) error {
	if !hasTerminal(c) {
		return cli.Usage("the workbench needs a terminal\nhint: case53 query, info and coverage work without one")
	}
	k, err := cli.OpenWhenFree(c.Context(), dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer k.Close()
	set, err := cli.Library(k.Dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	opt := frame.Options{CaseName: filepath.Base(k.Dir)}
	opt.Build = func(ctx context.Context, said func(string)) error { return cli.BuildBeside(ctx, k.Dir, said) }
	opt.ASCII, _ = c.Flags().GetBool("ascii")
	opt.Theme, _ = c.Flags().GetString("theme")
	if name, _ := c.Flags().GetString("tz"); name != "" {
		if opt.CaseZone, err = time.LoadLocation(name); err != nil {
			return cli.Usage("--tz %q: %w\nhint: a name such as UTC or Europe/Berlin", name, err)
		}
	}
	return tui.Run(c.Context(), k, set, "case53 "+version(), opt)
}

func hasTerminal(c *cobra.Command) bool {
	in, ok := c.InOrStdin().(*os.File)
	return ok && term.IsTerminal(in.Fd()) && cli.IsTerminal(c.OutOrStdout()) && os.Getenv("TERM") != "dumb"
}
