package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/duck"
	"case53/cases/notes"
)

// Tool is a tool, or a standard that tools read, that rows of a case go out to.
type Tool struct {
	Name  string
	Title string // what reads it
	Loses string // what is lost on the way
	// File is the end of a file's name, where the tool minds it; "" where any will do.
	File string
	// Versions are those of the standard that can be written, the usual one first; none: there is but one.
	Versions []string
	// maps is the tool whose mappings it takes, where it has none of its own.
	maps string
	// Indicators says that it takes a list of them, and then only records that show one.
	Indicators bool
	// Notes says that it takes the examiner's marks, tags and comments.
	Notes bool
	// asked says that it takes only rows that somebody asks for: what it writes without them is of the case.
	asked bool
	begin func(*run) (recordWriter, error)
}

// recordWriter writes the records of a tool.
type recordWriter interface {
	// Rows begins the rows of a mapping, which have these columns.
	Rows(m *Mapping, columns []cases.Column) error
	// Record writes one. It may say why it cannot be written, which is no error.
	Record(r *record) (omitted string, err error)
	// End ends the files.
	End() error
}

// Tools are all of them, in the order in which they are told.
func Tools() []Tool {
	return []Tool{
		ecsTool(),
		timesketchTool(),
		cofTool(),
		ocsfTool(),
		stixTool(),
		mispTool(),
		caseTool(),
		zeekTool(),
		l2tcsvTool(),
	}
}

// FindTool finds a tool by its name.
func FindTool(name string) (Tool, bool) {
	for _, t := range Tools() {
		if t.Name == name {
			return t, true
		}
	}
	return Tool{}, false
}

// Request is what is to be exported.
type Request struct {
	Target  string     // the file to write, or the folder where the tool takes several
	Force   bool       // write over files
	Views   []string   // whose rows; none: all that the tool takes unasked
	Query   *Query     // the rows of a query, in place of views
	Window  cases.Span // of the views
	Capture string     // of the views; "" for all
	Version string     // of the standard; "" for the usual one
	Program string     // what writes, and its version
	// Notes are the examiner's, where they are to go out too.
	Notes *notes.Book
	// Indicators are addresses, blocks and names that somebody holds for ones of an intrusion; none: nothing is.
	Indicators []string
}

// Query is a query whose rows are to be exported: they must have the columns of a view that the tool takes.
type Query struct {
	Name string // "" where it is no saved query
	SQL  string
	Args map[string]any
}

// source is rows that go out by a mapping.
type source struct {
	*Mapping
	name string // of the view, or of the query
	rows string // SQL
	args map[string]any
}

// record is a record on its way out.
type record struct {
	values       []any
	object       int64
	row          int64
	part         int64
	rows         int64 // of the case that it is made of
	sha          string
	capture      string
	originOfView string
}

// run is an export under way.
type run struct {
	Request
	manifest Manifest
	caseID   string
	files    *files
	shas     map[int64]string // of each object
	// eachObject and eachEntry give the objects of the case, and what its custody log says.
	eachObject func(func(cases.Object) error) error
	eachEntry  func(func(custody.Entry) error) error
	// indicators are nil where none were given, and noted where no notes are to go out.
	indicators *indicators
	noted      *noted
}

// Export writes the rows, and a manifest beside them. Files are there whole or not at all.
func (t Tool) Export(ctx context.Context, k *cases.Case, req Request) (*Manifest, error) {
	if req.Version == "" && len(t.Versions) > 0 {
		req.Version = t.Versions[0]
	}
	if req.Version != "" && !slices.Contains(t.Versions, req.Version) {
		return nil, fmt.Errorf("%s has no version %q here\nhint: %s", t.Name, req.Version, strings.Join(t.Versions, ", "))
	}
	sources, err := t.sources(ctx, k, req)
	if err != nil {
		return nil, err
	}
	r := &run{Request: req, shas: map[int64]string{}, files: &files{target: req.Target, force: req.Force}}
	defer r.files.drop()
	switch {
	case len(req.Indicators) > 0 && !t.Indicators:
		return nil, fmt.Errorf("%s has no place for indicators\nhint: --as stix, --as misp", t.Name)
	case len(req.Indicators) > 0:
		if r.indicators, err = newIndicators(req.Indicators); err != nil {
			return nil, err
		}
	}
	switch {
	case req.Notes != nil && !t.Notes:
		return nil, fmt.Errorf("%s has no place for notes\nhint: --as timesketch", t.Name)
	case req.Notes != nil:
		if r.noted, err = readNotes(ctx, k, req.Notes); err != nil {
			return nil, err
		}
	}
	if err := r.describe(ctx, k, t); err != nil {
		return nil, err
	}
	w, err := t.begin(r)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if err := r.export(ctx, k, s, w); err != nil {
			return nil, fmt.Errorf("rows of %s: %w", s.name, err)
		}
	}
	if err := w.End(); err != nil {
		return nil, err
	}
	if r.indicators != nil {
		r.manifest.Indicators = r.indicators.manifest()
	}
	if r.noted != nil {
		r.manifest.Notes = &r.noted.told
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return &r.manifest, nil
}

