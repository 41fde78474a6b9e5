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
	} {
		huntCases[id] = c
	}
}
