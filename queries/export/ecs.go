package export

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
)

// ecsVersion is the version of the Elastic Common Schema whose fields the mappings use.
const ecsVersion = "8.17.0"

// A file goes to the server as one request: HTTP bodies of 100 MB are refused, and Elastic advises far smaller ones.
const (
	bulkBytes   = 10_000_000
	bulkRecords = 10_000
)

func ecsTool() Tool {
	return Tool{
		Name:  "ecs",
		Title: "Elasticsearch and OpenSearch: bodies of _bulk with documents of the Elastic Common Schema, and an index template",
		Loses: "windows of NODATA and SKIPDATA; numbers of addresses; text of more than 1,024 characters is in the documents and not searched",
		begin: func(r *run) (recordWriter, error) { return &ecs{run: r, types: map[string]string{}}, nil },
	}
}

// ecs writes documents for data streams: create with an id that is the same every time, so that a second import is refused document
// by document (409) and doubles nothing.
type ecs struct {
	*run
	file   *file
	parts  int
	doc    *document
	action []byte // {"create":{"_index":"…","_id":"
	ids    ecsPlaces
	values []any
	buf    []byte
	types  map[string]string // of fields, for the template
}

// ecsPlaces are where a mapping has what the writer makes fields of.
type ecsPlaces struct {
	width                            int // of the rows
	src, dst, srcPort, dstPort, iana int // -1: nowhere
	ips, hosts                       []int
}

func (e *ecs) Rows(m *Mapping, columns []cases.Column) error {
	made := slices.Clone(columns)
	e.ids = ecsPlaces{width: len(columns)}
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c cases.Column) bool { return c.Name == name })
	}
	e.ids.src, e.ids.dst, e.ids.srcPort, e.ids.dstPort = at("source.ip"), at("destination.ip"), at("source.port"), at("destination.port")
	e.ids.iana = at("network.iana_number")
	for i, c := range columns {
		switch {
		case strings.HasSuffix(c.Name, ".ip") || c.Name == "dns.resolved_ip":
			e.ids.ips = append(e.ids.ips, i)
		case c.Name == "dns.question.name" || c.Name == "destination.domain" || c.Name == "url.domain":
			e.ids.hosts = append(e.ids.hosts, i)
		}
	}
	for _, name := range originNames {
		made = append(made, cases.Column{Name: "labels." + name, Type: "VARCHAR"})
	}
	made = append(made, cases.Column{Name: "event.id", Type: "VARCHAR"}, cases.Column{Name: "network.community_id", Type: "VARCHAR"},
		cases.Column{Name: "related.ip", Type: "LIST"}, cases.Column{Name: "related.hosts", Type: "LIST"})
	withVersion := *m
	withVersion.set = append([]constant{{"ecs.version", `"` + ecsVersion + `"`}}, m.set...)
	e.doc = newDocument(&withVersion, made)
	for _, c := range made {
		if !forWriter(c.Name) {
			e.types[c.Name] = c.Type
		}
	}
	for _, c := range withVersion.set {
		e.types[c.path] = "VARCHAR"
	}
	e.action = append(appendString([]byte(`{"create":{"_index":`), m.File), `,"_id":"`...)
	return nil
}

func (e *ecs) Record(r *record) (string, error) {
	for _, v := range r.values {
		if t, ok := v.(time.Time); ok && !timeFits(t) {
			return farTime, nil
		}
	}
	id := r.hexID()
	e.values = append(append(e.values[:0], r.values[:e.ids.width]...), e.origin(r)...)
	e.values = append(e.values, id, e.community(r.values), distinct(r.values, e.ids.ips), distinct(r.values, e.ids.hosts))
	e.buf = append(append(append(e.buf[:0], e.action...), id...), "\"}}\n"...)
	e.buf = append(e.doc.append(e.buf, e.values), '\n')
	if e.file == nil || e.file.records == bulkRecords || e.written()+int64(len(e.buf)) > bulkBytes {
		if err := e.next(); err != nil {
			return "", err
		}
	}
	e.file.records++
	_, err := e.file.Write(e.buf)
	return "", err
}

