// Package local is the source of files and folders on this machine.
//
// Rules:
//   - An object's URI is its real path, with all links resolved. So a file that is reached twice, by overlapping
//     paths or through a link, is one object, and its URI says where the bytes really are.
//   - A folder is walked whole. Hidden files are files. The window is not used: neither a file's name nor its
//     modification time says when its records are from.
//   - Passed over in a folder are only files that are never logs: empty ones, and those that [source.Never] names. They are
//     counted by reason, and Remarks says so. A file that was named by hand is never passed over.
//   - A link in a folder is not followed: a link in a folder of evidence may lead anywhere. One that leads to a file in what was
//     named is passed over and counted, as the file is read there; any other is yielded as an error that says where it leads.
//     A path that was named by hand may be a link.
//   - An archive is a folder, whether met or named: zip, tar, tar.gz and tar.zst, told by content. Each file in it is an object,
//     with the archive's URI, "!/" and its path there for a URI (file:///a/logs.zip!/dir/x.log); its bytes are those that the
//     archive holds, without the archive's own compression. Its provenance names the archive, the archive's SHA-256 and the
//     file's name in it; Remarks says the same of the archive, for the custody log. The archive itself is not kept: whoever has
//     to show it keeps it, and the hash finds it. Archives in archives are read three deep.
//   - A name in an archive is never a path on this machine. Links in archives are passed over. What grows beyond bounds, is
//     encrypted, damaged, or stored in a way that is not read, is an error under its own name, and the rest is read.
//   - Office documents are zips and are files all the same.
//   - Devices, sockets, FIFOs, loops of links and what cannot be read are yielded as errors.
//   - A case is never walked: its raw/ would be loaded into a case once more.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/loader/source"
)

// Source lists files and folders.
type Source struct {
	paths   []string
	remarks []string // of the latest listing
}

// New makes a source of the files and folders at paths.
func New(paths ...string) *Source { return &Source{paths: slices.Clone(paths)} }

// URI names the paths as absolute file URIs, separated by spaces.
func (s *Source) URI() string {
	uris := make([]string, len(s.paths))
	for i, p := range s.paths {
		if abs, err := filepath.Abs(p); err == nil {
			p = abs
		}
		uris[i] = uri(p)
	}
	return strings.Join(uris, " ")
}

