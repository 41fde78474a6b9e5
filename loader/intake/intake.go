// Package intake takes a case over from a bag that somebody has handed over. The bag is checked first (package verify); then its
// source objects and its custody log become a new case, whose database our own decoders make from the objects (package rebuild). No
// database, query or name of the bag is used: what was in it becomes bytes under their hashes.
//
// Rules: a bag with any fault is refused, and named. The custody log stays as it was, byte for byte, and goes on: a line says that the
// case was taken over, and from what. So do the notes, which are shown as those of who wrote them.
// The case is there as a whole or not at all. The package refuses a target that is there.
package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"case53/cases"
	"case53/cases/folder"
	"case53/cases/raw"
	"case53/cases/verify"
	"case53/cases/writer"
	"case53/loader"
	"case53/loader/rebuild"
)

// Kept is the folder of a case that has what a bag said of itself: manifests, signatures, seal.
const Kept = "import"

// Result is what came of it. Verified is the check of the bag, Rebuilt that of its objects, decoded again.
type Result struct {
	OK       bool            `json:"ok"`
	Case     string          `json:"case"`
	Bag      string          `json:"bag_sha256"` // of tagmanifest-sha256.txt
	Verified verify.Result   `json:"verified"`
	Rebuilt  *rebuild.Result `json:"rebuilt,omitempty"`
	Head     string          `json:"head"` // of the custody log, after the line that tells of it
	Lines    int             `json:"lines"`
}

// Faults are those of the bag, and of its objects.
func (r Result) Faults() []verify.Fault {
	if r.Rebuilt == nil {
		return r.Verified.Faults
	}
	return append(r.Verified.Faults, r.Rebuilt.Faults...)
}

// Bag makes the new case dir of the bag in the folder from. Where there are faults there is no case. A case whose database is made and
// compared is kept, also where what is derived from it could not be built any more: that is rebuild.ErrUnbuilt, beside a result that is OK.
func Bag(ctx context.Context, from, dir string, opt verify.Options) (r Result, err error) {
	r.Case = dir
	out, err := folder.New(dir)
	if err != nil {
		return r, err
	}
	defer out.Drop()
	if r.Verified, err = verify.Bag(ctx, from, opt); err != nil || !r.Verified.OK {
		return r, err
	}
	if r.Bag, err = verify.HashFile(ctx, filepath.Join(from, verify.BagTags)); err != nil {
		return r, err
	}
	if err := takeRaw(ctx, from, out.Dir()); err != nil {
		return r, err
	}
	for _, name := range []string{filepath.Base(cases.CustodyFile("")), filepath.Base(cases.NotesFile(""))} {
		if err := keep(out, filepath.Join(verify.BagFolder(from), name), name); err != nil {
			return r, err
		}
	}
	for name, path := range kept(from) {
		if err := keep(out, path, Kept+"/"+name); err != nil {
			return r, err
		}
	}
	// The head that was checked has to be in the log that was copied.
	again, err := rebuild.Case(ctx, out.Dir(), rebuild.Options{ExpectHead: r.Verified.Head, Progress: opt.Progress})
	if r.Rebuilt = &again; !again.OK || err != nil && !errors.Is(err, rebuild.ErrUnbuilt) {
		return r, err
	}
	if err := r.tell(context.WithoutCancel(ctx), out.Dir()); err != nil {
		return r, err
	}
	if err := out.Place(); err != nil {
		return r, err
	}
	r.OK = true
	return r, err
}

var rawFile = regexp.MustCompile(`^[0-9a-f]{64}$`)

// takeRaw copies the source objects, each checked against its name while it is read.
func takeRaw(ctx context.Context, from, dir string) error {
	in, out := raw.Open(cases.RawFolder(verify.BagFolder(from))), raw.Open(cases.RawFolder(dir))
	return filepath.WalkDir(cases.RawFolder(verify.BagFolder(from)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !rawFile.MatchString(d.Name()) {
			return err
		}
		object, err := in.Open(d.Name())
		if err != nil {
			return err
		}
		sha, _, err := out.Put(ctx, object)
		if err == nil && sha != d.Name() {
			err = fmt.Errorf("%w: %s was changed while it was read", raw.ErrAltered, d.Name())
		}
		return errors.Join(err, object.Close())
	})
}

// kept are the files that say who vouched for the bag, and for the case in it, by name.
func kept(from string) map[string]string {
	files := map[string]string{}
	for _, name := range []string{verify.BagInfo, verify.BagManifest, verify.BagTags, verify.BagSignature} {
		files[name] = filepath.Join(from, name)
	}
	for _, name := range []string{verify.SealFile, verify.SignatureFile, verify.ManifestFile, verify.DigestsFile, verify.StampFile} {
		files["seal/"+name] = verify.SealPath(verify.BagFolder(from), name)
	}
	return files
}

// keep copies a file that was checked, where there is one.
func keep(out *folder.Folder, from, name string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is no file of its own", cases.ErrForeign, from)
	}
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return out.Give(name, func(w io.Writer) error { _, err := io.Copy(w, in); return err })
}

// tell notes in the custody log that the case was taken over, and from what.
func (r *Result) tell(ctx context.Context, dir string) error {
	w, err := writer.Open(ctx, dir, loader.Schemas())
	if err != nil {
		return err
	}
	detail := map[string]any{
		"bag_sha256": r.Bag, "head": r.Verified.Head, "lines": r.Verified.Checked.Custody, "objects": r.Rebuilt.Objects, "rows": r.Rebuilt.Rows,
	}
	if r.Verified.Bag != nil {
		detail["bag_key"] = r.Verified.Bag.Key
	}
	if r.Verified.Notes != nil {
		detail["notes"] = r.Verified.Notes
	}
	if r.Verified.Seal != nil {
		detail["seal_key"], detail["seal_sha256"] = r.Verified.Seal.Key, r.Verified.Seal.SHA256
	}
	err = w.Custody.Append("import", detail)
	r.Lines, r.Head = w.Custody.Head()
	return errors.Join(err, w.Close())
}
