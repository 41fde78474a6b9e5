package export

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"case53/cases"
	"case53/cases/custody"
)

func caseTool() Tool {
	return Tool{
		Name: "case",
		Title: "CASE/UCO 1.4 as JSON-LD, for who takes evidence by that standard: every entry of the custody log as an investigative action, every\n" +
			strings.Repeat(" ", 14) + "object with its provenance and hash and, of --rows or a query, the cited rows",
		Loses: "rows that nobody asks for; of a cited row actions, response codes, types of queries, answers that are no addresses, user agents, referrers, " +
			"X-Forwarded-For and sizes of requests, client subnets, of how many records a connection is, and AWS ids; times after 9999; names that " +
			"RFC 1034 has not",
		maps:  "stix",
		asked: true,
		begin: newCASE,
	}
}

// caseSpace is the space of the graph's ids, which are the same every time: UCO wants names that end with a UUID.
var caseSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://case53.example/case"))

// caseContext says what the prefixes stand for.
const caseContext = `{"kb":"https://case53.example/kb/",` +
	`"case-investigation":"https://ontology.caseontology.org/case/investigation/",` +
	`"uco-action":"https://ontology.unifiedcyberontology.org/uco/action/",` +
	`"uco-core":"https://ontology.unifiedcyberontology.org/uco/core/",` +
	`"uco-identity":"https://ontology.unifiedcyberontology.org/uco/identity/",` +
	`"uco-observable":"https://ontology.unifiedcyberontology.org/uco/observable/",` +
	`"uco-tool":"https://ontology.unifiedcyberontology.org/uco/tool/",` +
	`"uco-types":"https://ontology.unifiedcyberontology.org/uco/types/",` +
	`"xsd":"http://www.w3.org/2001/XMLSchema#"}`

// caseGraph writes the graph. What was observed stands in it once; of a record nothing is remembered: that it is a result of the citing
// is said beside it, as JSON-LD allows.
type caseGraph struct {
	*run
	file   *file
	seenAs observation
	seen   map[uuid.UUID]struct{}
	citing string // the action whose results the cited rows are
	any    bool
}

type caseNode = map[string]any

func newCASE(r *run) (recordWriter, error) {
	f, err := r.files.create(r.Target)
	if err != nil {
		return nil, err
	}
	g := &caseGraph{run: r, file: f, seen: map[uuid.UUID]struct{}{}}
	fmt.Fprintf(f, "{\"@context\":%s,\"@graph\":[\n", caseContext)
	if err := g.objects(); err != nil {
		return nil, err
	}
	return g, g.actions()
}

// id is the name of a thing of the case.
func (g *caseGraph) id(kind, of string) string {
	return "kb:" + kind + "-" + uuid.NewSHA1(caseSpace, []byte(g.caseID+"\n"+kind+"\n"+of)).String()
}

// fileID is the name of an object.
func (g *caseGraph) fileID(object int64) string { return g.id("file", strconv.FormatInt(object, 10)) }

func caseRef(id string) caseNode { return caseNode{"@id": id} }

func caseTime(t time.Time) caseNode {
	return caseNode{"@type": "xsd:dateTime", "@value": t.UTC().Format("2006-01-02T15:04:05.000000Z")}
}

func caseInteger(n int64) caseNode {
	return caseNode{"@type": "xsd:integer", "@value": strconv.FormatInt(n, 10)}
}

// put writes a node.
func (g *caseGraph) put(n caseNode) error {
	text, err := cases.JSON(n)
	if err != nil {
		return err
	}
	if g.any {
		g.file.WriteString(",\n")
	}
	g.any = true
	_, err = g.file.Write(text)
	return err
}

// once writes a node that is not in the graph yet, and gives its name.
func (g *caseGraph) once(n caseNode) (string, error) {
	id := n["@id"].(string)
	key := uuid.NewSHA1(caseSpace, []byte(id))
	if _, there := g.seen[key]; there {
		return id, nil
	}
	g.seen[key] = struct{}{}
	return id, g.put(n)
}

