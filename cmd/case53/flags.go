package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/notes"
	"case53/cases/safetext"
	"case53/cmd/case53/printed"
	"case53/loader"
	"case53/loader/account"
	"case53/queries"
	"case53/queries/findings"
)

// addAWSFlags gives a command the flags that choose an AWS account.
func addAWSFlags(c *cobra.Command) {
	f := c.Flags()
	f.String("profile", "", "profile of ~/.aws/config; else AWS_PROFILE and the other usual settings")
	f.String("region", "", "region; else that of the environment or the profile")
	f.String("role-arn", "", "role to assume first")
	f.String("external-id", "", "external id for --role-arn")
	f.String("endpoint-url", "", "endpoint of every service; AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> work too")
	f.Bool("imds", false, "ask this machine's instance metadata for credentials and region; it is not asked otherwise")
}

// findCase gives the case that path names: itself, or the only *.case folder in it, which is then said.
func findCase(path string, stderr io.Writer) string {
	if cases.Is(path) {
		return path
	}
	inside, _ := filepath.Glob(filepath.Join(path, "*.case"))
	if len(inside) == 1 && cases.Is(inside[0]) {
		fmt.Fprintf(stderr, "case: %s\n", safetext.Show(inside[0]))
		return inside[0]
	}
	return path
}

// openCase opens a case for looking. It refuses one whose custody log is gone, cut or replaced, and warns where a load was cut
// short.
func openCase(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := cases.Open(ctx, findCase(path, stderr), loader.Schemas())
	if err == nil && c.Altered != nil {
		c.Close()
		return nil, c.Altered
	}
	if err == nil && c.NotReady != nil {
		printed.Error(stderr, fmt.Errorf("warning: %w", c.NotReady))
	}
	if err != nil {
		return nil, err
	}
	for _, what := range c.Unfinished {
		printed.Error(stderr, fmt.Errorf("warning: %s", what))
	}
	if here := custody.Actor(); c.MadeBy != "" && machine(c.MadeBy) != machine(here) {
		printed.Error(stderr, fmt.Errorf("warning: %s was made on another machine, by %s, and nothing vouches for it\n"+
			"hint: what it says is as good as who gave it to you; its objects in raw/ can be loaded into a new case", c.Dir, c.MadeBy))
	}
	return c, nil
}

// machine is the host of an actor in the custody log.
func machine(actor string) string { return actor[strings.LastIndexByte(actor, '@')+1:] }

// openWhole opens a case for questions about all of it, which one that is not ready, or empty, has no answer to.
func openWhole(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := openCase(ctx, path, stderr)
	if err != nil {
		return nil, err
	}
	if err := c.Whole(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// listFlags reads the files of the flags --allow and --ioc; @NAME is a named set of the notes of the case.
func listFlags(c *cobra.Command, dir string) (allow, ioc *findings.Lists, err error) {
	for _, l := range []struct {
		flag string
		into **findings.Lists
	}{{"allow", &allow}, {"ioc", &ioc}} {
		given, _ := c.Flags().GetStringArray(l.flag)
		var files, values []string
		for _, name := range given {
			texts, isSet, err := notes.Values(c.Context(), findCase(dir, io.Discard), name)
			if err != nil {
				return nil, nil, fmt.Errorf("--%s: %w", l.flag, err)
			}
			if values = append(values, texts...); !isSet {
				files = append(files, name)
			}
		}
		if *l.into, err = findings.ReadLists(files, values...); err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", l.flag, err)
		}
	}
	return allow, ioc, nil
}

func wantsJSON(c *cobra.Command) bool {
	yes, _ := c.Flags().GetBool("json")
	return yes
}

// library is the saved queries as seen from a case.
func library(dir string, stderr io.Writer) (*queries.Set, error) {
	var folders []fs.FS
	if config, err := os.UserConfigDir(); err == nil {
		folders = append(folders, queries.Dir(filepath.Join(config, "case53", "queries")))
	}
	set, err := queries.Load(folders...)
	if err != nil {
		return nil, err
	}
	ofCase := filepath.Join(dir, "queries")
	if info, err := os.Lstat(ofCase); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is no folder", cases.ErrForeign, ofCase)
	}
	set.AddOfCase(queries.Dir(ofCase))
	for _, problem := range set.Problems {
		printed.Error(stderr, fmt.Errorf("saved query: %w", problem))
	}
	return set, nil
}

// savedQuery finds a query by name.
func savedQuery(set *queries.Set, name string) (*queries.Query, error) {
	q, suggestions := set.Find(name)
	if q == nil {
		hint := "case53 query CASE lists them"
		if len(suggestions) > 0 {
			hint = "did you mean " + strings.Join(suggestions, ", ") + "?"
		}
		return nil, usage("no saved query %q\nhint: %s", name, hint)
	}
	return q, nil
}

// parameters reads -p name=value.
func parameters(given []string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range given {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, usage("-p %q is not name=value", p)
		}
		if _, twice := values[name]; twice {
			return nil, usage("-p %s is given twice", name)
		}
		values[name] = value
	}
	return values, nil
}

// accountOf opens the account that the flags of addAWSFlags name.
func accountOf(c *cobra.Command) (*account.Account, error) {
	text := func(name string) string { s, _ := c.Flags().GetString(name); return s }
	o := account.Options{
		Profile:     text("profile"),
		Region:      text("region"),
		EndpointURL: text("endpoint-url"),
		RoleARN:     text("role-arn"),
		ExternalID:  text("external-id"),
	}
	o.Metadata, _ = c.Flags().GetBool("imds")
	if o.ExternalID != "" && o.RoleARN == "" {
		return nil, usage("--external-id without --role-arn")
	}
	return account.Open(c.Context(), o)
}
