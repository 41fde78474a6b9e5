package queries

// A clean capture beside the incident and the replay of stage.
const cleanCapture = `INSERT INTO store.capture VALUES ('clean', 'baseline', '2026-11-10');
INSERT INTO store.flow_context (context_id, capture, interface_id, instance_id, vpc_id, action, log_status, flow_direction)
  VALUES (20, 'clean', 'eni-7', 'i-7', 'vpc-7', 'ACCEPT', 'OK', 'egress');
INSERT INTO store.dns_context (context_id, capture, vpc_id, query_type, rcode) VALUES (20, 'clean', 'vpc-7', 'A', 'NOERROR');`

// fleet is five machines that call the same address: with them it can be told what is rare.
var fleet = flows(50, 1, "'10.0.0.' || (2 + i % 5)", "'203.0.113.200'", "30000 + i", "443", "600 * i", "1500", "3")

func init() {
	special["places-in-capture"] = map[string]string{
		"capture": "incident",
		"places":  "203.0.113.66\n198.51.100.0/24\n192.0.2.1\nevil.example\nC2.evil.example.\nnowhere.example\n2001:db8:ffff::1",
	}

	huntCases["same-as-the-incident"] = huntCase{
		found: []string{fleet, flows(20, 1, "'10.0.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i + hash(i) % 20", "1500", "3"),
			flows(100, 6, "'10.9.0.1'", "'203.0.113.9'", "30000 + i", "443", "305 * i", "60", "2")},
		subject: "severity, src, dst, dstport, level, left_clients, same_clock, refused", want: "high 10.9.0.1 203.0.113.9 443 address 1 true 100",
		innocent: []string{fleet, flows(100, 6, "'10.9.0.1'", "'203.0.113.200'", "30000 + i", "443", "310 * i", "60", "2"), // what all of them do
			flows(20, 1, "'10.0.0.1'", "'198.51.100.9'", "30000 + i", "443", "300 * i", "1500", "3"), // in the incident only
			flows(99, 6, "'10.9.0.1'", "'198.51.100.80'", "30000 + i", "443", "310 * i", "60", "2"),  // the same block only
			flows(99, 6, "'10.9.0.1'", "'192.0.2.80'", "30000 + i", "443", "305 * i", "60", "2")},
	}
	huntCases["minus-clean-baseline"] = huntCase{
		found: append(statements(cleanCapture),
			asks(9, "'10.9.7.1'", "'updates.example'", "'updates.example'", "i", "20"),
			asks(90, "'10.9.0.1'", "'updates.example'", "'updates.example'", "60 * i", "4"),
			asks(30, "'10.0.0.1'", "'cdn.bad.example'", "'bad.example'", "i", "1"),
			asks(80, "'10.9.0.1'", "'cdn.bad.example'", "'bad.example'", "60 * i", "4")),
		subject: "severity, src, name, registered_domain, level, queries", want: "high 10.9.0.1 cdn.bad.example bad.example name 80",
		innocent: append(statements(cleanCapture),
			asks(9, "'10.9.7.1'", "'updates.example'", "'updates.example'", "i", "20"),
			asks(90, "'10.9.0.1'", "'updates.example'", "'updates.example'", "60 * i", "4"),
			asks(9, "'10.9.0.1'", "'other.updates.example'", "'updates.example'", "60 * i", "4"),
			flows(9, 20, "'10.9.7.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "1500", "3"),
			flows(100, 6, "'10.9.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "60", "2")),
	}
	huntCases["what-changed"] = huntCase{
		found: []string{
			asks(5, "'10.0.0.1'", "'sink.example'", "'sink.example'", "i", "1"),
			asks(5, "'10.9.0.1'", "'sink.example'", "'sink.example'", "i", "4"),
			`INSERT INTO store.dns_answer SELECT 2, i, 1, CASE WHEN i < 5 THEN 1 ELSE 4 END, TIMESTAMP '2026-11-02', 'sink.example',
				v4('10.0.0.1'), NULL, a, 1, v4(a), NULL, false
				FROM (SELECT i, CASE WHEN i < 5 THEN '203.0.113.9' ELSE '10.9.0.250' END AS a FROM range(10) t(i))`,
		},
		subject: "severity, status, name", want: "low resolves to a private address now sink.example",
		innocent: []string{
			fleet,
			flows(100, 6, "'10.9.0.1'", "'203.0.113.9'", "30000 + i", "443", "300 * i", "60", "2"),
			asks(50, "'10.9.0.1'", "'new' || i || '.example'", "'new.example'", "i", "4"),
		},
	}
}
