package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"case53/cases/duck"
	"case53/cases/internal/catalog"
	"case53/cases/internal/layout"
)

// Shapes: what a log type's records are about, for whoever asks the same of several types.
const (
	ShapeTraffic = "traffic" // who sent how much to whom
	ShapeQuery   = "query"   // which name a host of ours asked for
	ShapeVisit   = "visit"   // which of our names somebody asked for
	ShapeRequest = "request" // which HTTP request was made
	ShapeEvent   = "event"   // what happened: a call, a line of a host's log, a finding
	ShapeSession = "session" // who made a TLS connection
)

// LogType is what a log type is to all who do not decode it. It is read from the header of its .sql file, and kept in
// store.log_type when a case is made: an opened case says by itself which types it can hold.
type LogType struct {
	Name      string   // as in --format and object.log_type
	Title     string   // as AWS calls it
	Docs      []string // pages that define the format, and its limits
	One, Many string   // in a sentence: one log, several
	Records   string   // heading of its records
	View      string   // the view that people query, and the table in schema store that has a row per record
	Time      string   // column of View: when a record was
	Source    string   // column of View: whose log it is
	Asker     string   // column of View: the address that asked, as a number is in Asker_n; ""
	Lead      []string // columns to see first
	Cite      []string // columns that help to read a record that is cited
	// Addresses is a view with a row per record of traffic and address, sorted by address; "" where there is none. It has
	// addr_n, peer_n, addr, peer, port, peer_port, side and what Cite has that is no address.
	Addresses string
	Order     string // what there is to say of the order in which records are stored; ""
	Children  *Children
	Silence   string      // status of a window without a record: StatusAbsent where the log says when there was nothing, else StatusNone
	Blind     []BlindSpot // what such a log never shows, however complete it is
	Shapes    []string
	Header    string // the lines themselves
}

// Children are rows that belong to a record, by object_id and row_no.
type Children struct {
	View   string
	Title  string
	Number string   // the column that numbers them
	Show   []string // columns to see beside a record
	Lead   []string // columns to see first on their own
}

// BlindSpot is something that a log never shows. Whoever says that something is not in a log has to say this with it.
type BlindSpot struct {
	What string `json:"what"` // in a few words, for a list in a sentence
	Why  string `json:"why"`
}

// Has says whether the type has a shape.
func (t LogType) Has(shape string) bool { return slices.Contains(t.Shapes, shape) }

// BlindTexts are the blind spots in few words.
func (t LogType) BlindTexts() []string {
	var texts []string
	for _, s := range t.Blind {
		texts = append(texts, s.What)
	}
	return texts
}

// Describe reads the header of a log type's .sql file: lines "-- key: value" between its first line and its first
// section. A value runs on in lines indented further. A key that is not understood is an error with its line.
func Describe(file, sql string) (LogType, error) {
	var t LogType
	head, _, ok := strings.Cut(sql, "\n-- section: ")
	if !ok {
		return t, fmt.Errorf("%s: no section", file)
	}
	t.Header = head
	key, value, line := "", "", 0
	take := func() error {
		if key == "" {
			return nil
		}
		if err := t.set(key, value); err != nil {
			return fmt.Errorf("%s:%d: %w", file, line, err)
		}
		return nil
	}
	for i, text := range strings.Split(head, "\n") {
		text = strings.TrimPrefix(text, "--")
		name, rest, isKey := strings.Cut(strings.TrimPrefix(text, " "), ":")
		switch {
		case i == 0 || strings.TrimSpace(text) == "":
			continue
		case strings.HasPrefix(text, "   ") && key != "":
			value += " " + strings.TrimSpace(text)
			continue
		case !isKey:
			return t, fmt.Errorf("%s:%d: not a line of the header: %q", file, i+1, text)
		}
		if err := take(); err != nil {
			return t, err
		}
		key, value, line = name, strings.TrimSpace(rest), i+1
	}
	if err := take(); err != nil {
		return t, err
	}
	return t, t.check(file)
}

