package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"case53/cases"
	"case53/cmd/case53/cli"
	"case53/loader"
	"case53/queries"
	"case53/queries/export"
	"case53/tui/frame"
)

// ground is where hostile statements are tried: a case, a secret beside it, a folder that nothing may be written to, and a port that
// nobody may connect to.
type ground struct {
	t       *testing.T
	k       *cases.Case
	dir     string // with all of it
	out     string // what exports write to
	replace *strings.Replacer
	calls   chan string // whoever has connected
	before  string
	longest time.Duration // from a cancel to its answer
}

// secret is what must not come out of any statement.
const secret = "S3CR3T-53"

func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{t: t, dir: t.TempDir(), out: t.TempDir(), calls: make(chan string, 100)}
	target := filepath.Join(g.dir, "a.case")
	if code, _, stderr := case53Run(t, "load", target, writeFlows(t, 1, 10)); code != cli.Fine {
		t.Fatal(stderr)
	}
	for name, text := range map[string]string{"secret.csv": "a,b\n" + secret + ",1\n",
		"secret.json": `{"a":"` + secret + `"}` + "\n", "secret.sql": "SELECT 1"} {
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	go func() {
		for {
			c, err := port.Accept()
			if err != nil {
				return
			}
			g.calls <- c.RemoteAddr().String()
			c.Close()
		}
	}()
	g.replace = strings.NewReplacer("DIR", g.dir, "URL", "http://"+port.Addr().String())
	if g.k, err = cases.Open(t.Context(), target, loader.Schemas()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.k.Close)
	t.Setenv("S3CR3T", secret) // so that /proc/self/environ has it, and a worker's must not
	g.before = g.state()
	return g
}

// state is what may not change: the files, and all that the case's catalog has.
func (g *ground) state() string {
	g.t.Helper()
	var b strings.Builder
	for _, dir := range []string{g.dir, "."} { // DuckDB writes what has no folder to where the process is
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			fmt.Fprintln(&b, path, info.Mode(), info.Size(), info.ModTime())
			return err
		})
		if err != nil {
			g.t.Fatal(err)
		}
	}
	const catalog = `SELECT 'table', database_name, schema_name, table_name FROM duckdb_tables()
		UNION ALL SELECT 'view', database_name, schema_name, view_name FROM duckdb_views()
		UNION ALL SELECT 'schema', database_name, schema_name, '' FROM duckdb_schemas()
		UNION ALL SELECT DISTINCT 'function', database_name, schema_name, function_name FROM duckdb_functions()
		UNION ALL SELECT 'type', database_name, schema_name, type_name FROM duckdb_types() WHERE NOT internal
		UNION ALL SELECT 'sequence', database_name, schema_name, sequence_name FROM duckdb_sequences()
		UNION ALL SELECT 'database', database_name, path, '' FROM duckdb_databases()
		UNION ALL SELECT 'variable', name, '', '' FROM duckdb_variables()
		UNION ALL SELECT 'setting', name, value, '' FROM duckdb_settings() ORDER BY ALL`
	if err := g.k.Apart().Each(g.t.Context(), catalog, nil, func(v []any) error {
		_, err := fmt.Fprintln(&b, v...)
		return err
	}); err != nil {
		g.t.Fatal(err)
	}
	return b.String()
}

// check looks for what a statement has done beside its answer.
func (g *ground) check(what string) {
	g.t.Helper()
	if after := g.state(); after != g.before {
		g.t.Errorf("%s: there is another state of files or catalog:\n%s", what, firstDifference(g.before, after))
		g.before = after
	}
	select {
	case who := <-g.calls:
		g.t.Errorf("%s: %s has connected", what, who)
	default:
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\n" + y[i]
		}
	}
	return fmt.Sprint(len(x), " and ", len(y), " lines")
}

// patience is how long a statement may run before it is cancelled.
const patience = 2 * time.Second

// ways are those that somebody else's SQL can take: by hand to the table, as Parquet, through the workbench and under its order, and
// as the rows of an export. That of a query file is a way of its own, see TestStatements.
var ways = map[string]func(ctx context.Context, g *ground, sql string) (string, error){
	"query --sql": func(ctx context.Context, g *ground, sql string) (string, error) {
		form, _ := export.Find("jsonl")
		var out bytes.Buffer
		err := form.Query(ctx, &most{w: &out}, g.k.Apart(), sql, nil, false)
		return out.String(), err
	},
	"query -o parquet": func(ctx context.Context, g *ground, sql string) (string, error) {
		form, _ := export.Find("parquet")
		var out bytes.Buffer
		err := form.Query(ctx, &most{w: &out}, g.k.Apart(), sql, nil, false)
		return out.String(), err
	},
	"workbench": func(ctx context.Context, g *ground, sql string) (string, error) { return g.screen(ctx, sql) },
	"workbench, in order": func(ctx context.Context, g *ground, sql string) (string, error) {
		return g.screen(ctx, "SELECT * FROM (\n"+frame.TrimSQL(sql)+"\n)\nORDER BY 1")
	},
	"export": func(ctx context.Context, g *ground, sql string) (string, error) {
		tool, _ := export.FindTool("timesketch")
		file := filepath.Join(g.out, "rows.jsonl")
		_, err := tool.Export(ctx, g.k.Apart(), export.Request{Target: file, Force: true, Program: "test", Query: &export.Query{SQL: sql}})
		text, _ := os.ReadFile(file)
		return string(text), err
	},
}

