package bag_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"case53/cases/verify"
	"case53/loader"
)

// files are the files of a folder by name.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		all[name], err = os.ReadFile(path)
		return errors.Join(err, os.Chmod(path, 0o600))
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// bagAlteration is what is done to a bag: files that hold other bytes from then on, nil where they are gone. named is a file that has to be
// told of.
type bagAlteration struct {
	what  string
	files map[string][]byte
	named []string // any of them
}

// alterations makes one of every kind of a file; more of the kind where chance decides.
func alterations(random *rand.Rand, was map[string][]byte, older map[string][]byte, name string) (all []bagAlteration) {
	text := was[name]
	one := func(what string, now []byte) {
		if !bytes.Equal(now, text) || now == nil {
			all = append(all, bagAlteration{what, map[string][]byte{name: now}, []string{name}})
		}
	}
	at := random.IntN(len(text))
	one("a bit", slices.Concat(text[:at], []byte{text[at] ^ 1<<random.IntN(8)}, text[at+1:]))
	one("cut", append([]byte{}, text[:at]...))
	one("longer", append(bytes.Clone(text), byte(random.Uint32())))
	one("gone", nil)
	if at+16 <= len(text) {
		one("words swapped", slices.Concat(text[:at], text[at+8:at+16], text[at:at+8], text[at+16:]))
	}
	if lines := bytes.SplitAfter(text, []byte("\n")); len(lines) > 3 {
		i := random.IntN(len(lines) - 2)
		lines[i], lines[i+1] = lines[i+1], lines[i]
		one("lines swapped", bytes.Join(lines, nil))
		one("a line gone", bytes.Join(slices.Delete(lines, i, i+1), nil))
	}
	if old, ok := older[name]; ok {
		one("of an older bag", old)
	}
	renamed := name + "x"
	all = append(all, bagAlteration{"renamed", map[string][]byte{name: nil, renamed: text}, []string{name, renamed}})
	names := slices.Sorted(keys(was))
	if other := names[random.IntN(len(names))]; !bytes.Equal(was[other], text) {
		all = append(all, bagAlteration{"changed places", map[string][]byte{name: was[other], other: text}, []string{name, other}})
	}
	more := fmt.Sprintf("data/raw/%02x/%064x", random.IntN(256), random.Uint64())
	all = append(all, bagAlteration{"a file more", map[string][]byte{more: text}, []string{more}})
	if now := slices.Concat(text[:at], []byte{text[at] ^ 1}, text[at+1:]); strings.HasPrefix(name, "data/") {
		all = append(all, withManifests(was, name, now))
	}
	return all
}

func keys(of map[string][]byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range of {
			if !yield(name) {
				return
			}
		}
	}
}

// withManifests alters a file, and writes both manifests anew: what is left is a signature that does not fit.
func withManifests(was map[string][]byte, name string, now []byte) bagAlteration {
	manifest := bytes.Replace(was[verify.BagManifest], []byte(verify.Sum(was[name])+"  "+name), []byte(verify.Sum(now)+"  "+name), 1)
	tags := bytes.Replace(was[verify.BagTags], []byte(verify.Sum(was[verify.BagManifest])), []byte(verify.Sum(manifest)), 1)
	return bagAlteration{"with both manifests", map[string][]byte{name: now, verify.BagManifest: manifest, verify.BagTags: tags},
		[]string{name, verify.BagTags}}
}

// told says whether a fault names what was altered. Seal and signature stand together, and so do a manifest and its signature.
func told(faults []verify.Fault, named []string) bool {
	for _, f := range faults {
		for _, name := range named {
			switch {
			case f.File == name, name == "data/seal/seal.json.sig" && f.File == "data/seal/seal.json",
				name == verify.BagSignature && f.File == verify.BagTags,
				strings.HasPrefix(name, f.File+"/"):
				return true
			}
		}
	}
	return false
}

