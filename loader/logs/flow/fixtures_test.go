package flow

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/loader/logs/logstest"
)

// Peers' flow log samples, compared on every direct field.

// peerFlow runs records through detection, resolution and decoding, and gives the rows.
func peerFlow(t *testing.T, recs [][]byte, given ...string) []map[string]string {
	t.Helper()
	d, err := decodeFlow(recs, given...)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		if _, _, _, err := d.Decode(rec); err != nil {
			t.Fatalf("%s: %v", rec, err)
		}
	}
	return d.RowsOf("flow_plain", "flow_full")
}

// sameFlow compares rows with a peer's, by AWS's names with underscores; "" is NULL.
func sameFlow(t *testing.T, row, want map[string]string) {
	t.Helper()
	for name, value := range want {
		got, ok := row[name]
		if column, is := strings.CutSuffix(name, "addr"); is {
			if got, ok = row[column+"4"]; !ok {
				got, ok = row[column+"6"]
			}
		}
		if got != value || ok != (value != "") {
			t.Errorf("%s is %q, the peer says %q", name, got, value)
		}
	}
}

// tenzirBlocks reads the peer's expected output: a block of "name: value," per record.
func tenzirBlocks(text []byte) (blocks []map[string]string) {
	for block := range strings.SplitSeq(string(text), "}\n") {
		want := map[string]string{}
		for line := range strings.Lines(block) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), ","), ": "); ok {
				want[name] = strings.TrimPrefix(strings.Trim(value, `"`), "null")
			}
		}
		if len(want) > 0 {
			blocks = append(blocks, want)
		}
	}
	return blocks
}

func TestTenzirFlow(t *testing.T) {
	// The field list is the peer's own. By inference it is ambiguous: the console lists the container ids the other way
	// round, and only one is filled.
	const ecs = "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status ecs_cluster_name" +
		" ecs_cluster_arn ecs_container_instance_arn ecs_container_instance_id ecs_service_name ecs_task_definition_arn ecs_task_id ecs_task_arn" +
		" ecs_second_container_id ecs_container_id"
	for _, c := range []struct{ input, want, format string }{
		{"cloudwatch-v2", "parse-default", ""}, {"cloudwatch-v2", "parse-custom", ""}, {"cloudwatch-v7-ecs", "parse-v7-ecs", ecs},
	} {
		var recs [][]byte
		for line := range bytes.Lines(logstest.Fixture(t, "tenzir+library/amazon/tests/inputs/"+c.input+".ndjson")) {
			var event struct{ Message string }
			if err := json.Unmarshal(line, &event); err != nil {
				t.Fatal(err)
			}
			recs = append(recs, []byte(event.Message))
		}
		var given []string
		if c.format != "" {
			given = []string{c.format}
		}
		rows := peerFlow(t, recs, given...)
		blocks := tenzirBlocks(logstest.Fixture(t, "tenzir+library/amazon/tests/vpc_flow/"+c.want+".txt"))
		if len(rows) != len(blocks) || len(rows) != 4 {
			t.Fatalf("%s: %d rows, %d expected", c.input, len(rows), len(blocks))
		}
		for i, want := range blocks {
			for _, name := range []string{"start", "end"} {
				if seconds, err := strconv.ParseInt(want[name], 10, 64); err == nil {
					want[name] = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
				}
			}
			sameFlow(t, rows[i], want)
		}
	}
}

