//go:build unix

package local

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"case53/cases"
	"case53/loader/source"
	"case53/loader/source/sourcetest"
)

// kept is a file to be put in an archive.
type kept struct{ name, text string }

var anHourAgo = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

func zipOf(t testing.TB, method uint16, files ...kept) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: method, Modified: anHourAgo})
		if err == nil {
			_, err = io.WriteString(w, f.text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarOf(t testing.TB, files ...kept) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o600, ModTime: anHourAgo}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if to, ok := strings.CutPrefix(f.text, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, to, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(w, f.text)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func zs(text string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(text), nil))
}

func TestArchivesAreFolders(t *testing.T) {
	dir := folder(t)
	files := []kept{{"logs/b.log", "b\n"}, {"logs/sub/a.log.gz", gz("a\n")}, {"c#?%20 d\n.log", "odd name\n"}, {"logs/._b.log", "never"}, {"logs/empty", ""}}
	want := sourcetest.Want{Objects: map[string][]byte{}, Inside: longAgo}
	add := func(at string, files ...kept) {
		for _, f := range files[:3] {
			want.Objects[memberURI(at, f.name)] = []byte(f.text)
		}
	}
	for name, text := range map[string]string{
		"stored.zip": zipOf(t, zip.Store, files...), "deflated.zip": zipOf(t, zip.Deflate, files...), "zstd.zip": zipOf(t, zstd.ZipMethodWinZip, files...),
		"plain.tar": tarOf(t, files...), "x.tar.gz": gz(tarOf(t, files...)), "x.tar.zst": zs(tarOf(t, files...)), "named-like-a.log": gz(tarOf(t, files...)),
	} {
		add(uri(write(t, dir, name, text)), files...)
	}
	// In one another: a zip in a tar.gz in a zip; a tar, stored, in a tar.
	inner := uri(write(t, dir, "nested.zip", zipOf(t, zip.Deflate, kept{"in.tgz", gz(tarOf(t, kept{"deep/x.zip", zipOf(t, zip.Deflate, files...)}))})))
	add(inner+"!/in.tgz!/deep/x.zip", files...)
	add(uri(write(t, dir, "tars.tar", tarOf(t, kept{"./a.tar", tarOf(t, files...)})))+"!/a.tar", files...)
	plain := write(t, dir, "plain.log.gz", gz("not an archive\n"))
	want.Objects[uri(plain)] = []byte(gz("not an archive\n"))
	office := zipOf(t, zip.Deflate, kept{"[Content_Types].xml", "<x/>"}, kept{"xl/workbook.xml", "<x/>"})
	want.Objects[uri(write(t, dir, "book.xlsx", office))] = []byte(office)
	src := New(dir)
	sourcetest.Run(t, src, want)

	listed(t, dir, src)
	remarks := strings.Join(src.Remarks(), "\n")
	for _, says := range []string{
		"stored.zip is an archive of 3 files, SHA-256 ", "nested.zip is an archive of 3 files, SHA-256 ", "passed over: empty", "passed over: ._ files",
	} {
		if !strings.Contains(remarks, says) {
			t.Errorf("remarks do not say %q:\n%s", says, remarks)
		}
	}
}

func TestAMemberNamesItsArchive(t *testing.T) {
	dir := folder(t)
	path := write(t, dir, "x.zip", zipOf(t, zip.Deflate, kept{"dir/in.zip", zipOf(t, zip.Deflate, kept{"a.log", "a\n"})}))
	for o, err := range New(path).Objects(t.Context(), cases.Span{}) {
		if err != nil {
			t.Fatal(err)
		}
		facts := o.(source.Remote).Acquired()
		if facts.More["archive"] != uri(path) || facts.More["member"] != "dir/in.zip!/a.log" || len(facts.More["archive_sha256"].(string)) != 64 {
			t.Errorf("%+v", facts)
		}
		if !o.ModTime().Equal(anHourAgo) || o.URI() != uri(path)+"!/dir/in.zip!/a.log" || o.Size() != 2 {
			t.Errorf("%s %v %d", o.URI(), o.ModTime(), o.Size())
		}
	}
}

