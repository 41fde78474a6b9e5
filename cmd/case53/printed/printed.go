// Package printed writes answers as lines for people, and as JSON for scripts: the text of a command whose data another package
// gave. It decides nothing, ranks nothing and asks no case; text from evidence goes through safetext here, and nowhere after it.
// What is data goes to stdout, what needs a person's eyes to stderr, as the caller hands them in.
package printed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"case53/cases/safetext"
)

// JSON writes v, indented.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(safetext.JSON(b.Bytes()))
	return err
}

// Text writes text of several lines, made safe line by line.
func Text(w io.Writer, text string) error {
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprintln(w, safetext.Show(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

// Error writes an error, its hint on a line of its own.
func Error(w io.Writer, err error) {
	for i, line := range strings.Split(strings.TrimSpace(err.Error()), "\n") {
		if i == 0 {
			line = "case53: " + line
		}
		fmt.Fprintln(w, safetext.Show(line))
	}
}
