package verify_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/duck"
	"case53/cases/duck/ducktest"
	"case53/cases/seal"
	"case53/cases/verify"
	"case53/loader"
)

// inCase makes this test a process that checks a case and says what came of it: DuckDB may die of a file that somebody has prepared.
const inCase = "CASE53_TEST_VERIFY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inCase); dir != "" {
		if err := json.NewEncoder(os.Stdout).Encode(outcomeOf(dir)); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// outcome is what verify says of a database, and what is really in it.
type outcome struct {
	OK   bool
	Rows string // a hash of all rows whose digests are noted, and of what is said of the objects; "" where they cannot be read
}

func outcomeOf(dir string) (o outcome) {
	r, err := verify.Case(context.Background(), dir, verify.Options{Schemas: loader.Schemas()})
	o.OK = err == nil && r.OK
	if o.OK {
		o.Rows, err = rowsHash(cases.DatabaseFile(dir))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return o
}

// rowsHash reads the tables that are evidence without anything of ours between: of each all values, in the order of the rows.
func rowsHash(path string) (string, error) {
	db, err := duck.Open(path, map[string]string{"access_mode": "READ_ONLY"})
	if err != nil {
		return "", err
	}
	defer db.Close()
	c, err := db.Connect()
	if err != nil {
		return "", err
	}
	defer c.Close()
	var tables []string
	err = c.Each(context.Background(), `SELECT table_name FROM duckdb_columns() WHERE schema_name = 'store' AND (column_name, column_index) = ('object_id', 1)
		AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store') ORDER BY ALL`, nil,
		func(v []any) { tables = append(tables, v[0].(string)) })
	sum := sha256.New()
	for _, table := range tables {
		if err == nil {
			fmt.Fprintln(sum, table)
			err = c.Each(context.Background(), "SELECT * FROM store."+table+" ORDER BY ALL", nil, func(v []any) { fmt.Fprintf(sum, "%q\n", fmt.Sprint(v...)) })
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// Layout of a database of DuckDB: three headers, then blocks, each with its checksum before it.
const (
	headers = 3 * 4096
	block   = 256 << 10
)

// checksum is that of DuckDB: blind to the order of the words.
func checksum(text []byte) uint64 {
	sum := uint64(5381)
	for ; len(text) >= 8; text = text[8:] {
		sum ^= binary.LittleEndian.Uint64(text) * 0xbf58476d1ce4e5b9
	}
	return sum
}

// used are where blocks stand whose checksum holds and that are not empty.
func used(file []byte) (at []int) {
	for i := headers; i+block <= len(file); i += block {
		body := file[i+8 : i+block]
		if binary.LittleEndian.Uint64(file[i:]) == checksum(body) && bytes.Count(body, []byte{0}) < len(body)-64 {
			at = append(at, i)
		}
	}
	return at
}

// statements change rows, or what is asked for in their place.
var statements = []string{
	"UPDATE store.flow_plain SET bytes = bytes + 1 WHERE row_no = (SELECT min(row_no) FROM store.flow_plain)",
	"DELETE FROM store.zone WHERE row_no = 1", "INSERT INTO store.zone SELECT * FROM store.zone LIMIT 1", "DELETE FROM store.reject",
	"UPDATE store.object SET uri = uri || 'x' WHERE object_id = 1", "UPDATE store.object SET acquired_at = acquired_at + INTERVAL 1 SECOND",
	"UPDATE store.object_part SET rows = rows + 1", "UPDATE store.digest SET rows = rows + 1 WHERE object_id = 2",
	"UPDATE store.zone SET name = 'd.example.com'", "DROP TABLE store.event", "CREATE MACRO main.sum(x) AS 7",
	"CREATE OR REPLACE VIEW main.flow AS SELECT 1 AS a",
	"CREATE VIEW main.more AS SELECT 1", "CREATE TABLE store.more AS SELECT 1", "CREATE MACRO store.count(x) AS 42", "CREATE TYPE main.mood AS ENUM ('a')",
	"ALTER TABLE store.zone ADD COLUMN more INTEGER", "UPDATE store.zone_context SET hosted_zone_id = 'Z9'",
}

// alterFile changes a database of DuckDB in one of the ways of evidence.md R12; "" where it is as it was.
func alterFile(random *rand.Rand, file []byte, blocks []int) (what string, now []byte) {
	now = bytes.Clone(file)
	start := blocks[random.IntN(len(blocks))]
	var filled []int // words of the block with something in them
	for i := start + 8; i < start+block; i += 8 {
		if binary.LittleEndian.Uint64(now[i:]) != 0 {
			filled = append(filled, i)
		}
	}
	at := filled[random.IntN(len(filled))]
	switch random.IntN(5) {
	case 0:
		what = "a bit"
		now[at+random.IntN(8)] ^= 1 << random.IntN(8)
	case 1:
		what = "a page of zeros"
		clear(now[at&^4095 : min(at&^4095+4096, len(now))])
	case 2:
		what = "words swapped"
		other := filled[random.IntN(len(filled))]
		word := string(now[at : at+8])
		copy(now[at:at+8], now[other:other+8])
		copy(now[other:other+8], word)
	case 3:
		what = "a byte, with the checksum"
		now[at+random.IntN(8)] ^= byte(1 + random.IntN(255))
		binary.LittleEndian.PutUint64(now[start:], checksum(now[start+8:start+block]))
	case 4:
		what = "cut"
		now = now[:headers+random.IntN(len(now)-headers)]
	}
	if bytes.Equal(now, file) {
		return "", nil
	}
	return what, now
}

// TestDatabaseCampaign alters case.duckdb alone, in the ways of evidence.md R12. Of a case that is not sealed verify opens it: whatever
// changes a row is told of, or is the end of the process. Of a sealed case nothing is opened that is not as it was sealed.
// CASE53_DATABASE_TAMPERINGS=5000 makes as many (else 12).
func TestDatabaseCampaign(t *testing.T) {
	n := 12
	if text := os.Getenv("CASE53_DATABASE_TAMPERINGS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := newCase(t)
	sealed := sealedCase(t, dir)
	path := cases.DatabaseFile(dir)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	was, err := rowsHash(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := used(file)
	if len(blocks) < 3 {
		t.Fatalf("%d blocks whose checksum we can compute", len(blocks))
	}
	random := rand.New(rand.NewPCG(53, 12))
	counts := map[string]int{}
	for done := 0; done < n; done++ {
		what, now := "SQL", []byte(nil)
		if done%3 == 0 {
			ducktest.Run(t, path, statements[done/3%len(statements)])
		} else if what, now = alterFile(random, file, blocks); what == "" {
			continue
		} else if err := os.WriteFile(path, now, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := copyFile(path, cases.DatabaseFile(sealed)); err != nil {
			t.Fatal(err)
		}
		if r := check(t, sealed); r.OK || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return f.File == "case.duckdb" }) {
			t.Errorf("%d, %s, in a sealed case: %+v", done, what, r)
		}
		came := checked(t, dir)
		counts[what+": "+came.said]++
		if came.OK && (came.Rows != was || what == "SQL") {
			t.Errorf("%d, %s (%s): nothing was said of it", done, what, statements[done/3%len(statements)])
		}
		for _, more := range []string{".wal", ".wal.checkpoint", ".wal.recovery"} {
			os.Remove(path + more)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if came := checked(t, dir); !came.OK || came.Rows != was {
		t.Errorf("as it was: %+v", came)
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d %s", counts[what], what)
	}
}

// sealedCase is a copy of a case that was sealed. Its files are writable: a seal does not rest on that.
func sealedCase(t *testing.T, dir string) string {
	t.Helper()
	dir = copyCase(t, dir)
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err == nil {
		_, err = seal.Case(t.Context(), dir, loader.Schemas(), key)
	}
	if err == nil {
		err = os.Chmod(cases.DatabaseFile(dir), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	return errors.Join(err, os.WriteFile(to, text, 0o600))
}

// came is what came of a check in a process of its own.
type came struct {
	outcome
	said string // told, nothing changed, died
}

func checked(t *testing.T, dir string) (c came) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), inCase+"="+dir)
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && (!exit.Exited() || strings.Contains(string(exit.Stderr), "SIG")):
		c.said = "died"
		return c
	case err != nil:
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err := json.Unmarshal(out, &c.outcome); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	if c.said = "told"; c.OK {
		c.said = "no row of the evidence changed"
	}
	return c
}
