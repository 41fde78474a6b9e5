package queries

import (
	"fmt"
	"slices"
	"strings"

	"case53/cases/words"
)

// Query is a saved query.
type Query struct {
	ID      string // unique: the file's name without .sql, e.g. flows-of-address
	Group   string // the file's folder, e.g. flow
	Title   string
	Doc     string // paragraphs, parted by an empty line
	Cannot  string // what its answer cannot tell
	Needs   []string
	OneOf   [][]string // groups of views: of each group one at least must have records
	Uses    []string   // views that it reads too, and does without where there are no records of them
	Params  []Param
	Columns map[string]string // kinds of the columns that the query makes up
	Pivot   string            // its title in the pivot menu; "" when it is no pivot
	Page    Page              // what it is on the page of a value; without a part where it is not on it
	Records string            // the query that has the records of a row; "" where none has
	Hunt    *Hunt             // what makes it a hunt; nil for other queries
	SQL     string            // one SELECT, without comment header and final semicolon
	Path    string
	Builtin bool
	OfCase  bool // it came with the case, and may be a stranger's
	// Replaces is the path of the query of the same ID that this one was laid over; "" when there was none.
	Replaces string

	numbers []numberOf
}

// Param is a parameter of a query.
type Param struct {
	Name, Kind, Default, Doc string
	Required                 bool
}

// Param finds a parameter by name; nil when there is none.
func (q *Query) Param(name string) *Param {
	for i := range q.Params {
		if q.Params[i].Name == name {
			return &q.Params[i]
		}
	}
	return nil
}

// Reads are the views that the query reads, those that must have records first.
func (q *Query) Reads() []string {
	return slices.Concat(q.Needs, slices.Concat(q.OneOf...), q.Uses)
}

// Entry is the parameter that a pivot gives its value to: the first required one. nil when q is no pivot.
func (q *Query) Entry() *Param {
	if q.Pivot == "" {
		return nil
	}
	return q.firstRequired()
}

func (q *Query) firstRequired() *Param {
	for i := range q.Params {
		if q.Params[i].Required {
			return &q.Params[i]
		}
	}
	return nil
}

// Help explains the query, for a terminal of 80 columns.
func (q *Query) Help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s – %s\n", q.ID, q.Title)
	for _, p := range strings.Split(q.Doc, "\n\n") {
		if p != "" {
			fmt.Fprintf(&b, "\n%s\n", wrap(p, "", 80))
		}
	}
	fmt.Fprintf(&b, "\nWhat it cannot tell\n%s\n", wrap(q.Cannot, "  ", 80))
	if q.Hunt != nil {
		b.WriteString(q.Hunt.help())
	}
	fmt.Fprintf(&b, "\nReads\n  %s\n", strings.Join(q.Needs, ", "))
	for _, group := range q.OneOf {
		fmt.Fprintf(&b, "  and one at least of %s\n", strings.Join(group, ", "))
	}
	if len(q.Uses) > 0 {
		fmt.Fprintf(&b, "  and %s, where there are records of it\n", strings.Join(q.Uses, ", "))
	}
	if len(q.Params) > 0 {
		b.WriteString("\nParameters\n")
		b.WriteString(q.paramHelp())
	}
	fmt.Fprintf(&b, "\nExample\n  %s\n", q.Example())
	if !q.Builtin {
		fmt.Fprintf(&b, "\nFrom %s", q.Path)
		if q.Replaces != "" {
			fmt.Fprintf(&b, ", in place of %s", q.Replaces)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (q *Query) paramHelp() string {
	names, kinds := 0, 0
	for _, p := range q.Params {
		names, kinds = max(names, len(p.Name)), max(kinds, len(p.Kind))
	}
	var b strings.Builder
	for _, p := range q.Params {
		lead := fmt.Sprintf("  %-*s  %-*s  ", names, p.Name, kinds, p.Kind)
		text := p.Doc
		switch {
		case p.Required:
			text += " (required)"
		case p.Default != "":
			text += " (default " + p.Default + ")"
		}
		text = wrap(text, strings.Repeat(" ", len(lead)), 80)
		b.WriteString(lead + strings.TrimLeft(text, " ") + "\n")
	}
	var used []string
	seen := map[string]bool{}
	for _, p := range q.Params {
		if !seen[p.Kind] && kindOf(p.Kind).accepts != "" {
			seen[p.Kind] = true
			used = append(used, wrap(p.Kind+": "+kindOf(p.Kind).accepts, "  ", 80))
		}
	}
	if len(used) > 0 {
		b.WriteString("\nWhat is accepted\n" + strings.Join(used, "\n") + "\n")
	}
	return b.String()
}

// Example is a command line that runs the query.
func (q *Query) Example() string {
	line := "case53 query CASE " + q.ID
	if q.Hunt != nil {
		line = "case53 hunt CASE " + q.ID
	}
	for _, p := range q.Params {
		if p.Required {
			line += fmt.Sprintf(" -p %s=%s", p.Name, words.ShellLine(kindOf(p.Kind).example))
		}
	}
	return line
}

// wrap breaks text at spaces so that no line passes width, each line after indent.
func wrap(text, indent string, width int) string {
	return indent + strings.Join(words.Wrap(text, width-len(indent)), "\n"+indent)
}
