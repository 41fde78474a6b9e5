package queries

// Cases of the hunts that were added after the catalogue's first.

func init() {
	for id, c := range map[string]huntCase{
		"slow-scan": { // a port of a host every twenty minutes
			found:   []string{hosts, flows(60, out+1, "'10.0.0.1'", "'10.0.9.' || i", "40000 + i", "22", "1200 * i", "60", "2")},
			subject: "severity, direction, src, dstport, contacts, failed, targets", want: "high inside 10.0.0.1 22 60 60 60",
			innocent: []string{hosts,
				talk("out", 1, 60, "'10.0.0.1'", "'10.0.9.' || i", "22", "1200 * i", 900),                         // let in everywhere
				flows(900, out+2, "'10.0.0.2'", "'10.0.9.1'", "40000 + i", "22", "60 * i", "60", "2"),             // one place, again and again
				flows(60, out+3, "'10.0.0.3'", "'203.0.113.' || i", "40000 + i", "443", "1200 * i", "60", "2"),    // what clients do when a line is down
				flows(14, noIn+4, "'198.51.100.7'", "'10.0.0.4'", "40000 + i", "1000 + i", "3600 * i", "60", "2"), // the noise of the internet
				flows(9, out+5, "'10.0.0.5'", "'10.0.9.' || i", "40000 + i", "22", "1200 * i", "60", "2"), talk("out", 5, 99, "'10.0.0.5'", "'10.0.8.' || i", "22", "600 * i", 900),
				flows(300, noIn+6, "'198.51.100.8'", "'10.0.0.6'", "40000 + i", "1000 + i", "i", "60", "2")}, // port-scan's
		},
		"dns-many-domains": {
			found:   []string{asks(240, "'10.0.0.1'", "substr(md5(i::VARCHAR), 1, 14) || '.way' || i % 6 || '.example'", "'way' || i % 6 || '.example'", "7 * i", "1"), ordinaryNames},
			subject: "severity, client, domains, names, names_each", want: "high 10.0.0.1 6 240 40",
			innocent: []string{ordinaryNames,
				asks(240, "'10.0.0.' || i % 3", "substr(md5(i::VARCHAR), 1, 14) || '.cdn' || i % 6 || '.example'", "'cdn' || i % 6 || '.example'", "7 * i", "1"),                                               // three clients
				asks(240, "'10.0.0.5'", "'img' || i % 4 || '.shop' || i % 6 || '.example'", "'shop' || i % 6 || '.example'", "7 * i", "1"),                                                                     // few names
				asks(60, "'10.0.0.6'", "substr(md5(i::VARCHAR), 1, 14) || '.one.example'", "'one.example'", "7 * i", "1"), asks(60, "'10.0.0.6'", "'n' || i || '.two.example'", "'two.example'", "7 * i", "1"), // two, unlike
				asks(240, "'10.0.0.7'", "substr(md5(i::VARCHAR), 1, 14) || '.slow' || i % 6 || '.example'", "'slow' || i % 6 || '.example'", "7 * i + 3600 * (i % 6)", "1")}, // begun hours apart
		},
		"many-nonexistent": {
			found:   []string{asks(170, "'10.0.0.1'", "['house', 'river', 'paper', 'garden'][1 + i % 4] || i || '.example'", "['house', 'river', 'paper', 'garden'][1 + i % 4] || i || '.example'", "9 * i", "2"), ordinaryNames},
			subject: "severity, client, nonexistent_domains, most_in_an_hour", want: "high 10.0.0.1 170 170",
			innocent: []string{ordinaryNames,
				asks(29, "'10.0.0.1'", "'gone' || i || '.example'", "'gone' || i || '.example'", "9 * i", "2"),                                                                                              // few
				asks(170, "'10.0.0.2'", "'gone' || i || '.example'", "'gone' || i || '.example'", "600 * i", "2"),                                                                                           // six an hour
				asks(400, "'10.0.0.3'", "'partner' || i || '.example'", "'partner' || i || '.example'", "9 * i", "CASE WHEN i % 4 = 0 THEN 2 ELSE 1 END"),                                                   // most exist
				asks(170, "'10.0.0.4'", "'h' || i || '.corp.internal'", "'corp.internal'", "9 * i", "2"), asks(170, "'10.0.0.5'", "'_dmarc.c' || i || '.example'", "'c' || i || '.example'", "9 * i", "2")}, // suffixes; of a domain that exists
		},
	} {
		huntCases[id] = c
	}
}
