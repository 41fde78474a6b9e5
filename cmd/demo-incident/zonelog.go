package main

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"case53/cmd/case53/demo"
)

// zoneRow is one query that reached Route 53 for the public zone.
type zoneRow struct {
	at                 time.Time
	name, qtype, rcode string
	overTCP            bool
	edge               string
	resolver           netip.Addr
	subnet             string // EDNS client subnet, "" when the resolver sends none
}

// zoneLog is public zone query logging. It goes to CloudWatch Logs only, one stream per edge; what the investigator
// has of it is an export task to S3 for the first day, and pages of filter-log-events for the second.
type zoneLog struct{ rows []zoneRow }

func (l *zoneLog) add(r zoneRow) { l.rows = append(l.rows, r) }

const (
	exportTask = "3f0d53c1-7a42-4be0-9d15-c86e20b7a914"
	pageEvents = 1800
)

func (r *zoneRow) stream() string { return demo.ZoneID + "/" + r.edge }

func (r *zoneRow) message() string {
	transport := "UDP"
	if r.overTCP {
		transport = "TCP"
	}
	return fmt.Sprintf("1.0 %s %s %s %s %s %s %s %s %s", r.at.Format("2006-01-02T15:04:05.000Z"), demo.ZoneID, r.name, r.qtype, r.rcode,
		transport, r.edge, r.resolver, orDash(r.subnet))
}

func (l *zoneLog) members() []member {
	slices.SortStableFunc(l.rows, func(a, b zoneRow) int { return a.at.Compare(b.at) })
	second := slices.IndexFunc(l.rows, func(r zoneRow) bool { return !r.at.Before(demo.CleanTo) })
	if second < 0 {
		return nil
	}
	return append(exported(l.rows[:second]), paged(l.rows[second:])...)
}

// exported writes what CreateExportTask leaves: one folder per stream, each line after the time of its event.
func exported(rows []zoneRow) []member {
	streams := map[string]*bytes.Buffer{}
	for i := range rows {
		name := strings.ReplaceAll(rows[i].stream(), "/", "-")
		if streams[name] == nil {
			streams[name] = &bytes.Buffer{}
		}
		fmt.Fprintf(streams[name], "%s %s\n", rows[i].at.Format("2006-01-02T15:04:05.000Z"), rows[i].message())
	}
	var m []member
	for name, text := range streams {
		m = append(m, member{"exportedlogs/" + exportTask + "/" + name + "/000000.gz", text.Bytes()})
	}
	slices.SortFunc(m, func(a, b member) int { return strings.Compare(a.path, b.path) })
	return m
}

// paged writes what `aws logs filter-log-events --no-paginate --output json` prints, call after call.
func paged(rows []zoneRow) []member {
	r := seeded("event ids")
	var m []member
	for page := 1; len(rows) > 0; page++ {
		n := min(pageEvents, len(rows))
		text := pageOf(rows[:n], len(rows) > n, r)
		m = append(m, member{fmt.Sprintf("filter-log-events/us-east-1/aws-route53-%s/page-%04d.json", demo.Zone, page), text})
		rows = rows[n:]
	}
	return m
}

func pageOf(rows []zoneRow, more bool, r *rand.Rand) []byte {
	var b bytes.Buffer
	b.WriteString("{\n    \"events\": [")
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		ms := rows[i].at.UnixMilli()
		fmt.Fprintf(&b, "\n        {\n            \"logStreamName\": %q,\n            \"timestamp\": %d,\n            \"message\": %q,\n"+
			"            \"ingestionTime\": %d,\n            \"eventId\": %q\n        }",
			rows[i].stream(), ms, rows[i].message(), ms+900+r.Int64N(2600), eventID(ms, r))
	}
	b.WriteString("\n    ],\n    \"searchedLogStreams\": []")
	if more {
		fmt.Fprintf(&b, ",\n    \"nextToken\": \"Bxkq6kVGFtq2y_MoigeqscPOdhXVbhiVtLoAmXb5jCrI7fXLrCUjkclzYr%016x\"", r.Uint64())
	}
	b.WriteString("\n}\n")
	return b.Bytes()
}

// eventID is 56 digits, and like the real ones it begins with the time: milliseconds, then 144 more bits.
func eventID(ms int64, r *rand.Rand) string {
	id := new(big.Int).Lsh(big.NewInt(ms), 144)
	low := new(big.Int).Lsh(new(big.Int).SetUint64(r.Uint64()), 72)
	return id.Add(id, low).String()
}
