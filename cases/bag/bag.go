// Package bag hands a case over: as a folder in the form of BagIt (RFC 8493) that somebody can check who has neither case53 nor
// reason to trust it, but bash, sha256sum, ssh-keygen and a stock duckdb. FORMAT.md section 15 says what is in it.
//
// Rules: the same case gives the same bytes, and nothing is held in memory as a whole. No database is handed over: opening one from a
// stranger is like running a program. The texts of the stored tables stand for it, and the raw objects that they were made from. A
// bag is checked as package verify checks it before it has its name; a case that is not what was loaded is not handed over.
package bag

import (
	"bytes"
	"context"
	_ "embed" // of check.sh
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"case53/cases"
	"case53/cases/canonical"
	"case53/cases/digest"
	"case53/cases/duck"
	"case53/cases/folder"
	"case53/cases/notes"
	"case53/cases/verify"
)

//go:embed check.sh
var checkText []byte

// File is a text that goes into the bag.
type File struct {
	Name string // in the payload, with slashes
	Text []byte
}

// Options say what goes into a bag beside the case.
type Options struct {
	Program string                            // what writes, and its version
	Schemas []cases.Schema                    // what the case is made of
	More    []File                            // saved queries, and the like
	Key     ssh.Signer                        // who signs the bag; nil: nobody
	Step    func(what string, done, of int64) // may be nil
}

// Made is a bag that was written.
type Made struct {
	Dir    string        `json:"bag"`
	Files  int           `json:"files"` // of the payload
	Bytes  int64         `json:"bytes"`
	SHA256 string        `json:"sha256"` // of tagmanifest-sha256.txt: it stands for every byte
	Result verify.Result `json:"verified"`
}

// writer is a bag under way.
type writer struct {
	Options
	k      *cases.Case
	out    *folder.Folder
	tables []table
	info   cases.Info
}

// table is a stored table.
type table struct {
	name    string
	columns []duck.Column
}

// Write writes the case into the new folder target.
func Write(ctx context.Context, k *cases.Case, target string, opt Options) (made Made, err error) {
	out, err := folder.New(target)
	if err != nil {
		return made, err
	}
	defer out.Drop()
	w := &writer{Options: opt, k: k, out: out}
	if w.info, err = k.Info(ctx); err != nil {
		return made, err
	}
	w.info.Problems = w.info.OfRecords()
	if w.info.Objects == 0 {
		return made, fmt.Errorf("nothing has been loaded into %s", k.Dir)
	}
	for _, step := range []func(context.Context) error{w.raw, w.evidence, w.stored, w.views, w.texts, w.tags} {
		if err := step(ctx); err != nil {
			return made, err
		}
	}
	made.Dir, made.SHA256 = target, out.File(verify.BagTags).SHA256
	made.Bytes, made.Files = w.payload()
	if made.Result, err = verify.Bag(ctx, out.Dir(), verify.Options{Progress: opt.Step, Schemas: opt.Schemas}); err != nil {
		return made, err
	}
	if !made.Result.OK {
		f := made.Result.Faults[0]
		return made, fmt.Errorf("%w: %s is not what was loaded: %s: %s\nhint: case53 verify %s names every fault",
			cases.ErrDamaged, k.Dir, strings.TrimPrefix(f.File, "data/"), f.What, k.Dir)
	}
	return made, out.Place()
}

func (w *writer) step(what string, done, of int) {
	if w.Step != nil {
		w.Step(what, int64(done), int64(of))
	}
}

// put writes a file of the payload.
func (w *writer) put(name string, text []byte) error { return w.out.Write("data/"+name, text) }

var rawFile = regexp.MustCompile(`^[0-9a-f]{64}$`)

