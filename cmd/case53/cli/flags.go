package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/notes"
	"case53/cases/safetext"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/loader"
	"case53/loader/account"
	"case53/queries"
	"case53/queries/findings"
)

// AddAWSFlags gives a command the flags that choose an AWS account.
func AddAWSFlags(c *cobra.Command) {
	f := c.Flags()
	f.String("profile", "", "profile of ~/.aws/config; else AWS_PROFILE and the other usual settings")
	f.String("region", "", "region; else that of the environment or the profile")
	f.String("role-arn", "", "role to assume first")
	f.String("external-id", "", "external id for --role-arn")
	f.String("endpoint-url", "", "endpoint of every service; AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE> work too")
	f.Bool("imds", false, "ask this machine's instance metadata for credentials and region; it is not asked otherwise")
}

// FindCase gives the case that path names: itself, or the only *.case folder in it, which is then said.
func FindCase(path string, stderr io.Writer) string {
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

// OpenCase opens a case for looking. It refuses one whose custody log is gone, cut or replaced, and warns where a load was cut
// short, or what is derived is not there.
func OpenCase(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := open(ctx, FindCase(path, stderr), stderr)
	if err == nil {
		warnUnready(c, stderr)
	}
	return c, err
}

// OpenRecords is OpenCase for what asks for the records and perhaps for more: where only what is derived is missing, nothing is said of
// it. Who needs it calls Built, or BuildBeside.
func OpenRecords(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := open(ctx, FindCase(path, stderr), stderr)
	if err == nil && !c.Unbuilt {
		warnUnready(c, stderr)
	}
	return c, err
}

// OpenBuilt is OpenCase for what rests on what is derived: where that is all that is missing, it is built first.
func OpenBuilt(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := OpenRecords(ctx, path, stderr)
	if err == nil && c.Unbuilt {
		return Built(ctx, c, stderr)
	}
	return c, err
}

// Built builds what is missing of what is derived from a case, and gives the case opened anew. c is closed.
func Built(ctx context.Context, c *cases.Case, stderr io.Writer) (*cases.Case, error) {
	c.Close() // first: the locks of a process on a file go when it closes the file once
	if err := buildDerived(ctx, c.Dir, stderr); err != nil {
		return nil, err
	}
	c, err := open(ctx, c.Dir, io.Discard) // what it says was said
	if err == nil {
		warnUnready(c, stderr)
	}
	return c, err
}

// open opens a case that is as it was written, and warns of what stays so.
func open(ctx context.Context, dir string, stderr io.Writer) (*cases.Case, error) {
	c, err := cases.Open(ctx, dir, loader.Schemas())
	if err == nil && c.Altered != nil {
		c.Close()
		return nil, c.Altered
	}
	if err != nil {
		return nil, err
	}
	for _, what := range c.Unfinished {
		printed.Error(stderr, fmt.Errorf("warning: %s", what))
	}
	for _, s := range c.Scopes {
		printed.Error(stderr, fmt.Errorf("warning: %s", s))
	}
	if here := custody.Actor(); c.MadeBy != "" && machine(c.MadeBy) != machine(here) {
		printed.Error(stderr, fmt.Errorf("warning: %s was made on another machine, by %s, and nothing vouches for it\n"+
			"hint: what it says is as good as who gave it to you; its objects in raw/ can be loaded into a new case", c.Dir, c.MadeBy))
	}
	return c, nil
}

func warnUnready(c *cases.Case, stderr io.Writer) {
	if c.NotReady != nil {
		printed.Error(stderr, fmt.Errorf("warning: %w", c.NotReady))
	}
}

// buildDerived builds what is missing of what is derived; where another process does so, or writes the case, it waits for its end. Where
// it cannot be written, whoever opens the case is told what is missing.
func buildDerived(ctx context.Context, dir string, stderr io.Writer) error {
	fmt.Fprintln(stderr, building)
	show := progress.New(stderr, !IsTerminal(stderr), false)
	err := loader.Build(ctx, dir, show.Update)
	for waits := false; errors.Is(err, cases.ErrLocked) && ctx.Err() == nil; err = loader.Build(ctx, dir, show.Update) {
		if !waits {
			said, _, _ := strings.Cut(err.Error(), "\nhint: ")
			fmt.Fprintf(stderr, "waiting for the other case53 to finish: %s\n", safetext.Show(said))
		}
		waits = true
		select {
		case <-ctx.Done():
		case <-time.After(waitsFor):
		}
	}
	show.End()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		printed.Error(stderr, fmt.Errorf("warning: it could not be built: %w", err))
	}
	return nil
}

// waitsFor is how long buildDerived waits until it looks again.
const waitsFor = 200 * time.Millisecond

// building is said before.
const building = "building what is missing of connections, names and counts"

// machine is the host of an actor in the custody log.
func machine(actor string) string { return actor[strings.LastIndexByte(actor, '@')+1:] }

// OpenWhole opens a case for questions about all of it, which one that is not ready, or empty, has no answer to.
func OpenWhole(ctx context.Context, path string, stderr io.Writer) (*cases.Case, error) {
	c, err := OpenBuilt(ctx, path, stderr)
	if err != nil {
		return nil, err
	}
	if err := c.Whole(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Lists reads the files of the flags --allow and --ioc; @NAME is a named set of the notes of the case.
func Lists(c *cobra.Command, dir string) (allow, ioc *findings.Lists, err error) {
	for _, l := range []struct {
		flag string
		into **findings.Lists
	}{{"allow", &allow}, {"ioc", &ioc}} {
		given, _ := c.Flags().GetStringArray(l.flag)
		var files, values []string
		for _, name := range given {
			texts, isSet, err := notes.Values(c.Context(), FindCase(dir, io.Discard), name)
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

// WantsJSON says whether data is to be printed as JSON.
func WantsJSON(c *cobra.Command) bool {
	yes, _ := c.Flags().GetBool("json")
	return yes
}

// Library is the saved queries as seen from a case.
func Library(dir string, stderr io.Writer) (*queries.Set, error) {
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

// SavedQuery finds a query by name.
func SavedQuery(set *queries.Set, name string) (*queries.Query, error) {
	q, suggestions := set.Find(name)
	if q == nil {
		hint := "case53 query CASE lists them"
		if len(suggestions) > 0 {
			hint = "did you mean " + strings.Join(suggestions, ", ") + "?"
		}
		return nil, Usage("no saved query %q\nhint: %s", name, hint)
	}
	return q, nil
}

// Parameters reads -p name=value.
func Parameters(given []string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range given {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, Usage("-p %q is not name=value", p)
		}
		if _, twice := values[name]; twice {
			return nil, Usage("-p %s is given twice", name)
		}
		values[name] = value
	}
	return values, nil
}

// Account opens the account that the flags of addAWSFlags name.
func Account(c *cobra.Command) (*account.Account, error) {
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
		return nil, Usage("--external-id without --role-arn")
	}
	return account.Open(c.Context(), o)
}

// WantsEvents says whether progress is to be written as JSON lines: by pull --json.
func WantsEvents(c *cobra.Command) bool { return c.Name() == "pull" && WantsJSON(c) }
