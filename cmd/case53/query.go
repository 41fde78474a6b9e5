package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/safetext"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/queries"
	"case53/queries/export"
)

func newQuery() *cobra.Command {
	c := &cobra.Command{
		Use:   "query CASE [NAME] [-p name=value]...",
		Short: "List the saved queries, explain one (NAME --help), run one, or run SQL",
		Long: `Saved queries are .sql files: the built-in ones, those in the user's configuration folder (case53/queries), and those
in the case (CASE/queries). SQL reads the views flow, flow_by_addr, dns, dns_answer, zone, object, reject, capture,
event and minute; addresses as numbers are in the columns ending in _n, for ip('…') and in_cidr(…, '…').`,
		Args: cli.Between(1, 2),
		RunE: runQuery,
	}
	c.Flags().StringArrayP("param", "p", nil, "a parameter of the query, name=value; may be repeated")
	c.Flags().String("sql", "", "run this SQL in place of a saved query")
	c.Flags().StringP("output", "o", "", formNames()+" (default table; json with --json)")
	standard := c.HelpFunc()
	c.SetHelpFunc(func(c *cobra.Command, args []string) {
		if rest := c.Flags().Args(); len(rest) == 2 {
			if err := explain(c, rest[0], rest[1]); err != nil {
				*c.Context().Value(helpFailed{}).(*error) = err
			}
			return
		}
		standard(c, args)
	})
	return c
}

func explain(c *cobra.Command, dir, name string) error {
	set, err := cli.Library(cli.FindCase(dir, c.ErrOrStderr()), c.ErrOrStderr())
	if err != nil {
		return err
	}
	q, err := cli.SavedQuery(set, name)
	if err != nil {
		return err
	}
	return printed.Text(c.OutOrStdout(), q.Help())
}

func runQuery(c *cobra.Command, args []string) error {
	form, err := outputForm(c)
	if err != nil {
		return err
	}
	k, err := cli.OpenRecords(c.Context(), args[0], c.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() {
		if k != nil {
			k.Close()
		}
	}()
	set, err := cli.Library(k.Dir, c.ErrOrStderr())
	if err != nil {
		return err
	}
	given, _ := c.Flags().GetStringArray("param")
	text, _ := c.Flags().GetString("sql")
	if !c.Flags().Changed("sql") && len(args) == 1 {
		if len(given) > 0 {
			return cli.Usage("-p without a query to give it to\nhint: case53 %s", c.Use)
		}
		return listQueries(c, set)
	}
	sql, values, apart, err := statement(c, set, args, text, given)
	if err != nil {
		return err
	}
	if form.Binary() && cli.IsTerminal(c.OutOrStdout()) {
		return cli.Usage("%s is not for a terminal\nhint: case53 query … -o %s > FILE", form.Name, form.Name)
	}
	answer := func() error {
		asked := k
		if apart {
			asked = k.Apart()
		}
		return form.Query(c.Context(), c.OutOrStdout(), asked, sql, values, cli.IsTerminal(c.OutOrStdout()))
	}
	err = answer()
	if errors.Is(err, cases.ErrNotReady) && k.Unbuilt { // nothing was printed: it is refused before it runs
		if k, err = cli.Built(c.Context(), k, c.ErrOrStderr()); err != nil {
			return err
		}
		err = answer()
	}
	if err != nil && len(args) == 2 {
		return fmt.Errorf("query %s: %w", args[1], err)
	}
	return err
}

// statement is the SQL to run and its arguments; apart says that we have not written it.
func statement(c *cobra.Command, set *queries.Set, args []string, text string, given []string) (sql string, bound map[string]any, apart bool, err error) {
	values, err := cli.Parameters(given)
	if err != nil {
		return "", nil, false, err
	}
	if c.Flags().Changed("sql") {
		if len(args) == 2 {
			return "", nil, false, cli.Usage("a saved query and --sql at the same time")
		}
		bound = map[string]any{}
		for name, value := range values {
			bound[name] = value
		}
		return text, bound, true, nil
	}
	q, err := cli.SavedQuery(set, args[1])
	if err != nil {
		return "", nil, false, err
	}
	printed.OfCase(q, c.ErrOrStderr())
	if sql, bound, err = q.Bind(values); err != nil {
		return "", nil, false, &cli.Status{Code: cli.Misused, Err: err}
	}
	return sql, bound, !q.Builtin, nil
}

func outputForm(c *cobra.Command) (export.Format, error) {
	name, _ := c.Flags().GetString("output")
	switch {
	case name == "" && cli.WantsJSON(c):
		name = "json"
	case name == "":
		name = "table"
	}
	form, ok := export.Find(name)
	if !ok {
		return form, cli.Usage("no output form %q\nhint: -o %s", name, formNames())
	}
	return form, nil
}

// formNames lists the forms for a sentence.
func formNames() string {
	var names []string
	for _, f := range export.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// listQueries lists what can be run.
func listQueries(c *cobra.Command, set *queries.Set) error {
	type param struct {
		Name     string `json:"name"`
		Kind     string `json:"kind"`
		Default  string `json:"default"`
		Required bool   `json:"required"`
		Doc      string `json:"doc"`
	}
	type query struct {
		ID     string   `json:"id"`
		Group  string   `json:"group"`
		Title  string   `json:"title"`
		Needs  []string `json:"needs"`
		Params []param  `json:"params"`
		Path   string   `json:"path"`
	}
	out := []query{}
	group := ""
	for _, q := range set.All() {
		item := query{q.ID, q.Group, q.Title, q.Needs, []param{}, q.Path}
		for _, p := range q.Params {
			item.Params = append(item.Params, param{p.Name, p.Kind, p.Default, p.Required, p.Doc})
		}
		out = append(out, item)
		if cli.WantsJSON(c) {
			continue
		}
		if q.Group != group {
			group = q.Group
			fmt.Fprintf(c.OutOrStdout(), "%s\n", safetext.Show(group))
		}
		fmt.Fprintf(c.OutOrStdout(), "  %-28s %s\n", safetext.Show(q.ID), safetext.Show(q.Title))
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), out)
	}
	fmt.Fprintln(c.ErrOrStderr(), "case53 query CASE NAME --help explains one")
	return nil
}
