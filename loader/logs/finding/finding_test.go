package finding

import (
	"encoding/json"
	"strings"
	"testing"

	"case53/loader/logs/logstest"
)

func TestFindingVectors(t *testing.T) { logstest.Vectors(t, Type, "finding.txtar") }

// TestFindingsOfOthers: findings that other programs are tested with.
func TestFindingsOfOthers(t *testing.T) {
	var probe struct{ Input struct{ Message string } }
	if err := json.Unmarshal(logstest.Fixture(t, "access/SEKOIA-IO+intake-formats/AWS/aws-guardduty/tests/event_instance_portprobe.json"), &probe); err != nil {
		t.Fatal(err)
	}
	rows, _ := logstest.DecodeAll(t, Type, []byte(probe.Input.Message))
	logstest.Has(t, rows[0], map[string]string{"type": "Recon:EC2/PortProbeUnprotectedPort", "instance_id": "i-99999999", "interface_id": "eni-bfcffe88",
		"private4": "10.0.0.23", "public4": "198.51.100.0", "remote4": "198.51.100.0", "local_port": "80", "action_type": "PORT_PROBE",
		"account_id": "111111111111", "finding_id": "ae7f69675d8744f78ab7ab2aab229d30"})
	var panther struct {
		Literals []string `json:"raw_string_literals"`
	}
	if err := json.Unmarshal(logstest.Fixture(t,
		"access/panther-labs+panther/internal/log_analysis/log_processor/parsers/awslogs/guardduty_test.extracted.json"), &panther); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, text := range panther.Literals {
		if !strings.HasPrefix(text, `{"schemaVersion"`) {
			continue
		}
		rows, _ := logstest.DecodeAll(t, Type, []byte(text))
		found[rows[0]["type"]] = rows[0]["severity"] != "" && rows[0]["event_last_seen"] != ""
	}
	if !found["Stealth:IAMUser/LoggingConfigurationModified"] || !found["Trojan:EC2/DGADomainRequest.B"] {
		t.Errorf("%v", found)
	}
}

func TestFindingErrorsSayWhat(t *testing.T) {
	const head = `{"schemaVersion":"2.0","type":"t","severity":5,"resource":{},"service":{},`
	for text, want := range map[string]string{
		`{"schemaVersion":"2.0"}`:                            "this is no finding",
		head + `"id":"x"}`:                                   "id or updatedAt is missing",
		head + `"id":"x","updatedAt":"now"}`:                 `updated_at "now" is no RFC 3339 time`,
		head + `"id":"x","updatedAt":{}}`:                    "updatedAt is neither text nor number",
		strings.Replace(head, `{},"s`, `1,"s`, 1) + `"a":1}`: "resource is no object",
	} {
		if strings.HasSuffix(text, `"a":1}`) {
			text = strings.Replace(text, `"a":1}`, `"id":"x","updatedAt":"2026-11-01T00:00:00Z"}`, 1)
		}
		if _, _, _, err := logstest.New(Type).Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// FuzzFinding: any bytes are a row or an error.
func FuzzFinding(f *testing.F) {
	f.Add(`{"schemaVersion":"2.0","id":"x","updatedAt":"2026-11-01T00:00:00.000Z","type":"t","severity":5,"resource":{"instanceDetails":` +
		`{"networkInterfaces":[{"privateIpAddress":"10.0.0.1"}]}},"service":{"action":{"portProbeAction":{"portProbeDetails":[{}]}},"a":1}}`)
	f.Add(`{"detail-type":"x","detail":{"schemaVersion":"2.0"}}`)
	d := logstest.New(Type)
	f.Fuzz(func(t *testing.T, text string) {
		d.Rows, d.Notes, d.Contexts = nil, nil, nil
		Type.Detect([][]byte{[]byte(text)})
		_, _, _, err := d.Decode([]byte(text))
		if rows := d.RowsOf("finding"); (err == nil) != (len(rows) == 1) {
			t.Fatalf("%q: %v, rows %v", text, err, rows)
		}
	})
}
