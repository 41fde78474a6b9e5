package verify

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"case53/cases/raw"
)

var rawName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// raw compares every file of raw/ with its name, and with what the custody log names.
func (r *run) raw(ctx context.Context) error {
	folder := filepath.Join(r.dir, nameRaw)
	there := map[string]bool{}
	var names []string
	err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == folder {
			return nil
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(r.dir, p)
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir():
		case !d.Type().IsRegular():
			r.fault(rel, 0, meansExtra, "it is no file of its own")
		case strings.HasPrefix(d.Name(), ".incoming-"):
			r.remark("%s is what an interrupted load has left", rel)
		case !rawName.MatchString(d.Name()) || path.Base(path.Dir(rel)) != d.Name()[:2] || strings.Count(rel, "/") != 2:
			r.fault(rel, 0, meansExtra, "it is not where an object is kept, or not named as one")
		default:
			there[d.Name()] = true
			names = append(names, d.Name())
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, sha := range r.log.names() {
		if !there[sha] {
			r.fault(r.rawPath(sha), r.log.object(sha), meansGone, "the file of %s is missing", r.log.raw[sha])
		}
	}
	return r.hash(ctx, names)
}

// hash reads files to their ends.
func (r *run) hash(ctx context.Context, names []string) error {
	store := raw.Open(filepath.Join(r.dir, nameRaw))
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan string)
	group.Go(func() error {
		defer close(next)
		for i, name := range names {
			select {
			case next <- name:
				r.progress("raw", int64(i+1), int64(len(names)))
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for sha := range next {
				err := store.Check(ctx, sha)
				switch {
				case ctx.Err() != nil:
					return context.Cause(ctx)
				case errors.Is(err, raw.ErrAltered), errors.Is(err, fs.ErrNotExist):
					r.fault(r.rawPath(sha), r.log.object(sha), meansBytes, "%s", err)
				case err != nil:
					var at *os.PathError
					if !errors.As(err, &at) {
						return err
					}
					r.fault(r.rawPath(sha), r.log.object(sha), meansGone, "it cannot be read: %s", err)
				}
				r.mu.Lock()
				r.result.Checked.Objects++
				r.mu.Unlock()
			}
			return nil
		})
	}
	return group.Wait()
}

func (r *run) rawPath(sha string) string {
	if !rawName.MatchString(sha) {
		return nameRaw
	}
	return path.Join(nameRaw, sha[:2], sha)
}

// names are the SHA-256 of all files that the log names, in order.
func (j *journal) names() []string {
	var all []string
	for sha := range j.raw {
		all = append(all, sha)
	}
	slices.Sort(all)
	return all
}

// object is the first object of these bytes; 0: none.
func (j *journal) object(sha string) uint32 {
	first := uint32(0)
	for id, o := range j.objects {
		if o.sha == sha && (first == 0 || id < first) {
			first = id
		}
	}
	return first
}
