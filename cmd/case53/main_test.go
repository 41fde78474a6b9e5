package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/klauspost/compress/gzip"
	"github.com/rogpeppe/go-internal/testscript"

	"case53/cases"
	"case53/loader"
	"case53/tui"
)

// TestMain lets a script run the program as the command case53.
func TestMain(m *testing.M) {
	cases.Work(loader.Schemas)
	testscript.Main(m, map[string]func(){"case53": main})
}

// TestScript runs the stories of testdata/script: what a user types, and what comes of it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("TZ", "Asia/Tokyo") // no time may depend on it
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": scriptExits, "visible": scriptVisible, "json": scriptJSON, "balance": scriptBalance,
			"bytes": scriptBytes, "gzip": scriptGzip, "long": scriptLong,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
	})
}

// scriptExits runs case53 and checks its exit code: exits CODE ARGS...
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("case53", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("case53: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptVisible checks that a file (stdout, stderr) holds nothing that could steer a terminal: visible FILE...
func scriptVisible(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		for i, line := range strings.Split(ts.ReadFile(name), "\n") {
			if at := strings.IndexFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }); at >= 0 {
				ts.Fatalf("%s: line %d holds %q", name, i+1, line[at:])
			}
		}
	}
}

// scriptJSON checks one value of the JSON on standard output: json PATH VALUE, where PATH is keys and indexes joined
// by dots, and VALUE the JSON of it; a VALUE of "*" takes anything. "!" says that the path is not there.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	var v any
	ts.Check(d.Decode(&v))
	if d.More() {
		ts.Fatalf("more than one JSON document")
	}
	for _, key := range strings.Split(args[0], ".") {
		ok := key == ""
		switch at := v.(type) {
		case map[string]any:
			v, ok = at[key]
		case []any:
			if key == "len" {
				v, ok = json.Number(strconv.Itoa(len(at))), true
			} else if i, err := strconv.Atoi(key); err == nil && i < len(at) {
				v, ok = at[i], true
			}
		}
		if neg && !ok {
			return
		}
		if !ok {
			ts.Fatalf("nothing at %s (key %q)", args[0], key)
		}
	}
	if neg {
		ts.Fatalf("there is something at %s", args[0])
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	ts.Check(enc.Encode(v))
	if text := strings.TrimSpace(got.String()); args[1] != "*" && text != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], text, args[1])
	}
}

// scriptBalance checks that every record that was read has its place, in the case as a whole, in every capture and in
// every object: balance CASE READ ROWS HEADERS BLANK OUTSIDE DUPLICATE UNREAD REJECTED
func scriptBalance(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(ts.Exec("case53", "info", args[0], "--json"))
	l, err := balanced([]byte(ts.ReadFile("stdout")))
	ts.Check(err)
	got := numbers(l)
	if want := strings.Join(args[1:], " "); got != want {
		ts.Fatalf("read rows headers blank outside duplicate unread rejected: %s, want %s", got, want)
	}
	ts.Check(ts.Exec("case53", "query", args[0], "--json", "--sql", unbalancedSQL))
	if text := ts.ReadFile("stdout"); text != "[]\n" {
		ts.Fatalf("objects that do not balance: %s", text)
	}
}

// numbers is a balance without its words: read, rows, headers, blank, outside, duplicate, unread, rejected.
func numbers(l cases.Counts) string {
	return fmt.Sprint(l.Read, l.Rows, l.Headers, l.Blank, l.Outside, l.Duplicate, l.Unread, l.Rejected)
}

// unbalancedSQL finds what is not accounted for in a single object.
const unbalancedSQL = `SELECT object_id, uri FROM object o WHERE "read" <> rows + headers + blank + outside + duplicate + unread + not_kept + rejected
	OR rejected <> (SELECT count(*) FROM reject r WHERE r.object_id = o.object_id)
	OR rows <> (SELECT count(*) FROM
		(SELECT object_id FROM flow UNION ALL SELECT object_id FROM dns UNION ALL SELECT object_id FROM zone UNION ALL SELECT object_id FROM change
		UNION ALL SELECT object_id FROM host_log UNION ALL SELECT object_id FROM waf UNION ALL SELECT object_id FROM tls
		UNION ALL SELECT object_id FROM finding UNION ALL SELECT object_id FROM alb UNION ALL SELECT object_id FROM alb_health
		UNION ALL SELECT object_id FROM httpd UNION ALL SELECT object_id FROM cloudfront UNION ALL SELECT object_id FROM s3_access
		UNION ALL SELECT object_id FROM apigw) t
		WHERE t.object_id = o.object_id)`

// balanced reads info --json and checks that its sums hold.
func balanced(info []byte) (cases.Counts, error) {
	var v struct {
		Tables   map[string]int64
		Lines    cases.Counts
		Captures []struct{ Lines cases.Counts }
	}
	if err := json.Unmarshal(info, &v); err != nil {
		return cases.Counts{}, err
	}
	sum, l := cases.Counts{}, v.Lines
	for _, c := range v.Captures {
		sum.Add(c.Lines)
	}
	switch {
	case !l.Balanced():
		return l, fmt.Errorf("%+v does not balance", l)
	case l != sum:
		return l, fmt.Errorf("the captures add up to %+v, the case says %+v", sum, l)
	case l.Rows != ofRecords(v.Tables):
		return l, fmt.Errorf("%d rows, but the tables hold %v", l.Rows, v.Tables)
	}
	return l, nil
}

// ofRecords is how many records the tables of all log types hold; child rows are none.
func ofRecords(tables map[string]int64) (n int64) {
	for _, t := range loader.Types() {
		n += tables[t.View]
	}
	return n
}

// scriptBytes writes a file from Go string literals, a line for each: bytes FILE LITERAL...
func scriptBytes(ts *testscript.TestScript, neg bool, args []string) {
	var out []byte
	for _, literal := range args[1:] {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(literal, `"`, `\"`) + `"`)
		ts.Check(err)
		out = append(append(out, text...), '\n')
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out, 0o600))
}

// scriptGzip compresses a file, and keeps only part of the result when asked to: gzip FILE TO [BYTES]
func scriptGzip(ts *testscript.TestScript, neg bool, args []string) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(ts.ReadFile(args[0])))
	ts.Check(z.Close())
	out := b.Bytes()
	if len(args) == 3 {
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		if n < 0 {
			n += len(out)
		}
		out = out[:n]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o600))
}

// scriptLong appends a text that is repeated to a file: long FILE TEXT TIMES
func scriptLong(ts *testscript.TestScript, neg bool, args []string) {
	times, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = f.WriteString(strings.Repeat(args[1], times))
	ts.Check(errors.Join(err, f.Close()))
}

// TestScreensHaveTwins: what a screen says, a command says too.
func TestScreensHaveTwins(t *testing.T) {
	var commands []string
	for _, c := range newRoot().Commands() {
		commands = append(commands, c.Name())
	}
	for _, s := range tui.Screens(nil) {
		if s.Twin != "" && !slices.Contains(commands, s.Twin) {
			t.Errorf("the screen %s names the command %s, which there is not", s.Name, s.Twin)
		}
	}
}
