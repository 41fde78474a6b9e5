// Package request is what the log types share whose records are HTTP requests: how a request line and a URL are cut, what is
// searched for in them, the columns for that, and the one view over all of these types.
//
// A type has the columns host, path, query, path_decoded and attack in its table (see Columns), and says in a section http of
// its .sql file which of its columns are those of the view http: a SELECT from its own view. Nothing else has to know it.
//
// Rules:
//   - A URL is cut, not decoded: path and query are as the client sent them. path_decoded is for searching.
//   - attack names the kinds of text that were found. Words are no proof of anything; and what a log does not hold cannot be found.
//   - What cannot be cut has no parts; the URL stays whole.
//
// The package refuses to normalise a path: what a server makes of it is the server's own.
package request

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"case53/cases"
	"case53/loader/logs/field"
)

//go:embed http.sql
var httpSQL string

// here stands in http.sql where the types' own parts go.
const here = "-- the types' own: "

// View is the view http over the types that declare a section http, in their order.
func View(types []cases.Schema) cases.Schema {
	var parts strings.Builder
	var names []string
	for _, t := range types {
		if _, part, ok := strings.Cut(t.SQL, "\n-- section: http\n"); ok {
			part, _, _ = strings.Cut(part, "\n-- section: ")
			fmt.Fprintf(&parts, "UNION ALL BY NAME (\n%s\n)\n", strings.TrimRight(strings.TrimSpace(part), ";"))
			names = append(names, t.Name)
		}
	}
	before, after, _ := strings.Cut(httpSQL, here)
	_, after, _ = strings.Cut(after, "\n")
	return cases.Schema{SQL: strings.ReplaceAll(before+parts.String()+after, "'LOGS: ", "'"+strings.Join(names, " ")+": ")}
}

// Columns are the columns of a table that say what a request asked for.
type Columns struct {
	table                                   *field.Table
	host, path, query, pathDecoded, attack  int
	search                                  Search
	scratch, hostScratch, names, searchable []byte
}

// NewColumns finds them in a table.
func NewColumns(t *field.Table) *Columns {
	return &Columns{table: t, host: t.MustColumn("host"), path: t.MustColumn("path"), query: t.MustColumn("query"),
		pathDecoded: t.MustColumn("path_decoded"), attack: t.MustColumn("attack")}
}

// SetTrace sets the columns of an X-Amzn-Trace-Id: its Root, and the whole where that is more.
func SetTrace(t *field.Table, root, whole int, text []byte) {
	if len(text) == 0 || field.IsDash(text) {
		return
	}
	at := bytes.Index(text, []byte("Root="))
	if at < 0 {
		t.SetText(whole, text)
		return
	}
	id, _, more := bytes.Cut(text[at+len("Root="):], []byte{';'})
	t.SetText(root, id)
	if at > 0 || more {
		t.SetText(whole, text)
	}
}

// Begin begins a request.
func (c *Columns) Begin() { c.search.Begin() }

// SetHost sets the host, as names are compared.
func (c *Columns) SetHost(host []byte) {
	if len(host) > 0 && !field.IsDash(host) {
		c.hostScratch = field.Fold(c.hostScratch[:0], host)
		c.table.SetText(c.host, c.hostScratch)
	}
}

// SetPath sets path and query and searches them. query is nil where there is none.
func (c *Columns) SetPath(path, query []byte) {
	if len(path) > 0 {
		c.table.SetText(c.path, path)
		c.scratch = Decode(c.scratch[:0], path, false)
		if string(c.scratch) != string(path) {
			c.table.SetText(c.pathDecoded, c.scratch)
		}
	}
	if query != nil {
		c.table.SetText(c.query, query)
	}
	if query == nil {
		c.search.URL(path)
		return
	}
	// As one text: a word may begin before the question mark.
	c.searchable = append(append(append(c.searchable[:0], path...), '?'), query...)
	c.search.URL(c.searchable)
}

// Search searches other texts of the request: a URL that could not be cut, headers.
func (c *Columns) Search(texts ...[]byte) {
	for _, text := range texts {
		c.search.Header(text)
	}
}

// SearchURL searches a URL that has no parts.
func (c *Columns) SearchURL(url []byte) { c.search.URL(url) }

// End sets what was found.
func (c *Columns) End() {
	if c.names = c.search.Names(c.names[:0]); len(c.names) > 0 {
		c.table.SetText(c.attack, c.names)
	}
}
