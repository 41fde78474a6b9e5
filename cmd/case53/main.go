// Command case53 answers, from AWS DNS, network and access logs, what a machine resolved, what it talked to, and what left.
//
// This package is flags → packages: it parses the command line, opens cases, and prints. Data goes to standard output;
// progress, warnings and hints to standard error. Text from evidence is printed through safetext only.
package main

import (
	"case53/cmd/case53/cli"
	"case53/cmd/case53/completion"
	"case53/cmd/case53/notebook"
	"case53/cmd/case53/printed"
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/loader"
)

func main() {
	cases.Work(loader.Schemas)
	ended := cli.Guard()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE) // a write to who has gone is an error then, and what was begun is cleaned up
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	ended()
	os.Exit(code)
}

// run is the program; tests call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root, out := newRoot(), cli.NewOutput(stdout)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(out)
	root.SetErr(stderr)
	var helpErr error
	err := root.ExecuteContext(context.WithValue(ctx, helpFailed{}, &helpErr))
	if err == nil {
		err = helpErr
	}
	var status *cli.Status
	silent := errors.As(err, &status) && status.Err == nil
	switch {
	case errors.Is(out.Failed, syscall.EPIPE) && ctx.Err() == nil: // who read it had enough
		return cli.Unread
	case out.Failed != nil && (err == nil || silent): // data that did not arrive is no success, whoever forgot to look
		err = out.Failed
	case err == nil:
		return cli.Fine
	case silent:
		return status.Code
	}
	printed.Error(stderr, err)
	return cli.CodeOf(ctx, err)
}

// helpFailed is the key of the place in the context where a help function leaves its error, as cobra takes none.
type helpFailed struct{}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "case53",
		Short: "A forensics workbench for AWS DNS, network and access logs",
		Long: "case53 loads VPC Flow Logs, Route 53 Resolver query logs, public zone query logs and the access and host logs around\n" +
			"them into a case on this machine, and answers from it, offline, what resolved a name, what it talked to, how much\n" +
			"left, who scouted the zone, and which requests came in.\n" +
			cli.ExitCodes,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
	}
	root.PersistentFlags().Bool("json", false, "print JSON")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.Args, root.RunE = cobra.ArbitraryArgs, cli.NoCommand
	root.SetFlagErrorFunc(cli.BadFlag)
	for _, c := range []*cobra.Command{
		newDemo(),
		newLoad(),
		newPull(),
		newNarrow(),
		newSources(),
		newIAMPolicy(),
		newOpen(),
		newQuery(),
		newHunt(),
		newThreads(),
		newEntity(),
		newCoverage(),
		newCompare(),
		newReport(),
		newExport(),
		newImport(),
		newInfo(),
		newDerive(),
		notebook.Command("case53 " + version()),
		newCustody(),
		newVerify(),
		newRebuild(),
		newSeal(),
		newMan(),
	} {
		c.Long = strings.TrimRight(c.Short+".\n\n"+c.Long, "\n") + "\n" + cli.ExitCodes
		root.AddCommand(c)
	}
	completion.All(root, notebook.Verbs)
	return root
}