func TestPantherFlow(t *testing.T) {
	var cases []struct {
		Case, Line, Header string
		Want               map[string]any
	}
	text := logstest.Fixture(t, "panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/vpc_flow_test.extracted.json")
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&cases); err != nil || len(cases) != 3 {
		t.Fatal(len(cases), err)
	}
	renamed := map[string]string{"PacketSrcAddr": "pkt_srcaddr", "PacketDstAddr": "pkt_dstaddr", "SubNetID": "subnet_id"}
	camel := regexp.MustCompile(`([a-z])([A-Z])`)
	for _, c := range cases {
		rows := peerFlow(t, [][]byte{[]byte(c.Header), []byte(c.Line)})
		want := map[string]string{}
		for name, value := range c.Want {
			column, ok := renamed[name]
			if !ok {
				column = strings.ToLower(camel.ReplaceAllString(name, "${1}_${2}"))
			}
			column = strings.NewReplacer("src_addr", "srcaddr", "dst_addr", "dstaddr",
				"src_port", "srcport", "dst_port", "dstport", "tcpflags", "tcp_flags").Replace(column)
			switch v := value.(type) {
			case string:
				want[column] = v
			case json.Number:
				want[column] = v.String()
			}
		}
		sameFlow(t, rows[0], want)
	}
	extended := peerFlow(t, [][]byte{[]byte(cases[1].Header), []byte(cases[1].Line)})[0]
	if got := extended["extra"]; got != `{"unknown-header-should-not-break":"extra-data-should-not-break"}` {
		t.Errorf("extra is %s", got)
	}
	if got := peerFlow(t, [][]byte{[]byte(cases[0].Header), []byte(cases[0].Line)})[0]["extra"]; got != `{"surplus":["extra-data-should-not-break"]}` {
		t.Errorf("extra is %s", got)
	}
	// The peer drops an account id that is not a number; the record has one.
	if got := peerFlow(t, [][]byte{[]byte(cases[2].Header), []byte(cases[2].Line)})[0]["account_id"]; got != "unknown" {
		t.Errorf("account_id is %q", got)
	}
}

