package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"case53/cases"
	"case53/cases/notes"
)

// Names in a bag (BagIt 1.0, RFC 8493). Its payload is laid out as a case is.
const (
	BagFile         = "bagit.txt"
	BagInfo         = "bag-info.txt"
	BagManifest     = "manifest-sha256.txt"
	BagTags         = "tagmanifest-sha256.txt"
	BagSignature    = "tagmanifest-sha256.txt.sig"
	BagDeclaration  = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	BagNamespace    = "case53-bag@v1" // of the signature, which is of BagTags
	BagTables       = "store"         // folder of the payload: a text of each stored table
	payload         = "data"
	meansBag        = "the bag is not as it was made"
	meansBagExtra   = "somebody put it into the bag; it is not part of it"
	meansBagMissing = "the bag is not whole"
	meansNotes      = "what examiners have kept was changed after they kept it; it is no evidence, and nothing of the case rests on it"
	meansUnsigned   = "nobody vouches for what is in the bag beside the sealed case: tables, queries, instructions"
)

// BagFolder is the payload of the bag in dir: it has raw/, custody.jsonl and seal/ where a case has them.
func BagFolder(dir string) string { return filepath.Join(dir, payload) }

// BagName says whether a file of a bag can have this name.
func BagName(name string) bool { return sumsName.MatchString(name) }

// IsBag says whether dir is a bag, or what is left of one.
func IsBag(dir string) bool {
	for _, name := range []string{BagFile, BagTags} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// Bag checks the bag in dir: every file against the manifests, and none too many; and as [Case] does, the raw bytes against their
// names, the custody log against its chain, the rows of its tables against the digests noted there, what its tables say of the objects
// against the log, and all against the seal. What nothing speaks for but the manifest is a remark.
func Bag(ctx context.Context, dir string, opt Options) (Result, error) {
	r := &run{dir: BagFolder(dir), bag: dir, opt: opt, looked: map[string]bool{}, result: Result{Faults: []Fault{}}}
	files, err := r.bagFiles()
	if err != nil || len(r.result.Faults) > 0 { // nothing is opened where there are links
		return r.result, err
	}
	err = r.bagged(ctx, files)
	for _, check := range []func(context.Context) error{func(context.Context) error { return r.custody() }, r.raw, r.seal, r.tables} {
		if err == nil {
			err = check(ctx)
		}
	}
	if err == nil {
		err = r.notes(ctx)
	}
	if err == nil {
		r.digestLines()
		r.texts()
		r.notLooked(files)
		r.bagSignature()
	}
	slices.SortStableFunc(r.result.Faults, func(a, b Fault) int { return strings.Compare(a.File, b.File) })
	r.result.OK = err == nil && len(r.result.Faults) == 0
	return r.result, err
}

// bagFiles are the sizes of all files of the bag, by name. What is neither file nor folder, or could not be ours, is a fault.
func (r *run) bagFiles() (map[string]int64, error) {
	files := map[string]int64{}
	root, err := filepath.EvalSymlinks(r.bag)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		name, _ := filepath.Rel(root, p)
		name = filepath.ToSlash(name)
		switch {
		case !d.IsDir() && !d.Type().IsRegular():
			r.faultAt(name, 0, meansBagExtra, "it is no file of its own")
		case !sumsName.MatchString(name):
			r.faultAt(name, 0, meansBagExtra, "no file of a bag has such a name")
		case !d.IsDir():
			info, err := d.Info()
			if err != nil {
				return err
			}
			files[name] = info.Size()
		}
		return nil
	})
	return files, err
}

// bagged compares the files with both manifests.
func (r *run) bagged(ctx context.Context, files map[string]int64) error {
	if text, err := readSmall(filepath.Join(r.bag, BagFile)); err != nil || string(text) != BagDeclaration {
		r.faultAt(BagFile, 0, meansBag, "it does not say that this is a bag as case53 makes it")
	}
	tags, err := r.bagManifest(BagTags)
	if err != nil {
		return err
	}
	data, err := r.bagManifest(BagManifest)
	if err != nil {
		return err
	}
	size, count := int64(0), 0
	for name, n := range files {
		manifest, in := data, strings.HasPrefix(name, payload+"/")
		if in {
			size, count = size+n, count+1
		} else {
			manifest = tags
		}
		if _, listed := manifest[name]; !listed && name != BagTags && name != BagSignature {
			r.faultAt(name, 0, meansBagExtra, "no manifest names it")
		}
	}
	all := map[string]string{} // tags is nil where that manifest cannot be read
	maps.Copy(all, tags)
	maps.Copy(all, data)
	err = r.bagHashes(ctx, all, files)
	if len(r.result.Faults) == 0 && err == nil {
		r.oxum(size, count)
	}
	return err
}

