package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"case53/queries"
)

// ErrThere is that a file to write is there already.
var ErrThere = errors.New("is there already")

// Target checks where a file is to go, before the work for it begins: into a folder that is there, not into the case (looking at
// a case never writes to it), and over another file only where that was asked for; else the error is [ErrThere].
func Target(caseDir, target string, over bool) error {
	if err := Outside(caseDir, target); err != nil {
		return err
	}
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is there and is no file", target)
	case !over:
		return fmt.Errorf("%s %w", target, ErrThere)
	}
	return nil
}

// Outside refuses a file of which there is no folder, or that would lie in the case.
func Outside(caseDir, target string) error {
	folder, err := filepath.EvalSymlinks(filepath.Dir(target))
	if err != nil {
		return fmt.Errorf("the folder of %s: %w\nhint: make it first", target, err)
	}
	inside, err := within(caseDir, folder)
	if err != nil {
		return err
	}
	if inside {
		return queries.Ask("%s lies in the case\nhint: looking at a case never writes to it; name a file elsewhere", target)
	}
	return nil
}

// File makes a file: beside its place, and then it is moved there, so that it is there whole or not at all.
func File(target string, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(target), ".case53-*")
	if err != nil {
		return err
	}
	err = write(tmp)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// within says whether path is the folder dir or in it.
func within(dir, path string) (bool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if path, err = filepath.Abs(path); err != nil {
		return false, err
	}
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator)), nil
}

// endings are the forms by the end of a file's name.
var endings = []struct{ ending, form string }{
	{".csv", "csv"}, {".json", "json"}, {".jsonl", "jsonl"}, {".ndjson", "jsonl"}, {".parquet", "parquet"}, {".md", "md"}, {".txt", "table"},
}

// ByFile is the form that a file of this name has.
func ByFile(file string) (Format, bool) {
	for _, e := range endings {
		if strings.EqualFold(filepath.Ext(file), e.ending) {
			return Find(e.form)
		}
	}
	return Format{}, false
}

// ToolByFile is the tool that a file's name has before its end: rows.ecs.ndjson, rows.zeek.log.
func ToolByFile(file string) (Tool, bool) {
	name := filepath.Ext(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	return FindTool(strings.ToLower(strings.TrimPrefix(name, ".")))
}

// Endings are the ends of names that [ByFile] knows.
func Endings() string {
	var all []string
	for _, e := range endings {
		all = append(all, e.ending)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}
