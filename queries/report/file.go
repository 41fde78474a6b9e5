package report

import (
	"io"
	"path/filepath"
	"strings"

	"case53/queries"
	"case53/queries/export"
)

// form writes a report and its appendix.
type form struct {
	whole, appendix func(*Report, io.Writer) error
}

var (
	asHTML     = form{(*Report).HTML, (*Report).AppendixHTML}
	asMarkdown = form{(*Report).Markdown, (*Report).AppendixMarkdown}

	// forms of a report, by the end of its file's name.
	forms = map[string]form{".html": asHTML, ".htm": asHTML, ".md": asMarkdown, ".markdown": asMarkdown}
)

// AppendixOf is where the appendix of a report goes: beside it.
func AppendixOf(file string) string {
	end := filepath.Ext(file)
	return strings.TrimSuffix(file, end) + "-appendix" + end
}

// Target checks where a report and its appendix are to go, before the work begins, as [export.Target] does.
func Target(caseDir, file string, over bool) error {
	if _, ok := forms[strings.ToLower(filepath.Ext(file))]; !ok {
		return queries.Ask("%s: a report ends in .html or .md", file)
	}
	if err := export.Target(caseDir, file, over); err != nil {
		return err
	}
	return export.Target(caseDir, AppendixOf(file), over)
}

// Save writes a report, and its appendix before it, each whole or not at all.
func (r *Report) Save(file string) error {
	f := forms[strings.ToLower(filepath.Ext(file))]
	if err := export.File(AppendixOf(file), func(w io.Writer) error { return f.appendix(r, w) }); err != nil {
		return err
	}
	return export.File(file, func(w io.Writer) error { return f.whole(r, w) })
}
