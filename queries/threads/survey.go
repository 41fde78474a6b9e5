package threads

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/queries/findings"
)

// The roles of captures that mean something here.
const (
	roleReplay   = "replay"
	roleBaseline = "baseline"
)

// A place is a hub when at least so many hosts use it, and such a share of all: updates, time, names, the fleet's own agents. The
// numbers may be halved or doubled without another result on what was labelled; with two hosts, a place that three of three
// infected hosts call would be a hub.
const (
	hubHosts = 4
	hubShare = 0.25
)

// survey is what a case says beside its findings.
type survey struct {
	ctx      context.Context
	k        *cases.Case
	narrowed bool       // records were left out before they came
	window   cases.Span // that the findings were limited to; an end may be open
	capture  string     // and the capture; "" for all
	roles    map[string]string
	begins   map[string]time.Time        // first record of traffic or of a query, by capture
	owners   map[[2]string]string        // address by capture and interface
	ours     map[string]bool             // addresses of interfaces
	domains  map[string]string           // registered domain by name
	domainOf map[string]string           // and by outside address, where findings give one only
	awsOwn   map[string]bool             // services that AWS runs itself
	used     map[string]map[string]useOf // by place and capture
	hosts    map[string]int64            // of ours that called anything, by capture
}

// useOf is who uses a place in a capture.
type useOf struct {
	hosts int64
	first time.Time
}

// inside says whether an address is of a host of ours: private, or that of an interface.
func (s *survey) inside(address string) bool {
	if s.ours[address] {
		return true
	}
	a, err := netip.ParseAddr(address)
	return err == nil && (a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback() || sharedSpace.Contains(a))
}

// sharedSpace is RFC 6598, which AWS networks use inside.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func isAddress(text string) bool { _, err := netip.ParseAddr(text); return err == nil }

// resolvers are public resolvers: that two hosts ask one does not join them, and that it was in use before says nothing.
var resolvers = []string{"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"}

func isResolver(place string) bool { return slices.Contains(resolvers, place) }

