package export_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"case53/queries/export"
)

// caseClass is what CASE and UCO 1.4 say of a class: its properties and what they hold, + where one must be there, * where several may.
// What they hold is a datatype, a vocabulary in quotes, or a class of ours.
var caseClasses = map[string]map[string]string{
	"case-investigation:Investigation": {
		"case-investigation:investigationForm": `"incident"`,
		"uco-core:object":                      "*case-investigation:ProvenanceRecord",
	},
	"case-investigation:ProvenanceRecord": {"case-investigation:exhibitNumber": "+string", "uco-core:object": "+uco-observable:File"},
	"case-investigation:InvestigativeAction": {
		"uco-action:startTime":             "xsd:dateTime",
		"uco-action:performer":             "uco-identity:Identity",
		"uco-action:instrument":            "+uco-tool:Tool",
		"uco-action:result":                "*",
		"case-investigation:wasInformedBy": "case-investigation:InvestigativeAction",
	},
	"uco-identity:Identity":               {},
	"uco-tool:Tool":                       {"uco-tool:version": "string"},
	"uco-types:Hash":                      {"uco-types:hashMethod": `+"SHA256"`, "uco-types:hashValue": "+xsd:hexBinary"},
	"uco-types:ControlledDictionary":      {"uco-types:entry": "+uco-types:ControlledDictionaryEntry"},
	"uco-types:ControlledDictionaryEntry": {"uco-types:key": "+string", "uco-types:value": "+string"},
	"uco-observable:File":                 {},
	"uco-observable:NetworkConnection":    {},
	"uco-observable:IPv4Address":          {},
	"uco-observable:IPv6Address":          {},
	"uco-observable:DomainName":           {},
	"uco-observable:URL":                  {},
	"uco-observable:FileFacet": {
		"uco-observable:filePath":     "string",
		"uco-observable:fileName":     "string",
		"uco-observable:sizeInBytes":  "xsd:integer",
		"uco-observable:modifiedTime": "xsd:dateTime",
	},
	"uco-observable:ContentDataFacet": {"uco-observable:hash": "+uco-types:Hash", "uco-observable:sizeInBytes": "xsd:integer"},
	"uco-observable:IPv4AddressFacet": {"uco-observable:addressValue": "+string"},
	"uco-observable:IPv6AddressFacet": {"uco-observable:addressValue": "+string"},
	"uco-observable:DomainNameFacet":  {"uco-observable:value": "+string"},
	"uco-observable:URLFacet":         {"uco-observable:fullValue": "+string"},
	"uco-observable:NetworkConnectionFacet": {
		"uco-observable:src":             "*",
		"uco-observable:dst":             "*",
		"uco-observable:startTime":       "+xsd:dateTime",
		"uco-observable:endTime":         "+xsd:dateTime",
		"uco-observable:sourcePort":      "xsd:integer",
		"uco-observable:destinationPort": "xsd:integer",
		"uco-observable:protocols":       "uco-types:ControlledDictionary",
	},
	"uco-observable:NetworkFlowFacet": {
		"uco-observable:srcBytes":   "xsd:integer",
		"uco-observable:dstBytes":   "xsd:integer",
		"uco-observable:srcPackets": "xsd:integer",
		"uco-observable:dstPackets": "xsd:integer",
	},
	"uco-observable:HTTPConnectionFacet": {"uco-observable:requestMethod": "string", "uco-observable:requestValue": "string"},
	"uco-observable:ObservableRelationship": {
		"uco-core:source":             "+",
		"uco-core:target":             "+",
		"uco-core:kindOfRelationship": "+string",
		"uco-core:isDirectional":      "+bool",
	},
}

// ofEvery are the properties that every UCO object may have.
var ofEvery = map[string]string{
	"uco-core:name": "string", "uco-core:description": "*string", "uco-core:hasFacet": "*", "uco-core:objectCreatedTime": "xsd:dateTime",
}

var caseName = regexp.MustCompile(`^kb:[a-z0-9-]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

var caseLiterals = map[string]*regexp.Regexp{
	"xsd:dateTime":  regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`),
	"xsd:integer":   regexp.MustCompile(`^-?\d+$`),
	"xsd:hexBinary": regexp.MustCompile(`^[0-9a-f]{64}$`),
}

// caseChecker checks a graph.
type caseChecker struct {
	classes map[string]string         // of the nodes, by name
	bodies  map[string]map[string]any // of those with a class
	refs    []caseLink
}

// caseLink is a property that leads to another node: of that class, where the class says so.
type caseLink struct{ from, property, to, class string }

