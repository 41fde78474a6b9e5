package queries

import (
	"database/sql"
	"flag"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The tables that are built across the logs must agree with what one would do by hand, slowly. Captures are apart from one
// another, so that one build answers many small cases, each a capture of its own.

type answerRow struct {
	client, address int // last byte of 10.0.0.…
	name            string
	at              int // seconds
}

type flowRow struct {
	iface                            int
	src, dst, pktSrc, pktDst         int // pkt…: 0 where the log has none
	srcPort, dstPort, start, seconds int
	reject                           bool
	flags                            int
}

type smallCase struct {
	answers []answerRow
	flows   []flowRow
	first   int // when the Resolver log begins; -1: there is none
}

func drawCase(t *rapid.T) smallCase {
	moments := []int{0, 59, 60, 61, 119, 120, 121, 3600, 86339, 86340, 86341, 86399, 86400, 86401, 86459, 86460, 86461, 172800, 172860, 259200}
	moment := rapid.Custom(func(t *rapid.T) int {
		return rapid.SampledFrom(moments).Draw(t, "moment") + rapid.SampledFrom([]int{0, 0, 1, 40}).Draw(t, "more")
	})
	host := rapid.IntRange(1, 4)
	answer := rapid.Custom(func(t *rapid.T) answerRow {
		return answerRow{
			host.Draw(t, "client"),
			host.Draw(t, "address"),
			rapid.SampledFrom([]string{"a.example", "b.example", "c.example"}).Draw(t, "name"),
			moment.Draw(t, "at"),
		}
	})
	flow := rapid.Custom(func(t *rapid.T) flowRow {
		f := flowRow{
			iface:   rapid.IntRange(1, 2).Draw(t, "interface"),
			src:     host.Draw(t, "src"),
			dst:     host.Draw(t, "dst"),
			start:   moment.Draw(t, "start"),
			srcPort: rapid.SampledFrom([]int{22, 443, 40000, 50000}).Draw(t, "srcport"),
			dstPort: rapid.SampledFrom([]int{22, 443, 40000, 50000}).Draw(t, "dstport"),
			seconds: rapid.SampledFrom([]int{0, 30, 60}).Draw(t, "seconds"),
			reject:  rapid.Bool().Draw(t, "reject"),
			flags:   rapid.SampledFrom([]int{-1, 0, 2, 3, 18, 19}).Draw(t, "flags"),
		}
		if rapid.IntRange(0, 3).Draw(t, "translated") == 0 {
			f.pktSrc, f.pktDst = host.Draw(t, "pkt_src"), host.Draw(t, "pkt_dst")
		}
		return f
	})
	return smallCase{
		rapid.SliceOfN(answer, 0, 6).Draw(t, "answers"),
		rapid.SliceOfN(flow, 1, 6).Draw(t, "flows"),
		rapid.SampledFrom([]int{-1, 0, 86400}).Draw(t, "first"),
	}
}

// named is what flow_named should say of a flow: name, when, all names, too late to know.
func (c *smallCase) named(f flowRow) string {
	var pairs [][2]int
	both := func(src, dst int) {
		out, back := [2]int{src, dst}, [2]int{dst, src}
		if f.dstPort <= f.srcPort {
			pairs = append(pairs, out, back)
		} else {
			pairs = append(pairs, back, out)
		}
	}
	if f.pktSrc != 0 && (f.pktSrc != f.src || f.pktDst != f.dst) {
		both(f.pktSrc, f.pktDst)
	}
	both(f.src, f.dst)
	for _, p := range pairs {
		given, last, name := false, -1, ""
		names := map[string]bool{}
		for _, a := range c.answers {
			if [2]int{a.client, a.address} != p {
				continue
			}
			given = true
			if a.at-60 > f.start || a.at < f.start-86400 {
				continue
			}
			names[a.name] = true
			if a.at > last || a.at == last && a.name < name {
				last, name = a.at, a.name
			}
		}
		if given && last >= 0 {
			var all []string
			for n := range names {
				all = append(all, n)
			}
			sort.Strings(all)
			return fmt.Sprintf("%s %d %v false", name, last, all)
		}
		if given {
			break
		}
	}
	return fmt.Sprintf("- - - %v", c.first < 0 || f.start < c.first/60*60+86400)
}

// sessions are the connections, as text: joined where no pause passes 120 s.
func (c *smallCase) sessions() []string {
	type key struct{ iface, lo, loPort, hi, hiPort int }
	groups := map[key][]flowRow{}
	for _, f := range c.flows {
		if f.pktSrc != 0 {
			f.src, f.dst = f.pktSrc, f.pktDst
		}
		k := key{f.iface, f.src, f.srcPort, f.dst, f.dstPort}
		if f.src > f.dst || f.src == f.dst && f.srcPort > f.dstPort {
			k = key{f.iface, f.dst, f.dstPort, f.src, f.srcPort}
		}
		groups[k] = append(groups[k], f)
	}
	var out []string
	for k, flows := range groups {
		slices.SortFunc(flows, func(a, b flowRow) int { return a.start - b.start })
		for len(flows) > 0 {
			n, end := 1, flows[0].start+flows[0].seconds
			for n < len(flows) && flows[n].start <= end+120 {
				end = max(end, flows[n].start+flows[n].seconds)
				n++
			}
			up := func(f flowRow) bool { return f.src == k.lo && f.srcPort == k.loPort }
			client, reason := initiator(flows[:n], up, k.loPort, k.hiPort)
			from, to := fmt.Sprint(k.lo, ":", k.loPort), fmt.Sprint(k.hi, ":", k.hiPort)
			if !client {
				from, to = to, from
			}
			out = append(out, fmt.Sprintf("eni-%d %s>%s %d-%d %d records, %s", k.iface, from, to, flows[0].start, end, n, reason))
			flows = flows[n:]
		}
	}
	sort.Strings(out)
	return out
}

// initiator says whether the lower side is the client, and why.
func initiator(flows []flowRow, up func(flowRow) bool, loPort, hiPort int) (lower bool, reason string) {
	var syn, ack, any [2]bool
	first := [2]int{1 << 40, 1 << 40}
	refused := true
	for _, f := range flows {
		i := 1
		if up(f) {
			i = 0
		}
		any[i] = true
		syn[i] = syn[i] || f.flags >= 0 && f.flags&18 == 2
		ack[i] = ack[i] || f.flags >= 0 && f.flags&18 == 18
		refused = refused && f.reject
		first[i] = min(first[i], f.start)
	}
	least, most := min(loPort, hiPort), max(loPort, hiPort)
	switch {
	case syn[0] != syn[1]:
		return syn[0], "SYN without ACK"
	case ack[0] != ack[1]:
		return ack[1], "SYN-ACK from the server"
	case refused && any[0] != any[1]:
		return any[0], "refused without reply"
	case least != most && (least < 1024 || least < 32768 && most >= 32768):
		return hiPort < loPort, "ports"
	case first[0] != first[1]:
		return first[0] < first[1], "first record"
	}
	return true, "lower address"
}

// load puts cases into the store, each as a capture.
func load(t interface{ Fatalf(string, ...any) }, db *sql.DB, all []smallCase) {
	var contexts, answers, flows, plain, minutes, dns []string
	address := func(n int) string {
		if n == 0 {
			return "NULL"
		}
		return fmt.Sprint(10<<24 + n)
	}
	when := func(s int) string { return fmt.Sprintf("TIMESTAMP '2026-11-01' + INTERVAL %d SECOND", s) }
	for i, c := range all {
		dns = append(dns, fmt.Sprintf("(%d, 'c%d')", i, i))
		for iface := 1; iface <= 2; iface++ {
			for k, action := range []string{"ACCEPT", "REJECT"} {
				contexts = append(contexts, fmt.Sprintf("(%d, 'c%d', 'eni-%d', '%s')", i*4+iface*2-2+k, i, iface, action))
			}
		}
		for j, a := range c.answers {
			answers = append(answers, fmt.Sprintf("(%d, %d, 1, %d, %s, '%s', %s, NULL, 'x', 1, %s, NULL, false)",
				i+1, j, i, when(a.at), a.name, address(a.client), address(a.address)))
		}
		for j, f := range c.flows {
			id, flags := i*4+f.iface*2-2, "NULL"
			if f.reject {
				id++
			}
			if f.flags >= 0 {
				flags = fmt.Sprint(f.flags)
			}
			row := fmt.Sprintf("(%d, %d, %d, %s, %s, %s, %s, %d, %d, 6",
				i+1, j, id, when(f.start), when(f.start+f.seconds), address(f.src), address(f.dst), f.srcPort, f.dstPort)
			if f.flags < 0 && f.pktSrc == 0 && f.pktDst == 0 {
				plain = append(plain, row+")")
			} else {
				flows = append(flows, fmt.Sprintf("%s, %s, %s, %s, false)", row, flags, address(f.pktSrc), address(f.pktDst)))
			}
		}
		if c.first >= 0 {
			minutes = append(minutes, fmt.Sprintf("('dns', 'c%d', 'vpc', 'NOERROR', %s, 1)", i, when(c.first)))
		}
	}
	for _, in := range []struct {
		table string
		rows  []string
	}{
		{"flow_context (context_id, capture, interface_id, action)", contexts}, {"dns_context (context_id, capture)", dns},
		{"dns_answer_context", []string{"(1, 'A', 'IN')"}}, {"dns_answer", answers}, {"minute (log_type, capture, source, status, minute, records)", minutes},
		{`flow_plain (object_id, row_no, context_id, start, "end", src4, dst4, srcport, dstport, protocol)`, plain},
		{`flow_full (object_id, row_no, context_id, start, "end", src4, dst4, srcport, dstport, protocol, tcp_flags, pkt_src4, pkt_dst4, utf8_escaped)`, flows},
	} {
		table, _, _ := strings.Cut(in.table, " ")
		must(t, db, "DELETE FROM "+inSchema(table))
		if len(in.rows) > 0 {
			must(t, db, "INSERT INTO "+inSchema(in.table)+" VALUES "+strings.Join(in.rows, ", "))
		}
	}
}

func must(t interface{ Fatalf(string, ...any) }, db *sql.DB, s string) {
	if _, err := db.Exec(s); err != nil {
		t.Fatalf("%v\nin %s", short(err), s[:min(len(s), 2000)])
	}
}

func texts(t *rapid.T, db *sql.DB, query string) map[string][]string {
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%v", short(err))
	}
	defer rows.Close()
	found := map[string][]string{}
	for rows.Next() {
		var capture, text string
		if err := rows.Scan(&capture, &text); err != nil {
			t.Fatal(err)
		}
		found[capture] = append(found[capture], text)
	}
	return found
}