// written is how many bytes the file has, those that wait in memory too.
func (e *ecs) written() int64 { return e.file.bytes + int64(e.file.Buffered()) }

// next begins the next file.
func (e *ecs) next() (err error) {
	e.parts++
	e.file, err = e.files.create(part(e.Target, e.parts))
	return err
}

// community is the Community ID of a row; nil where it has none.
func (e *ecs) community(values []any) any {
	p := e.ids
	if p.src < 0 || p.dst < 0 || p.srcPort < 0 || p.dstPort < 0 || p.iana < 0 {
		return nil
	}
	src, okSrc := values[p.src].(string)
	dst, okDst := values[p.dst].(string)
	from, okFrom := values[p.srcPort].(int64)
	to, okTo := values[p.dstPort].(int64)
	iana, _ := values[p.iana].(string)
	protocol, okProtocol := hasPorts(iana)
	if !okSrc || !okDst || !okFrom || !okTo || !okProtocol {
		return nil
	}
	if id := communityID(src, dst, from, to, protocol); id != "" {
		return id
	}
	return nil
}

// distinct is the texts of some columns, lists of them too, each once.
func distinct(values []any, at []int) duck.List {
	var out duck.List
	for _, i := range at {
		list, ok := values[i].(duck.List)
		if !ok {
			list = duck.List{values[i]}
		}
		for _, v := range list {
			if v != nil && !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// End writes the index template. An export without a record is an empty file.
func (e *ecs) End() error {
	if e.file == nil {
		if err := e.next(); err != nil {
			return err
		}
	}
	if err := e.files.parts(); err != nil {
		return err
	}
	text, err := e.template()
	if err != nil {
		return err
	}
	f, err := e.files.create(e.templatePath())
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return err
}

func (e *ecs) templatePath() string {
	name, _ := stem(e.Target)
	return filepath.Join(filepath.Dir(e.Target), filepath.Base(name)+"-template.json")
}

// fieldTypes are the types of fields that are not as their columns say.
var fieldTypes = map[string]string{
	"dns.resolved_ip": "ip", "related.ip": "ip", "url.original": "wildcard", "url.full": "wildcard", "url.path": "wildcard",
	"message": "match_only_text", "error.message": "match_only_text",
}

// template is an index template with the type of every field that is written, so that they are right from the first document on.
func (e *ecs) template() ([]byte, error) {
	properties := map[string]any{}
	for path, columnType := range e.types {
		at := properties
		names := strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := at[name].(map[string]any)
			if !ok {
				inner = map[string]any{"properties": map[string]any{}}
				at[name] = inner
			}
			at = inner["properties"].(map[string]any)
		}
		at[names[len(names)-1]] = fieldType(path, columnType)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(map[string]any{
		"index_patterns": []string{"logs-*-case53"},
		"data_stream":    map[string]any{},
		"priority":       500,
		"template":       map[string]any{"mappings": map[string]any{"dynamic": true, "properties": properties}},
	})
	return b.Bytes(), err
}

// fieldType is the mapping of a field.
func fieldType(path, columnType string) map[string]any {
	kind := fieldTypes[path]
	switch {
	case kind != "":
	case strings.HasSuffix(path, ".ip"):
		kind = "ip"
	case path == "event.original":
		return map[string]any{"type": "keyword", "index": false, "doc_values": false}
	case columnType == "TIMESTAMP":
		kind = "date"
	case columnType == "BOOLEAN":
		kind = "boolean"
	case columnType == "DOUBLE" || columnType == "FLOAT":
		kind = "double"
	case numeric(columnType):
		kind = "long"
	case path == "dns.answers":
		return map[string]any{"type": "object"}
	}
	if kind == "" {
		return map[string]any{"type": "keyword", "ignore_above": 1024}
	}
	return map[string]any{"type": kind}
}
