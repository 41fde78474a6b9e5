package main

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"case53/cases/notes"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/queries"
	"case53/queries/export"
)

// What a shell completes, and what a mistyped word may have meant.

// noCommand is what the program does without a command, or with one that there is none of.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return cli.Usage("no command %q\nhint: %s", args[0], meant(words.Near(args[0], names), "case53 --help lists them"))
}

// badFlag is the error of a flag, with the flag that was perhaps meant.
func badFlag(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return &cli.Status{Code: cli.Misused, Err: err}
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := words.Near(missing.GetSpecifiedName(), names)
	for i := range near {
		near[i] = "--" + near[i]
	}
	return cli.Usage("%w\nhint: %s", err, meant(near, c.CommandPath()+" --help lists its flags"))
}

// meant asks whether one of these was meant; where there are none it says otherwise.
func meant(near []string, otherwise string) string {
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, ", ") + "?"
}

// completeAll gives every command what its arguments and flags can be.
func completeAll(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.ValidArgsFunction = completeCase; strings.HasPrefix(c.Use, "query ") {
			c.ValidArgsFunction = completeQuery
		} else if strings.HasPrefix(c.Use, "hunt ") {
			c.ValidArgsFunction = completeHunt
		} else if strings.HasPrefix(c.Use, "notes ") {
			c.ValidArgsFunction = completeNotes
		}
		for flag, values := range map[string]cobra.CompletionFunc{
			"output": completeForm, "param": completeParameter, "hunt": completeHunt,
			"capture": completeCapture, "left": completeCapture, "right": completeCapture, "baseline": completeCapture,
			"tag": completeTag, "union": completeSet, "minus": completeSet, "severity": fixed(notes.Severities...),
			"role": fixed(loader.Roles...), "theme": fixed("dark", "light"),
		} {
			if c.Flags().Lookup(flag) != nil {
				if err := c.RegisterFlagCompletionFunc(flag, values); err != nil {
					panic(err) // the flag is there, and has no other
				}
			}
		}
	}
}

func fixed(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
}

// completeCase completes the case, a folder, and after it files.
func completeCase(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return nil, cobra.ShellCompDirectiveDefault
}

// saved are the saved queries as seen from the case among the arguments; none where they cannot be read.
func saved(args []string) *queries.Set {
	if len(args) > 0 {
		if set, err := cli.Library(cli.FindCase(args[0], io.Discard), io.Discard); err == nil {
			return set
		}
	}
	return &queries.Set{}
}

// completeQuery completes the case, and then a saved query.
func completeQuery(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return completeCase(c, args, typed)
	}
	return named(saved(args).All(), args), cobra.ShellCompDirectiveNoFileComp
}

// completeHunt completes the case, and then hunts that are not named yet.
func completeHunt(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeCase(c, args, typed)
	}
	return named(saved(args).Hunts(), args), cobra.ShellCompDirectiveNoFileComp
}

// named are the names of queries with their titles.
func named(all []*queries.Query, but []string) []string {
	var names []string
	for _, q := range all {
		if !slices.Contains(but, q.ID) {
			names = append(names, cobra.CompletionWithDesc(q.ID, q.Title))
		}
	}
	return names
}

// completeParameter completes the name of a parameter: of the query that is named, or of the hunts.
func completeParameter(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	set := saved(args)
	asked := set.Hunts()
	if len(args) > 1 {
		asked = nil
		for _, name := range args[1:] {
			if q, _ := set.Find(name); q != nil {
				asked = append(asked, q)
			}
		}
	}
	var names []string
	for _, q := range asked {
		for _, p := range q.Params {
			if text := cobra.CompletionWithDesc(p.Name+"=", p.Doc); !slices.Contains(names, text) {
				names = append(names, text)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// completeCapture completes the name of a capture of the case.
func completeCapture(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	k, err := cli.OpenCase(c.Context(), args[0], io.Discard)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer k.Close()
	info, err := k.Info(c.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, capture := range info.Captures {
		names = append(names, cobra.CompletionWithDesc(capture.Name, capture.Role))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeForm completes a form of rows.
func completeForm(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, f := range export.Formats() {
		names = append(names, cobra.CompletionWithDesc(f.Name, f.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeNotes completes the case, what is to be done, and the set.
func completeNotes(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return completeCase(c, args, typed)
	case len(args) == 1:
		var verbs []string
		for _, name := range slices.Sorted(maps.Keys(noteVerbs)) {
			verbs = append(verbs, cobra.CompletionWithDesc(name, noteVerbs[name]))
		}
		return verbs, cobra.ShellCompDirectiveNoFileComp
	case len(args) == 2 && args[1] == "set":
		return completeSet(c, args, typed)
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeTag completes a tag that something has, completeSet the name of a set.
func completeTag(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return ofNotes(c, args, (*notes.Book).Tags)
}

func completeSet(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return ofNotes(c, args, func(b *notes.Book) []string {
		var names []string
		for _, s := range b.Sets() {
			names = append(names, s.Name)
		}
		return names
	})
}

func ofNotes(c *cobra.Command, args []string, what func(*notes.Book) []string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		if b, err := notes.Open(c.Context(), cli.FindCase(args[0], io.Discard), ""); err == nil {
			return what(b), cobra.ShellCompDirectiveNoFileComp
		}
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
