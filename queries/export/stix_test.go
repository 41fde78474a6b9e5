package export_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"case53/queries/export"
)

// schemaFolder gives the published schemas from a folder.
type schemaFolder string

func (dir schemaFolder) Load(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	_, name, ok := strings.Cut(u.Path, "/schemas/")
	if !ok {
		return nil, fmt.Errorf("%s is no schema of STIX", address)
	}
	f, err := os.Open(filepath.Join(string(dir), name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return jsonschema.UnmarshalJSON(f)
}

// stixKinds are where the schema of a type is.
var stixKinds = map[string]string{
	"identity": "sdos", "observed-data": "sdos", "indicator": "sdos", "relationship": "sros", "sighting": "sros",
	"url": "observables", "ipv4-addr": "observables", "ipv6-addr": "observables", "domain-name": "observables", "network-traffic": "observables",
}

// stixSchemas are the schemas of the types that we write. That of the bundle tries forty of them on each object.
func stixSchemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaFolder(filepath.Join(fixtures(t), "stix", "schemas")))
	all := map[string]*jsonschema.Schema{}
	for name, folder := range stixKinds {
		schema, err := c.Compile("http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/" + folder + "/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = schema
	}
	return all
}

// stixObjects checks the objects of a bundle: each by the schema of its type, and that ids are there once and lead somewhere.
func stixObjects(schemas map[string]*jsonschema.Schema, text string) (objects []map[string]any, err error) {
	var bundle struct {
		Type, ID string
		Objects  []map[string]any
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&bundle); err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, o := range bundle.Objects {
		id := fmt.Sprint(o["id"])
		if ids[id] {
			return nil, fmt.Errorf("%s twice", id)
		}
		ids[id] = true
	}
	if _, err := uuid.Parse(strings.TrimPrefix(bundle.ID, "bundle--")); err != nil || bundle.Type != "bundle" {
		return nil, fmt.Errorf("%s %s is no bundle: %v", bundle.Type, bundle.ID, err)
	}
	for _, o := range bundle.Objects {
		schema := schemas[fmt.Sprint(o["type"])]
		if schema == nil {
			return nil, fmt.Errorf("no schema for %v", o["type"])
		}
		if err := schema.Validate(o); err != nil {
			return nil, err
		}
	}
	for _, o := range bundle.Objects {
		for name, v := range o {
			var refs []any
			switch {
			case strings.HasSuffix(name, "_refs"):
				refs, _ = v.([]any)
			case strings.HasSuffix(name, "_ref"):
				refs = []any{v}
			}
			for _, ref := range refs {
				if !ids[fmt.Sprint(ref)] {
					return nil, fmt.Errorf("%s of %s leads nowhere", name, o["id"])
				}
			}
		}
	}
	return bundle.Objects, nil
}

func TestSTIX(t *testing.T) {
	k, schemas := openCase(t), stixSchemas(t)
	target, m := exported(t, k, "stix", "out.json", export.Request{})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stixObjects(schemas, string(text))
	if err != nil {
		t.Fatal(err)
	}
	observed, named := int64(0), 0
	for _, o := range objects {
		switch o["type"] {
		case "observed-data":
			observed++
		case "domain-name":
			named++
			canonical := fmt.Sprintf(`{"value":%q}`, o["value"])
			if want := uuid.NewSHA1(uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7"), []byte(canonical)); o["id"] != "domain-name--"+want.String() {
				t.Errorf("%v has the id %v, want %s", o["value"], o["id"], want)
			}
		case "indicator", "sighting":
			t.Error("an indicator that nobody tagged")
		}
	}
	if observed != m.Files[0].Records || observed == 0 || named == 0 {
		t.Errorf("%d observed of %d, %d names", observed, m.Files[0].Records, named)
	}
}

// stixPattern reads the patterns that we write: a comparison, or two with OR.
var stixPattern = regexp.MustCompile(`^\[(?:ipv4-addr:value|ipv6-addr:value|domain-name:value) (?:=|ISSUBSET) '(?:[^'\\]|\\['\\])*'` +
	`(?: OR domain-name:value LIKE '(?:[^'\\]|\\['\\])*')?\]$`)

// TestSTIXIndicators: what somebody says to be an indicator is one, with a sighting a record; the others are not there.
func TestSTIXIndicators(t *testing.T) {
	k, schemas := openCase(t), stixSchemas(t)
	target, m := exported(t, k, "stix", "out.json", export.Request{Indicators: indicatorList})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stixObjects(schemas, string(text))
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	sightings := map[string]int64{}
	for _, o := range objects {
		switch o["type"] {
		case "indicator":
			pattern := fmt.Sprint(o["pattern"])
			if !stixPattern.MatchString(pattern) {
				t.Errorf("%s is no pattern", pattern)
			}
			patterns = append(patterns, pattern)
		case "sighting":
			sightings[fmt.Sprint(o["sighting_of_ref"])]++
		}
	}
	want := `[ipv4-addr:value = '203.0.113.9']|[ipv4-addr:value ISSUBSET '192.0.2.0/24']|[domain-name:value = 'example' OR domain-name:value LIKE '%.example']`
	if strings.Join(patterns, "|") != want {
		t.Errorf("patterns %q", patterns)
	}
	for i, o := range objects[len(objects)-3:] {
		if got, want := sightings[fmt.Sprint(o["id"])], m.Indicators[i].Records; got != want || got == 0 {
			t.Errorf("%s has %d sightings, want %d", o["name"], got, want)
		}
	}
}

// TestSTIXFaults: the check sees each kind of fault.
func TestSTIXFaults(t *testing.T) {
	schemas := stixSchemas(t)
	const id = "11111111-1111-4111-8111-111111111111"
	const good = `{"type":"bundle","id":"bundle--` + id + `","objects":[` +
		`{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--` + id + `","value":"10.0.0.1"},` +
		`{"type":"observed-data","spec_version":"2.1","id":"observed-data--` + id + `",` +
		`"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z",` +
		`"first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":["ipv4-addr--` + id + `"]}]}`
	if _, err := stixObjects(schemas, good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{`"number_observed":1,`, ``}, {`"number_observed":1`, `"number_observed":"1"`},
		{`"created":"2026-01-01T00:00:00.000Z",`, ``}, {`01T00:00:00.000Z`, `01 00:00:00`},
		{`"value":"10.0.0.1"`, `"address":"10.0.0.1"`}, {`refs":["ipv4-addr--1`, `refs":["ipv4-addr--2`}, {`observed-data--1`, `ipv4-addr--1`},
		{`"observed-data","spec_version":"2.1",`, `"observed-data",`},
		{`{"type":"bundle"`, `{"type":"box"`}, {`"type":"ipv4-addr"`, `"type":"ipv5-addr"`},
	} {
		if _, err := stixObjects(schemas, strings.Replace(good, fault[0], fault[1], 1)); err == nil {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}
