package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

// page writes a document. Every text in it is of a type whose String makes it safe; html/template then escapes that.
var page = template.Must(template.New("page").Parse(pageText))

// HTML writes the report as HTML.
func (r *Report) HTML(w io.Writer) error { return r.document().html(w) }

// AppendixHTML writes its appendix.
func (r *Report) AppendixHTML(w io.Writer) error { return r.appendix().html(w) }

func (d *document) html(w io.Writer) error {
	if err := page.Execute(w, d); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