func TestGrafanaFlow(t *testing.T) {
	text := logstest.Head(t, logstest.FixturePath(t, "grafana+lambda-promtail/testdata/vpcflowlog.log.gz"), 1<<20)
	recs := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	rows := peerFlow(t, recs)
	if len(rows) != 3 || Type.Detect(recs) != 100 || rows[2]["bytes"] != "112" {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
}

func TestOCSFFlow(t *testing.T) {
	const root = "ocsf+examples/mappings/"
	type endpoint struct {
		IP                                                    string
		Port                                                  int
		InstanceUID, InterfaceUID, SubnetUID, VpcUID, SvcName string
	}
	for _, folder := range []string{
		"markdown/AWS/v1.0.0-rc.2/VPC Flowlogs",
		"markdown/AWS/v1.1.0/VPC Flowlogs",
		"markdown/AWS/v1.5.0/VPC Flowlogs",
		"dataprepper/AWS/v1.1.0/VPC Flow",
	} {
		raw := bytes.TrimSpace(logstest.Fixture(t, root+folder+"/samples/vpcflowlog.raw"))
		recs := bytes.Split(raw, []byte("\n"))
		if raw[0] == '[' { // the loader's reader takes arrays apart
			recs = [][]byte{bytes.Trim(raw, "[]\n")}
		}
		if score := Type.Detect(recs); score < 95 {
			t.Errorf("%s: detected with %d", folder, score)
		}
		row := peerFlow(t, recs)[0]
		var ocsf struct {
			SrcEndpoint endpoint `json:"src_endpoint"`
			DstEndpoint endpoint `json:"dst_endpoint"`
			Traffic     struct{ Bytes, Packets int }
			Connection  struct {
				Protocol int    `json:"protocol_num"`
				Version  string `json:"protocol_ver"`
				Flags    int    `json:"tcp_flags"`
			} `json:"connection_info"`
			Cloud       struct{ Region, Zone string }
			Disposition string
			Time        int64
			Unmapped    map[string]string
		}
		if err := json.Unmarshal(logstest.Fixture(t, root+folder+"/samples/vpcflowlog.ocsf"), &ocsf); err != nil {
			t.Fatal(folder, err)
		}
		at := time.UnixMilli(ocsf.Time)
		if ocsf.Time < 1e10 {
			at = time.Unix(ocsf.Time, 0)
		}
		want := map[string]string{
			"srcport": strconv.Itoa(ocsf.SrcEndpoint.Port), "dstport": strconv.Itoa(ocsf.DstEndpoint.Port),
			"bytes": strconv.Itoa(ocsf.Traffic.Bytes), "packets": strconv.Itoa(ocsf.Traffic.Packets),
			"protocol": strconv.Itoa(ocsf.Connection.Protocol), "type": ocsf.Connection.Version, "tcp_flags": strconv.Itoa(ocsf.Connection.Flags),
			"region": ocsf.Cloud.Region, "az_id": ocsf.Cloud.Zone, "start": at.UTC().Format(time.RFC3339),
			"action": map[string]string{"Blocked": "REJECT", "Allowed": "ACCEPT"}[ocsf.Disposition],
			// The peer takes the packet's addresses for the end points.
			"pkt_srcaddr": ocsf.SrcEndpoint.IP, "pkt_dstaddr": ocsf.DstEndpoint.IP,
		}
		for name, value := range ocsf.Unmapped {
			if flowByName[strings.ReplaceAll(name, "_", "-")] != nil {
				want[name] = strings.TrimPrefix(value, "-")
			}
		}
		sameFlow(t, row, want)
	}
}

func TestDynatraceFlow(t *testing.T) {
	entry, want := logstest.Dynatrace(t, "testVpcFlowLogs")
	seconds, err := strconv.ParseInt(want["timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	row := peerFlow(t, [][]byte{bytes.Trim(entry, `"`)})[0]
	sameFlow(t, row, map[string]string{"start": time.Unix(seconds, 0).UTC().Format(time.RFC3339), "account_id": "012345678910"})
}

// TestPantherAnalysisFlow reads events that are neither lines nor whole records.
func TestPantherAnalysisFlow(t *testing.T) {
	total := 0
	for _, file := range logstest.FindFixtures(t, "panther-labs+panther-analysis/rules/aws_vpc_flow_rules") {
		var suite struct {
			Tests []struct {
				Log map[string]any
			}
		}
		if err := json.Unmarshal(logstest.Head(t, file, 1<<20), &suite); err != nil {
			t.Fatal(file, err)
		}
		for _, c := range suite.Tests {
			total++
			object := map[string]any{}
			names := strings.NewReplacer("flowDirection", "flow_direction", "vpcId", "vpc_id", "subNetId", "subnet_id", "logStatus", "log_status")
			for name, value := range c.Log {
				if strings.HasPrefix(name, "p_") || value == "null" { // the peer's own fields; and a text that no flow log has
					continue
				}
				object[names.Replace(name)] = value
			}
			rec, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(rec, []byte(`"class_uid"`)) {
				continue // OCSF
			}
			row := peerFlow(t, [][]byte{rec})[0]
			for name, value := range object {
				name = strings.ToLower(name)
				text, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				if flowByName[strings.ReplaceAll(name, "_", "-")] != nil {
					sameFlow(t, row, map[string]string{name: strings.Trim(string(text), `"`)})
				}
			}
		}
	}
	if total != 16 {
		t.Errorf("%d events", total)
	}
}

// unnamed is a line of a flow log that names no interface: what became of a packet, and a time in seconds.
var unnamed = regexp.MustCompile(`(?m)\b(ACCEPT|REJECT)\b[^"\n]*\b1\d{9}\b|\b1\d{9}\b[^"\n]*\b(ACCEPT|REJECT)\b`)

// TestFlowDetectsNothingElse: no log without flow records, word list or JSON file of the fixtures is taken for a flow log.
func TestFlowDetectsNothingElse(t *testing.T) {
	checked := 0
	for _, path := range logstest.FindFixtures(t, "") {
		text := logstest.Head(t, path, 1<<20)
		if bytes.Contains(text, []byte("eni-")) || unnamed.Match(text) || strings.Contains(path, "VPC Flow") {
			continue
		}
		lines := bytes.Split(text, []byte("\n"))
		for _, sample := range [][][]byte{lines, lines[:1], {text}} {
			if score := Type.Detect(sample); score != 0 {
				t.Errorf("%s: detected with %d", path, score)
			}
		}
		checked++
	}
	if checked < 200 {
		t.Errorf("only %d files", checked)
	}
}
