package main

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// hostileStatement is a statement that somebody may have prepared. DIR is a folder with a secret, URL a port of this machine.
type hostileStatement struct {
	sql     string
	refused bool // it may not be answered
}

// statementParts are the parts that statements are made of, a line each.
func statementParts(t *testing.T) map[string][]string {
	t.Helper()
	a, err := txtar.ParseFile("testdata/statements.txtar")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]string{}
	for _, f := range a.Files {
		parts[f.Name] = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
	}
	return parts
}

// around are what a command is put into, at C.
var around = []string{
	"SELECT 1; C", "C; SELECT 1", "\ufeffC", "/* SELECT 1 */ C", "-- SELECT 1\nC;", "\u00a0C", "EXPLAIN C", "(C)", "FROM (C)",
	"WITH a AS (C) FROM a", "C\n;;\n",
}

// hostileStatements makes all of them: every function in a third of the shapes and more, called in one of five ways; every command,
// alone and in six surroundings; files where tables stand; and what is odd.
func hostileStatements(parts map[string][]string) (all []hostileStatement) {
	add := func(sql string) { all = append(all, hostileStatement{sql, true}) }
	for n, f := range parts["functions"] {
		for i, shape := range parts["shapes"] {
			if i > 4 && (n+i)%3 > 0 {
				continue
			}
			called := []string{f, strings.ToUpper(f), `"` + f + `"`, "system.main." + f, f + " /**/ "}[(n+i)%5]
			target := parts["targets"][(n+i)%len(parts["targets"])]
			add(replaceWord(shape, called+"("+target+")"))
		}
	}
	for i, command := range parts["commands"] {
		add(command)
		for k := range 6 {
			add(strings.Replace(around[(i+k)%len(around)], "C", command, 1))
		}
	}
	for _, file := range parts["files"] {
		for i, shape := range parts["shapes"] {
			if i < 5 || i%4 == 0 {
				add(replaceWord(shape, file))
			}
		}
	}
	return append(all, oddStatements()...)
}

// replaceWord puts a text in the place of the word F.
func replaceWord(shape, text string) string {
	words := strings.Split(shape, " ")
	for i, w := range words {
		if trimmed := strings.Trim(w, "()[],;"); trimmed == "F" {
			words[i] = strings.Replace(w, "F", text, 1)
		}
	}
	return strings.Join(words, " ")
}

// oddStatements are odd in their form; what they ask is harmless.
func oddStatements() (all []hostileStatement) {
	for _, sql := range []string{
		"", ";", " ", "\x00", "SELECT 1\x00; COPY flow TO 'DIR/x'", "\xff\xfe", "SELECT '\xff'", "SELECT '\u202e'", "SELECT \u200b1", "ＳＥＬＥＣＴ 1",
		"SELECT\u00a01", "SELECT\u30001",
		strings.Repeat("(", 5000) + "SELECT 1" + strings.Repeat(")", 5000), "SELECT " + strings.Repeat("[", 3000) + strings.Repeat("]", 3000),
		"SELECT 1" + strings.Repeat(" + 1", 20000), "SELECT " + strings.Repeat("-", 4001) + "1", "SELECT " + strings.Repeat("NOT ", 5000) + "true",
		"SELECT 1 IN (" + strings.Repeat("1,", 100000) + "1)", "SELECT '" + strings.Repeat("x", 1<<20) + "'", `SELECT 1 AS "` + strings.Repeat("x",
			1<<20) + `"`,
		"SELECT " + strings.Repeat("1,", 5000) + "1", strings.Repeat("SELECT 1 UNION ALL ", 2000) + "SELECT 1",
		"SELECT 1 -- ; COPY flow TO 'DIR/x'", "SELECT 1 /* ; COPY flow TO 'DIR/x' */",
		"SELECT $$; COPY flow TO 'DIR/x'$$", "SELECT 'COPY flow TO ''DIR/x'''", "SELECT E'\\x27; COPY flow TO x'", "SELECT \"count\"(*) FROM flow",
		"FROM flow SELECT 1", "VALUES (1)",
		"SELECT json_serialize_sql('FROM read_text(''DIR/secret.csv'')')",
		"SELECT json_deserialize_sql(json_serialize_sql('COPY flow TO ''DIR/x'''))",
		"SELECT getvariable('x')", "SELECT current_setting('secret_directory')", "FROM duckdb_settings() WHERE name LIKE '%secret%'",
		"SELECT current_query()", "SELECT version()",
		"FROM pragma_user_agent()", "SELECT txid_current()", "FROM sqlite_master", "FROM pg_catalog.pg_class LIMIT 1",
		"FROM information_schema.columns LIMIT 1", "SELECT current_database()",
		"SELECT parse_path('DIR/secret.csv')", "SELECT COLUMNS('.*') FROM flow", "SELECT TRY(error('x'))", "SELECT error('DIR')",
		"FROM flow TABLESAMPLE 1 ROWS", "SELECT struct_pack(a := 1).a",
		"SELECT unnest({'a': [1, 2]}, recursive := true)", "SELECT map([1], [2])", "SELECT 1 ORDER BY 1 LIMIT 1 OFFSET 0",
		"SELECT row_to_json(flow) FROM flow LIMIT 1", "SHOW TABLES", "DESCRIBE flow",
		"SHOW DATABASES", "SHOW ALL TABLES", "SUMMARIZE flow", "SELECT ip('10.0.0.1')", "SELECT 1::INT128", "SELECT union_value(a := 1)",
		"SELECT 'x'::BLOB", "SELECT INTERVAL 1 DAY", "SELECT random()",
	} {
		all = append(all, hostileStatement{sql, false})
	}
	return all
}