// listed gives what a listing found: objects by URI below dir, with their bytes or the error of reading them, and errors.
func listed(t *testing.T, dir string, src *Source) (got []string) {
	t.Helper()
	base := uri(dir) + "/"
	for o, err := range src.Objects(t.Context(), cases.Span{}) {
		if err != nil {
			got = append(got, strings.ReplaceAll(err.Error(), base, ""))
			continue
		}
		r, err := o.Open(t.Context())
		var b []byte
		if err == nil {
			b, err = io.ReadAll(r)
			r.Close()
		}
		if err != nil {
			got = append(got, strings.TrimPrefix(o.URI(), base)+" opened: "+strings.ReplaceAll(err.Error(), base, ""))
			continue
		}
		got = append(got, fmt.Sprintf("%s %q", strings.TrimPrefix(o.URI(), base), b))
	}
	return got
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestNamesInArchivesAreHarmless(t *testing.T) {
	dir := folder(t)
	write(t, dir, "x.tar", tarOf(t, kept{"../../etc/passwd", "up\n"}, kept{"/etc/shadow", "root\n"}, kept{"./here", "here\n"}, kept{"here", "again\n"},
		kept{"link", "-> /etc/passwd"}, kept{"a!/b", "bang\n"}, kept{`win\dir\x.log`, "win\n"}, kept{"dir/", ""}))
	src := New(dir)
	expect(t, listed(t, dir, src),
		`x.tar!/../../etc/passwd "up\n"`, `x.tar!//etc/shadow "root\n"`, `x.tar!/a%21/b "bang\n"`,
		`x.tar!/here "here\n"`, `x.tar!/here#2 "again\n"`, `x.tar!/win%5Cdir%5Cx.log "win\n"`)
	if !slices.Contains(src.Remarks(), "1 file was passed over: links in archives, which are not followed") {
		t.Errorf("%q", src.Remarks())
	}
}

func TestWhatIsDamagedIsNamedAndTheRestIsRead(t *testing.T) {
	dir := folder(t)
	long := strings.Repeat("0123456789 abcdef\n", 200)
	two := zipOf(t, zip.Deflate, kept{"a.log", long}, kept{"b.log", "b\n"})
	flipped := []byte(two)
	flipped[50] ^= 0xff // in a.log's bytes
	encrypted := []byte(two)
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1 // the flag of a.log in the directory
	method := []byte(two)
	method[bytes.Index(method, []byte("PK\x01\x02"))+10] = 14 // LZMA
	write(t, dir, "1-flipped.zip", string(flipped))
	write(t, dir, "2-encrypted.zip", string(encrypted))
	write(t, dir, "2-method.zip", string(method))
	write(t, dir, "3-cut.zip", two[:len(two)-30])
	write(t, dir, "4-cut.tar", tarOf(t, kept{"a.log", "a\n"}, kept{"b.log", long})[:512*3+100+512])
	whole := gz(tarOf(t, kept{"a.log", "a\n"}, kept{"b.log", long}))
	write(t, dir, "5-cut.tar.gz", whole[:len(whole)-20])
	got := listed(t, dir, New(dir))
	expect(t, got,
		`1-flipped.zip!/a.log opened: damaged in its archive: `, `1-flipped.zip!/b.log "b\n"`,
		"2-encrypted.zip!/a.log: encrypted\nhint: ", `2-encrypted.zip!/b.log "b\n"`,
		"2-method.zip!/a.log: compressed by method 14 of zip, which is not read\nhint: ", `2-method.zip!/b.log "b\n"`,
		"3-cut.zip: damaged zip: ",
		"4-cut.tar: damaged tar, after ", `4-cut.tar!/a.log "a\n"`, "4-cut.tar!/b.log: cut off: ",
		"5-cut.tar.gz: damaged gzip: unexpected EOF", `5-cut.tar.gz!/a.log "a\n"`, "5-cut.tar.gz!/b.log")
}

func TestBombsInArchives(t *testing.T) {
	was := bounds
	t.Cleanup(func() { bounds = was })
	bounds = limits{members: 10, depth: 2, ratio: 20, ratioFrom: 1 << 20, directory: 4096}
	dir := folder(t)
	zeros := strings.Repeat("\x00", 3<<20)
	var many []kept
	for i := range 12 {
		many = append(many, kept{fmt.Sprintf("%02d", i), "x"})
	}
	var long []kept
	for i := range 200 {
		long = append(long, kept{fmt.Sprintf("a-rather-long-name-of-a-file-%03d", i), "x"})
	}
	write(t, dir, "1-zip", zipOf(t, zip.Deflate, kept{"a", zeros}, kept{"b", "b"}))
	write(t, dir, "2-tgz", gz(tarOf(t, kept{"a", zeros}, kept{"b", "b"})))
	write(t, dir, "3-many", tarOf(t, many...))
	write(t, dir, "4-deep", tarOf(t, kept{"one", tarOf(t, kept{"two", tarOf(t, kept{"three", "x"})}, kept{"file", "y"})}))
	write(t, dir, "5-directory", zipOf(t, zip.Store, long...))
	got := listed(t, dir, New(dir))
	bomb := "its archive grows far beyond its size: a decompression bomb"
	want := []string{"1-zip!/a: " + bomb, "1-zip!/b: " + bomb, "2-tgz: " + bomb, "2-tgz!/a: cut off: "}
	for i := range 10 {
		want = append(want, fmt.Sprintf(`3-many!/%02d "x"`, i))
	}
	want = append(want, "3-many!/10: this and the files behind it are not read: an archive may have 10\nhint: ",
		`4-deep!/one!/file "y"`, "4-deep!/one!/two: an archive in archives, 3 deep: 2 are read\nhint: ",
		"5-directory: its directory is longer than 4096 bytes\nhint: ")
	expect(t, got, want...)
}

func TestACaseInAnArchive(t *testing.T) {
	dir := folder(t)
	write(t, dir, "x.tar", tarOf(t, kept{"logs/a.log", "a\n"}, kept{"old.case/case.duckdb", "x"}, kept{"old.case/raw/ab/abcd", "b\n"}))
	write(t, dir, "y.zip", zipOf(t, zip.Store, kept{"custody.jsonl", "x"}, kept{"raw/ab/abcd", "b\n"}))
	expect(t, listed(t, dir, New(dir)), `x.tar!/logs/a.log "a\n"`, "x.tar!/old.case: a case, which", "y.zip!/: a case, which")
}

func TestAnArchiveThatChanges(t *testing.T) {
	dir := folder(t)
	path := write(t, dir, "x.zip", zipOf(t, zip.Deflate, kept{"a.log", "a\n"}))
	for o := range New(path).Objects(t.Context(), cases.Span{}) {
		write(t, dir, "x.zip", zipOf(t, zip.Deflate, kept{"a.log", "other\n"}))
		if _, err := o.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "its archive has changed since it was listed") {
			t.Errorf("%v", err)
		}
		os.Remove(path)
		if _, err := o.Open(t.Context()); err == nil {
			t.Error("opened of an archive that is gone")
		}
	}
}

