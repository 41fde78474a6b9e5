package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"case53/cases/safetext"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/demo"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/local"
)

func newDemo() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "Build a case from the bundled sample incident and open the workbench",
		Long: `Writes two days of invented logs, as AWS delivers them, and a one-day replay of the machine's snapshot; loads them as
the captures incident and replay into DIR/incident.case; and opens the workbench. Done again, it opens what is there.`,
		Args: cli.Exactly(0),
		RunE: runDemo,
	}
	c.Flags().String("dir", "case53-demo", "folder for the sample logs and the case")
	c.Flags().Bool("no-open", false, "build the case only")
	c.Flags().Bool("quiet", false, "no progress")
	addWorkbenchFlags(c)
	return c
}

func runDemo(c *cobra.Command, _ []string) error {
	dir, _ := c.Flags().GetString("dir")
	noOpen, _ := c.Flags().GetBool("no-open")
	if !noOpen && !hasTerminal(c) {
		return cli.Usage("the workbench needs a terminal\nhint: case53 demo --no-open builds the case only")
	}
	files, err := demo.Write(filepath.Join(dir, "logs"))
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%d log files in %s\n", len(files), safetext.Show(filepath.Join(dir, "logs")))
	target := filepath.Join(dir, "incident.case")
	out := c.OutOrStdout()
	if cli.WantsJSON(c) {
		c.SetOut(c.ErrOrStderr()) // one JSON document on stdout
	}
	for _, capture := range demo.Captures() {
		plan := loader.Plan{Sources: []source.Source{local.New(filepath.Join(dir, "logs", capture.Dir))}, Capture: capture.Name, Role: capture.Role}
		report, err := load(c, target, plan)
		if err != nil {
			return err
		}
		if len(report.Failures) > 0 {
			return fmt.Errorf("the demo's own logs did not load: %w", report.Failures[0].Err)
		}
	}
	if cli.WantsJSON(c) {
		if err := printed.JSON(out, map[string]any{"case": target, "logs": files}); err != nil {
			return err
		}
		c.SetOut(out)
	}
	if noOpen {
		fmt.Fprintf(c.ErrOrStderr(), "next: case53 open %s\n", safetext.Show(target))
		return nil
	}
	return openWorkbench(c, target)
}
