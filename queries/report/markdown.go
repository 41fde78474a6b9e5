package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Markdown writes the report as Markdown (CommonMark with GitHub's tables).
func (r *Report) Markdown(w io.Writer) error { return r.document().markdown(w) }

// AppendixMarkdown writes its appendix.
func (r *Report) AppendixMarkdown(w io.Writer) error { return r.appendix().markdown(w) }

func (d *document) markdown(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n", inline([]span{{"", d.Title}}, false))
	for _, b := range d.Blocks {
		out.WriteByte('\n')
		b.markdown(out)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (b *block) markdown(w *bufio.Writer) {
	switch b.Kind {
	case isHeading:
		fmt.Fprintf(w, "%s %s\n", strings.Repeat("#", b.Level), inline(b.Spans, false))
	case isPara:
		fmt.Fprintf(w, "%s\n", inline(b.Spans, false))
	case isList:
		for _, item := range b.Items {
			fmt.Fprintf(w, "- %s\n", inline(item, false))
		}
	case isTable:
		b.markdownTable(w)
	case isCode:
		fenced(w, b.Code.String())
	case isPicture:
		lines := []string{b.Picture.Title.String()}
		for _, line := range b.Picture.Text {
			lines = append(lines, strings.TrimRight(line.String(), " "))
		}
		fenced(w, strings.Join(lines, "\n"))
	}
}

func (b *block) markdownTable(w *bufio.Writer) {
	var titles, rule []string
	for _, c := range b.Head {
		titles = append(titles, inline([]span{{"", c.Title}}, true))
		if c.Right {
			rule = append(rule, "---:")
		} else {
			rule = append(rule, "---")
		}
	}
	fmt.Fprintf(w, "| %s |\n| %s |\n", strings.Join(titles, " | "), strings.Join(rule, " | "))
	for _, row := range b.Rows {
		var cells []string
		for _, cell := range row {
			cells = append(cells, inline(cell, true))
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
	}
}

// fenced writes lines as they are, between fences longer than any in them.
func fenced(w *bufio.Writer, text string) {
	fence := strings.Repeat("`", max(3, ticks(text)+1))
	fmt.Fprintf(w, "%stext\n%s\n%s\n", fence, text, fence)
}

// ticks is the length of the longest run of backticks.
func ticks(s string) (longest int) {
	run := 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// inline writes spans on one line.
func inline(spans []span, inTable bool) string {
	var b strings.Builder
	for _, s := range spans {
		safe := s.Text.String()
		switch {
		case safe == "":
		case s.Style == "code":
			b.WriteString(codeSpan(safe, inTable))
		case s.Style == "":
			b.WriteString(prose(safe, inTable))
		default:
			b.WriteString("**" + prose(strings.TrimSpace(safe), inTable) + "**")
			if strings.HasSuffix(safe, " ") {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}

// codeSpan writes text between backticks, more of them than it has in a row; in a table a bar is escaped in code too.
func codeSpan(s string, inTable bool) string {
	fence := strings.Repeat("`", ticks(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) != s {
		s = " " + s + " "
	}
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	return fence + s + fence
}

// prose escapes what Markdown reads as markup. A word that some readers make a link of without being asked (a name, an
// address of mail, a URL) is written as code: nothing in a report leads to where the evidence points.
func prose(s string, inTable bool) string {
	words := strings.Split(s, " ")
	for i, word := range words {
		if linkable(word) {
			bare := strings.TrimRight(word, ",;:.")
			words[i] = codeSpan(bare, inTable) + word[len(bare):]
			continue
		}
		var b strings.Builder
		for _, r := range word {
			if strings.ContainsRune("\\`*_{}[]<>|~&$^", r) || i == 0 && !inTable && b.Len() == 0 && strings.ContainsRune("#+-=", r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		words[i] = b.String()
	}
	if first := words[0]; len(first) > 1 && strings.Trim(first[:len(first)-1], "0123456789") == "" && strings.ContainsAny(first[len(first)-1:], ".)") {
		words[0] = first[:len(first)-1] + `\` + first[len(first)-1:] // not the first item of a list
	}
	return strings.Join(words, " ")
}

func linkable(word string) bool {
	if strings.ContainsRune(word, '@') || strings.Contains(word, "://") {
		return true
	}
	for i, r := range word {
		if r != '.' || i == 0 {
			continue
		}
		for _, next := range word[i+1:] {
			if unicode.IsLetter(next) {
				return true
			}
			break
		}
	}
	return false
}