// newSurvey reads what the grouping of findings needs.
func newSurvey(ctx context.Context, k *cases.Case, found []findings.Finding) (*survey, error) {
	s := &survey{ctx: ctx, k: k, narrowed: len(k.Scopes) > 0,
		roles: map[string]string{}, begins: map[string]time.Time{}, owners: map[[2]string]string{}, ours: map[string]bool{},
		domains: map[string]string{}, domainOf: map[string]string{}, awsOwn: map[string]bool{}, used: map[string]map[string]useOf{}, hosts: map[string]int64{}}
	info, err := k.Info(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range info.Captures {
		s.roles[c.Name] = c.Role
		if !c.Window.From.IsZero() {
			s.begins[c.Name] = c.Window.From
		}
	}
	err = s.rows("SELECT capture, interface_id, address FROM asset WHERE capture IS NOT NULL ORDER BY ALL DESC", nil, func(v []any) {
		s.owners[[2]string{v[0].(string), v[1].(string)}] = v[2].(string)
		s.ours[v[2].(string)] = true
	})
	if err == nil {
		err = s.rows("SELECT DISTINCT service FROM service_address WHERE aws_own_service(nullif(service, ''))", nil, func(v []any) {
			s.awsOwn[v[0].(string)] = true
		})
	}
	if err == nil {
		err = s.readDomains(found)
	}
	return s, err
}

// readDomains reads the registered domains of the names that findings have, and takes those that findings give for addresses.
func (s *survey) readDomains(found []findings.Finding) error {
	var names []string
	several := map[string]bool{}
	for _, f := range found {
		if f.Subject.RegisteredDomain == "" && f.Subject.Name != "" {
			names = append(names, f.Subject.Name)
		}
		dst, domain := f.Subject.Dst, f.Subject.RegisteredDomain
		if dst == "" || domain == "" || s.inside(dst) {
			continue
		}
		if known := s.domainOf[dst]; known != "" && known != domain {
			several[dst] = true
		}
		s.domainOf[dst] = domain
	}
	for address := range several { // shared by names of several
		delete(s.domainOf, address)
	}
	if len(names) == 0 {
		return nil
	}
	sql := fmt.Sprintf(`SELECT name, min(registered_domain) FROM %s
		WHERE list_contains(string_split($names, chr(10)), name) AND registered_domain IS NOT NULL GROUP BY name`, s.queryLog().View)
	return s.rows(sql, map[string]any{"names": strings.Join(names, "\n")}, func(v []any) { s.domains[v[0].(string)] = v[1].(string) })
}

func (s *survey) queryLog() cases.LogType { return s.k.Shaped(cases.ShapeQuery) }

// rows runs a statement and gives its rows to row.
func (s *survey) rows(sql string, args map[string]any, row func([]any)) error {
	err := s.k.Each(s.ctx, sql, args, func(v []any) error {
		row(v)
		return nil
	})
	if err != nil {
		return fmt.Errorf("threads: %w", err)
	}
	return nil
}

// readUse reads who uses these places, and how many hosts there are. Connections of a NAT gateway are left out: who is behind it
// is counted by itself.
func (s *survey) readUse(places []string) error {
	queries := s.queryLog()
	args := map[string]any{"places": strings.Join(places, "\n")}
	add := func(v []any) {
		place, capture := v[0].(string), v[1].(string)
		if s.used[place] == nil {
			s.used[place] = map[string]useOf{}
		}
		now, before := useOf{findings.Integer(v[2]), v[3].(time.Time)}, s.used[place][capture]
		if before.hosts > 0 {
			now.hosts = max(now.hosts, before.hosts)
			if before.first.Before(now.first) {
				now.first = before.first
			}
		}
		s.used[place][capture] = now
	}
	called := fmt.Sprintf(`WITH wanted AS (SELECT unnest(string_split($places, chr(10))) AS place),
		named AS (SELECT w.name_no, coalesce(min(q.registered_domain), w.name) AS place
			FROM answer_name w LEFT JOIN %s q ON q.name = w.name GROUP BY w.name_no, w.name)
		SELECT coalesce(n.place, key_text(c.server_key)) AS place, c.capture, count(DISTINCT c.client_key), min(c.start)
		FROM connection_keys c LEFT JOIN named n USING (name_no)
		WHERE c.direction = 'out' AND NOT c.translated AND coalesce(n.place, key_text(c.server_key)) IN (SELECT place FROM wanted)
		GROUP BY ALL ORDER BY ALL`, queries.View)
	if err := s.rows(called, args, add); err != nil {
		return err
	}
	asked := fmt.Sprintf(`SELECT registered_domain, capture, count(DISTINCT %s_n), min(%s) FROM %s
		WHERE list_contains(string_split($places, chr(10)), registered_domain) GROUP BY ALL ORDER BY ALL`, queries.Asker, queries.Time, queries.View)
	if err := s.rows(asked, args, add); err != nil {
		return err
	}
	most := func(v []any) { s.hosts[v[0].(string)] = max(s.hosts[v[0].(string)], findings.Integer(v[1])) }
	err := s.rows(`SELECT capture, count(DISTINCT client_key) FROM connection_keys
		WHERE direction IN ('out', 'inside') AND NOT translated GROUP BY ALL`, nil, most)
	if err != nil {
		return err
	}
	return s.rows(fmt.Sprintf("SELECT capture, count(DISTINCT %s_n) FROM %s GROUP BY ALL", queries.Asker, queries.View), nil, most)
}

// hub says whether many hosts of ours use a place, in any capture.
func (s *survey) hub(place string) bool {
	most, all := s.users(place)
	return most >= hubHosts && float64(most) >= hubShare*float64(all)
}

// users is how many hosts use a place, at most of a capture, and of how many hosts.
func (s *survey) users(place string) (most, all int64) {
	for _, u := range s.used[place] {
		most = max(most, u.hosts)
	}
	for _, n := range s.hosts {
		all = max(all, n)
	}
	return most, all
}

// usedBefore says whether somebody used a place before a moment. A log that begins later says nothing of it.
func (s *survey) usedBefore(capture, place string, at time.Time) bool {
	u, ok := s.used[place][capture]
	return ok && u.first.Before(at.Add(-time.Second))
}
