package flow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"case53/loader/logs"
	"case53/loader/logs/logstest"
)

// likely draws a record as AWS would write it: values of the right form, which agree with each other. Of a quiet one the traffic is "-".
func likely(t *rapid.T, p *flowPreset) map[string]string {
	v4 := func(name string) string {
		return fmt.Sprintf("%d.%d.%d.%d", 1+rapid.IntRange(0, 220).Draw(t, name), rapid.IntRange(0, 255).Draw(t, name), rapid.IntRange(0, 255).Draw(t, name), 7)
	}
	start, packets := rapid.IntRange(1_500_000_000, 1_900_000_000).Draw(t, "start"), rapid.IntRange(1, 9000).Draw(t, "packets")
	src, dst := v4("src"), v4("dst")
	status := rapid.SampledFrom([]string{"OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"}).Draw(t, "status")
	id := func(prefix string) string { return prefix + rapid.StringMatching(`0[0-9a-f]{16}`).Draw(t, prefix) }
	all := map[string]string{
		"version": strconv.Itoa(p.version), "account-id": rapid.StringMatching(`[0-9]{12}`).Draw(t, "account"), "interface-id": id("eni-"),
		"srcaddr": src, "dstaddr": dst, "srcport": strconv.Itoa(rapid.IntRange(0, 65535).Draw(t, "port")), "dstport": "443", "protocol": "6",
		"packets": strconv.Itoa(packets), "bytes": strconv.Itoa(packets * rapid.IntRange(40, 1500).Draw(t, "size")),
		"start": strconv.Itoa(start), "end": strconv.Itoa(start + rapid.IntRange(0, 600).Draw(t, "seconds")),
		"action": rapid.SampledFrom([]string{"ACCEPT", "REJECT"}).Draw(t, "action"), "log-status": status,
		"vpc-id": id("vpc-"), "subnet-id": id("subnet-"), "instance-id": rapid.SampledFrom([]string{"-", "i-0a1b2c3d4e5f60718"}).Draw(t, "instance"),
		"tcp-flags": rapid.SampledFrom([]string{"0", "2", "18", "19", "-"}).Draw(t, "flags"), "type": "IPv4",
		"pkt-srcaddr": src, "pkt-dstaddr": v4("packet's"), "region": "eu-west-1", "az-id": "euw1-az2", "sublocation-type": "-", "sublocation-id": "-",
		"pkt-src-aws-service": rapid.SampledFrom([]string{"-", "S3"}).Draw(t, "service"), "pkt-dst-aws-service": "-",
		"flow-direction":  rapid.SampledFrom([]string{"ingress", "egress"}).Draw(t, "direction"),
		"traffic-path":    rapid.SampledFrom([]string{"-", "8"}).Draw(t, "path"),
		"ecs-cluster-arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/demo", "ecs-cluster-name": "demo",
		"ecs-container-instance-arn": "arn:aws:ecs:eu-west-1:123456789012:container-instance/demo/0c1d", "ecs-container-instance-id": "0c1d",
		"ecs-container-id": "f00d", "ecs-second-container-id": rapid.SampledFrom([]string{"-", "f00e"}).Draw(t, "second"), "ecs-service-name": "web",
		"ecs-task-definition-arn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
		"ecs-task-arn":            "arn:aws:ecs:eu-west-1:123456789012:task/demo/9a30", "ecs-task-id": "9a30",
		"reject-reason": "-", "resource-id": "nat-0c50", "encryption-status": "1", "interface-type": "nat_gateway",
		"resource-type": "TransitGateway", "tgw-id": id("tgw-"), "tgw-attachment-id": id("tgw-attach-"), "tgw-pair-attachment-id": id("tgw-attach-"),
		"tgw-src-vpc-account-id": "123456789012", "tgw-dst-vpc-account-id": "210987654321", "tgw-src-vpc-id": id("vpc-"), "tgw-dst-vpc-id": id("vpc-"),
		"tgw-src-subnet-id": id("subnet-"), "tgw-dst-subnet-id": id("subnet-"), "tgw-src-eni": id("eni-"), "tgw-dst-eni": id("eni-"),
		"tgw-src-az-id": "euw1-az1", "tgw-dst-az-id": "euw1-az2", "packets-lost-no-route": "0", "packets-lost-blackhole": "2",
		"packets-lost-mtu-exceeded": "0", "packets-lost-ttl-expired": "0",
	}
	record := map[string]string{}
	for _, name := range p.names {
		value, ok := all[name]
		if !ok || status != "OK" && slices.Contains(p.names, "log-status") && !slices.Contains([]string{"version", "account-id", "interface-id", "start", "end",
			"log-status", "tgw-id", "tgw-attachment-id", "vpc-id", "subnet-id"}, name) {
			value = "-"
		}
		record[name] = value
	}
	return record
}

// drawPreset draws a preset and lines in its order.
func drawPreset(t *rapid.T) (p *flowPreset, records []map[string]string, lines [][]byte) {
	p = &flowPresets[rapid.IntRange(0, len(flowPresets)-1).Draw(t, "preset")]
	for range rapid.IntRange(1, 5).Draw(t, "lines") {
		r := likely(t, p)
		var values []string
		for _, name := range p.names {
			values = append(values, r[name])
		}
		records, lines = append(records, r), append(lines, []byte(strings.Join(values, " ")))
	}
	return p, records, lines
}