// screen reads the first rows of a statement as a screen does.
func (g *ground) screen(ctx context.Context, sql string) (string, error) {
	r, err := frame.CaseReader{Case: g.k}.Apart().Query(ctx, sql, nil)
	if err != nil {
		return "", err
	}
	defer r.Close()
	rows, err := r.Fetch(ctx, 0, 1000)
	return fmt.Sprint(rows), err
}

// most takes so much, and then no more.
type most struct{ w *bytes.Buffer }

func (m *most) Write(p []byte) (int, error) {
	if m.w.Len() > 1<<20 {
		return 0, errors.New("enough")
	}
	return m.w.Write(p)
}

// try runs a statement one way. It gives what it said.
func (g *ground) try(way, sql string, run func(context.Context, *ground, string) (string, error)) error {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), patience)
	defer cancel()
	out, err := run(ctx, g, sql)
	if end, _ := ctx.Deadline(); time.Now().After(end) {
		g.longest = max(g.longest, time.Since(end))
	}
	if strings.Contains(out, secret) || err != nil && strings.Contains(err.Error(), secret) {
		g.t.Errorf("%s: %.300s: the secret came out: %.200s, %v", way, sql, out, err)
	}
	return err
}

// TestStatements runs statements that somebody may have prepared in every way that SQL can come in. None reads or writes a file,
// reaches a network, or leaves anything in the catalog; those that are no query are refused. CASE53_STATEMENTS=1 runs all of them,
// and those that ask for too much; without, some are run.
func TestStatements(t *testing.T) {
	g, parts := newGround(t), statementParts(t)
	all := hostileStatements(parts)
	every, large := 101, os.Getenv("CASE53_STATEMENTS") != ""
	if large {
		every = 1
	} else if len(all) < 1000 {
		t.Errorf("%d statements", len(all))
	}
	began, ran, answered := time.Now(), 0, 0
	for i := 0; i < len(all); i += every {
		sql := g.replace.Replace(all[i].sql)
		for way, run := range ways {
			err := g.try(way, sql, run)
			if ran++; err == nil {
				answered++
			}
			if err == nil && all[i].refused {
				t.Errorf("%s: %.300s: was answered", way, sql)
			}
		}
		if i%(10*every) == 0 {
			g.check(fmt.Sprintf("one of ten before %.300s", sql))
		}
	}
	ran += g.files(all, every)
	g.check("the end")
	if large {
		g.bombs(parts["bombs"])
	}
	t.Logf("%d of %d statements, run %d times in %s, %d answered; %s at most from cancel to answer", (len(all)+every-1)/every, len(all), ran,
		time.Since(began).Round(time.Second), answered, g.longest.Round(time.Millisecond))
}

// files tries statements as queries that came with the case.
func (g *ground) files(all []hostileStatement, every int) (ran int) {
	dir := g.t.TempDir()
	for i := 0; i < len(all); i += every {
		text := "-- A stranger's\n--\n-- Words.\n--\n-- cannot: Anything else.\n--\n-- needs:  flow\n\n" + g.replace.Replace(all[i].sql) + "\n"
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("hostile-%d.sql", i)), []byte(text), 0o600); err != nil {
			g.t.Fatal(err)
		}
	}
	set, err := queries.Load()
	if err != nil {
		g.t.Fatal(err)
	}
	set.AddOfCase(queries.Dir(dir))
	for _, q := range set.All() {
		if !q.OfCase {
			continue
		}
		sql, _, err := q.Bind(nil)
		if err != nil {
			continue
		}
		g.try("query of the case", sql, ways["query --sql"])
		ran++
	}
	return ran
}

// bombs runs statements that take more time or memory than there is. Each is answered, fails or is let go; this process hardly grows.
func (g *ground) bombs(all []string) {
	for _, sql := range all {
		g.try("bomb", sql, ways["query --sql"])
		g.try("bomb", sql, ways["workbench"])
		g.check(sql)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmHWM") || strings.HasPrefix(line, "VmRSS") {
			g.t.Log("this process: ", line)
		}
	}
	if g.longest > time.Second {
		g.t.Errorf("%s from cancel to answer", g.longest)
	}
}