// TestTampering alters a signed bag of a sealed case in every way of evidence.md R11: each alteration is noticed, and what was altered
// is named; as it was it is whole. CASE53_TAMPERINGS=10000 makes as many (else 40).
func TestTampering(t *testing.T) {
	n := 40
	if text := os.Getenv("CASE53_TAMPERINGS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	key, _ := newKey(t, 1)
	dir := sealedBag(t, key)
	was, older := files(t, dir), map[string][]byte{}
	for name, text := range files(t, handedOver(t, newCase(t), key)) { // another case: what an older copy could have
		older[name] = text
	}
	names := slices.Sorted(keys(was))
	random := rand.New(rand.NewPCG(53, 11))
	kinds := map[string]int{}
	for done := 0; done < n; {
		all := alterations(random, was, older, names[random.IntN(len(names))])
		a := all[random.IntN(len(all))]
		put(t, dir, a.files)
		r := checkBag(t, dir, key)
		if r.OK || !told(r.Faults, a.named) {
			t.Errorf("%d: %s of %v: %+v", done, a.what, a.named, r)
		}
		back := map[string][]byte{}
		for name := range a.files {
			back[name] = was[name]
		}
		put(t, dir, back)
		kinds[a.what]++
		if done++; done%20 == 0 {
			if r := checkBag(t, dir, key); !r.OK || len(r.Remarks) > 1 {
				t.Fatalf("as it was: %+v", r)
			}
			kinds["clean"]++
		}
	}
	t.Logf("%d alterations: %v", n, kinds)
}

func checkBag(t testing.TB, dir string, key ssh.Signer) verify.Result {
	t.Helper()
	r, err := verify.Bag(t.Context(), dir, verify.Options{Signer: key.PublicKey(), Schemas: loader.Schemas()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// put writes files; nil: they are gone.
func put(t testing.TB, dir string, all map[string][]byte) {
	t.Helper()
	for name, text := range all {
		path := filepath.Join(dir, name)
		err := os.Remove(path)
		if text == nil && errors.Is(err, fs.ErrNotExist) {
			err = nil // it is not there in this bag
		}
		if text != nil {
			err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, text, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestForged forges what needs no key: each is noticed although every hash of the bag fits.
func TestForged(t *testing.T) {
	key, signers := newKey(t, 1)
	other, _ := newKey(t, 2)
	signed := sealedBag(t, key)
	was := files(t, signed)
	forged := func(what, file string, with map[string][]byte) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "out.bag")
		if err := os.CopyFS(dir, os.DirFS(signed)); err != nil {
			t.Fatal(err)
		}
		put(t, dir, with)
		if r := checkBag(t, dir, key); r.OK || !told(r.Faults, []string{file}) {
			t.Errorf("%s: %+v", what, r)
		}
		if out, ok := script(t, dir, "--signers", signers); ok || !strings.Contains(out, "ALTERED") {
			t.Errorf("%s: the script says %s", what, out)
		}
	}
	forged("no signature", verify.BagSignature, map[string][]byte{verify.BagSignature: nil})
	forged("the seal's signature in the place of the bag's", verify.BagSignature, map[string][]byte{verify.BagSignature: was["data/seal/seal.json.sig"]})
	r := checkBag(t, sealedBag(t, other), key)
	if r.OK || !told(r.Faults, []string{"data/seal/seal.json.sig"}) || !told(r.Faults, []string{verify.BagSignature}) {
		t.Errorf("of another key: %+v", r)
	}
	// Without a signature only raw/, the log and the seal speak against a bag whose manifests were written anew.
	for _, name := range []string{"data/store/zone.txt", "data/store/zone_context.txt", "data/custody.jsonl", "data/digests.txt", "data/seal/digests.txt",
		"data/store/object.txt", "data/store/object_part.txt", "data/store/digest.txt", "data/store.sql", "data/digests.sql"} {
		text := bytes.Clone(was[name])
		at := bytes.LastIndexAny(text, "0123456789abcdef")
		text[at] ^= 1
		a := withManifests(was, name, text)
		dir := filepath.Join(t.TempDir(), "out.bag")
		if err := os.CopyFS(dir, os.DirFS(signed)); err != nil {
			t.Fatal(err)
		}
		put(t, dir, a.files)
		put(t, dir, map[string][]byte{verify.BagSignature: nil})
		r, err := verify.Bag(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
		// Rows are altered with their context, and parts and digests are what is said of an object.
		named := []string{name, strings.Replace(name, "_context", "", 1)}
		if name == "data/store/object_part.txt" || name == "data/store/digest.txt" {
			named = append(named, "data/store/object.txt")
		}
		if err != nil || r.OK || !told(r.Faults, named) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestTablesOfABag: tables that are too many, too few or other ones are told of, and so are those that say something else of a file than
// the log, though both manifests were written anew and nobody has signed.
func TestTablesOfABag(t *testing.T) {
	key, _ := newKey(t, 1)
	signed := sealedBag(t, key)
	was := files(t, signed)
	for _, c := range []struct{ name, text, want string }{
		{"data/store/other.txt", "a INTEGER\n1\n", "a case has no table store.other"},
		{"data/store/event.txt", "", "the text of store.event is missing"},
		{"data/store/capture.txt", strings.Replace(string(was["data/store/capture.txt"]), " VARCHAR", " BLOB", 1),
			"its first line is not that of store.capture"},
		{"data/store/object.txt", string(was["data/store/object.txt"][:bytes.IndexByte(was["data/store/object.txt"], '\n')+1]), "is not in the tables"},
		{"data/store/flow_log.txt", string(was["data/store/flow_log.txt"]) + flowLogRow(string(was["data/store/flow_log.txt"])), "the custody log says 0"},
	} {
		dir := filepath.Join(t.TempDir(), "out.bag")
		if err := os.CopyFS(dir, os.DirFS(signed)); err != nil {
			t.Fatal(err)
		}
		put(t, dir, map[string][]byte{c.name: []byte(c.text)})
		if c.text == "" {
			put(t, dir, map[string][]byte{c.name: nil})
		}
		rehash(t, dir)
		r, err := verify.Bag(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
		if err != nil || !slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return f.File == c.name && strings.Contains(f.What, c.want) }) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
		if slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return strings.Contains(f.File, "manifest") || f.File == verify.BagInfo }) {
			t.Errorf("the manifests do not fit: %+v", r.Faults)
		}
	}
}

// TestOtherFormat: a byte more in FORMAT.md is remarked on, and turns off no comparison of a table with the log.
func TestOtherFormat(t *testing.T) {
	key, _ := newKey(t, 1)
	signed := sealedBag(t, key)
	was := files(t, signed)
	object := string(was["data/store/object.txt"])
	head, _, _ := strings.Cut(object, "\n")
	for _, c := range []struct{ name, text, want string }{
		{"data/digests.sql", "SELECT 1;\n", ""},
		{"data/store/object.txt", strings.Replace(object, "flow.log", "fLow.log", 1), "is not as line"},
		{"data/store/object.txt", head + "\n", "is not in the tables"},
		{"data/store/object.txt", strings.Replace(object, head, head+"\tmore VARCHAR", 1), "its first line is not that of store.object"},
		{"data/store/flow_log.txt", "", "the text of store.flow_log is missing"},
	} {
		dir := filepath.Join(t.TempDir(), "out.bag")
		if err := os.CopyFS(dir, os.DirFS(signed)); err != nil {
			t.Fatal(err)
		}
		put(t, dir, map[string][]byte{c.name: []byte(c.text), "data/FORMAT.md": append(slices.Clone(was["data/FORMAT.md"]), '\n')})
		if c.text == "" {
			put(t, dir, map[string][]byte{c.name: nil})
		}
		rehash(t, dir)
		r, err := verify.Bag(t.Context(), dir, verify.Options{Schemas: loader.Schemas()})
		if !slices.ContainsFunc(r.Remarks, func(s string) bool { return strings.Contains(s, "somebody has altered data/FORMAT.md") }) {
			t.Errorf("%s: remarks %q", c.name, r.Remarks)
		}
		if err != nil || r.OK != (c.want == "") || c.want != "" &&
			!slices.ContainsFunc(r.Faults, func(f verify.Fault) bool { return f.File == c.name && strings.Contains(f.What, c.want) }) {
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
}

// flowLogRow is a row for the text of store.flow_log.
func flowLogRow(text string) string {
	var row []string
	for _, column := range strings.Split(text[:strings.IndexByte(text, '\n')], "\t") {
		value := `\N`
		if column == "sha256 VARCHAR" {
			value = strings.Repeat("ab", 32)
		}
		row = append(row, value)
	}
	return strings.Join(row, "\t") + "\n"
}

// rehash writes the manifests of a bag anew, and takes its signature away.
func rehash(t *testing.T, dir string) {
	t.Helper()
	all, size, count := files(t, dir), 0, 0
	var data, tags strings.Builder
	for _, name := range slices.Sorted(keys(all)) {
		if strings.HasPrefix(name, "data/") {
			size, count = size+len(all[name]), count+1
			fmt.Fprintf(&data, "%s  %s\n", verify.Sum(all[name]), name)
		}
	}
	before, _, _ := strings.Cut(string(all[verify.BagInfo]), "Payload-Oxum")
	put(t, dir, map[string][]byte{verify.BagManifest: []byte(data.String()), verify.BagSignature: nil,
		verify.BagInfo: fmt.Appendf(nil, "%sPayload-Oxum: %d.%d\n", before, size, count)})
	all = files(t, dir)
	for _, name := range slices.Sorted(keys(all)) {
		if !strings.HasPrefix(name, "data/") && name != verify.BagTags {
			fmt.Fprintf(&tags, "%s  %s\n", verify.Sum(all[name]), name)
		}
	}
	put(t, dir, map[string][]byte{verify.BagTags: []byte(tags.String())})
}

// TestNoSQLOfTheBag: SQL that was put into a bag is not run by the script: not with a signature that does not fit, nor where both
// manifests were written anew and nobody has signed.
func TestNoSQLOfTheBag(t *testing.T) {
	key, signers := newKey(t, 1)
	signed := sealedBag(t, key)
	was := files(t, signed)
	target := filepath.Join(t.TempDir(), "written.csv")
	evil := []byte("COPY (SELECT 1 AS a) TO '" + target + "';\nCREATE TABLE t AS SELECT 1;\n")
	header := func(text string) []byte {
		_, rows, _ := bytes.Cut(was["data/store/zone.txt"], []byte("\n"))
		return append([]byte(text+"\n"), rows...)
	}
	for name, text := range map[string][]byte{
		"data/store.sql":      append(bytes.Clone(evil), was["data/store.sql"]...),
		"data/digests.sql":    append(bytes.Clone(evil), was["data/digests.sql"]...),
		"data/store/zone.txt": header("object_id UINTEGER\trow_no UINTEGER\ta\"; " + strings.TrimSpace(string(evil)) + " -- VARCHAR"),
	} {
		for what, with := range map[string]map[string][]byte{
			"signed":  {name: text},
			"hashed":  withManifests(was, name, text).files,
			"nowhere": {verify.BagSignature: nil},
		} {
			if what != "nowhere" && name != "data/store.sql" {
				continue
			}
			dir := filepath.Join(t.TempDir(), "out.bag")
			if err := os.CopyFS(dir, os.DirFS(signed)); err != nil {
				t.Fatal(err)
			}
			args := []string{"--signers", signers}
			if what == "nowhere" {
				with, args = withManifests(was, name, text).files, nil
				with[verify.BagSignature] = nil
			}
			put(t, dir, with)
			out, ok := scriptIn(t, withDuckdb(t), dir, args...)
			if _, err := os.Stat(target); ok || err == nil {
				t.Errorf("%s, %s: it was run (%v), or taken as well: %s", name, what, err, out)
			}
			if !strings.Contains(out, "ALTERED") || !strings.Contains(out, "not checked: the rows of store: what is above is altered") {
				t.Errorf("%s, %s: %s", name, what, out)
			}
			os.Remove(target)
		}
	}
}

// scriptNeedsTools: a tool that is not there is named before anything is looked at.
func scriptNeedsTools(t *testing.T, dir string) {
	t.Helper()
	bin := t.TempDir()
	for _, tool := range []string{"bash", "dirname"} {
		path, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bin, tool))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, ok := scriptIn(t, bin, dir); ok || !strings.Contains(out, "sha256sum is needed") || strings.Contains(out, "ALTERED") {
		t.Errorf("%v, %s", ok, out)
	}
}
