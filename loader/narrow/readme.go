package narrow

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"case53/cases/words"
)

//go:embed readme.txt
var readmeText string

var readmeTemplate = template.Must(template.New("readme").Parse(readmeText))

// readme says what to do with the files, in their order.
func (q *Question) readme() string {
	load := []string{"--narrowed", q.To.String()}
	for _, end := range []struct {
		flag string
		at   time.Time
	}{{"--from", q.window.From}, {"--to", q.window.To}} {
		if !end.at.IsZero() {
			load = append(load, end.flag, end.at.UTC().Format(time.RFC3339Nano))
		}
	}
	var b strings.Builder
	err := readmeTemplate.Execute(&b, map[string]string{
		"Words": q.To.Words(), "Load": words.ShellLine(load...), "Objects": words.Plural(q.Objects, "object", "objects"),
		"Bytes": words.Bytes(q.Bytes), "Dollars": fmt.Sprintf("$%.4f", q.Dollars()), "Listing": q.Listing, "Place": q.place(), "Table": q.table(),
	})
	if err != nil {
		panic(err) // the template is ours, and has no method
	}
	return b.String()
}
