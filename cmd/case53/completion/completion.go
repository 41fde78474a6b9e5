// Package completion says what a shell completes: cases, saved queries, hunts, parameters, captures, forms, and what is in the notes.
//
// Rules: nothing is written, and nothing said; what cannot be read has no completions. A case is opened for the names of its captures
// alone.
package completion

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases/notes"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/queries"
	"case53/queries/export"
)

// All gives every command what its arguments and flags can be. verbs are what the command notes does, with what each is for.
func All(root *cobra.Command, verbs map[string]string) {
	for _, c := range root.Commands() {
		if c.ValidArgsFunction = caseFolder; strings.HasPrefix(c.Use, "query ") {
			c.ValidArgsFunction = query
		} else if strings.HasPrefix(c.Use, "hunt ") {
			c.ValidArgsFunction = hunt
		} else if strings.HasPrefix(c.Use, "notes ") {
			c.ValidArgsFunction = notesOf(verbs)
		}
		for flag, values := range map[string]cobra.CompletionFunc{
			"output": form, "param": parameter, "hunt": hunt,
			"capture": capture, "left": capture, "right": capture, "baseline": capture,
			"tag": tag, "union": set, "minus": set, "severity": fixed(notes.Severities...),
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

// caseFolder completes the case, a folder, and after it files.
func caseFolder(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
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

// query completes the case, and then a saved query.
func query(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return caseFolder(c, args, typed)
	}
	return named(saved(args).All(), args), cobra.ShellCompDirectiveNoFileComp
}

// hunt completes the case, and then hunts that are not named yet.
func hunt(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return caseFolder(c, args, typed)
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

// parameter completes the name of a parameter: of the query that is named, or of the hunts.
func parameter(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	all := saved(args)
	asked := all.Hunts()
	if len(args) > 1 {
		asked = nil
		for _, name := range args[1:] {
			if q, _ := all.Find(name); q != nil {
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

// capture completes the name of a capture of the case.
func capture(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
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

// form completes a form of rows.
func form(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, f := range export.Formats() {
		names = append(names, cobra.CompletionWithDesc(f.Name, f.Title))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// notesOf completes the case, what is to be done, and the set.
func notesOf(verbs map[string]string) cobra.CompletionFunc {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(verbs)) {
		names = append(names, cobra.CompletionWithDesc(name, verbs[name]))
	}
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return caseFolder(c, args, typed)
		case len(args) == 1:
			return names, cobra.ShellCompDirectiveNoFileComp
		case len(args) == 2 && args[1] == "set":
			return set(c, args, typed)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// tag completes a tag that something has, set the name of a set.
func tag(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return ofNotes(c, args, (*notes.Book).Tags)
}

func set(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
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
