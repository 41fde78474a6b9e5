package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"case53/queries/export"
)

// ocsfSchema is a version of the schema, compiled: what an object may hold, and what a class.
type ocsfSchema struct {
	Version string
	Classes map[string]*ocsfObject
	Objects map[string]*ocsfObject
	Types   map[string]struct {
		Type, Regex string
		MaxLen      int `json:"max_len"`
		Range       []int64
	}
	regexes map[string]*regexp.Regexp
}

type ocsfObject struct {
	ClassUID    int `json:"class_uid"`
	CategoryUID int `json:"category_uid"`
	Attributes  map[string]struct {
		Type, Requirement, Profile, Sibling string
		IsArray                             bool `json:"is_array"`
		Enum                                map[string]string
	}
	Constraints json.RawMessage
}

func readOCSF(t *testing.T, version string) *ocsfSchema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fixtures(t), "ocsf", "compiled-"+version+".json"))
	if err != nil {
		t.Fatal(err)
	}
	s := &ocsfSchema{regexes: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal(text, s); err != nil {
		t.Fatal(err)
	}
	s.Version = version
	for name, kind := range s.Types {
		if kind.Regex != "" {
			s.regexes[name] = regexp.MustCompile(kind.Regex)
		}
	}
	return s
}

// event says what is wrong with an event.
func (s *ocsfSchema) event(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var event map[string]any
	if err := d.Decode(&event); err != nil {
		return err
	}
	for _, class := range s.Classes {
		if fmt.Sprint(event["class_uid"]) != fmt.Sprint(class.ClassUID) {
			continue
		}
		activity := fmt.Sprint(event["activity_id"])
		if want := fmt.Sprintf("%d%02s", class.ClassUID, activity); fmt.Sprint(event["type_uid"]) != want {
			return fmt.Errorf("type_uid %v, want %s", event["type_uid"], want)
		}
		if fmt.Sprint(event["category_uid"]) != fmt.Sprint(class.CategoryUID) {
			return fmt.Errorf("category_uid %v", event["category_uid"])
		}
		meta, _ := event["metadata"].(map[string]any)
		if meta["version"] != s.Version {
			return fmt.Errorf("metadata.version %v", meta["version"])
		}
		listed, _ := meta["profiles"].([]any)
		var profiles []string
		for _, p := range listed {
			profiles = append(profiles, fmt.Sprint(p))
		}
		return s.object(class, event, profiles, "")
	}
	return fmt.Errorf("no class %v", event["class_uid"])
}

func (s *ocsfSchema) object(o *ocsfObject, got map[string]any, profiles []string, path string) error {
	for name, a := range o.Attributes {
		_, there := got[name]
		if !there && a.Requirement == "required" && (a.Profile == "" || slices.Contains(profiles, a.Profile)) {
			return fmt.Errorf("%s%s is missing", path, name)
		}
		if there && a.Profile != "" && !slices.Contains(profiles, a.Profile) && path == "" {
			return fmt.Errorf("%s%s is of the profile %s, which is not listed", path, name, a.Profile)
		}
	}
	var constraint map[string][]string
	if json.Unmarshal(o.Constraints, &constraint) == nil {
		if any := constraint["at_least_one"]; len(any) > 0 && !slices.ContainsFunc(any, func(name string) bool { return got[name] != nil }) {
			return fmt.Errorf("%s none of %v", path, any)
		}
	}
	for name, v := range got {
		a, known := o.Attributes[name]
		if !known {
			return fmt.Errorf("%s%s is no attribute", path, name)
		}
		list := []any{v}
		if l, isList := v.([]any); isList != a.IsArray {
			return fmt.Errorf("%s%s: an array: %v, in the schema: %v", path, name, isList, a.IsArray)
		} else if isList {
			list = l
		}
		for _, v := range list {
			if err := s.value(a.Type, v, profiles, path+name); err != nil {
				return err
			}
			if a.Enum == nil || a.IsArray || a.Type == "string_t" {
				continue
			}
			caption, ok := a.Enum[fmt.Sprint(v)]
			if !ok {
				return fmt.Errorf("%s%s %v is not in its enum", path, name, v)
			}
			if sibling := got[a.Sibling]; a.Sibling != "" && sibling != nil && caption != "Other" && sibling != caption {
				return fmt.Errorf("%s%s %v is %s, and %s says %v", path, name, v, caption, a.Sibling, sibling)
			}
		}
	}
	return nil
}

func (s *ocsfSchema) value(kind string, v any, profiles []string, path string) error {
	if o := s.Objects[kind]; o != nil || kind == "object" {
		inner, ok := v.(map[string]any)
		switch {
		case !ok:
			return fmt.Errorf("%s is no object", path)
		case kind == "object" || len(o.Attributes) == 0:
			return nil
		}
		return s.object(o, inner, profiles, path+".")
	}
	t, known := s.Types[kind]
	if !known {
		return fmt.Errorf("%s: no type %s", path, kind)
	}
	base := kind
	if t.Type != "" {
		base = t.Type
	}
	switch base {
	case "string_t":
		text, ok := v.(string)
		if !ok || t.MaxLen > 0 && len(text) > t.MaxLen || s.regexes[kind] != nil && !s.regexes[kind].MatchString(text) {
			return fmt.Errorf("%s: %v is no %s", path, v, kind)
		}
	case "integer_t", "long_t":
		number, _ := v.(json.Number)
		n, err := number.Int64()
		if err != nil || len(t.Range) == 2 && (n < t.Range[0] || n > t.Range[1]) || base == "integer_t" && n != int64(int32(n)) {
			return fmt.Errorf("%s: %v is no %s", path, v, kind)
		}
	case "boolean_t":
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s: %v is no %s", path, v, kind)
		}
	}
	return nil
}

