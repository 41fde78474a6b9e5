package export_test

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"case53/queries/export"
)

// ecsField is a field of the schema.
type ecsField struct {
	Type  string
	Array bool
}

// ecsFields reads Elastic's list of fields.
func ecsFields(t *testing.T) map[string]ecsField {
	t.Helper()
	f, err := os.Open(filepath.Join(fixtures(t), "ecs", "fields-8.17.0.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]ecsField{}
	for _, row := range rows[1:] {
		fields[row[3]] = ecsField{row[4], row[6] == "array"}
	}
	return fields
}

// allowed are the values that two fields may have, by category.
var allowed = map[string][]string{
	"network":             {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
	"web":                 {"access", "error", "info"},
	"intrusion_detection": {"allowed", "denied", "info"},
	"configuration":       {"access", "change", "creation", "deletion", "info"},
	"host":                {"access", "change", "end", "info", "start"},
}

// ecsChecker checks bodies of _bulk.
type ecsChecker struct {
	fields map[string]ecsField
	ids    map[string]bool
	docs   []map[string]any
}

// body checks a whole body, and gives the first thing that a server would refuse or the schema forbids.
func (c *ecsChecker) body(text []byte) error {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return fmt.Errorf("the last line has no end")
	}
	lines := bytes.Split(text[:len(text)-1], []byte("\n"))
	if len(lines)%2 != 0 {
		return fmt.Errorf("%d lines", len(lines))
	}
	for i := 0; i < len(lines); i += 2 {
		if err := c.pair(lines[i], lines[i+1]); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func (c *ecsChecker) pair(action, text []byte) error {
	var does map[string]map[string]string
	if err := json.Unmarshal(action, &does); err != nil || does["create"]["_index"] == "" || len(does["create"]["_id"]) != 40 || len(does) != 1 {
		return fmt.Errorf("action %s: %v", action, err)
	}
	if c.ids[does["create"]["_id"]] {
		return fmt.Errorf("id %s twice", does["create"]["_id"])
	}
	c.ids[does["create"]["_id"]] = true
	if len(text) > 10_000_000 {
		return fmt.Errorf("a line of %d bytes", len(text))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return err
	}
	if _, ok := doc["@timestamp"]; !ok {
		return fmt.Errorf("no @timestamp")
	}
	for _, label := range []string{"case53_case", "case53_object", "case53_row", "case53_sha256"} {
		if s, _ := doc["labels"].(map[string]any)[label].(string); s == "" {
			return fmt.Errorf("no %s", label)
		}
	}
	c.docs = append(c.docs, doc)
	if err := c.kinds(doc); err != nil {
		return err
	}
	return c.object("", doc)
}

// kinds holds event.type to event.category.
func (c *ecsChecker) kinds(doc map[string]any) error {
	event, _ := doc["event"].(map[string]any)
	categories, _ := event["category"].([]any)
	types, _ := event["type"].([]any)
	for _, kind := range types {
		if !slices.ContainsFunc(categories, func(c any) bool { return slices.Contains(allowed[fmt.Sprint(c)], fmt.Sprint(kind)) }) {
			return fmt.Errorf("event.type %v of %v", kind, categories)
		}
	}
	for field, values := range map[string][]string{"kind": {"event", "alert"}, "outcome": {"success", "failure", "unknown"}} {
		if v, ok := event[field]; ok && !slices.Contains(values, fmt.Sprint(v)) {
			return fmt.Errorf("event.%s %v", field, v)
		}
	}
	return nil
}

func (c *ecsChecker) object(path string, object map[string]any) error {
	for name, v := range object {
		at := strings.TrimPrefix(path+"."+name, ".")
		field, known := c.fields[at]
		inner, isObject := v.(map[string]any)
		var err error
		switch {
		case v == nil:
			err = fmt.Errorf("null")
		case strings.Contains(name, "."):
			err = fmt.Errorf("a dot in a name")
		case strings.HasPrefix(at, "aws") || strings.HasPrefix(at, "labels"):
			if isObject {
				err = c.object(at, inner)
			}
		case isObject && (!known || field.Type == "object"):
			err = c.object(at, inner)
		case !known:
			err = fmt.Errorf("no field of ECS")
		default:
			err = c.value(at, field, v)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

func (c *ecsChecker) value(at string, field ecsField, v any) error {
	list, isList := v.([]any)
	if isList != field.Array {
		return fmt.Errorf("an array: %v, in ECS: %v", isList, field.Array)
	}
	if !isList {
		list = []any{v}
	}
	for _, v := range list {
		text, isText := v.(string)
		var err error
		switch field.Type {
		case "ip":
			_, err = netip.ParseAddr(text)
		case "date":
			_, err = time.Parse(time.RFC3339Nano, text)
		case "long":
			n, ok := v.(json.Number)
			if _, err = n.Int64(); !ok {
				err = fmt.Errorf("no number: %v", v)
			}
		case "boolean":
			if _, ok := v.(bool); !ok {
				err = fmt.Errorf("no boolean: %v", v)
			}
		case "object":
			inner, ok := v.(map[string]any)
			if !ok {
				return fmt.Errorf("no object: %v", v)
			}
			for name, value := range inner {
				if f, known := c.fields[at+"."+name]; !known {
					return fmt.Errorf("%s.%s is no field of ECS", at, name)
				} else if err := c.value(at+"."+name, f, value); err != nil {
					return err
				}
			}
		default:
			if !isText {
				err = fmt.Errorf("no text: %v", v)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bulk reads the bodies of an export.
func bulk(t *testing.T, target string, m *export.Manifest) (bodies [][]byte) {
	t.Helper()
	for _, f := range m.Files {
		if !strings.HasSuffix(f.Path, ".ndjson") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(filepath.Dir(target), f.Path))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 10_000_000 {
			t.Errorf("%s has %d bytes", f.Path, len(text))
		}
		bodies = append(bodies, text)
	}
	return bodies
}

func TestECS(t *testing.T) {
	k := openCase(t)
	c := &ecsChecker{fields: ecsFields(t), ids: map[string]bool{}}
	for _, views := range [][]string{nil, {"connection"}} {
		target, m := exported(t, k, "ecs", "out.ndjson", export.Request{Views: views})
		for _, body := range bulk(t, target, m) {
			if err := c.body(body); err != nil {
				t.Fatal(err)
			}
		}
		checkTemplate(t, c, filepath.Join(filepath.Dir(target), "out-template.json"))
	}
}

// checkTemplate holds the index template to the list of fields.
func checkTemplate(t *testing.T, c *ecsChecker, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Template struct {
			Mappings struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	var walk func(path string, properties map[string]any)
	walk = func(path string, properties map[string]any) {
		for name, v := range properties {
			at := strings.TrimPrefix(path+"."+name, ".")
			if inner, ok := v.(map[string]any)["properties"].(map[string]any); ok {
				walk(at, inner)
				continue
			}
			kind := fmt.Sprint(v.(map[string]any)["type"])
			if f, known := c.fields[at]; known && f.Type != kind {
				t.Errorf("%s is %s in the template, %s in ECS", at, kind, f.Type)
			}
		}
	}
	walk("", template.Template.Mappings.Properties)
}

// TestECSFaults: the check sees each kind of fault.
func TestECSFaults(t *testing.T) {
	fields := ecsFields(t)
	const action = `{"create":{"_index":"logs-a-b","_id":"0123456789012345678901234567890123456789"}}` + "\n"
	const good = `{"@timestamp":"2026-11-01T10:00:00.000000Z","event":{"kind":"event","category":["network"],"type":["connection","allowed"]},` +
		`"source":{"ip":"10.0.0.1","port":1},"labels":{"case53_case":"a","case53_object":"1","case53_row":"1","case53_sha256":"b"}}` + "\n"
	check := func(body string) error {
		return (&ecsChecker{fields: fields, ids: map[string]bool{}}).body([]byte(body))
	}
	if err := check(action + good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{
		strings.TrimSuffix(action+good, "\n"), action, action + good + action + good, "{}\n" + good,
		action + strings.Replace(good, `"10.0.0.1"`, `"-"`, 1),
		action + strings.Replace(good, `"10.0.0.1"`, `null`, 1),
		action + strings.Replace(good, `"port":1`, `"port":"1"`, 1),
		action + strings.Replace(good, `"port":1`, `"port":1.5`, 1),
		action + strings.Replace(good, `"port":1`, `"harbour":1`, 1),
		action + strings.Replace(good, `["network"]`, `"network"`, 1),
		action + strings.Replace(good, `"allowed"`, `"error"`, 1),
		action + strings.Replace(good, `T10:00`, ` 10:00`, 1),
		action + strings.Replace(good, `"@timestamp"`, `"time"`, 1),
		action + strings.Replace(good, `"case53_row":"1"`, `"row":"1"`, 1),
		action + strings.Replace(good, `"source":{"ip":"10.0.0.1","port":1}`, `"source.ip":"10.0.0.1"`, 1),
	} {
		if check(fault) == nil {
			t.Errorf("nothing is said of %s", fault)
		}
	}
}

// TestECSComesBack: the documents give the same rows again, for the fields that they carry.
func TestECSComesBack(t *testing.T) {
	k := openCase(t)
	target, m := exported(t, k, "ecs", "out.ndjson", export.Request{})
	got := map[string][]string{}
	for _, body := range bulk(t, target, m) {
		for i, line := range bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")) {
			if i%2 == 1 {
				view, row := ecsRow(t, line)
				got[view] = append(got[view], row)
			}
		}
	}
	for view, sql := range map[string]string{
		"aws.vpcflow": `SELECT concat_ws('|', object_id, row_no, coalesce(srcaddr, '-'), coalesce(pkt_srcaddr, '-'), coalesce(dstaddr, '-'),
			coalesce(srcport::VARCHAR, '-'), coalesce(dstport::VARCHAR, '-'), coalesce(protocol::VARCHAR, '-'), coalesce(bytes::VARCHAR, '-'),
			coalesce(packets::VARCHAR, '-'), coalesce(lower(action), '-'), coalesce(instance_tag, '-'), epoch_us("end"))
			FROM flow WHERE log_status = 'OK' ORDER BY object_id, row_no`,
		"aws.route53_resolver_logs": `SELECT concat_ws('|', object_id, row_no, coalesce(srcaddr, '-'), coalesce(query_name, '-'), coalesce(query_type, '-'),
			coalesce(rcode, '-'), coalesce((SELECT string_agg(coalesce(rdata, '-'), '|' ORDER BY answer_no) FROM dns_answer a
			WHERE a.object_id = d.object_id AND a.row_no = d.row_no), ''), epoch_us(query_timestamp)) FROM dns d ORDER BY object_id, row_no`,
		"aws.route53_public_logs": `SELECT concat_ws('|', object_id, row_no, coalesce(resolver_ip, '-'), coalesce(query_name, '-'), coalesce(query_type, '-'),
			coalesce(response_code, '-'), coalesce(edns_client_subnet, '-'), epoch_us(query_timestamp)) FROM zone ORDER BY object_id, row_no`,
		"requests": `SELECT concat_ws('|', object_id, row_no, coalesce(client_ip, '-'), coalesce(url, '-'), coalesce(method, '-'),
			coalesce(status::VARCHAR, '-'), coalesce(user_agent, '-'), epoch_us(time)) FROM http WHERE time IS NOT NULL ORDER BY object_id, row_no`,
	} {
		compareRows(t, view, got[view], column(t, k, sql))
	}
}

// compareRows says where two lists of rows differ.
func compareRows(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%s: %d rows come back, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s, row %d: %q, want %q", what, i, got[i], want[i])
			return
		}
	}
}

// ecsRow is a document as the queries of TestECSComesBack give a row.
func ecsRow(t *testing.T, line []byte) (dataset, row string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	at := func(paths ...string) string {
		for _, path := range paths {
			var v any = doc
			for name := range strings.SplitSeq(path, ".") {
				v, _ = v.(map[string]any)[name]
				if v == nil {
					v = map[string]any(nil)
				}
			}
			if m, ok := v.(map[string]any); !ok || m != nil {
				return fmt.Sprint(v)
			}
		}
		return "-"
	}
	when, err := time.Parse(time.RFC3339Nano, at("@timestamp"))
	if err != nil {
		t.Fatal(err)
	}
	row = at("labels.case53_object") + "|" + at("labels.case53_row")
	put := func(values ...string) { row += "|" + strings.Join(values, "|") }
	if dataset = at("event.dataset"); at("network.protocol") == "http" {
		dataset = "requests"
	}
	switch dataset {
	case "aws.vpcflow":
		src, dst := at("source.ip"), at("destination.ip")
		if at("aws.vpcflow.pkt_srcaddr") != "-" {
			src = at("aws.vpcflow.srcaddr")
		}
		if at("aws.vpcflow.pkt_dstaddr") != "-" {
			dst = at("aws.vpcflow.dstaddr")
		}
		put(src, at("aws.vpcflow.pkt_srcaddr"), dst,
			at("source.port", "aws.vpcflow.srcport"), at("destination.port", "aws.vpcflow.dstport"), at("network.iana_number"), at("network.bytes"),
			at("network.packets"), at("event.action"), at("aws.vpcflow.instance_tag"))
	case "aws.route53_resolver_logs":
		put(at("source.ip"), at("aws.route53.query_name"), at("dns.question.type"), at("dns.response_code"))
		var answers []string
		list, _ := doc["dns"].(map[string]any)["answers"].([]any)
		for _, a := range list {
			answers = append(answers, fmt.Sprint(a.(map[string]any)["data"]))
		}
		put(strings.Join(answers, "|"))
	case "requests":
		put(at("source.ip"), at("url.original"), at("http.request.method"), at("http.response.status_code"), at("user_agent.original"))
	default:
		put(at("source.ip"), at("aws.route53.query_name"), at("dns.question.type"), at("dns.response_code"), at("aws.route53.edns_client_subnet"))
	}
	put(fmt.Sprint(when.UnixMicro()))
	return dataset, row
}

// TestCommunityID is the example of Elastic's own processor.
func TestCommunityID(t *testing.T) {
	k := openCase(t)
	target, m := exported(t, k, "ecs", "out.ndjson", export.Request{Query: &export.Query{SQL: `SELECT * REPLACE (6 AS protocol,
		'2001:db8:1234:a100:8d6e:3477:df66:f105' AS srcaddr, NULL AS pkt_srcaddr, 34892 AS srcport,
		'2001:db8:1234:a102:3304:8879:34cf:4071' AS dstaddr, NULL AS pkt_dstaddr, 22 AS dstport) FROM flow WHERE log_status = 'OK' LIMIT 1`}})
	body := bulk(t, target, m)
	if len(body) != 1 || !bytes.Contains(body[0], []byte(`"community_id":"1:hXZclvxUJScaVf0xMIJR6yW6tBQ="`)) {
		t.Errorf("%s", body)
	}
}