// raw copies the source objects; bytes that do not hash to their name are an error.
func (w *writer) raw(ctx context.Context) error {
	dir := cases.RawFolder(w.k.Dir)
	paths, err := filepath.Glob(filepath.Join(dir, "??", "*"))
	if err != nil {
		return err
	}
	for i, p := range paths { // in the order of their names
		sha := filepath.Base(p)
		if !rawFile.MatchString(sha) {
			continue
		}
		w.step("raw", i+1, len(paths))
		if err := w.copy(ctx, "data/"+filepath.Base(dir)+"/"+sha[:2]+"/"+sha, func() (io.ReadCloser, error) {
			return w.k.RawStore().Open(sha)
		}); err != nil {
			return err
		}
	}
	return nil
}

// copy writes what a reader gives.
func (w *writer) copy(ctx context.Context, name string, open func() (io.ReadCloser, error)) error {
	in, err := open()
	if err != nil {
		return err
	}
	defer in.Close()
	return w.out.Give(name, func(out io.Writer) error {
		_, err := io.Copy(out, reader{ctx, in})
		return err
	})
}

// reader ends with the context.
type reader struct {
	ctx context.Context
	in  io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.in.Read(p)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// evidence copies the custody log, the seal, its time-stamp and the notes, and lists the digests.
func (w *writer) evidence(ctx context.Context) error {
	paths := []string{cases.CustodyFile(w.k.Dir)}
	if w.info.Sealed {
		for _, name := range []string{verify.SealFile, verify.SignatureFile, verify.ManifestFile, verify.DigestsFile} {
			paths = append(paths, verify.SealPath(w.k.Dir, name))
		}
		if stamp := verify.SealPath(w.k.Dir, verify.StampFile); exists(stamp) {
			paths = append(paths, stamp)
		}
	}
	for _, p := range paths {
		name, err := filepath.Rel(w.k.Dir, p)
		if err != nil {
			return err
		}
		if err := w.copy(ctx, "data/"+filepath.ToSlash(name), func() (io.ReadCloser, error) { return os.Open(p) }); err != nil {
			return err
		}
	}
	lines, err := verify.DigestLines(w.k.Dir)
	if err != nil {
		return err
	}
	return errors.Join(w.put(verify.DigestsFile, lines), w.notes(ctx))
}

// notes copies what examiners keep of the case, where they keep something.
func (w *writer) notes(ctx context.Context) error {
	b, err := notes.Open(ctx, w.k.Dir, w.Program)
	if err != nil {
		return err
	}
	if err := b.Fault(); err != nil {
		return fmt.Errorf("%w\nhint: a bag has no notes that somebody has altered; move the file away, and keep it", err)
	}
	if n, _ := b.Head(); n == 0 {
		return nil
	}
	return w.out.Give("data/"+filepath.Base(b.Path()), b.Copy)
}

// stored writes every stored table as a text, and the SQL that makes the tables again.
func (w *writer) stored(ctx context.Context) error {
	const sql = `SELECT table_name, column_name, data_type FROM system.main.duckdb_columns() WHERE schema_name = 'store'
		AND table_name IN (SELECT table_name FROM system.main.duckdb_tables() WHERE schema_name = 'store') ORDER BY table_name, column_index`
	if err := w.k.Each(ctx, sql, nil, func(v []any) error {
		name, column := v[0].(string), duck.Column{Name: v[1].(string), Type: v[2].(string)}
		if len(w.tables) == 0 || w.tables[len(w.tables)-1].name != name {
			w.tables = append(w.tables, table{name: name})
		}
		t := &w.tables[len(w.tables)-1]
		t.columns = append(t.columns, column)
		return nil
	}); err != nil {
		return err
	}
	heads := map[string][]duck.Column{}
	for i, t := range w.tables {
		w.step("tables", i+1, len(w.tables))
		name := verify.BagTables + "/" + t.name + ".txt"
		if err := w.out.Give("data/"+name, func(out io.Writer) error { return w.text(ctx, out, t) }); err != nil {
			return fmt.Errorf("store.%s: %w", t.name, err)
		}
		heads[t.name] = t.columns
	}
	return w.put(verify.BagStore, []byte(verify.StoreSQL(heads)))
}

// names are those of all stored tables.
func (w *writer) names() map[string]bool {
	names := map[string]bool{}
	for _, t := range w.tables {
		names[t.name] = true
	}
	return names
}

// text writes a table's rows in an order that does not depend on how they are stored.
func (w *writer) text(ctx context.Context, out io.Writer, t table) error {
	names, columns := make([]string, len(t.columns)), make([]digest.Column, len(t.columns))
	for i, c := range t.columns {
		names[i], columns[i] = `"`+c.Name+`"`, digest.Column(c)
	}
	order := "ALL"
	schema, ok, err := digest.NewSchema(t.name, columns, w.names())
	if err != nil {
		return err
	}
	if ok {
		order = schema.OrderBy()
	}
	rows, err := w.k.Query(ctx, fmt.Sprintf(`SELECT %s FROM store."%s" ORDER BY %s`, strings.Join(names, ", "), t.name, order), nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	_, err = canonical.Write(out, t.columns, rows)
	return err
}

// views writes the views of records as Parquet, for reading.
func (w *writer) views(ctx context.Context) error {
	tables, err := w.k.RecordTables(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.out.Path("data/tables"), 0o700); err != nil {
		return err
	}
	var files []cases.ParquetFile
	for _, t := range tables {
		if t.Rows > 0 {
			files = append(files, cases.ParquetFile{Name: t.Name + ".parquet", SQL: t.SQL()})
		}
	}
	w.step("views", 0, len(files))
	if err := w.k.ParquetFiles(ctx, w.out.Path("data/tables"), files); err != nil {
		return err
	}
	for _, f := range files {
		if err := w.out.Take("data/tables/" + f.Name); err != nil {
			return err
		}
	}
	return nil
}

// CheckScript is the script that checks a bag. It has the SQL that computes the digests in it: it runs none that a bag has.
func CheckScript() ([]byte, error) {
	sql, err := cases.DigestSQL()
	return bytes.Replace(checkText, []byte("@digests.sql@\n"), sql, 1), err
}

// texts writes what is for reading, and the SQL that computes the digests.
func (w *writer) texts(context.Context) error {
	sql, err := cases.DigestSQL()
	if err != nil {
		return err
	}
	files := append([]File{{verify.BagFormat, cases.FormatText}, {verify.BagDigests, sql}}, w.More...)
	for _, f := range files {
		if err := w.put(f.Name, f.Text); err != nil {
			return err
		}
	}
	return nil
}

// payload is how much is in data/.
func (w *writer) payload() (size int64, files int) {
	for _, f := range w.out.Files() {
		if strings.HasPrefix(f.Name, "data/") {
			size, files = size+f.Size, files+1
		}
	}
	return size, files
}

// tags writes what is beside the payload.
func (w *writer) tags(context.Context) error {
	size, files := w.payload()
	manifest := folder.Sums(w.out.Files())
	head, err := w.readme()
	if err != nil {
		return err
	}
	script, err := CheckScript()
	if err != nil {
		return err
	}
	info := fmt.Sprintf("Bag-Software-Agent: %s\nExternal-Description: DNS, network and access logs of a case, with all that shows where they are from\n"+
		"External-Identifier: %s\nPayload-Oxum: %d.%d\n", w.Program, head.id, size, files)
	for _, f := range []File{{verify.BagFile, []byte(verify.BagDeclaration)}, {verify.BagInfo, []byte(info)}, {verify.BagManifest, manifest},
		{"README.txt", head.text}, {"check.sh", script}} {
		if err := w.out.Write(f.Name, f.Text); err != nil {
			return err
		}
	}
	tags := folder.Sums(slices.DeleteFunc(w.out.Files(), func(f folder.File) bool { return path.Dir(f.Name) != "." }))
	if err := w.out.Write(verify.BagTags, tags); err != nil || w.Key == nil {
		return err
	}
	signature, err := sshsig.Sign(bytes.NewReader(tags), w.Key, sshsig.HashSHA512, verify.BagNamespace)
	if err != nil {
		return fmt.Errorf("sign the bag: %w", err)
	}
	return w.out.Write(verify.BagSignature, sshsig.Armor(signature))
}