// withoutPlace gives rows without the columns that only say where they are from.
func withoutPlace(d *logstest.Decoding) (rows []map[string]string) {
	for _, r := range d.RowsOf("flow_plain", "flow_full") {
		for _, name := range []string{"object_id", "row_no", "context_id", "utf8_escaped"} {
			delete(r, name)
		}
		rows = append(rows, r)
	}
	return rows
}

// TestInferenceNeverStoresAnythingElse: lines in the order of any preset become, without their header, the rows that they become
// with it, or are refused: never others.
func TestInferenceNeverStoresAnythingElse(t *testing.T) {
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		p, _, lines := drawPreset(t)
		if score := Type.Detect(lines); score < 80 {
			t.Fatalf("%s: detected with %d: %q", p.title, score, lines)
		}
		d, err := decodeFlow(lines)
		if err != nil {
			if !strings.Contains(err.Error(), "field lists fit") || !strings.Contains(p.title, "ECS") && !strings.Contains(p.title, "console") {
				t.Fatalf("%s: %v", p.title, err)
			}
			refused++
			return
		}
		want := logstest.New(Type)
		want.Decode([]byte(strings.Join(p.names, " ")))
		for _, line := range lines {
			if _, _, _, err := d.Decode(line); err != nil {
				t.Fatalf("%s: %q: %v", p.title, line, err)
			}
			want.Decode(line)
		}
		if a, b := withoutPlace(d), withoutPlace(want); !slices.EqualFunc(a, b, maps.Equal[map[string]string]) {
			t.Fatalf("%s\n%q\ninferred %s\ngot  %v\nwant %v", p.title, lines, d.Dec.Format(), a, b)
		}
	})
	t.Log(refused, "refused as ambiguous")
}

// TestObjectsAreLines: a record is the same row whether it comes as a line, as an object, or as values between commas.
func TestObjectsAreLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, records, lines := drawPreset(t)
		spell := rapid.SampledFrom([]func(string) string{
			func(s string) string { return s }, func(s string) string { return strings.ReplaceAll(s, "-", "_") }, strings.ToUpper,
			func(s string) string { return strings.ReplaceAll(s, "-", "") },
			func(s string) string { return "aws.vpcflow." + strings.ReplaceAll(s, "-", "_") },
		}).Draw(t, "spelling")
		asLines, asObjects, asValues := logstest.New(Type), logstest.New(Type), logstest.New(Type)
		asLines.Decode([]byte(strings.Join(p.names, " ")))
		var names []string
		for _, name := range p.names {
			names = append(names, spell(name))
		}
		o, _, _, err := asValues.Decode([]byte(strings.Join(names, ",")))
		if o != logs.Header || err != nil {
			t.Fatalf("%q: outcome %d, %v", names, o, err)
		}
		for i, line := range lines {
			var members []string
			for k, name := range p.names {
				value := records[i][name]
				text := strconv.Quote(value)
				switch kind := flowByName[name].kind; {
				case value == "-" && rapid.Bool().Draw(t, "null"):
					text = "null"
				case kind != flowText && kind != flowAddr && value != "-" && rapid.Bool().Draw(t, "number"):
					text = value
				}
				members = append(members, strconv.Quote(names[k])+":"+text)
			}
			object := []byte("{" + strings.Join(members, ",") + "}")
			for _, step := range []struct {
				d   *logstest.Decoding
				rec []byte
			}{{asLines, line}, {asObjects, object}, {asValues, []byte(strings.ReplaceAll(string(line), " ", ","))}} {
				if _, _, _, err := step.d.Decode(step.rec); err != nil {
					t.Fatalf("%s: %v", step.rec, err)
				}
			}
		}
		want := withoutPlace(asLines)
		for _, d := range []*logstest.Decoding{asObjects, asValues} {
			got := withoutPlace(d)
			if !slices.EqualFunc(got, want, maps.Equal[map[string]string]) {
				t.Fatalf("%s\ngot  %v\nwant %v", d.Dec.Format(), got, want)
			}
		}
	})
}

// FuzzFlowObject: no object, and no line under a header of our own export, makes the decoder panic, lose a record or store it twice.
func FuzzFlowObject(f *testing.F) {
	f.Add(`{"version":2,"srcaddr":"1.2.3.4","dstaddr":"::1","start":1760000000.5,"end":"2025-10-09T08:53:20Z","x":[1]}`)
	f.Add(`{"srcAddr":"1.2.3.4","src_addr":"1.2.3.5","start":"2025-10-09 08:53:20","object_id":1,"row_no":2,"extra":"{}"}`)
	f.Add(`2,1.2.3.4,,2025-10-09 08:53:20,"{""a"":1}",1,2,true`)
	f.Fuzz(func(t *testing.T, text string) {
		d := logstest.New(Type)
		rows := 0
		for _, rec := range []string{text, "version,srcaddr,dstaddr,start,extra,object_id,row_no,utf8_escaped", text, text} {
			Type.Detect([][]byte{[]byte(rec)})
			if o, _, _, err := d.Decode([]byte(rec)); err == nil && o == logs.Row {
				rows++
			}
		}
		if len(d.All()) != rows {
			t.Fatalf("%d rows, want %d", len(d.Rows), rows)
		}
		for _, r := range d.Rows {
			if e := r.Values["extra"]; e != "" && !jsontext.Value(e).IsValid() {
				t.Fatalf("extra is %q", e)
			}
		}
		logs.Warnings(d.Dec.Format())
	})
}