// Objects walks the paths, then yields every file and every error in the order of their URIs.
func (s *Source) Objects(ctx context.Context, _ cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		w := walk{ctx: ctx, seen: map[string]bool{}, passed: map[string]int{}}
		for _, p := range s.paths {
			if abs, err := filepath.Abs(p); err == nil {
				if real, _, err := resolve(abs); err == nil {
					w.roots = append(w.roots, real)
				}
			}
		}
		for _, p := range s.paths {
			w.root(p)
		}
		s.remarks = w.remarks()
		slices.SortStableFunc(w.found, func(a, b entry) int { return strings.Compare(a.uri, b.uri) })
		for _, e := range w.found {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			var ok bool
			if e.err != nil {
				ok = yield(nil, &source.ObjectError{URI: e.uri, Err: e.err})
			} else {
				ok = yield(e.object, nil)
			}
			if !ok {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Remarks says what the latest listing passed over, and why.
func (s *Source) Remarks() []string { return s.remarks }

// entry is one find of a walk: an object or an error.
type entry struct {
	uri    string
	object source.Object
	err    error
}

type walk struct {
	ctx    context.Context
	roots  []string        // the real paths that were named
	seen   map[string]bool // URIs found, folders included
	found  []entry
	passed map[string]int // files that are never logs, by reason

	archives []*archive
	prober   prober
	spool    spool
}

// remarks says what was passed over, and what was read as a folder.
func (w *walk) remarks() []string {
	const most = 20
	var out []string
	for _, a := range w.archives[:min(len(w.archives), most)] {
		out = append(out, a.String())
	}
	if more := len(w.archives) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more archives; the provenance of each of their files names the archive and its SHA-256", more))
	}
	for _, reason := range slices.Sorted(maps.Keys(w.passed)) {
		if n := w.passed[reason]; n == 1 {
			out = append(out, "1 file was passed over: "+reason)
		} else {
			out = append(out, fmt.Sprintf("%d files were passed over: %s", n, reason))
		}
	}
	return out
}

func (w *walk) add(path string, o source.Object, err error) { w.addAt(uri(path), o, err) }

func (w *walk) addAt(u string, o source.Object, err error) {
	if w.seen[u] {
		return
	}
	w.seen[u] = true
	w.found = append(w.found, entry{u, o, err})
}

// root walks a path that was named by hand.
func (w *walk) root(path string) {
	abs, err := filepath.Abs(path)
	if err != nil {
		w.add(path, nil, err)
		return
	}
	real, info, err := resolve(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.add(abs, nil, missing(path, err))
	case err != nil:
		w.add(abs, nil, err)
	case !info.IsDir():
		w.file(real, info)
	default:
		for dir := filepath.Dir(real); ; dir = filepath.Dir(dir) {
			if cases.Is(dir) {
				w.add(real, nil, fmt.Errorf("inside the case %s, which is not loaded into a case again", dir))
				return
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
		w.dir(real)
	}
}

// dir walks a folder by its real path.
func (w *walk) dir(path string) {
	if w.ctx.Err() != nil || w.seen[uri(path)] {
		return
	}
	if cases.Is(path) {
		w.add(path, nil, errors.New("a case, which is not loaded into a case again"))
		return
	}
	children, err := os.ReadDir(path)
	if err != nil {
		w.add(path, nil, reason(err)) // what could be read of it is walked all the same
	}
	w.seen[uri(path)] = true
	for _, c := range children {
		child := filepath.Join(path, c.Name())
		switch {
		case c.IsDir():
			w.dir(child)
		case c.Type()&fs.ModeSymlink != 0:
			w.link(child)
		default:
			info, err := c.Info()
			if err != nil {
				w.add(child, nil, reason(err))
				continue
			}
			w.inFolder(child, info)
		}
	}
}

// link says of a link that was met in a folder that it is not followed.
func (w *walk) link(path string) {
	real, info, err := resolve(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.add(path, nil, errors.New("a link that leads nowhere"))
	case err != nil:
		w.add(path, nil, err)
	case info.IsDir():
		w.add(path, nil, fmt.Errorf("a link to the folder %s, which is not followed\nhint: name that folder too if its files are meant", real))
	case w.inside(real):
		if !w.seen[uri(path)] {
			w.seen[uri(path)] = true
			w.passed["a link to a file that is read under its own name"]++
		}
	default:
		w.add(path, nil, fmt.Errorf("a link out of the folder, to %s, which is not followed\nhint: name that file too if it is meant", real))
	}
}

// inside says whether a real path is one of those named, or in one of the folders named.
func (w *walk) inside(real string) bool {
	return slices.ContainsFunc(w.roots, func(root string) bool {
		rel, err := filepath.Rel(root, real)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

// inFolder adds a file that was met in a folder, unless it is never a log or was named by hand.
func (w *walk) inFolder(path string, info fs.FileInfo) {
	never := ""
	if info.Mode().IsRegular() && !slices.Contains(w.roots, path) {
		never = source.Never(filepath.Base(path), info.Size())
	}
	if u := uri(path); never != "" && !w.seen[u] {
		w.seen[u] = true
		w.passed[never]++
	}
	if never == "" {
		w.file(path, info)
	}
}

// file adds a file by its real path, or what is in it where it is an archive, or says why it cannot be an object.
func (w *walk) file(path string, info fs.FileInfo) {
	if !info.Mode().IsRegular() {
		w.add(path, nil, fmt.Errorf("%s, not a file", kind(info.Mode())))
		return
	}
	// Opening is the only true test of whether it can be read.
	f, err := os.Open(path)
	if err != nil {
		w.add(path, nil, reason(err))
		return
	}
	if form := w.prober.form(io.NewSectionReader(f, 0, info.Size())); form != isFile {
		w.archive(path, info, f, form)
		return
	}
	f.Close()
	w.add(path, &file{path: path, size: info.Size(), modTime: info.ModTime().UTC()}, nil)
}

type file struct {
	path    string
	size    int64
	modTime time.Time
}

func (f *file) URI() string        { return uri(f.path) }
func (f *file) Size() int64        { return f.size }
func (f *file) ModTime() time.Time { return f.modTime }

// Open opens the file, and refuses what has meanwhile become something other than a file.
func (f *file) Open(ctx context.Context) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	info, err := os.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s by now, not a file", kind(info.Mode()))
	}
	if err != nil {
		return nil, &source.ObjectError{URI: f.URI(), Err: reason(err)}
	}
	r, err := os.Open(f.path)
	if err != nil {
		return nil, &source.ObjectError{URI: f.URI(), Err: reason(err)}
	}
	return r, nil
}

// resolve follows all links of a path.
func resolve(path string) (string, fs.FileInfo, error) {
	// Stat first: it finds a loop of links by the system's own rule, with an error that says so.
	info, err := os.Stat(path)
	if err != nil {
		return path, nil, reason(err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path, nil, reason(err)
	}
	return real, info, nil
}

func missing(path string, err error) error {
	hint := ""
	if strings.ContainsAny(path, "*?[") {
		hint = "\nhint: the shell found no file for this pattern"
	} else if !filepath.IsAbs(path) {
		if dir, e := os.Getwd(); e == nil {
			hint = "\nhint: looked for it from " + dir
		}
	} else {
		hint = "\nhint: check the spelling, and that the disk it is on is mounted"
	}
	return fmt.Errorf("%w%s", err, hint)
}

// reason is a path error without the path: the URI in front of it says that already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}

func uri(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}
