// Package notebook is the command notes: what is kept beside the evidence, told, changed and taken back.
//
// Rules: a flag that would be passed over is refused; a value is of its kind, or refused; rows are looked for in the case, which is only
// read. What is kept, and how, is said in package notes.
package notebook

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"case53/cases"
	"case53/cases/notes"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries"
)

// Verbs are what case53 notes does, with what each is for.
var Verbs = map[string]string{
	"list": "what is kept, and whether raw/ still has it", "add": "keep rows and values", "remove": "take off what is kept of rows and values",
	"undo": "take your last change back", "redo": "make it hold again", "sets": "the named sets", "set": "put values in a named set, or take them out",
}

// Command is the command; tool is what is said to have written a note.
func Command(tool string) *cobra.Command {
	c := &cobra.Command{
		Use:   "notes CASE [list|add|remove|undo|redo|sets|set NAME VALUE...]",
		Short: "Keep marks, tags, comments, severities and named sets, beside the evidence",
		Long: `Notes are on rows of logs and on values: an address, a name, an interface … They stand in notes.jsonl in the case, which is no
evidence, and may be written beside a sealed case. A row is named by its object's SHA-256 and its number in it, so that a note survives a
rebuild; its raw line is kept with its hash, and list reads it again from raw/ and says whether it is still there.

  case53 notes CASE add --row 12:345 --tag c2 --severity high --comment "the first call"
  case53 notes CASE add --address 198.51.100.7           a mark, where nothing else is said
  case53 notes CASE list --tag c2
  case53 notes CASE remove --row 12:345 --tag c2         the tag; without --tag, --severity, --mark, --comment all that is kept
  case53 notes CASE set c2 198.51.100.7 cdn.example      a named set of addresses, blocks, names, hosts
  case53 notes CASE set new --union c2 --minus known     becomes what is in c2 and not in known

undo takes back your own last change, redo makes it hold again; nothing is lost of either. Notes of others are shown as theirs.
list ends with 3 where a kept row was altered, with 4 where it is gone from the case.`,
		Args: cli.Between(1, -1),
		RunE: func(c *cobra.Command, args []string) error { return run(c, args, tool) },
	}
	f := c.Flags()
	f.StringArray("row", nil, "a row, `OBJECT:ROW`: object_id or SHA-256, and row_no; may be repeated, as all that name something")
	for _, v := range valueFlags {
		f.StringArray(v.flag, nil, v.says)
	}
	f.StringArray("value", nil, "a value of any kind, `KIND=VALUE`: vpc=vpc-0a1b, account=123456789012")
	f.StringArray("tag", nil, "a tag; in list only what has it")
	f.StringArray("severity", nil, "high, medium, low or info; in list only what has it")
	f.String("comment", "", "what is to be said; in remove the number of the comment that goes")
	f.Bool("mark", false, "the mark; in list only what has it")
	f.StringArray("by", nil, "in list: only what this person, user@host, kept")
	f.Bool("no-check", false, "in list: raw lines are not read again")
	f.Bool("take", false, "in set: the values are taken out")
	f.Bool("drop", false, "in set: the set itself goes")
	f.StringArray("union", nil, "in set: it becomes the values of these sets")
	f.StringArray("minus", nil, "in set: without the values of these sets")
	return c
}

var valueFlags = []struct{ flag, kind, says string }{
	{"address", "ip", "an address"}, {"name", "name", "a DNS name"}, {"interface", "interface", "an interface, eni-…"},
	{"instance", "instance", "an instance, i-…"}, {"path", "url_path", "the path of a URL"},
}