// bagManifest reads a manifest; one that cannot be read is a fault, and names nothing.
func (r *run) bagManifest(name string) (map[string]string, error) {
	text, err := readSmall(filepath.Join(r.bag, name))
	if errors.Is(err, fs.ErrNotExist) {
		r.faultAt(name, 0, meansBagMissing, "it is gone")
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	sums, err := parseSums(text)
	if err != nil {
		r.faultAt(name, 0, meansBag, "%s", err)
	}
	for other := range sums {
		if strings.HasPrefix(other, payload+"/") != (name == BagManifest) {
			r.faultAt(name, 0, meansBag, "it names %s, which is not for it", other)
		}
	}
	return sums, nil
}

var oxumLine = regexp.MustCompile(`(?m)^Payload-Oxum: (.*)$`)

// oxum compares the payload's size with what bag-info.txt says.
func (r *run) oxum(size int64, count int) {
	text, err := readSmall(filepath.Join(r.bag, BagInfo))
	if err != nil {
		r.faultAt(BagInfo, 0, meansBagMissing, "it cannot be read: %s", err)
		return
	}
	said := oxumLine.FindAllSubmatch(text, -1)
	if want := fmt.Sprintf("%d.%d", size, count); len(said) != 1 || string(said[0][1]) != want {
		r.faultAt(BagInfo, 0, meansBag, "the payload is %d files of %d bytes (%s), and that is not what it says", count, size, want)
	}
}

// bagHashes reads every file that a manifest names, but those of raw/: their names are their hashes, and raw() reads them.
func (r *run) bagHashes(ctx context.Context, sums map[string]string, files map[string]int64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range slices.Sorted(maps.Keys(sums)) {
		want := sums[name]
		if _, there := files[name]; !there {
			r.faultAt(name, 0, meansBagMissing, "it is gone")
			continue
		}
		if strings.HasPrefix(name, payload+"/"+nameRaw+"/") {
			if path.Base(name) != want {
				r.faultAt(name, 0, meansBytes, "the manifest says that its SHA-256 is %s", want)
			}
			continue
		}
		group.Go(func() error {
			r.progress("files", int64(i), int64(len(sums)))
			now, err := HashFile(ctx, filepath.Join(r.bag, filepath.FromSlash(name)))
			if err == nil && now != want {
				r.faultAt(name, 0, meansBag, "its SHA-256 is %s; the manifest says %s", now, want)
			}
			return err
		})
	}
	return group.Wait()
}

// notes checks the chain of the notes in the bag, where it has any.
func (r *run) notes(ctx context.Context) error {
	path := cases.NotesFile(r.dir)
	b, err := notes.Open(ctx, r.dir, "")
	if err != nil {
		return err
	}
	lines, head := b.Head()
	if r.looked[filepath.Base(path)] = true; b.Fault() != nil {
		r.fault(filepath.Base(path), 0, meansNotes, "%s", strings.ReplaceAll(b.Fault().Error(), path, filepath.Base(path)))
	} else if b.Torn() {
		r.fault(filepath.Base(path), 0, meansNotes, "its last line has no end; no bag was made with such a line")
	}
	if lines > 0 {
		r.result.Notes = &Noted{lines, head}
	}
	return nil
}

// bagSignature checks who signed the bag.
func (r *run) bagSignature() {
	armored, err := readSmall(filepath.Join(r.bag, BagSignature))
	if errors.Is(err, fs.ErrNotExist) {
		if r.opt.Signer != nil {
			r.faultAt(BagSignature, 0, meansUnsigned, "the bag is not signed, or its signature was taken away")
		} else {
			r.remark("the bag is not signed: the manifests show accidents, and of who alters them too, only what raw/, %s and the seal contradict",
				nameCustody)
		}
		return
	}
	if err != nil {
		r.faultAt(BagSignature, 0, meansBag, "it cannot be read: %s", err)
		return
	}
	signature, err := readSignature(armored)
	if err != nil {
		r.faultAt(BagSignature, 0, meansBag, "it is no signature: %s", err)
		return
	}
	text, err := readSmall(filepath.Join(r.bag, BagTags))
	if err == nil {
		err = sshsig.Verify(bytes.NewReader(text), signature, signature.PublicKey, signature.HashAlgorithm, BagNamespace)
	}
	if err != nil {
		r.faultAt(BagTags, 0, meansBag, "its signature, %s, is not of these bytes: %s", BagSignature, err)
		return
	}
	key := signature.PublicKey
	r.result.Bag = &Signed{Key: ssh.FingerprintSHA256(key)}
	if r.opt.Signer != nil && !bytes.Equal(r.opt.Signer.Marshal(), key.Marshal()) {
		r.faultAt(BagSignature, 0, "somebody else has signed the bag, perhaps anew after changing it",
			"it was made with the key %s, not with %s", ssh.FingerprintSHA256(key), ssh.FingerprintSHA256(r.opt.Signer))
	}
}