// FuzzArchives: whatever the bytes are, listing and reading end, nothing leaves the folder, and what is listed with a size has it.
func FuzzArchives(f *testing.F) {
	files := []kept{{"a.log", "a\n"}, {"b/c.log", strings.Repeat("c\n", 300)}}
	for _, text := range []string{
		zipOf(f, zip.Deflate, files...), zipOf(f, zip.Store, files...), tarOf(f, files...), gz(tarOf(f, files...)), zs(tarOf(f, files...)),
		zipOf(f, zip.Deflate, kept{"x.tar.gz", gz(tarOf(f, files...))}), tarOf(f, kept{"x.zip", zipOf(f, zip.Store, files...)}),
	} {
		f.Add([]byte(text))
	}
	was := bounds
	f.Cleanup(func() { bounds = was })
	bounds = limits{members: 100, depth: 3, ratio: 50, ratioFrom: 1 << 20, directory: 1 << 20}
	f.Fuzz(func(t *testing.T, stored []byte) {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, stored, 0o600); err != nil {
			t.Fatal(err)
		}
		last, total := "", int64(0)
		for o, err := range New(path).Objects(t.Context(), cases.Span{}) {
			if err != nil {
				continue
			}
			if !strings.HasPrefix(o.URI(), uri(path)) || o.URI() <= last {
				t.Fatalf("%q came after %q", o.URI(), last)
			}
			last = o.URI()
			r, err := o.Open(t.Context())
			if err != nil {
				continue
			}
			n, err := io.Copy(io.Discard, io.LimitReader(r, 16<<20))
			r.Close()
			if total += n; err == nil && n != o.Size() || n > o.Size() {
				t.Fatalf("%s is listed with %d bytes and has %d", o.URI(), o.Size(), n)
			}
		}
		if total > 1<<20+50*int64(len(stored)) {
			t.Fatalf("%d bytes came out of %d", total, len(stored))
		}
	})
}