func TestOCSF(t *testing.T) {
	k := openCase(t)
	for _, version := range []string{"1.8.0", "1.5.0"} {
		schema := readOCSF(t, version)
		target, m := exported(t, k, "ocsf", "out.jsonl", export.Request{Version: version})
		text, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		got, uids, n := map[string][]string{}, map[string]bool{}, int64(0)
		for line := range bytes.Lines(text) {
			n++
			if err := schema.event(line); err != nil {
				t.Fatalf("%s, event %d: %v: %s", version, n, err, line)
			}
			view, uid, row := ocsfRow(t, line)
			if uids[uid] {
				t.Fatalf("uid %s twice", uid)
			}
			uids[uid] = true
			got[view] = append(got[view], row)
		}
		if n != m.Files[0].Records || n == 0 {
			t.Errorf("%d events of %d", n, m.Files[0].Records)
		}
		for view, sql := range map[string]string{
			"Amazon VPC Flow Logs": `SELECT concat_ws('|', object_id, row_no, coalesce(pkt_srcaddr, srcaddr, '-'),
				coalesce(pkt_dstaddr, dstaddr, '-'), bytes, packets,
				protocol, epoch_ms(start), coalesce(instance_tag, '-')) FROM flow WHERE log_status = 'OK'
				AND coalesce(pkt_srcaddr, srcaddr, pkt_dstaddr, dstaddr) IS NOT NULL ORDER BY object_id, row_no`,
			"Route 53 Resolver Query Logs": `SELECT concat_ws('|', object_id, row_no, coalesce(srcaddr, '-'), coalesce(query_name, '-'), coalesce(rcode, '-'),
				epoch_ms(query_timestamp)) FROM dns WHERE coalesce(srcaddr, src_instance, src_resolver_endpoint) IS NOT NULL ORDER BY object_id, row_no`,
			"Route 53 Public DNS Query Logs": `SELECT concat_ws('|', object_id, row_no, coalesce(resolver_ip, '-'), coalesce(query_name, '-'),
				coalesce(response_code, '-'), epoch_ms(query_timestamp)) FROM zone WHERE resolver_ip IS NOT NULL ORDER BY object_id, row_no`,
			"AWS WAF Access Logs": `SELECT concat_ws('|', object_id, row_no, coalesce(client_ip, '-'), coalesce(url, '-'), coalesce(method, '-'),
				coalesce(user_agent, '-'), epoch_ms(time)) FROM http WHERE log = 'waf' ORDER BY object_id, row_no`,
			"Apache or nginx Access Logs": `SELECT concat_ws('|', object_id, row_no, coalesce(client_ip, '-'), coalesce(url, '-'), coalesce(method, '-'),
				coalesce(user_agent, '-'), epoch_ms(time)) FROM http WHERE log = 'httpd' AND time IS NOT NULL ORDER BY object_id, row_no`,
		} {
			compareRows(t, version+" "+view, got[view], column(t, k, sql))
		}
	}
}

