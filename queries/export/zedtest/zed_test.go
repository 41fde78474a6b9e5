// Package zedtest has Zeek's logs read by zed, which Zui and Brim read them with.
package zedtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brimdata/zed"
	"github.com/brimdata/zed/zio/zeekio"
	"github.com/brimdata/zed/zson"
)

// hostile are Resolver records whose names and answers are hard to carry.
var hostile = []string{"a\tb", "new\nline", "-", "(empty)", "a,b", `\x2c`, "\u202egnp.exe", "\x1b[2J", "日本.example", "\u2028", "\x00nul", "#close\t", ""}

// case53 runs the program.
func case53(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("case53 %v: %v", args, err)
	}
	return out
}

// read gives the number of rows of a log, and the types of its fields as zed has them.
func read(t *testing.T, path string) (rows int64, kind string, names []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := zeekio.NewReader(zed.NewContext(), f)
	for {
		v, err := r.Read()
		if err != nil {
			t.Fatalf("%s, row %d: %v", path, rows+1, err)
		}
		if v == nil {
			return rows, kind, names
		}
		rows++
		if query := v.Deref("query"); query != nil && !query.IsNull() {
			names = append(names, query.AsString())
		}
		kind = zson.FormatType(v.Type())
	}
}

func TestZedReadsEveryRow(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "case53")
	if out, err := exec.Command("go", "build", "-C", "../../..", "-o", program, "./cmd/case53").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	case53(t, program, "demo", "--no-open", "--dir", dir)
	var lines []string
	for _, text := range hostile {
		line, err := json.Marshal(
			map[string]any{"query_timestamp": "2025-10-09T08:53:20Z", "query_name": text + ".", "query_type": "TXT", "srcaddr": "10.0.0.1",
				"vpc_id": "vpc-1", "answers": []any{map[string]any{"Rdata": text, "Type": "TXT", "Class": "IN"}, map[string]any{"Rdata": "b", "Type": "TXT"}}},
		)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	log := filepath.Join(dir, "resolver.log")
	if err := os.WriteFile(log, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	case53(t, program, "load", "--quiet", filepath.Join(dir, "hostile.case"), log)
	for name, least := range map[string]int64{"incident.case": 10_000, "hostile.case": int64(len(hostile))} {
		folder := filepath.Join(dir, strings.TrimSuffix(name, ".case")+"-zeek")
		var m struct {
			Files []struct {
				Path    string
				Records int64
			}
		}
		if err := json.Unmarshal(case53(t, program, "--json", "export", filepath.Join(dir, name), "--as", "zeek", folder), &m); err != nil {
			t.Fatal(err)
		}
		for _, f := range m.Files {
			rows, kind, names := read(t, filepath.Join(folder, f.Path))
			t.Logf("%s of %s: %d rows", f.Path, name, rows)
			if rows != f.Records || f.Path == "dns.log" && rows < least {
				t.Errorf("%s of %s: %d rows, want %d", f.Path, name, rows, f.Records)
			}
			if rows > 0 && !strings.Contains(kind, "ts:time") || rows > 0 && !strings.Contains(kind, "orig_h:ip") {
				t.Errorf("%s of %s: %s", f.Path, name, kind)
			}
			if name == "hostile.case" && f.Path == "dns.log" && strings.Join(names, "|") != strings.ToLower(strings.Join(hostile[:len(hostile)-1], "|"))+"|." {
				t.Errorf("names came back as %q", names)
			}
		}
	}
}

// TestZedRefuses: a log that is damaged is not read.
func TestZedRefuses(t *testing.T) {
	for what, text := range map[string]string{
		"no header":      "1.000000\ta\n",
		"a value short":  "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tn\n#types\ttime\tcount\n1.000000\n",
		"a wrong number": "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\tts\tn\n#types\ttime\tcount\n1.000000\tx\n",
	} {
		if _, err := zeekio.NewReader(zed.NewContext(), strings.NewReader(text)).Read(); err == nil {
			t.Errorf("%s: it is read", what)
		}
	}
}