func run(c *cobra.Command, args []string, tool string) error {
	dir, verb, rest := cli.FindCase(args[0], c.ErrOrStderr()), "list", []string{}
	if len(args) > 1 {
		verb, rest = args[1], args[2:]
	}
	if Verbs[verb] == "" {
		return cli.Usage("case53 notes has no %q\nhint: %s", verb,
			cli.Meant(words.Near(verb, slices.Sorted(maps.Keys(Verbs))), "list, add, remove, undo, redo, sets, set"))
	}
	if len(rest) > 0 && verb != "set" {
		return cli.Usage("case53 notes %s takes flags, not %q\nhint: --row, --address, --name … say what it is about", verb, rest[0])
	}
	if err := flagsOf(c, verb); err != nil {
		return err
	}
	if !cases.Is(dir) {
		return fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	b, err := notes.Open(c.Context(), dir, tool)
	if err != nil {
		return err
	}
	if b.Torn() {
		printed.Error(c.ErrOrStderr(), errors.New("warning: the last note has no end: case53 was killed while it was written; it is not counted"))
	}
	switch verb {
	case "list":
		return list(c, dir, b)
	case "sets":
		return listSets(c, b)
	case "set":
		return changeSet(c, b, rest)
	case "undo", "redo":
		return takeBack(c, b, verb)
	}
	return change(c, dir, b, verb)
}

// flagsTaken are the flags that each of them takes.
var flagsTaken = map[string][]string{
	"list":   {"row", "address", "name", "interface", "instance", "path", "value", "tag", "severity", "mark", "by", "no-check"},
	"add":    {"row", "address", "name", "interface", "instance", "path", "value", "tag", "severity", "mark", "comment"},
	"remove": {"row", "address", "name", "interface", "instance", "path", "value", "tag", "severity", "mark", "comment"},
	"set":    {"take", "drop", "union", "minus"},
}

// flagsOf refuses a flag that would be passed over: somebody thinks that it was heard.
func flagsOf(c *cobra.Command, verb string) (err error) {
	own := c.LocalNonPersistentFlags()
	c.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && own.Lookup(f.Name) != nil && !slices.Contains(flagsTaken[verb], f.Name) {
			err = cli.Usage("case53 notes %s takes no --%s\nhint: case53 notes --help says which takes it", verb, f.Name)
		}
	})
	return err
}

// kindsOf refuses values that nothing in a case could be equal to.
func kindsOf(a notes.Ask) error {
	for kind, texts := range a.Values {
		for _, text := range texts {
			if accepts, ok := queries.Accepts(kind, text); !ok {
				return cli.Usage("%q is no %s\nhint: %s", text, kind, accepts)
			}
		}
	}
	for _, text := range a.Others {
		kind, value, _ := strings.Cut(text, "=")
		accepts, ok := queries.Accepts(kind, value)
		switch {
		case !queries.IsKind(kind):
			return cli.Usage("%q is no kind of value\nhint: %s", kind, cli.Meant(words.Near(kind, queries.Kinds()), strings.Join(queries.Kinds(), ", ")))
		case !ok:
			return cli.Usage("%q is no %s\nhint: %s", value, kind, accepts)
		}
	}
	return nil
}

// askOf reads the flags.
func askOf(c *cobra.Command) notes.Ask {
	all := func(name string) []string { texts, _ := c.Flags().GetStringArray(name); return texts }
	is := func(name string) bool { yes, _ := c.Flags().GetBool(name); return yes }
	a := notes.Ask{Values: map[string][]string{}, Others: all("value"), Tags: all("tag"), Severities: all("severity"), Mark: is("mark"),
		Take: is("take"), Drop: is("drop"), Union: all("union"), Minus: all("minus")}
	a.Comment, _ = c.Flags().GetString("comment")
	for _, v := range valueFlags {
		a.Values[v.kind] = all(v.flag)
	}
	return a
}

// targetsOf are the rows and values that flags name.
func targetsOf(c *cobra.Command, dir string) ([]notes.Target, error) {
	ask := askOf(c)
	values, err := ask.Targets()
	if err == nil {
		err = kindsOf(ask)
	}
	if err != nil {
		return nil, cli.Usage("%w", err)
	}
	rows, _ := c.Flags().GetStringArray("row")
	if len(rows) == 0 {
		return values, nil
	}
	k, err := cli.OpenCase(c.Context(), dir, io.Discard)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	found, err := notes.Rows(c.Context(), k, rows)
	return append(values, found...), err
}

