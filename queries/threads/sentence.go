package threads

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"case53/cases/words"
)

// portNames are what the ports of a story are called.
var portNames = map[int64]string{
	21: "FTP", 22: "SSH", 23: "Telnet", 25: "SMTP", 53: "DNS", 80: "HTTP", 135: "RPC", 443: "HTTPS", 445: "SMB", 853: "DNS over TLS",
	1433: "SQL Server", 3306: "MySQL", 3389: "RDP", 5432: "PostgreSQL", 5900: "VNC", 5985: "WinRM", 5986: "WinRM over TLS", 6379: "Redis"}

func portName(p int64) string {
	if name := portNames[p]; name != "" {
		return name
	}
	return fmt.Sprintf("port %d", p)
}

// size is bytes in decimal units, as the hunts write them.
func size(bytes float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if bytes >= unit.of {
			return fmt.Sprintf("%.3g %s", bytes/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.0f bytes", bytes)
}

func duration(d time.Duration) string { return words.Long(d.Seconds()) }

// few names some things, and says how many more there are.
func few(all []string) string {
	const most = 3
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return strings.Join(all[:most], ", ") + " and " + words.Count(int64(len(all)-most)) + " more"
}

// with is the evidence of a step that has a column, the strongest first.
func (s *Step) with(column string) (all []evidence) {
	for _, f := range s.facts {
		for _, e := range f.evidence {
			if e.Value(column) != nil {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b evidence) int {
		if a.severity != b.severity {
			return b.severity - a.severity
		}
		return int(1000*b.Score) - int(1000*a.Score)
	})
	return all
}

// number is a column of the strongest finding of a step that has it.
func (s *Step) number(column string) (n float64, ok bool) {
	all := s.with(column)
	if len(all) == 0 {
		return 0, false
	}
	return all[0].Number(column), true
}

// count writes such a column with what it counts; "" where there is none.
func (s *Step) count(column, one, many string) string {
	n, ok := s.number(column)
	if !ok {
		return ""
	}
	return words.Plural(int64(n), one, many)
}

func (s *Step) collect(of func(*fact) []string) (all []string) {
	for _, f := range s.facts {
		for _, text := range of(f) {
			if text != "" && !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return all
}

func (s *Step) places() []string {
	return s.collect(func(f *fact) []string { return []string{f.place} })
}
func (s *Step) targets() []string {
	return s.collect(func(f *fact) []string { return []string{f.target} })
}
func (s *Step) own() []string   { return s.collect(func(f *fact) []string { return []string{f.host} }) }
func (s *Step) names() []string { return s.collect(func(f *fact) []string { return f.names }) }

func (s *Step) port() string {
	var ports []int64
	for _, f := range s.facts {
		for _, p := range f.ports {
			if !slices.Contains(ports, p) {
				ports = append(ports, p)
			}
		}
	}
	slices.Sort(ports)
	var names []string
	for _, p := range ports {
		names = append(names, portName(p))
	}
	return few(names)
}

// at is where a step goes: the names, and the addresses where there are few.
func (s *Step) at(outside func(string) bool) string {
	places, names := s.places(), s.names()
	addresses := s.collect(func(f *fact) []string { return f.addrs })
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return !outside(a) })
	if len(names) == 0 {
		names = places
	}
	text := few(names)
	if len(addresses) > 0 && !slices.Equal(addresses, names) {
		text += " (" + few(addresses) + ")"
	}
	return text
}

// parts joins what there is of a sentence.
func parts(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "; ")
}

// when gives a text where something holds.
func when(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}

// say writes the sentence of a step: of what it is about, then of what is told with it.
func (s *survey) say(step *Step) string {
	var texts []string
	for _, part := range step.parts() {
		texts = append(texts, s.sayPart(part))
	}
	return strings.Join(texts, "; ")
}

// parts are a step's facts by phase, as steps of their own.
func (s *Step) parts() []*Step {
	var all []*Step
	for _, f := range s.facts {
		at := slices.IndexFunc(all, func(p *Step) bool { return p.Phase == f.phase })
		if at < 0 {
			at, all = len(all), append(all, &Step{Phase: f.phase})
		}
		all[at].facts = append(all[at].facts, f)
	}
	if len(all) == 1 {
		return []*Step{s}
	}
	for _, p := range all {
		p.fill()
	}
	return all
}

func (s *survey) sayPart(step *Step) string {
	outside := func(a string) bool { return !s.inside(a) }
	switch step.Phase {
	case "exploit":
		return step.exploit()
	case "recon":
		return step.recon()
	case "door":
		return step.door()
	case "knock":
		return step.knock()
	case "guess":
		return step.guess()
	case "entry":
		return step.entry()
	case "home":
		return s.home(step, step.at(outside))
	case "probe":
		return step.probe()
	case "spread":
		return step.spread()
	case "hide":
		return step.hide(step.at(outside))
	case "tunnel":
		return step.tunnel()
	case "abuse":
		return step.abuse(step.at(outside))
	case "leave":
		return step.leave(step.at(outside))
	case "silence":
		return step.silence()
	case "replay":
		return step.replay(step.at(outside))
	}
	return fmt.Sprintf("%s: %s", few(step.own()), few(step.places()))
}

// exploit says what was asked, whether it was let in, and which page few ask for.
func (s *Step) exploit() string {
	who, host := few(s.places()), few(s.own())
	if who == "" { // it came from inside
		who, host = host, few(s.collect(func(f *fact) []string { return f.addrs }))
	}
	if host != "" { // the log may not say whom it was for
		host += " "
	}
	var all []string
	if asked := s.with("kinds"); len(asked) > 0 {
		var kinds []string
		var requests, answered, blocked float64
		for _, e := range asked { // those that reached the host, and those that a log names no host of
			requests, answered, blocked = requests+e.Number("requests"), answered+e.Number("answered"), blocked+e.Number("blocked")
			kinds = append(kinds, strings.Fields(e.Text("kinds"))...)
		}
		slices.Sort(kinds)
		text := fmt.Sprintf("%s sent %s%s with the text of an attack (%s): %.0f answered with success, %.0f blocked", who, host,
			words.Plural(int64(requests), "request", "requests"), strings.Join(slices.Compact(kinds), ", "), answered, blocked)
		if nowhere := s.nowhere(); host != "" && nowhere > 0 {
			text += fmt.Sprintf(", %.0f handed to no host that a log names", nowhere)
		}
		all = append(all, text)
	}
	for _, e := range s.with("seconds_between") {
		all = append(all, fmt.Sprintf("%srefused at %s, let in otherwise %s later", when(len(all) == 0, who+" was "), e.Text("path"),
			words.Long(e.Number("seconds_between"))))
		break
	}
	for _, e := range s.with("clients") {
		all = append(all, fmt.Sprintf("%s was asked for %s by %s", e.Text("path"), words.Times(int64(e.Number("requests"))),
			words.Plural(int64(e.Number("clients")), "client", "clients")))
		break
	}
	for _, e := range s.with("listed") {
		answered := e.Text("answered_path")
		all = append(all, fmt.Sprintf("%sasked for %s, %.0f of them such as scanners ask for", when(len(all) == 0, who+" "),
			words.Plural(int64(e.Number("paths")), "path", "paths"), e.Number("listed"))+when(answered != "", ", and was given "+answered))
		break
	}
	for _, e := range s.with("usual_status") {
		other := e.Value("let_in_at") != nil
		all = append(all, fmt.Sprintf("%sposted to %s %s and was answered %.0f", when(len(all) == 0, who+" "), e.Text("path"),
			words.Times(int64(e.Number("tries"))), e.Number("usual_status"))+
			when(other, fmt.Sprintf(", then %.0f; %s it was given afterwards", e.Number("other_status"),
				words.Plural(int64(e.Number("pages_after")), "new page", "new pages"))))
		break
	}
	for _, e := range s.with("agent_kind") {
		all = append(all, when(len(all) == 0, who+" ")+"came "+cmp.Or(when(e.Text("agent") != "", "as "+e.Text("agent")), "without an agent"))
		break
	}
	for _, e := range s.with("classification") {
		all = append(all, fmt.Sprintf("%ssent %s that servers read in different ways (%s)", when(len(all) == 0, who+" "),
			words.Plural(int64(e.Number("requests")), "request", "requests"), strings.ReplaceAll(e.Text("reasons"), " ", ", ")))
		break
	}
	if text := parts(all...); text != "" {
		return text
	}
	return fmt.Sprintf("%s sent %srequests that look like an attack", who, host)
}

// nowhere is how many of the requests no log says the host of.
func (s *Step) nowhere() (n float64) {
	for _, f := range s.facts {
		for _, e := range f.evidence {
			if f.host == "" && e.Value("kinds") != nil {
				n += e.Number("requests")
			}
		}
	}
	return n
}

func (s *Step) recon() string {
	var all []string
	if guessed := s.with("resolver_ip"); len(guessed) > 0 {
		e := guessed[0]
		text := fmt.Sprintf("%s queries for %s names of %s through %s", words.Count(int64(e.Number("queries"))), words.Count(int64(e.Number("names"))),
			e.Subject.RegisteredDomain, e.Subject.Src)
		if subnet := e.Text("edns_client_subnet"); subnet != "" {
			text += " for " + subnet
		}
		all = append(all, text+fmt.Sprintf(", %.0f%% NXDOMAIN", 100*e.Number("nonexistent")))
	}
	found := s.names()
	all = append(all, when(len(found) > 0, "found "+few(found)))
	for _, e := range s.with("transfers") {
		n := int64(e.Number("transfers"))
		if n > 0 {
			asked := words.Plural(n, "zone transfer", "zone transfers")
			all = append(all, fmt.Sprintf("%s asked for by %s, answered %s", asked, e.Subject.Src, e.Text("codes")))
			break
		}
	}
	if text := parts(all...); text != "" {
		return text
	}
	return fmt.Sprintf("%s asked about the zone", few(s.places()))
}

func (s *Step) door() string {
	from := s.count("sources", "address", "addresses")
	return fmt.Sprintf("%s of %s was open to the internet", s.port(), few(s.own())) +
		when(from != "", fmt.Sprintf(": %s from %s were let in", s.count("connections", "connection", "connections"), from))
}

// knock says of each host what was tried.
func (s *Step) knock() string {
	var all []string
	for _, f := range s.facts {
		one := &Step{facts: []*fact{f}}
		tried := s.port()
		if ports := one.with("ports"); len(ports) > 0 {
			tried = words.Plural(int64(ports[0].Number("ports")), "port", "ports")
		} else if contacts := one.count("contacts", "address and port", "addresses and ports"); contacts != "" {
			tried = contacts
		} else if failed := one.count("tls_failures", "TLS connection", "TLS connections"); failed != "" {
			tried = failed + " that failed"
		} else if asked := one.with("minutes_after"); tried == "" && len(asked) > 0 {
			tried = "the name " + asked[0].Subject.Name
		}
		text := tried + when(f.host != "", " of "+f.host)
		if open := one.with("accepted_ports"); len(open) > 0 {
			text += " (open: " + orNone(open[0].Text("accepted_ports")) + ")"
		}
		all = append(all, text)
	}
	return fmt.Sprintf("%s tried %s", few(s.places()), strings.Join(all, " and "))
}

// orNone is a list that may be empty.
func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return strings.ReplaceAll(text, " ", ", ")
}

func (s *Step) guess() string {
	n := int64(0)
	for _, f := range s.facts {
		if f.made != nil {
			n += f.made.n
		}
	}
	if n == 0 { // no flow record has them
		return fmt.Sprintf("%s guessed at %s", few(s.places()), few(s.own()))
	}
	return fmt.Sprintf("%s opened %s to %s, %s, before one stayed", few(s.places()), words.Plural(n, "short connection", "short connections"),
		few(s.own()), s.port())
}

func (s *Step) entry() string {
	longest, to, from, known := 0.0, 0.0, 0.0, false
	for _, f := range s.facts {
		if f.made != nil {
			longest, known = max(longest, f.made.longest), true
			to, from = to+float64(f.made.toPeer), from+float64(f.made.fromPeer)
		}
	}
	if in := s.with("way_in"); len(in) > 0 && !known { // a host's own log has it, and no flow record
		e := in[0]
		return fmt.Sprintf("%s logged in to %s as %s by %s, after %s", few(s.places()), cmp.Or(few(s.own()), e.Text("host")), e.Text("user"),
			cmp.Or(e.Text("way_in"), "an unknown way"), words.Plural(int64(e.Number("refused_before")), "refusal", "refusals"))
	}
	span := s.To.Sub(s.Time)
	if n, ok := s.number("hours"); ok {
		longest = max(longest, n*3600)
	}
	if !known {
		to, known = s.number("bytes_to_peer")
		from, _ = s.number("bytes_from_peer")
	}
	text := fmt.Sprintf("%s was connected to %s, %s, for %s", few(s.places()), few(s.own()), s.port(), duration(span))
	if longest > 0 && longest < 0.9*span.Seconds() {
		text = fmt.Sprintf("%s was connected to %s, %s, again and again in %s, the longest %s", few(s.places()), few(s.own()), s.port(),
			duration(span), words.Long(longest))
	}
	if n := s.count("sessions", "call", "calls"); !known && n != "" {
		text = fmt.Sprintf("%s opened %s to %s, %s", few(s.places()), n, few(s.own()), s.port())
	}
	return text + when(known, fmt.Sprintf("; %s from it, %s to it", size(from), size(to)))
}

func (s *survey) home(step *Step, at string) string {
	host := few(step.own())
	if places := step.places(); len(places) > fewAlike {
		unnamed := slices.ContainsFunc(step.facts, func(f *fact) bool {
			return f.tells(func(e evidence) bool { return e.kind == "noname" })
		})
		return fmt.Sprintf("%s called %s%s, %s", host, words.Plural(int64(len(places)), "place", "places"),
			when(unnamed, " that no name had led to"), step.port())
	}
	if hosts := step.own(); len(hosts) > fewAlike {
		return fmt.Sprintf("%s called or asked for %s", words.Plural(int64(len(hosts)), "host", "hosts"), at)
	}
	text := fmt.Sprintf("%s called or asked for %s", host, at)
	if calls, ok := step.number("sessions"); ok {
		pause, _ := step.number("pause_seconds")
		text = fmt.Sprintf("%s called %s %s, mostly every %.0f s", host, at, words.Times(int64(calls)), pause)
	} else if generated := step.count("generated_domains", "domain", "domains"); generated != "" {
		text = fmt.Sprintf("%s asked for %s that look generated, such as %s", host, generated, at)
	} else if missing := step.count("nonexistent_domains", "domain", "domains"); missing != "" {
		text = fmt.Sprintf("%s asked for %s that do not exist", host, missing)
	} else if n := step.count("connections", "connection", "connections"); n != "" {
		text = fmt.Sprintf("%s called %s, %s", host, at, n)
	}
	if most, all := s.users(step.facts[0].place); len(step.facts) == 1 && most == 1 && all >= hubHosts {
		text += fmt.Sprintf("; the only one of %s", words.Plural(all, "host", "hosts"))
	}
	return text
}

func (s *Step) probe() string {
	host := few(s.own())
	if swept := s.with("targets"); len(swept) > 0 {
		e := swept[0]
		text := fmt.Sprintf("%s tried %s on %s inside, %.0f%% without an answer", host, s.port(),
			words.Plural(int64(e.Number("targets")), "address", "addresses"), 100*e.Number("failed"))
		return text + when(e.Text("accepted_targets") != "", "; answered: "+orNone(e.Text("accepted_targets")))
	}
	if contacts := s.count("contacts", "address and port", "addresses and ports"); contacts != "" {
		return fmt.Sprintf("%s tried %s inside", host, contacts)
	}
	hosts := s.collect(func(f *fact) []string { return f.addrs })
	ports := s.count("ports", "port", "ports")
	if ports == "" {
		ports = s.port()
	}
	return fmt.Sprintf("%s tried %s of %s", host, ports, few(hosts))
}

func (s *Step) spread() string {
	targets := s.targets()
	text := fmt.Sprintf("%s connected to %s, %s: %s that had not talked before in these logs", few(s.own()), few(targets), s.port(),
		when(len(targets) == 1, "a pair")+when(len(targets) > 1, "pairs"))
	if len(s.facts) > 1 {
		return text
	}
	if m := s.facts[0].made; m != nil {
		return text + fmt.Sprintf("; %s, the longest %s", words.Plural(m.n, "connection", "connections"), words.Long(m.longest))
	}
	if longest, ok := s.number("longest_seconds"); ok {
		text += fmt.Sprintf("; %s, the longest %s", s.count("connections", "connection", "connections"), words.Long(longest))
	}
	return text
}

// logEnd says when the logs of a host ended, and what of it went on.
func (s *Step) logEnd() string {
	if ended := s.with("goes_on_until"); len(ended) > 0 {
		e := ended[0]
		text := fmt.Sprintf("the logs of %s (%s) end at %s", few(s.own()), e.Text("instance_id"), e.From.Format("15:04:05"))
		if said := e.Text("said"); said != "" {
			text += ": " + said
		}
		return text + fmt.Sprintf("; %s were handed to it later", words.Plural(int64(e.Number("requests_later")), "request", "requests"))
	}
	missing, _ := s.number("missing")
	after, _ := s.number("missing_after")
	return fmt.Sprintf("the log of %s lacks %s that a load balancer handed to it, and %s after its last line", few(s.own()),
		words.Plural(int64(missing), "request", "requests"), words.Plural(int64(after), "request", "requests"))
}

func (s *Step) hide(at string) string {
	if s.facts[0].endsLog() {
		return s.logEnd()
	}
	if at == "" { // others inside
		at = few(s.collect(func(f *fact) []string { return f.addrs }))
	}
	text := fmt.Sprintf("%s asked %s (%s) in place of the logged resolver", few(s.own()), at, s.port())
	if at == "" {
		return fmt.Sprintf("%s talked to the outside and asked the logged resolver for nothing", few(s.own()))
	}
	if n, ok := s.number("connections"); ok {
		text += ", " + words.Times(int64(n))
	}
	return text
}

func (s *Step) tunnel() string {
	who := few(s.own())
	if n := len(s.own()); n > fewAlike {
		who = words.Plural(int64(n), "host", "hosts")
	}
	if n := s.count("names", "name", "different names"); n != "" {
		bytes, ok := s.number("information_bytes")
		return fmt.Sprintf("%s asked for %s under %s", who, n, few(s.places())) + when(ok, fmt.Sprintf(", %s inside the names", size(bytes)))
	}
	return fmt.Sprintf("%s asked again and again for names under %s", who, few(s.places()))
}

func (s *Step) abuse(at string) string {
	text := fmt.Sprintf("%s called the mining pool %s", few(s.own()), at) + when(s.port() != "", ", "+s.port())
	if seconds, ok := s.number("longest_seconds"); ok && seconds > 0 {
		text += ", the longest " + words.Long(seconds)
	}
	return text
}

func (s *Step) leave(at string) string {
	sent, _ := s.number("bytes_to_peer")
	back, known := s.number("bytes_from_peer")
	unnamed := slices.ContainsFunc(s.facts, func(f *fact) bool {
		return f.tells(func(e evidence) bool { return e.kind == "noname" })
	})
	return parts(fmt.Sprintf("%s sent %s to %s%s, in %s", few(s.own()), size(sent), at, when(s.port() != "", ", "+s.port()), duration(s.To.Sub(s.Time))),
		when(known, size(back)+" came back"), when(unnamed, "no name had led there"))
}

func (s *Step) silence() string {
	went, _ := s.number("others_with_records")
	of, _ := s.number("other_sources")
	return fmt.Sprintf("no record of %s for %s, while %.0f of %.0f others went on: what it did then is not known",
		few(s.own()), duration(s.To.Sub(s.Time)), went, of)
}

func (s *Step) replay(at string) string {
	tries, refused := 0.0, 0.0
	clock := ""
	for _, f := range s.facts {
		most := map[string][2]float64{} // by address: hunts tell of the same tries
		for _, e := range f.evidence {
			if e.Value("refused") == nil || e.Value("connections") == nil {
				continue
			}
			if now := [2]float64{e.Number("connections"), e.Number("refused")}; now[0] > most[e.Subject.Dst][0] {
				most[e.Subject.Dst] = now
			}
			if same, _ := e.Value("same_clock").(bool); same && clock == "" {
				clock = fmt.Sprintf("every %.0f s there and %.0f s here", e.Number("left_pause"), e.Number("right_pause"))
			}
		}
		for _, n := range most {
			tries, refused = tries+n[0], refused+n[1]
		}
	}
	return parts(fmt.Sprintf("the replayed %s called or asked for %s", few(s.own()), at),
		when(tries > 0, fmt.Sprintf("%s, %s of them refused", words.Plural(int64(tries), "try", "tries"), words.Count(int64(refused)))), clock)
}
