package export

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"case53/queries"
)

// Mapping says what the columns of a view are called by a tool. It is a file of queries/sql/export/TOOL; a view joins a tool by
// such a file, and nothing else:
//
//	-- Flow records as ECS documents
//	--
//	-- view:  flow                    the views whose rows it takes; the first is exported where nobody chooses
//	-- part:  alb, waf                views whose rows those of the first are put together from, by its column log; they can be asked for
//	-- when:  asked                   its rows are exported only where somebody asks for them
//	-- time:  start                   the view's column that a window is about
//	-- file:  logs-aws.vpcflow-case53 the tool's name for such rows, which it may put into a file's name
//	-- set:   event.kind "event"      a field that is the same in every record, as JSON
//	-- order: "rrname", "rrtype"      of the records; where it is left out that of the source records
//	-- limit: text                    what has to be said of such records; runs on in lines indented further
//	SELECT object_id AS "@object", row_no AS "@row", capture AS "@capture", … AS "source.ip" …
//	FROM source
//
// Columns are named as the tool's fields. Those that begin with @ are for the writer, beside "@timestamp": "@object" and "@row" are the
// record in the case; "@part" tells records of one row apart; "@rows" is how many rows a record is made of; "@omit" says why the tool has
// no way to say a row. A value that is NULL is no field.
type Mapping struct {
	Title string
	Views []string
	Parts []string
	Asked bool
	Time  string
	File  string
	Limit []string
	set   []constant
	order string
	sql   string
}

// constant is a field that is the same in every record.
type constant struct{ path, value string }

// mappings reads the mappings of a tool, in the order of their files' names.
func mappings(tool string) ([]*Mapping, error) {
	folder := queries.Mappings()
	files, err := fs.Glob(folder, tool+"/*.sql")
	if err != nil {
		return nil, err
	}
	var all []*Mapping
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		m, err := parseMapping(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path.Join("export", file), err)
		}
		all = append(all, m)
	}
	return all, nil
}

// parseMapping reads a file: a title, fields, and a SELECT.
func parseMapping(text string) (*Mapping, error) {
	head, sql, ok := strings.Cut(text, "\nSELECT ")
	if !ok {
		return nil, fmt.Errorf("no SELECT at the beginning of a line")
	}
	title, head, _ := strings.Cut(head, "\n")
	m := &Mapping{Title: strings.TrimPrefix(title, "-- "), sql: "SELECT " + strings.TrimSpace(sql), order: `"@object", "@row"`}
	key, value := "", ""
	for line := range strings.Lines(head + "\n-- end:") {
		line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "--")
		name, rest, isKey := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case strings.HasPrefix(line, "    ") && key != "":
			value += " " + strings.TrimSpace(line)
			continue
		case !isKey:
			return nil, fmt.Errorf("not a line of a mapping: %q", line)
		}
		if key != "" {
			if err := m.take(key, value); err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
		}
		key, value = name, strings.TrimSpace(rest)
	}
	if len(m.Views) == 0 || m.Time == "" {
		return nil, fmt.Errorf("it needs view and time")
	}
	return m, nil
}

// take takes a line of the header.
func (m *Mapping) take(key, value string) error {
	switch key {
	case "view":
		m.Views = names(value)
	case "part":
		m.Parts = names(value)
	case "when":
		if m.Asked = value == "asked"; !m.Asked {
			return fmt.Errorf("%q is not asked", value)
		}
	case "time":
		m.Time = value
	case "file":
		m.File = value
	case "order":
		m.order = value
	case "limit":
		m.Limit = append(m.Limit, value)
	case "set":
		field, constantValue, _ := strings.Cut(value, " ")
		if !json.Valid([]byte(constantValue)) {
			return fmt.Errorf("%s is no JSON", constantValue)
		}
		m.set = append(m.set, constant{field, constantValue})
	default:
		return fmt.Errorf("no such key")
	}
	return nil
}

// names reads a list of names.
func names(list string) (all []string) {
	for name := range strings.SplitSeq(list, ",") {
		all = append(all, strings.TrimSpace(name))
	}
	return all
}

// takes says whether the mapping is about a view.
func (m *Mapping) takes(view string) bool {
	return slices.Contains(m.Views, view) || slices.Contains(m.Parts, view)
}

// statement is the mapping over the rows of a query.
func (m *Mapping) statement(rows string) string {
	return "WITH source AS (\n" + rows + "\n)\nSELECT * FROM (\n" + m.sql + "\n)\nORDER BY " + m.order
}

// countStatement counts the rows of a query.
func countStatement(rows string) string { return "SELECT count(*) FROM (\n" + rows + "\n)" }

// apart refuses views that have rows in common: they would go out twice. Of those that a mapping takes only parts have not.
func (m *Mapping) apart(views []string) error {
	for i, view := range views {
		if slices.Contains(views[:i], view) {
			return fmt.Errorf("the rows of %s are asked for twice", view)
		}
	}
	whole := slices.IndexFunc(views, func(view string) bool { return !slices.Contains(m.Parts, view) })
	if whole < 0 || len(views) == 1 {
		return nil
	}
	other := views[(whole+1)%len(views)]
	return fmt.Errorf("rows of %s are those of %s too, and would go out twice\nhint: --rows %s or --rows %[1]s", other, views[whole], views[whole])
}

// viewRows is the rows of a view, or of several parts, in a window and a capture.
func (m *Mapping) viewRows(views ...string) string {
	if slices.Contains(m.Parts, views[0]) {
		return m.viewRows(m.Views[0]) + "\nAND log IN ('" + strings.Join(views, "', '") + "')"
	}
	view := views[0]
	return "SELECT * FROM " + view + "\nWHERE of(capture, $capture) AND ($from IS NULL AND $to IS NULL OR within(" + quoteName(m.Time) + ", $from, $to))"
}

// quoteName is a name as SQL.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