// TestAcrossAgreesWithTheSlowWay: names and connections, on thousands of small cases.
func TestAcrossAgreesWithTheSlowWay(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		checks.Value.Set("10") // of 100 cases; -rapid.checks=101 looks at 10,100: 100 is what rapid has by default
		defer checks.Value.Set(checks.DefValue)
	}
	db := emptyCase(t)
	derived := acrossDerived(t)
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(drawCase), 100, 100).Draw(t, "cases")
		load(t, db, all)
		buildAcross(t, db, derived, rapid.IntRange(1, 3).Draw(t, "parts"))
		named := texts(t, db, `SELECT capture, concat_ws(' ', coalesce(name, '-'),
			coalesce(epoch(asked_at - TIMESTAMP '2026-11-01')::BIGINT::VARCHAR, '-'),
			coalesce('[' || array_to_string(names, ' ') || ']', '-'), window_starts_too_late) FROM flow_named ORDER BY object_id, row_no`)
		sessions := texts(t, db, `SELECT capture, format('{} {}:{}>{}:{} {}-{} {} records, {}', interface_id,
			split_part(client, '.', 4), client_port, split_part(server, '.', 4), server_port,
			epoch(start - TIMESTAMP '2026-11-01')::BIGINT, epoch("end" - TIMESTAMP '2026-11-01')::BIGINT, records, initiator_reason) FROM session`)
		for i, c := range all {
			capture := fmt.Sprintf("c%d", i)
			var want []string
			for _, f := range c.flows {
				want = append(want, c.named(f))
			}
			if !slices.Equal(named[capture], want) {
				t.Fatalf("%+v\nnames: got\n%s\nwant\n%s", c, strings.Join(named[capture], "\n"), strings.Join(want, "\n"))
			}
			sort.Strings(sessions[capture])
			if want := c.sessions(); !slices.Equal(sessions[capture], want) {
				t.Fatalf("%+v\nsessions: got\n%s\nwant\n%s", c, strings.Join(sessions[capture], "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// TestSessionSumsAreHeldAgainstTheRecords: a connection that lost a record, or bytes, ends the build.
func TestSessionSumsAreHeldAgainstTheRecords(t *testing.T) {
	derived := acrossDerived(t)
	check := ""
	for _, s := range derived {
		if text := strings.Join(s.statements, ";"); strings.Contains(text, "their flow records are") {
			check = text
		}
	}
	flow := flowRow{iface: 1, src: 1, dst: 2, srcPort: 40000, dstPort: 443, seconds: 30}
	for _, loss := range []string{
		"UPDATE derived.flow_session SET records = records - 1",
		"UPDATE derived.flow_session SET bytes_in = 1",
		"UPDATE derived.flow_session SET packets_out = 1",
		"DELETE FROM derived.flow_session",
	} {
		db := emptyCase(t)
		load(t, db, []smallCase{{flows: []flowRow{flow, flow}, first: -1}})
		buildAcross(t, db, derived, 1)
		must(t, db, loss)
		if _, err := db.Exec(check); err == nil || !strings.Contains(err.Error(), "their flow records are 2 with 0 packets and 0 bytes") {
			t.Errorf("after %s: %v", loss, err)
		}
	}
}