// objects writes the investigation and, of every object, the file with its hash, and the record of its provenance.
func (g *caseGraph) objects() error {
	var all []caseNode
	err := g.eachObject(func(o cases.Object) error {
		number := strconv.FormatUint(uint64(o.ID), 10)
		hash := caseNode{"@id": g.id("hash", number), "@type": "uco-types:Hash",
			"uco-types:hashMethod": "SHA256", "uco-types:hashValue": caseNode{"@type": "xsd:hexBinary", "@value": o.SHA256}}
		facet := caseNode{"@id": g.id("file-facet", number), "@type": "uco-observable:FileFacet",
			"uco-observable:filePath": o.URI, "uco-observable:fileName": o.URI[strings.LastIndexByte(o.URI, '/')+1:],
			"uco-observable:sizeInBytes": caseInteger(o.Size)}
		if !o.LastModified.IsZero() && timeFits(o.LastModified) {
			facet["uco-observable:modifiedTime"] = caseTime(o.LastModified)
		}
		description := []string{"in the case as raw/" + o.SHA256[:2] + "/" + o.SHA256, "log type " + o.LogType, "capture " + o.Capture,
			"source " + o.SourceKind}
		if o.VersionID != "" {
			description = append(description, "version "+o.VersionID)
		}
		if o.ETag != "" {
			description = append(description, "ETag "+o.ETag)
		}
		err := g.put(caseNode{"@id": g.fileID(int64(o.ID)), "@type": "uco-observable:File", "uco-core:description": description,
			"uco-core:hasFacet": []caseNode{facet, {"@id": g.id("content-facet", number), "@type": "uco-observable:ContentDataFacet",
				"uco-observable:hash": hash, "uco-observable:sizeInBytes": caseInteger(o.Size)}}})
		if err != nil {
			return err
		}
		provenance := g.id("provenance", number)
		all = append(all, caseRef(provenance))
		return g.put(caseNode{"@id": provenance, "@type": "case-investigation:ProvenanceRecord", "case-investigation:exhibitNumber": number,
			"uco-core:description": "object " + number + " of the case " + g.caseID, "uco-core:object": caseRef(g.fileID(int64(o.ID))),
			"uco-core:objectCreatedTime": caseTime(o.AcquiredAt)})
	})
	if err != nil {
		return err
	}
	investigation := caseNode{"@id": g.id("investigation", ""), "@type": "case-investigation:Investigation", "uco-core:name": "case " + g.caseID,
		"case-investigation:investigationForm": "incident"}
	if len(all) > 0 {
		investigation["uco-core:object"] = all
	}
	return g.put(investigation)
}

// actions writes every entry of the custody log, each informed by the one before it, and the citing of rows after them.
func (g *caseGraph) actions() error {
	before := ""
	err := g.eachEntry(func(e custody.Entry) error {
		performer, err := g.once(caseNode{"@id": g.id("identity", e.Actor), "@type": "uco-identity:Identity", "uco-core:name": e.Actor})
		if err != nil {
			return err
		}
		tool, err := g.tool(e.Tool)
		if err != nil {
			return err
		}
		n := caseNode{"@id": g.id("action", strconv.Itoa(e.Seq)), "@type": "case-investigation:InvestigativeAction", "uco-core:name": e.Action,
			"uco-action:startTime": caseTime(e.At), "uco-action:performer": caseRef(performer), "uco-action:instrument": caseRef(tool),
			"uco-core:description": []string{
				fmt.Sprintf("entry %d of custody.jsonl, whose first line has the SHA-256 %s; the entry before it has %s", e.Seq, g.caseID, e.Prev),
				"detail " + string(e.Detail),
			}}
		if before != "" {
			n["case-investigation:wasInformedBy"] = caseRef(before)
		}
		var detail struct {
			Object int64  `json:"object_id"`
			SHA256 string `json:"sha256"`
		}
		if json.Unmarshal(e.Detail, &detail) == nil && detail.Object > 0 && g.run.shas[detail.Object] == detail.SHA256 {
			n["uco-action:result"] = []caseNode{caseRef(g.fileID(detail.Object)), caseRef(g.id("provenance", strconv.FormatInt(detail.Object, 10)))}
		}
		before = n["@id"].(string)
		return g.put(n)
	})
	if err != nil || len(g.Views) == 0 && g.Query == nil {
		return err
	}
	tool, err := g.tool(g.Program)
	if err != nil {
		return err
	}
	asked, err := cases.JSON([]any{g.Views, g.Window, g.Capture, g.Query})
	if err != nil {
		return err
	}
	g.citing = g.id("action", string(asked))
	n := caseNode{"@id": g.citing, "@type": "case-investigation:InvestigativeAction", "uco-core:name": "rows cited",
		"uco-action:instrument": caseRef(tool), "uco-core:description": "asked for: " + string(asked)}
	if before != "" {
		n["case-investigation:wasInformedBy"] = caseRef(before)
	}
	return g.put(n)
}

// tool writes a program and its version.
func (g *caseGraph) tool(text string) (string, error) {
	name, version, _ := strings.Cut(text, " ")
	n := caseNode{"@id": g.id("tool", text), "@type": "uco-tool:Tool", "uco-core:name": name}
	if version != "" {
		n["uco-tool:version"] = version
	}
	return g.once(n)
}

func (g *caseGraph) Rows(_ *Mapping, columns []cases.Column) error {
	g.seenAs.columns(columns)
	return nil
}

