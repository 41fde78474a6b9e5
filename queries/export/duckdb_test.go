package export_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"case53/cases/duck/ducktest"
	"case53/queries/export"
)

// backs are what a stock DuckDB reads back from an export, with types, and the rows of the case that it must be.
var backs = []struct {
	tool, file, view string
	read             string // of FILE
	rows             string // of the case
}{
	{"ecs", "out.ndjson", "flow", `SELECT concat_ws('|', labels.case53_object, labels.case53_row, source.ip, destination.ip, source.port, destination.port,
		source.bytes, network.packets, event.action, epoch_us(event."end"))
		FROM read_json(FILE, format = 'newline_delimited', columns = {
			labels: 'STRUCT(case53_object BIGINT, case53_row BIGINT)', "event": 'STRUCT("action" VARCHAR, "end" TIMESTAMP)',
			source: 'STRUCT(ip VARCHAR, port BIGINT, bytes BIGINT)', destination: 'STRUCT(ip VARCHAR, port BIGINT)', network: 'STRUCT(packets BIGINT)'})
		WHERE labels IS NOT NULL ORDER BY labels.case53_object, labels.case53_row`,
		`SELECT concat_ws('|', object_id, row_no, coalesce(pkt_srcaddr, srcaddr), coalesce(pkt_dstaddr, dstaddr),
			CASE WHEN protocol NOT IN (1, 58) THEN srcport END, CASE WHEN protocol NOT IN (1, 58) THEN dstport END, bytes, packets, lower(action),
			epoch_us("end"))
		FROM flow WHERE log_status = 'OK' ORDER BY object_id, row_no`},
	{"zeek", "logs", "connection", `SELECT concat_ws('|', case53_object, case53_row, (ts * 1000000)::BIGINT, orig_h, resp_h, orig_p, resp_p, proto,
		orig_ip_bytes, resp_ip_bytes, orig_pkts, resp_pkts, local_orig)
		FROM read_csv(FILE || '/conn.log', delim = '\t', auto_detect = false, header = false, comment = '#', nullstr = '-', quote = '', escape = '', columns = {
			ts: 'DECIMAL(20,6)', uid: 'VARCHAR', orig_h: 'VARCHAR', orig_p: 'BIGINT', resp_h: 'VARCHAR', resp_p: 'BIGINT', proto: 'VARCHAR', service: 'VARCHAR',
			duration: 'DECIMAL(20,6)', orig_bytes: 'BIGINT', resp_bytes: 'BIGINT', conn_state: 'VARCHAR', local_orig: 'BOOLEAN', local_resp: 'BOOLEAN',
			missed_bytes: 'BIGINT', history: 'VARCHAR', orig_pkts: 'HUGEINT', orig_ip_bytes: 'HUGEINT', resp_pkts: 'HUGEINT', resp_ip_bytes: 'HUGEINT',
			tunnel_parents: 'VARCHAR', case53_case: 'VARCHAR', case53_capture: 'VARCHAR', case53_object: 'BIGINT', case53_row: 'BIGINT',
			case53_sha256: 'VARCHAR'})
		ORDER BY case53_object, case53_row`,
		`SELECT concat_ws('|', object_id, row_no, epoch_us(start), client, server, CASE WHEN protocol IN (1, 58) THEN 0 ELSE coalesce(client_port, 0) END,
			CASE WHEN protocol IN (1, 58) THEN 0 ELSE coalesce(server_port, 0) END,
			CASE protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 1 THEN 'icmp' WHEN 58 THEN 'icmp' ELSE 'unknown_transport' END,
			bytes_out, bytes_in, packets_out, packets_in, direction IN ('out', 'inside'))
		FROM connection ORDER BY object_id, row_no`},
	{"timesketch", "out.jsonl", "dns", `SELECT concat_ws('|', case53_object, case53_row, "timestamp", epoch_us(datetime), src_ip, query_name, query_type, rcode,
		answers_n) FROM read_json(FILE, format = 'newline_delimited', columns = {case53_object: 'BIGINT', case53_row: 'BIGINT', "timestamp": 'BIGINT',
			datetime: 'TIMESTAMP', src_ip: 'VARCHAR', query_name: 'VARCHAR', query_type: 'VARCHAR', rcode: 'VARCHAR', answers_n: 'BIGINT'})
		ORDER BY case53_object, case53_row`,
		`SELECT concat_ws('|', object_id, row_no, epoch_us(query_timestamp), epoch_us(query_timestamp), srcaddr, query_name, query_type, rcode, answers_n)
		FROM dns ORDER BY object_id, row_no`},
	{"ocsf", "out.jsonl", "flow", `SELECT concat_ws('|', unmapped.case53.case53_object, unmapped.case53.case53_row, "time", src_endpoint.ip, dst_endpoint.ip,
		traffic.bytes, traffic.packets, connection_info.protocol_num, action_id)
		FROM read_json(FILE, format = 'newline_delimited', columns = {unmapped: 'STRUCT(case53 STRUCT(case53_object BIGINT, case53_row BIGINT))',
			"time": 'BIGINT', src_endpoint: 'STRUCT(ip VARCHAR)', dst_endpoint: 'STRUCT(ip VARCHAR)', traffic: 'STRUCT(bytes BIGINT, packets BIGINT)',
			connection_info: 'STRUCT(protocol_num BIGINT)', action_id: 'BIGINT'})
		ORDER BY unmapped.case53.case53_object, unmapped.case53.case53_row`,
		`SELECT concat_ws('|', object_id, row_no, epoch_ms(start), coalesce(pkt_srcaddr, srcaddr), coalesce(pkt_dstaddr, dstaddr), bytes, packets, protocol,
			CASE action WHEN 'ACCEPT' THEN 1 WHEN 'REJECT' THEN 2 ELSE 0 END)
		FROM flow WHERE log_status = 'OK' AND coalesce(pkt_srcaddr, srcaddr, pkt_dstaddr, dstaddr) IS NOT NULL ORDER BY object_id, row_no`},
}

// TestDuckDBReadsThemBack: with types, a stock DuckDB reads of a file the rows that went into it.
func TestDuckDBReadsThemBack(t *testing.T) {
	k := openCase(t)
	c := ducktest.Connect(t, "", nil)
	for _, b := range backs {
		target, _ := exported(t, k, b.tool, b.file, export.Request{Views: []string{b.view}})
		path := target
		if b.tool == "ecs" { // and the parts of it
			path = filepath.Join(filepath.Dir(target), "out*.ndjson")
		}
		rows, err := c.Query(t.Context(), strings.ReplaceAll(b.read, "FILE", "'"+path+"'"), nil)
		if err != nil {
			t.Fatalf("%s: %v", b.tool, err)
		}
		var got []string
		for rows.Next() {
			got = append(got, fmt.Sprint(rows.Values()[0]))
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", b.tool, err)
		}
		compareRows(t, b.tool, got, column(t, k, b.rows))
	}
}