// sources finds the mappings of what was asked for.
func (t Tool) sources(ctx context.Context, k *cases.Case, req Request) ([]source, error) {
	folder := t.Name
	if t.maps != "" {
		folder = t.maps
	}
	all, err := mappings(folder)
	if err != nil {
		return nil, err
	}
	if req.Query != nil {
		return queryOf(ctx, k, t, all, req.Query)
	}
	args := map[string]any{"capture": req.Capture, "from": nil, "to": nil}
	if !req.Window.From.IsZero() {
		args["from"] = req.Window.From
	}
	if !req.Window.To.IsZero() {
		args["to"] = req.Window.To
	}
	var sources []source
	var known []string
	for _, m := range all {
		known = append(append(known, m.Views...), m.Parts...)
		view := m.Views[0]
		if _, there := k.View(view); !there || m.Asked || t.asked || len(req.Views) > 0 {
			continue
		}
		sources = append(sources, source{m, view, m.viewRows(view), args})
	}
	asked := map[*Mapping][]string{}
	var order []*Mapping
	for _, view := range req.Views {
		i := slices.IndexFunc(all, func(m *Mapping) bool { return m.takes(view) })
		if _, there := k.View(view); i < 0 || !there {
			return nil, fmt.Errorf("%s takes no rows of %q\nhint: it takes those of %s", t.Name, view, strings.Join(known, ", "))
		}
		if asked[all[i]] == nil {
			order = append(order, all[i])
		}
		asked[all[i]] = append(asked[all[i]], view)
	}
	for _, m := range order {
		if err := m.apart(asked[m]); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		sources = append(sources, source{m, strings.Join(asked[m], ", "), m.viewRows(asked[m]...), args})
	}
	return sources, nil
}

// queryOf finds the first mapping that has all its columns in the rows of a query.
func queryOf(ctx context.Context, k *cases.Case, t Tool, all []*Mapping, q *Query) ([]source, error) {
	rows := strings.TrimRight(strings.TrimSpace(q.SQL), ";")
	name := q.Name
	if name == "" {
		name = "the query"
	}
	if err := k.Each(ctx, "SELECT * FROM (\n"+rows+"\n) LIMIT 0", q.Args, func([]any) error { return nil }); err != nil {
		return nil, err
	}
	var views []string
	for _, m := range all {
		s := source{m, name, rows, q.Args}
		err := k.Each(ctx, m.statement(rows)+"\nLIMIT 0", q.Args, func([]any) error { return nil })
		var asked *duck.Error
		switch {
		case err == nil:
			return []source{s}, nil
		case !errors.As(err, &asked):
			return nil, err
		}
		views = append(views, m.Views...)
	}
	return nil, fmt.Errorf("the rows have not the columns that %s needs\nhint: SELECT * FROM one of %s WHERE …", t.Name, strings.Join(views, ", "))
}

// describe says in the manifest what is about to be written.
func (r *run) describe(ctx context.Context, k *cases.Case, t Tool) error {
	first, head, err := caseHead(k)
	if err != nil {
		return fmt.Errorf("custody log of %s: %w", k.Dir, err)
	}
	r.caseID = first
	r.manifest = Manifest{
		Program: r.Program, Format: t.Name, FormatVersion: r.Version, Loses: t.Loses, Case: first,
		Custody: head, Sources: []SourceManifest{}, Files: []FileManifest{},
	}
	r.eachObject = func(yield func(cases.Object) error) error { return k.Objects(ctx, yield) }
	r.eachEntry = func(yield func(custody.Entry) error) error { return custody.Read(cases.CustodyFile(k.Dir), yield) }
	return r.eachObject(func(o cases.Object) error {
		r.shas[int64(o.ID)] = o.SHA256
		return nil
	})
}

// export writes the rows of one source.
func (r *run) export(ctx context.Context, k *cases.Case, s source, w recordWriter) error {
	told := SourceManifest{Rows: s.name, SQL: s.rows, Parameters: parameters(s.args), Mapping: s.sql, NotExpressible: []Omitted{},
		Limits: r.limits(s.limits(k))}
	err := k.Each(ctx, countStatement(s.rows), s.args, func(v []any) error {
		told.RowsIn, _ = v[0].(int64)
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := k.Query(ctx, s.statement(s.rows), s.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := w.Rows(s.Mapping, rows.Columns()); err != nil {
		return err
	}
	at := columnsOf(rows.Columns())
	omitted := map[string]int64{}
	rec := record{originOfView: s.Views[0]}
	for rows.Next() {
		why, err := r.one(&rec, at, rows.Values(), w)
		switch {
		case err != nil:
			return err
		case why != "":
			omitted[why] += rec.rows
		default:
			told.Records++
			told.RowsOut += rec.rows
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	told.omit(omitted)
	r.manifest.Sources = append(r.manifest.Sources, told)
	if got := told.RowsOut + told.omitted(); got != told.RowsIn {
		return fmt.Errorf("%d rows went in, and %d came out or were said to be left out: nothing is written", told.RowsIn, got)
	}
	return nil
}

// places are where a result has what is for the writer; -1: nowhere.
type places struct{ object, row, part, rows, capture, omit int }

func columnsOf(columns []cases.Column) places {
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c cases.Column) bool { return c.Name == name })
	}
	return places{at("@object"), at("@row"), at("@part"), at("@rows"), at("@capture"), at("@omit")}
}

// one writes one record, or says why not.
func (r *run) one(rec *record, at places, values []any, w recordWriter) (omitted string, err error) {
	whole := func(i int, standard int64) int64 {
		if i >= 0 {
			if n, ok := values[i].(int64); ok {
				return n
			}
		}
		return standard
	}
	rec.values = values
	rec.object, rec.row, rec.part, rec.rows = whole(at.object, 0), whole(at.row, 0), whole(at.part, 0), whole(at.rows, 1)
	if at.omit >= 0 {
		if why, ok := values[at.omit].(string); ok {
			return why, nil
		}
	}
	if at.capture >= 0 {
		rec.capture, _ = values[at.capture].(string)
	}
	if rec.sha = r.shas[rec.object]; rec.sha == "" {
		return "", fmt.Errorf("row %d is of object %d, which the case has not", rec.row, rec.object)
	}
	return w.Record(rec)
}