// change is add and remove.
func change(c *cobra.Command, dir string, b *notes.Book, verb string) error {
	targets, err := targetsOf(c, dir)
	if err != nil {
		return err
	}
	change, err := askOf(c).Change(verb == "add", targets)
	if err != nil {
		return cli.Usage("%w", err)
	}
	line, err := b.Do(c.Context(), change)
	return saidOf(c, b, line, err, words.Plural(int64(len(targets)), "row or value", "rows and values"))
}

// saidOf says what a change came to.
func saidOf(c *cobra.Command, b *notes.Book, line int, err error, what string) error {
	if errors.Is(err, notes.ErrNothing) {
		what, line, err = "nothing to change: it is so already", 0, nil
	}
	if err != nil {
		return err
	}
	lines, head := b.Head()
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), map[string]any{"line": line, "lines": lines, "head": head})
	}
	return printed.Text(c.OutOrStdout(), fmt.Sprintf("%s; notes: %s, head %s\n", what, words.Plural(int64(lines), "line", "lines"), head))
}

func takeBack(c *cobra.Command, b *notes.Book, verb string) error {
	do := b.Undo
	if verb == "redo" {
		do = b.Redo
	}
	_, err := do(c.Context())
	lines, _ := b.Head()
	return saidOf(c, b, lines, err, verb+" of your last change")
}

func list(c *cobra.Command, dir string, b *notes.Book) error {
	ask := askOf(c)
	targets, err := targetsOf(c, dir)
	if err != nil {
		return err
	}
	f := notes.Filter{Tags: ask.Tags, Severities: ask.Severities, Marked: ask.Mark, Targets: targets}
	f.By, _ = c.Flags().GetStringArray("by")
	chosen := f.Chosen(b.Notes())
	var k *cases.Case
	if no, _ := c.Flags().GetBool("no-check"); !no && slices.ContainsFunc(chosen, func(n notes.Note) bool { return n.Kind == notes.Row }) {
		if k, err = cli.OpenCase(c.Context(), dir, c.ErrOrStderr()); err != nil {
			return err
		}
		defer k.Close()
	}
	listed, err := notes.Listed(c.Context(), k, chosen)
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		err = printed.JSON(c.OutOrStdout(), printed.KeptOf(b, listed))
	} else {
		printed.Notes(c.OutOrStdout(), listed, b.Actor())
		fmt.Fprintln(c.ErrOrStderr(), words.Plural(int64(len(listed)), "note", "notes"))
	}
	is := func(s notes.State) bool {
		return slices.ContainsFunc(listed, func(n notes.Kept) bool { return n.State == s })
	}
	switch {
	case err != nil || b.Fault() != nil:
		return errors.Join(err, b.Fault())
	case is(notes.Altered):
		return &cli.Status{Code: cli.Altered, Err: errors.New("raw lines of kept rows are not what they were when they were kept")}
	case is(notes.Gone):
		return &cli.Status{Code: cli.Incomplete, Err: errors.New("the case does not have all rows that were kept")}
	}
	return nil
}

func listSets(c *cobra.Command, b *notes.Book) error {
	if cli.WantsJSON(c) {
		return errors.Join(printed.JSON(c.OutOrStdout(), append([]notes.Set{}, b.Sets()...)), b.Fault())
	}
	printed.Sets(c.OutOrStdout(), b.Sets())
	return b.Fault()
}

// changeSet puts values in a set, takes them out, or makes it of others.
func changeSet(c *cobra.Command, b *notes.Book, args []string) error {
	if len(args) == 0 {
		return cli.Usage("the set has no name\nhint: case53 notes CASE set NAME VALUE...")
	}
	change, err := askOf(c).SetChange(b, args[0], args[1:])
	if err != nil {
		return cli.Usage("%w", err)
	}
	line, err := b.Do(c.Context(), change)
	set, _ := b.Set(change.Set)
	return saidOf(c, b, line, err, fmt.Sprintf("@%s: %s", change.Set, words.Plural(int64(len(set.Values)), "value", "values")))
}