// graph says what is wrong with a graph.
func (c *caseChecker) graph(text string) error {
	c.classes, c.bodies, c.refs = map[string]string{}, map[string]map[string]any{}, nil
	var all struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return err
	}
	for prefix, means := range all.Context {
		if !strings.HasPrefix(means, "http") || !strings.HasSuffix(means, "/") && !strings.HasSuffix(means, "#") {
			return fmt.Errorf("%s stands for %s", prefix, means)
		}
	}
	for _, n := range all.Graph {
		if err := c.node(all.Context, n); err != nil {
			return fmt.Errorf("%v: %w", n["@id"], err)
		}
	}
	for _, l := range c.refs {
		if got := c.classes[l.to]; got == "" || l.class != "" && got != l.class {
			return fmt.Errorf("%s of %s leads to %s, a %q, want a %s", l.property, l.from, l.to, got, l.class)
		}
	}
	return nil
}

func (c *caseChecker) node(context map[string]string, n map[string]any) error {
	id, class := fmt.Sprint(n["@id"]), fmt.Sprint(n["@type"])
	if !caseName.MatchString(id) {
		return fmt.Errorf("not a name")
	}
	properties, known := caseClasses[class]
	if n["@type"] == nil { // more of a node that stands elsewhere
		properties, known = map[string]string{"uco-action:result": "+"}, true
		c.refs = append(c.refs, caseLink{id, "@id", id, "case-investigation:InvestigativeAction"})
	} else if before, there := c.bodies[id]; there && fmt.Sprint(before) != fmt.Sprint(n) {
		return fmt.Errorf("it is there twice, and not the same")
	} else {
		c.classes[id], c.bodies[id] = class, n
	}
	if !known {
		return fmt.Errorf("no class %s", class)
	}
	for name, holds := range properties {
		if strings.HasPrefix(holds, "+") && n[name] == nil {
			return fmt.Errorf("no %s", name)
		}
	}
	for name, v := range n {
		if name == "@id" || name == "@type" {
			continue
		}
		holds, known := properties[name]
		if !known && n["@type"] != nil {
			holds, known = ofEvery[name]
		}
		if prefix, _, _ := strings.Cut(name, ":"); !known || context[prefix] == "" {
			return fmt.Errorf("%s is no property of a %s", name, class)
		}
		list, many := v.([]any)
		if !many {
			list = []any{v}
		} else if !strings.HasPrefix(holds, "*") {
			return fmt.Errorf("%s is a list", name)
		}
		for _, v := range list {
			if err := c.value(context, id, name, strings.TrimLeft(holds, "+*"), v); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// value checks one value of a property.
func (c *caseChecker) value(context map[string]string, id, name, holds string, v any) error {
	inner, isNode := v.(map[string]any)
	text, isText := v.(string)
	switch literal := caseLiterals[holds]; {
	case literal != nil:
		value, _ := inner["@value"].(string)
		if inner["@type"] != holds || !literal.MatchString(value) || len(inner) != 2 {
			return fmt.Errorf("%v is no %s", v, holds)
		}
	case holds == "string" && !isText, strings.HasPrefix(holds, `"`) && holds != `"`+text+`"`:
		return fmt.Errorf("%v is no %s", v, holds)
	case holds == "string" || strings.HasPrefix(holds, `"`):
	case holds == "bool":
		if _, is := v.(bool); !is {
			return fmt.Errorf("%v is no %s", v, holds)
		}
	case !isNode:
		return fmt.Errorf("%v is no node", v)
	default:
		c.refs = append(c.refs, caseLink{id, name, fmt.Sprint(inner["@id"]), holds})
		if len(inner) > 1 {
			return c.node(context, inner)
		}
	}
	return nil
}

// TestCASE: custody, objects and the rows that somebody cites, each once and all of them.
func TestCASE(t *testing.T) {
	k, c := openCase(t), &caseChecker{}
	for _, views := range [][]string{nil, {"connection", "dns", "zone", "http", "tls", "finding"}} {
		target, m := exported(t, k, "case", "case.jsonld", export.Request{Views: views})
		text, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.graph(string(text)); err != nil {
			t.Fatal(err)
		}
		count := map[string]int64{}
		var files, actions []string
		informed := int64(0)
		for _, n := range c.bodies {
			class := fmt.Sprint(n["@type"])
			count[class]++
			switch class {
			case "uco-types:Hash":
				files = append(files, fmt.Sprint(n["uco-types:hashValue"].(map[string]any)["@value"]))
			case "case-investigation:InvestigativeAction":
				actions = append(actions, fmt.Sprint(n["uco-core:name"]))
				if n["case-investigation:wasInformedBy"] != nil {
					informed++
				}
			}
		}
		slices.Sort(files)
		if want := column(t, k, "SELECT sha256 FROM object ORDER BY sha256"); !slices.Equal(files, want) {
			t.Errorf("%d hashes, want those of %d objects", len(files), len(want))
		}
		cited := int64(0)
		if views != nil {
			cited = 1
		}
		if got := int64(len(actions)); got != int64(m.Custody.Lines)+cited || informed != got-1 {
			t.Errorf("%d actions, of which %d follow another, of %d entries", got, informed, m.Custody.Lines)
		}
		if got := count["uco-observable:NetworkConnection"]; got != m.Files[0].Records || (got > 0) != (views != nil) {
			t.Errorf("%d rows, want %d", got, m.Files[0].Records)
		}
	}
}

// TestCASEShapes holds the graph to CASE's own SHACL shapes, where Node, what `npm ci` makes of shacl/package.json, and the ontologies are
// there: a folder with the .ttl files of ucoProject/UCO and casework/CASE 1.4.0.
func TestCASEShapes(t *testing.T) {
	ontologies := os.Getenv("CASE53_ONTOLOGIES")
	if ontologies == "" {
		ontologies = filepath.Join(fixtures(t), "case")
	}
	for _, needed := range []string{ontologies, filepath.Join("shacl", "node_modules")} {
		if _, err := os.Stat(needed); err != nil {
			t.Skip(err)
		}
	}
	k := openCase(t)
	for _, view := range []string{"connection", "dns", "http"} {
		rows := "SELECT * FROM " + view + " ORDER BY object_id, row_no LIMIT 100"
		target, _ := exported(t, k, "case", "case.jsonld", export.Request{Query: &export.Query{SQL: rows}})
		if out, err := exec.Command("node", "shacl/check.mjs", ontologies, target).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", view, err, out)
		}
		if view != "http" {
			continue
		}
		text, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"uco-types:hashMethod":"SHA256",`, `"uco-core:isDirectional":true,`} {
			if err := os.WriteFile(target, []byte(strings.Replace(string(text), part, "", 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("node", "shacl/check.mjs", ontologies, target).CombinedOutput()
			if err == nil || !strings.Contains(string(out), ": 1 violations") {
				t.Errorf("without %s: %v: %s", part, err, out)
			}
		}
	}
}

// TestCASEFaults: the check sees each kind of fault.
func TestCASEFaults(t *testing.T) {
	k, c := openCase(t), &caseChecker{}
	target, _ := exported(t, k, "case", "case.jsonld", export.Request{Query: &export.Query{SQL: "SELECT * FROM dns ORDER BY object_id, row_no LIMIT 20"}})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	if err := c.graph(good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{`"uco-types:hashMethod":"SHA256",`, ``}, {`"uco-types:hashMethod":"SHA256"`, `"uco-types:hashMethod":"SHA-256"`},
		{`"xsd:hexBinary","@value":"`, `"xsd:hexBinary","@value":"x`}, {`"@type":"xsd:dateTime"`, `"@type":"xsd:date"`},
		{`"@type":"uco-types:Hash"`, `"@type":"uco-types:Digest"`}, {`"@id":"kb:file-`, `"@id":"kb:file--`}, {`"@id":"kb:hash-`, `"@id":"_:hash-`},
		{`"case-investigation:exhibitNumber":"1"`, `"case-investigation:exhibitNumber":1`}, {`"uco-core:isDirectional":true`, `"uco-core:isDirectional":"yes"`},
		{`"uco-core:isDirectional":true,`, ``}, {`"uco-action:instrument"`, `"uco-action:tool"`}, {`"uco-core:source"`, `"uco-core:from"`},
		{`"uco-core:name":"case.create"`, `"uco-core:name":7`}, {`"kb":"https`, `"kb":"h`},
		{`"uco-types":"https://ontology`, `"uco-kinds":"https://ontology`},
		{`"@context"`, `"context"`},
		{`"uco-observable:sizeInBytes":{"@type":"xsd:integer","@value":"`, `"uco-observable:sizeInBytes":{"@type":"xsd:integer","@value":"x`},
	} {
		if err := c.graph(strings.Replace(good, fault[0], fault[1], 1)); err == nil || !strings.Contains(good, fault[0]) {
			t.Errorf("nothing is said of %q in the place of %q (there: %v)", fault[1], fault[0], strings.Contains(good, fault[0]))
		}
	}
}
