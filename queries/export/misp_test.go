package export_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"case53/queries/export"
)

// mispChecker checks events: by the schema of MISP, which has no objects and no times of sight, and by these rules of MISP's core format.
type mispChecker struct {
	schema *jsonschema.Schema
	types  []string // of attributes
	of     []string // of the category "Network activity"
	rules  map[string]mispRules
	ids    map[string]bool
}

// mispRules is a template of MISP's (github.com/MISP/misp-objects, 2026-06): its number and version, the types of the relations that we
// use, what an object must have, what it must have one of, and what it may have more than once.
type mispRules struct {
	uuid, version          string
	types                  map[string]string
	required, oneOf, often []string
}

var mispTemplates = map[string]mispRules{
	"network-connection": {
		uuid: "af16764b-f8e5-4603-9de1-de34d272f80b", version: "7",
		types: map[string]string{
			"ip-src": "ip-src", "ip-dst": "ip-dst", "src-port": "port", "dst-port": "port", "layer4-protocol": "text", "hostname-dst": "hostname",
			"first-packet-seen": "datetime", "last-packet-seen": "datetime", "src-bytes-count": "size-in-bytes", "dst-bytes-count": "size-in-bytes",
			"src-packets-count": "counter", "dst-packets-count": "counter",
		},
		oneOf: []string{"first-packet-seen", "ip-src", "ip-dst", "src-port", "dst-port", "community-id"},
	},
	"dns-record": {
		uuid: "f023c8f0-81ab-41f3-9f5d-fa597a34a9b9", version: "2",
		types: map[string]string{
			"queried-domain": "domain", "text": "text", "a-record": "ip-dst", "aaaa-record": "ip-dst", "cname-record": "domain", "mx-record": "domain",
			"ns-record": "domain", "ptr-record": "domain", "soa-record": "domain", "srv-record": "domain",
		},
		required: []string{"queried-domain"},
		oneOf: []string{"a-record", "aaaa-record", "cname-record", "mx-record", "ns-record", "ptr-record", "soa-record", "spf-record", "srv-record",
			"txt-record"},
		often: []string{"a-record", "aaaa-record", "cname-record", "mx-record", "ns-record", "ptr-record", "soa-record", "srv-record"},
	},
	"domain-ip": {
		uuid: "43b3b146-77eb-4931-b4cc-b66c60f28734", version: "11", types: map[string]string{"domain": "domain", "text": "text"},
		oneOf: []string{"ip", "domain", "hostname"}, often: []string{"domain"},
	},
	"http-request": {
		uuid: "b4a8d163-8110-4239-bfcf-e08f3a9fdf7b", version: "4",
		types: map[string]string{
			"url": "url", "uri": "uri", "ip-src": "ip-src", "ip-dst": "ip-dst", "host": "hostname", "method": "http-method", "user-agent": "user-agent",
			"referer": "other", "header": "text",
		},
		oneOf: []string{"url", "uri"}, often: []string{"header"},
	},
}

func newMISPChecker(t *testing.T) *mispChecker {
	t.Helper()
	folder := filepath.Join(fixtures(t), "misp")
	f, err := os.Open(filepath.Join(folder, "schema.patched.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	if err := c.AddResource("misp.json", text); err != nil {
		t.Fatal(err)
	}
	m := &mispChecker{ids: map[string]bool{}, rules: mispTemplates}
	if m.schema, err = c.Compile("misp.json"); err != nil {
		t.Fatal(err)
	}
	var lists struct {
		Types []string `json:"types"`
		Of    []string `json:"network_activity_types"`
	}
	list, err := os.ReadFile(filepath.Join(folder, "types.extracted.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(list, &lists); err != nil {
		t.Fatal(err)
	}
	m.types, m.of = lists.Types, lists.Of
	return m
}

// event says what is wrong with an event, and gives its attributes and objects.
func (c *mispChecker) event(text string) (attributes, objects []map[string]any, err error) {
	clear(c.ids)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return nil, nil, err
	}
	event, _ := all["Event"].(map[string]any)
	if _, err := time.Parse(time.DateOnly, fmt.Sprint(event["date"])); err != nil || event["info"] == nil || event["distribution"] == nil {
		return nil, nil, fmt.Errorf("the event has no date, info or distribution: %v", err)
	}
	if err := c.id(event); err != nil {
		return nil, nil, err
	}
	if attributes, err = maps(event["Attribute"]); err != nil {
		return nil, nil, err
	}
	if objects, err = maps(event["Object"]); err != nil {
		return nil, nil, err
	}
	for _, a := range attributes {
		if err := c.attribute(a, false); err != nil {
			return nil, nil, err
		}
	}
	for i, o := range objects {
		if err := c.object(o); err != nil {
			return nil, nil, fmt.Errorf("object %d: %w", i, err)
		}
	}
	delete(event, "Object")
	return attributes, objects, c.schema.Validate(all)
}

// maps is a list of objects.
func maps(v any) (all []map[string]any, err error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%v is no list", v)
	}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%v is no object", e)
		}
		all = append(all, m)
	}
	return all, nil
}