func (g *caseGraph) Record(r *record) (string, error) {
	o := &g.seenAs
	o.values = r.values
	first, last, ok := o.span()
	if !ok {
		return farTime, nil
	}
	key := r.hexID()
	facet := caseNode{"@id": g.id("connection-facet", key), "@type": "uco-observable:NetworkConnectionFacet",
		"uco-observable:startTime": caseTime(first), "uco-observable:endTime": caseTime(last)}
	for side, name := range map[string]string{"src": "sourcePort", "dst": "destinationPort"} {
		if port, ok := o.value(side + "_port").(int64); ok {
			facet["uco-observable:"+name] = caseInteger(port)
		}
	}
	if protocol := o.text("protocol"); protocol != "" {
		facet["uco-observable:protocols"] = caseNode{"@id": g.id("protocols", protocol), "@type": "uco-types:ControlledDictionary",
			"uco-types:entry": caseNode{"@id": g.id("protocol", protocol), "@type": "uco-types:ControlledDictionaryEntry",
				"uco-types:key": "Transport Layer", "uco-types:value": strings.ToUpper(protocol)}}
	}
	for _, side := range []string{"src", "dst"} {
		if text := o.text(side); text != "" {
			id, err := g.address(text)
			if err != nil {
				return "", err
			}
			facet["uco-observable:"+side] = caseRef(id)
		}
	}
	row := g.id("row", key)
	if err := g.put(caseNode{"@id": row, "@type": "uco-observable:NetworkConnection", "uco-core:name": fmt.Sprintf("row %d of object %d", r.row, r.object),
		"uco-core:description": g.words(r), "uco-core:hasFacet": append([]caseNode{facet}, g.facets(key, o)...)}); err != nil {
		return "", err
	}
	g.file.records++
	if err := g.put(g.relation(row, "Contained_Within", g.fileID(r.object))); err != nil {
		return "", err
	}
	if err := g.put(caseNode{"@id": g.citing, "uco-action:result": caseRef(row)}); err != nil {
		return "", err
	}
	return "", g.about(row, o)
}

// facets are what there is of the traffic of a row, and of its request.
func (g *caseGraph) facets(key string, o *observation) (all []caseNode) {
	flow := caseNode{}
	for name, column := range map[string]string{
		"srcBytes": "src_byte_count", "dstBytes": "dst_byte_count", "srcPackets": "src_packets", "dstPackets": "dst_packets",
	} {
		if v := o.value(column); v != nil {
			flow["uco-observable:"+name] = caseNode{"@type": "xsd:integer", "@value": cases.CellOf(v).Text}
		}
	}
	request := caseNode{}
	for name, text := range map[string]string{"requestMethod": o.text("method"), "requestValue": o.text("uri")} {
		if text != "" {
			request["uco-observable:"+name] = text
		}
	}
	for _, f := range []struct {
		kind, class string
		node        caseNode
	}{{"flow-facet", "NetworkFlowFacet", flow}, {"request-facet", "HTTPConnectionFacet", request}} {
		if len(f.node) > 0 {
			f.node["@id"], f.node["@type"] = g.id(f.kind, key), "uco-observable:"+f.class
			all = append(all, f.node)
		}
	}
	return all
}

// about writes the name and the URL that a row is about.
func (g *caseGraph) about(row string, o *observation) error {
	for _, v := range []struct{ class, facet, property, text string }{
		{"DomainName", "DomainNameFacet", "value", o.text("name")}, {"URL", "URLFacet", "fullValue", o.text("url")},
	} {
		if v.text == "" {
			continue
		}
		id, err := g.valued(v.class, v.facet, v.property, v.text)
		if err != nil {
			return err
		}
		if err := g.put(g.relation(row, "Related_To", id)); err != nil {
			return err
		}
		for _, text := range o.addresses() {
			address, err := g.address(text)
			if err != nil {
				return err
			}
			if _, err := g.once(g.relation(id, "Resolved_To", address)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *caseGraph) address(text string) (string, error) {
	class := "IPv4Address"
	if isIPv6(text) {
		class = "IPv6Address"
	}
	return g.valued(class, class+"Facet", "addressValue", text)
}

// valued writes an observable that is a value.
func (g *caseGraph) valued(class, facet, property, text string) (string, error) {
	return g.once(caseNode{"@id": g.id(strings.ToLower(class), text), "@type": "uco-observable:" + class,
		"uco-core:hasFacet": caseNode{"@id": g.id(strings.ToLower(facet), text), "@type": "uco-observable:" + facet, "uco-observable:" + property: text}})
}

// relation is that one observable has to do with another.
func (g *caseGraph) relation(source, kind, target string) caseNode {
	return caseNode{"@id": g.id("relationship", source+"\n"+kind+"\n"+target), "@type": "uco-observable:ObservableRelationship",
		"uco-core:source": caseRef(source), "uco-core:target": caseRef(target), "uco-core:kindOfRelationship": kind, "uco-core:isDirectional": true}
}

func (g *caseGraph) End() error {
	_, err := g.file.WriteString("\n]}\n")
	return err
}