// set takes a line of the header.
func (t *LogType) set(key, value string) error {
	texts := map[string]*string{"log": &t.Name, "title": &t.Title, "records": &t.Records, "view": &t.View, "time": &t.Time, "source": &t.Source,
		"asker": &t.Asker, "addresses": &t.Addresses, "order": &t.Order, "silence": &t.Silence}
	lists := map[string]*[]string{"lead": &t.Lead, "cite": &t.Cite, "shape": &t.Shapes}
	if into := texts[key]; into != nil {
		if *into != "" {
			return fmt.Errorf("%s twice", key)
		}
		*into = value
		return nil
	}
	if into := lists[key]; into != nil {
		*into = listOf(value)
		return nil
	}
	switch first, rest, ok := strings.Cut(value, ": "); key {
	case "doc":
		t.Docs = append(t.Docs, value)
	case "called":
		t.One, t.Many, _ = strings.Cut(value, ", ")
	case "blind":
		if !ok {
			return fmt.Errorf("blind: %q is not WHAT: WHY", value)
		}
		t.Blind = append(t.Blind, BlindSpot{first, strings.TrimSpace(rest)})
	case "children":
		t.Children = &Children{View: first, Title: rest}
	case "children-show":
		if t.Children == nil {
			return fmt.Errorf("%s before children", key)
		}
		if t.Children.Show = listOf(value); len(t.Children.Show) > 0 {
			t.Children.Number = t.Children.Show[0]
		}
	case "children-lead":
		if t.Children == nil {
			return fmt.Errorf("%s before children", key)
		}
		t.Children.Lead = listOf(value)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

func listOf(value string) []string {
	var out []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// check says what a header lacks.
func (t *LogType) check(file string) error {
	for key, value := range map[string]string{
		"log": t.Name, "title": t.Title, "called": t.Many, "records": t.Records, "view": t.View, "time": t.Time,
		"source": t.Source,
		"doc":    strings.Join(t.Docs, ""), "lead": strings.Join(t.Lead, ""), "shape": strings.Join(t.Shapes, ""),
	} {
		if value == "" {
			return fmt.Errorf("%s: the header has no %s", file, key)
		}
	}
	if t.Silence != StatusAbsent && t.Silence != StatusNone {
		return fmt.Errorf("%s: silence %q is neither %s nor %s", file, t.Silence, StatusAbsent, StatusNone)
	}
	if len(t.Blind) == 0 {
		return fmt.Errorf("%s: the header has no blind: every log has something that it never shows", file)
	}
	return nil
}

// View is a view of the case.
type View struct {
	Name string
	Logs []string // log types whose records it shows; none: it is there in every case
	Doc  string
	// Derived says that it rests on what is computed from the records.
	Derived bool
}

// viewOf reads the comment of a view, "WORD WORD: text": the words are log types, case and derived.
func viewOf(name, comment string, types []LogType) View {
	v := View{Name: name}
	words, doc, ok := strings.Cut(comment, ": ")
	if !ok {
		return v
	}
	v.Doc = doc
	for _, word := range strings.Fields(words) {
		if slices.ContainsFunc(types, func(t LogType) bool { return t.Name == word }) {
			v.Logs = append(v.Logs, word)
		}
		v.Derived = v.Derived || word == "derived"
	}
	return v
}

// loadTypes reads which log types the case can hold.
func (c *Case) loadTypes(ctx context.Context, conn *duck.Conn) error {
	rows, err := conn.Query(ctx, "SELECT name, header FROM store.log_type ORDER BY ordinal", nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		name, header := rows.Values()[0].(string), rows.Values()[1].(string)
		t, err := Describe("log type "+name, header+"\n-- section: ")
		if err != nil {
			return fmt.Errorf("%w: %w", layout.ErrDamaged, err)
		}
		c.types = append(c.types, t)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	held, err := conn.Query(ctx, "SELECT DISTINCT log_type FROM store.object_part WHERE rows > 0", nil)
	if err != nil {
		return err
	}
	defer held.Close()
	for held.Next() {
		c.held = append(c.held, held.Values()[0].(string))
	}
	return held.Err()
}

// LogTypes are the log types that the case can hold, in the order in which they are told.
func (c *Case) LogTypes() []LogType { return c.types }

// HeldTypes are the log types that the case has a record of; all that it can hold where it has none.
func (c *Case) HeldTypes() []LogType {
	held := slices.DeleteFunc(slices.Clone(c.types), func(t LogType) bool { return !slices.Contains(c.held, t.Name) })
	if len(held) == 0 {
		return c.types
	}
	return held
}

// LogType finds a log type.
func (c *Case) LogType(name string) (LogType, bool) {
	i := slices.IndexFunc(c.types, func(t LogType) bool { return t.Name == name })
	if i < 0 {
		return LogType{}, false
	}
	return c.types[i], true
}

// Shaped is the first log type of a shape.
func (c *Case) Shaped(shape string) LogType {
	i := slices.IndexFunc(c.types, func(t LogType) bool { return t.Has(shape) })
	if i < 0 {
		return LogType{}
	}
	return c.types[i]
}

// View finds a view.
func (c *Case) View(name string) (View, bool) {
	v, ok := c.views[name]
	return v, ok
}

// Lacking gives the log types that these views show and the case has no record of, of rows by table. A view of several types shows
// what there is of any. all says that none of the views shows anything.
func (c *Case) Lacking(views []string, rows map[string]int64) (types []LogType, all bool) {
	shown := 0
	for _, name := range views {
		var lacks []LogType
		logs := c.views[name].Logs
		for _, log := range logs {
			if t, _ := c.LogType(log); rows[t.View] == 0 {
				lacks = append(lacks, t)
			}
		}
		if len(logs) == 0 || len(lacks) < len(logs) {
			shown++
			continue
		}
		for _, t := range lacks {
			if !slices.ContainsFunc(types, func(o LogType) bool { return o.Name == t.Name }) {
				types = append(types, t)
			}
		}
	}
	return types, shown == 0 && len(views) > 0
}

// Schema is what a log type stores, or what is built across several: the text of its .sql file, in sections. Its
// LogType is the zero value where it is not one type's.
//
//	-- section: tables     tables in schema store; <name>_context tables hold what repeats (see Writer.Intern)
//	-- section: derived tables
//	                       tables of derived.duckdb, which is attached under the name derived
//	-- section: views      views in main, with comments
//	-- section: derived    "-- derived: NAME" and one INSERT each, with $after: the object_id it has reached;
//	                       or, without $after, the statements that empty the table and build it anew (or have Steps build it);
//	                       "-- derived: NAME needs TABLE, TABLE; grows with TABLE, TABLE": where one of the first has no
//	                       row, or none of the second has one of a new object, nothing is done
type Schema struct {
	LogType
	SQL   string
	Steps map[string]Step // by NAME: run after the statements of that name

	// Computed is the text of the Go files that Steps are made of. What was built by another text is built anew.
	Computed string
}

// Tables is what a step that Go computes reads and writes. Its methods may be called from several goroutines.
type Tables interface {
	// Memory is how many bytes the step may hold, in all.
	Memory() int64
	// Read gives the rows of a statement, a chunk of columns at a time; a chunk holds until the next.
	Read(ctx context.Context, sql string, args map[string]any, each func(duck.Chunk) error) error
	// Append adds rows to a table of derived.duckdb, in the step's transaction.
	Append(ctx context.Context, table string, rows duck.Chunk) error
}

// Step computes what SQL would take several times as long for.
type Step func(context.Context, Tables) error

// Catalog is the catalog of a new case with these schemas, which every case must have.
func Catalog(ctx context.Context, schemas []Schema) (*catalog.Known, error) {
	return catalog.Of(ctx, Stored(schemas), refusedInside)
}

// StoredSQL are the statements that make the stored tables of a case.
func StoredSQL(schemas []Schema) (sql string, err error) {
	for _, s := range Stored(schemas) {
		sections, err := s.Sections()
		if err != nil {
			return "", fmt.Errorf("schema %s: %w", s.Called(), err)
		}
		sql += sections.Tables + ";"
	}
	return sql, nil
}

// Stored is what of the schemas is stored in a case, with what every case has.
func Stored(schemas []Schema) []catalog.Schema {
	all := []catalog.Schema{catalog.Own}
	for _, s := range schemas {
		all = append(all, catalog.Schema{Name: s.Name, Title: s.Title, Silence: s.Silence, Header: s.Header, SQL: s.SQL, Computed: s.Computed})
	}
	return all
}