// id checks that a thing has an id of its own.
func (c *mispChecker) id(of map[string]any) error {
	id := fmt.Sprint(of["uuid"])
	if _, err := uuid.Parse(id); err != nil || c.ids[id] {
		return fmt.Errorf("uuid %s: %v, twice: %v", id, err, c.ids[id])
	}
	c.ids[id] = true
	return nil
}

// seen checks and takes away when a thing was seen, which the schema has not.
func seen(of map[string]any) error {
	for _, name := range []string{"first_seen", "last_seen"} {
		if v, there := of[name]; there {
			if _, err := time.Parse("2006-01-02T15:04:05.000000-07:00", fmt.Sprint(v)); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		delete(of, name)
	}
	return nil
}

var mispDigits = regexp.MustCompile(`^\d+$`)

func (c *mispChecker) attribute(a map[string]any, inObject bool) error {
	kind, value := fmt.Sprint(a["type"]), fmt.Sprint(a["value"])
	var err error
	switch {
	case !slices.Contains(c.types, kind):
		err = errors.New("no such type")
	case a["category"] == "Network activity" && !slices.Contains(c.of, kind):
		err = fmt.Errorf("not of the category %v", a["category"])
	case a["category"] != "Network activity" && a["category"] != "Other":
		err = fmt.Errorf("category %v", a["category"])
	case (a["object_relation"] != nil) != inObject:
		err = fmt.Errorf("relation %v, in an object: %v", a["object_relation"], inObject)
	case inObject && a["to_ids"] != false || a["to_ids"] == nil:
		err = fmt.Errorf("to_ids %v", a["to_ids"])
	case !mispDigits.MatchString(fmt.Sprint(a["timestamp"])):
		err = fmt.Errorf("timestamp %v", a["timestamp"])
	case value == "":
		err = errors.New("no value")
	case kind == "ip-src" || kind == "ip-dst":
		if _, err = netip.ParseAddr(value); err != nil {
			_, err = netip.ParsePrefix(value)
		}
	case (kind == "port" || kind == "counter" || kind == "size-in-bytes") && !mispDigits.MatchString(value):
		err = errors.New("no number")
	case kind == "datetime":
		_, err = time.Parse("2006-01-02T15:04:05.000000-07:00", value)
	case kind == "domain" || kind == "hostname":
		if strings.ContainsAny(value, " /\\:") || len(value) > 253 {
			err = errors.New("no name")
		}
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", kind, value, err)
	}
	delete(a, "object_relation")
	if err := seen(a); err != nil {
		return err
	}
	return c.id(a)
}

func (c *mispChecker) object(o map[string]any) error {
	rules, known := c.rules[fmt.Sprint(o["name"])]
	if !known || o["meta-category"] != "network" || o["template_version"] != rules.version || o["template_uuid"] != rules.uuid {
		return fmt.Errorf("%v %v, %v of version %v", o["name"], o["meta-category"], o["template_uuid"], o["template_version"])
	}
	if err := errors.Join(seen(o), c.id(o)); err != nil {
		return err
	}
	attributes, err := maps(o["Attribute"])
	if err != nil {
		return err
	}
	var list []any
	has := map[string]bool{}
	for _, a := range attributes {
		relation := fmt.Sprint(a["object_relation"])
		if kind := rules.types[relation]; kind == "" || kind != a["type"] {
			return fmt.Errorf("%v has no %s of type %v", o["name"], relation, a["type"])
		}
		if has[relation] && !slices.Contains(rules.often, relation) {
			return fmt.Errorf("%v has one %s at most", o["name"], relation)
		}
		has[relation] = true
		if err := c.attribute(a, true); err != nil {
			return err
		}
		list = append(list, a)
	}
	in := func(relation string) bool { return has[relation] }
	if !slices.ContainsFunc(rules.oneOf, in) || slices.ContainsFunc(rules.required, func(relation string) bool { return !in(relation) }) {
		return fmt.Errorf("%v has only %v", o["name"], has)
	}
	// The schema knows an object's attributes as those of an event.
	return c.schema.Validate(map[string]any{"Event": map[string]any{"Attribute": list}})
}

func TestMISP(t *testing.T) {
	k, c := openCase(t), newMISPChecker(t)
	target, m := exported(t, k, "misp", "out.json", export.Request{})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	attributes, objects, err := c.event(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(objects)) != m.Files[0].Records || len(objects) == 0 || len(attributes) != 0 {
		t.Errorf("%d objects of %d, %d attributes that nobody said were indicators", len(objects), m.Files[0].Records, len(attributes))
	}
	names := map[string]int{}
	for _, o := range objects {
		names[fmt.Sprint(o["name"])]++
	}
	if len(names) != 4 {
		t.Errorf("objects: %v", names)
	}
}

// TestMISPIndicators: what somebody says to be an indicator is for detection, and only records that show one are there.
func TestMISPIndicators(t *testing.T) {
	k, c := openCase(t), newMISPChecker(t)
	target, m := exported(t, k, "misp", "out.json", export.Request{Indicators: indicatorList})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	attributes, objects, err := c.event(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range attributes {
		got = append(got, fmt.Sprint(a["type"], " ", a["value"], " ", a["to_ids"]))
	}
	want := "ip-dst 203.0.113.9 true|ip-src 192.0.2.0/24 true|domain example true"
	if strings.Join(got, "|") != want && strings.Join(got, "|") != strings.ReplaceAll(want, "ip-src", "ip-dst") {
		t.Errorf("attributes %q, want %q", got, want)
	}
	var seen []string
	for _, i := range m.Indicators {
		seen = append(seen, fmt.Sprint(i.Value, " ", i.Records > 0))
	}
	if strings.Join(seen, "|") != "203.0.113.9 true|192.0.2.0/24 true|example true|never.seen.example.org false" {
		t.Errorf("the manifest says %q", seen)
	}
	if int64(len(objects)) != m.Files[0].Records || len(objects) == 0 {
		t.Errorf("%d objects of %d", len(objects), m.Files[0].Records)
	}
	for _, tool := range []string{"ecs", "zeek"} {
		form, _ := export.FindTool(tool)
		if _, err := form.Export(t.Context(), k, export.Request{Target: filepath.Join(t.TempDir(), "x.json"), Indicators: indicatorList}); err == nil {
			t.Errorf("%s took a list of indicators", tool)
		}
	}
}

// indicatorList is a list as an analyst has it: an address, a block, names as they are written, and one that is nowhere.
var indicatorList = []string{"203.0.113.9", "192.0.2.77/24", "*.Example.", "example", "never.seen.example.org"}

// TestMISPFaults: the check sees each kind of fault.
func TestMISPFaults(t *testing.T) {
	c := newMISPChecker(t)
	const attribute = `{"uuid":"11111111-1111-4111-8111-111111111111","type":"ip-dst","category":"Network activity","value":"10.0.0.1","to_ids":true,` +
		`"timestamp":"1","distribution":"5","first_seen":"2026-11-01T10:00:00.000000+00:00"}`
	const object = `{"uuid":"21111111-1111-4111-8111-111111111111","name":"dns-record","meta-category":"network","template_version":"2",` +
		`"template_uuid":"f023c8f0-81ab-41f3-9f5d-fa597a34a9b9","Attribute":[{"uuid":"31111111-1111-4111-8111-111111111111",` +
		`"object_relation":"queried-domain","type":"domain","category":"Network activity","value":"a.example","to_ids":false,"timestamp":"1"},` +
		`{"uuid":"51111111-1111-4111-8111-111111111111","object_relation":"a-record","type":"ip-dst","category":"Network activity",` +
		`"value":"10.0.0.2","to_ids":false,"timestamp":"1"}]}`
	const good = `{"Event":{"uuid":"41111111-1111-4111-8111-111111111111","info":"i","date":"2026-11-01","distribution":"0","timestamp":"1",` +
		`"Attribute":[` + attribute + `],"Object":[` + object + `]}}`
	if _, _, err := c.event(good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{`"date":"2026-11-01",`, ``}, {`"info":"i",`, ``}, {`"distribution":"0"`, `"distribution":0`}, {`"distribution":"5"`, `"distribution":5`},
		{`"timestamp":"1","distribution":"5"`, `"timestamp":1.5,"distribution":"5"`}, {`"ip-dst"`, `"ip-destination"`}, {`"ip-dst"`, `"md5"`},
		{`10.0.0.1`, `10.0.0`}, {`"to_ids":true`, `"to_ids":"1"`}, {`"to_ids":false`, `"to_ids":true`}, {`31111111-1`, `11111111-1`},
		{`"41111111-1111`, `"4111111-1111`}, {`"queried-domain"`, `"a-record"`}, {`"queried-domain"`, `"asked"`}, {`"dns-record"`, `"dns"`},
		{`"a-record","type":"ip-dst"`, `"text","type":"text"`}, {`"a-record","type":"ip-dst"`, `"a-record","type":"ip-src"`},
		{`"a-record","type":"ip-dst"`, `"queried-domain","type":"domain"`}, {`"template_version":"2"`, `"template_version":"1"`},
		{`"dns-record"`, `"http-request"`},
		{`"template_version":"2"`, `"template_version":"two"`}, {`"meta-category":"network"`, `"meta-category":"net"`}, {`a.example`, `a example`},
		{`"object_relation":"queried-domain",`, ``}, {`2026-11-01T10:00:00.000000+00:00`, `yesterday`}, {`"first_seen"`, `"seen_first"`},
		{`{"Event":`, `{"Events":`}, {`"template_uuid":"f023`, `"template_uuid":"f`},
		{`"type":"domain","category":"Network activity"`, `"type":"domain","category":"Nowhere"`},
	} {
		if _, _, err := c.event(strings.Replace(good, fault[0], fault[1], 1)); err == nil || !strings.Contains(good, fault[0]) {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}