// ocsfRow is an event as the queries of TestOCSF give a row.
func ocsfRow(t *testing.T, line []byte) (view, uid, row string) {
	t.Helper()
	type endpoint struct{ IP *string }
	var e struct {
		Time     int64
		Metadata struct {
			UID     string
			Product struct {
				Name    string
				Feature struct{ Name string }
			}
		}
		Src     endpoint                             `json:"src_endpoint"`
		Dst     endpoint                             `json:"dst_endpoint"`
		Traffic struct{ Bytes, Packets json.Number } `json:"traffic"`
		Info    struct {
			Protocol json.Number `json:"protocol_num"`
		} `json:"connection_info"`
		Request struct {
			Method *string `json:"http_method"`
			Agent  *string `json:"user_agent"`
			URL    struct {
				Text *string `json:"url_string"`
			} `json:"url"`
		} `json:"http_request"`
		Class int `json:"class_uid"`
		Rest  struct {
			Case53 map[string]string
			Tag    *string `json:"instance_tag"`
			Name   *string `json:"query_name"`
			RCode  *string
		} `json:"unmapped"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	parts := []string{e.Rest.Case53["case53_object"], e.Rest.Case53["case53_row"], text(e.Src.IP)}
	switch {
	case e.Class == 4002:
		parts = append(parts, text(e.Request.URL.Text), text(e.Request.Method), text(e.Request.Agent), fmt.Sprint(e.Time))
	case e.Metadata.Product.Name == "Amazon VPC":
		parts = append(parts, text(e.Dst.IP), e.Traffic.Bytes.String(), e.Traffic.Packets.String(), e.Info.Protocol.String(),
			fmt.Sprint(e.Time), text(e.Rest.Tag))
	default:
		parts = append(parts, text(e.Rest.Name), text(e.Rest.RCode), fmt.Sprint(e.Time))
	}
	return e.Metadata.Product.Name + " " + e.Metadata.Product.Feature.Name, e.Metadata.UID, strings.Join(parts, "|")
}

// TestOCSFFaults: the check sees each kind of fault.
func TestOCSFFaults(t *testing.T) {
	schema := readOCSF(t, "1.8.0")
	const good = `{"time":1,"category_uid":4,"class_uid":4003,"activity_id":1,"type_uid":400301,"severity_id":1,"severity":"Informational",` +
		`"metadata":{"version":"1.8.0","product":{"name":"a"},"profiles":["cloud"]},"cloud":{"provider":"AWS"},"src_endpoint":{"ip":"10.0.0.1","port":1},` +
		`"query":{"hostname":"a"},"answers":[{"rdata":"b"}]}`
	if err := schema.event([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{`"time":1,`, ``}, {`"time":1`, `"time":"1"`}, {`400301`, `400302`}, {`"severity_id":1`, `"severity_id":7`}, {`"Informational"`, `"Low"`},
		{`"1.8.0"`, `"1.7.0"`}, {`{"name":"a"}`, `{}`}, {`"cloud":{"provider":"AWS"},`, ``}, {`["cloud"]`, `[]`}, {`10.0.0.1`, `10.0.0`},
		{`"port":1`, `"port":65536`}, {`"hostname":"a"`, `"type":"A"`}, {`[{"rdata":"b"}]`, `{"rdata":"b"}`}, {`{"rdata":"b"}`, `{"type":"A"}`},
		{`"ip":"10.0.0.1","port":1`, `"port":1`}, {`"src_endpoint":{"ip":"10.0.0.1","port":1},`, ``}, {`"ip":"10.0.0.1"`, `"address":"10.0.0.1"`},
		{`"class_uid":4003`, `"class_uid":4999`}, {`"query":`, `"action_id":1,"query":`}, {`"hostname":"a"`, `"hostname":null`},
	} {
		if err := schema.event([]byte(strings.Replace(good, fault[0], fault[1], 1))); err == nil || !strings.Contains(good, fault[0]) {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}

// cofRecord says what is wrong with a record of passive DNS.
func cofRecord(line []byte) (key string, count int64, err error) {
	var r struct {
		RRName *string `json:"rrname"`
		RRType *string `json:"rrtype"`
		RData  *string `json:"rdata"`
		First  *int64  `json:"time_first"`
		Last   *int64  `json:"time_last"`
		Count  int64
		Sensor string `json:"sensor_id"`
		SHA256 string `json:"case53_sha256"`
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return "", 0, err
	}
	switch {
	case r.RRName == nil || r.RRType == nil || r.RData == nil || r.First == nil || r.Last == nil:
		return "", 0, fmt.Errorf("a field that must be there is not")
	case *r.RRName == "" || *r.RRType == "" || *r.First > *r.Last || r.Count < 1 || len(r.SHA256) != 64:
		return "", 0, fmt.Errorf("a field is out of its range")
	}
	return *r.RRName + "\x00" + *r.RRType + "\x00" + *r.RData + "\x00" + r.Sensor, r.Count, nil
}

func TestCOF(t *testing.T) {
	k := openCase(t)
	target, m := exported(t, k, "cof", "pdns.jsonl", export.Request{})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	seen, sum := map[string]bool{}, int64(0)
	for line := range bytes.Lines(text) {
		key, count, err := cofRecord(line)
		if err != nil || seen[key] {
			t.Fatalf("%v, twice: %v: %s", err, seen[key], line)
		}
		seen[key] = true
		sum += count
	}
	want := column(t, k, "SELECT count(*) FROM dns_answer WHERE rdata IS NOT NULL AND type IS NOT NULL AND name IS NOT NULL")
	if fmt.Sprint(sum) != want[0] || sum == 0 {
		t.Errorf("%d answers, want %s", sum, want)
	}
	if zone := m.Sources[1]; zone.RowsOut != 0 || zone.RowsIn == 0 || len(zone.NotExpressible) != 1 {
		t.Errorf("zone records: %+v", zone.NotExpressible)
	}
	const good = `{"rrname":"a","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":2,"count":1,"case53_sha256":"` +
		"0123456789012345678901234567890123456789012345678901234567890123" + `"}`
	if _, _, err := cofRecord([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{{`"rrname":"a",`, ``}, {`"rdata":"192.0.2.1",`, ``}, {`"time_first":1`, `"time_first":3`}, {`"count":1`, `"count":0`},
		{`"time_last":2`, `"time_last":"2"`}, {`"rrtype":"A"`, `"rrtype":""`}} {
		if _, _, err := cofRecord([]byte(strings.Replace(good, fault[0], fault[1], 1))); err == nil {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}
