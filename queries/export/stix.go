package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"case53/cases"
)

func stixTool() Tool {
	return Tool{
		Name:  "stix",
		Title: "OpenCTI and whatever else reads STIX 2.1: one bundle of observed data and, of --ioc, indicators and their sightings",
		Loses: "times after 9999; names that RFC 1034 has not, and URLs that RFC 3986 has not; actions, response codes, types of queries, answers " +
			"that are no address and no name; methods, user agents, referrers and sizes of requests, and their paths where the host is not known; AWS ids; " +
			"of --ioc records that show none of the list, without which nothing is an indicator",
		Indicators: true,
		begin:      newSTIX,
	}
}

// scoSpace is the namespace that STIX 2.1 (§2.9) gives the ids of observables; ours are made in one of our own.
var (
	scoSpace = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")
	ourSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://case53.example/stix"))
)

// stixMoment is when objects that have no time of their own say that they were made: the same every time.
const stixMoment = "2026-01-01T00:00:00.000Z"

// stix writes a bundle. What was observed stands in it once, before the first record that has it: sixteen bytes that stand for its id are
// all that is remembered of it, and nothing is of a record.
type stix struct {
	*run
	file     *file
	seenAs   observation
	identity string
	seen     map[uuid.UUID]struct{}
	any      bool
}

type stixObject = map[string]any

func newSTIX(r *run) (recordWriter, error) {
	f, err := r.files.create(r.Target)
	if err != nil {
		return nil, err
	}
	s := &stix{run: r, file: f, seen: map[uuid.UUID]struct{}{}}
	asked, err := json.Marshal([]any{r.caseID, r.manifest.Custody.Head, r.Views, r.Window, r.Capture, r.Query, r.Indicators})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(f, "{\"type\":\"bundle\",\"id\":\"bundle--%s\",\"objects\":[\n", uuid.NewSHA1(ourSpace, asked))
	s.identity = "identity--" + uuid.NewSHA1(ourSpace, []byte("identity")).String()
	return s, s.put(s.identity, stixObject{"type": "identity", "name": "case53", "identity_class": "system", "created": stixMoment, "modified": stixMoment})
}

func (s *stix) Rows(_ *Mapping, columns []cases.Column) error {
	s.seenAs.columns(columns)
	return nil
}

// once says whether an object is not in the bundle yet, and takes it as written.
func (s *stix) once(id string) bool {
	key := uuid.NewSHA1(ourSpace, []byte(id)) // an address and a name of the same text have the same number
	_, seen := s.seen[key]
	s.seen[key] = struct{}{}
	return !seen
}

// put writes an object.
func (s *stix) put(id string, o stixObject) error {
	o["id"], o["spec_version"] = id, "2.1"
	text, err := cases.JSON(o) // its keys are in order
	if err != nil {
		return err
	}
	if s.any {
		s.file.WriteString(",\n")
	}
	s.any = true
	_, err = s.file.Write(text)
	return err
}

// observable writes an observable, whose id is made of the properties that STIX says contribute to it.
func (s *stix) observable(kind string, contributing, further stixObject) (id string, err error) {
	canonical, err := cases.JSON(contributing)
	if err != nil {
		return "", err
	}
	id = kind + "--" + uuid.NewSHA1(scoSpace, canonical).String()
	if !s.once(id) {
		return id, nil
	}
	o := stixObject{"type": kind}
	for _, properties := range []stixObject{contributing, further} {
		for name, value := range properties {
			if value != nil {
				o[name] = value
			}
		}
	}
	return id, s.put(id, o)
}

// valued writes an observable that is a value and nothing else; "" where there is none.
func (s *stix) valued(kind, value string) (id string, err error) {
	if value == "" {
		return "", nil
	}
	return s.observable(kind, stixObject{"value": value}, nil)
}

// address writes an address; "" where there is none.
func (s *stix) address(text string) (id string, err error) {
	if isIPv6(text) {
		return s.valued("ipv6-addr", text)
	}
	return s.valued("ipv4-addr", text)
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (s *stix) Record(r *record) (string, error) {
	o := &s.seenAs
	o.values = r.values
	first, last, ok := o.span()
	if !ok {
		return farTime, nil
	}
	var shown []sighted
	if s.indicators != nil {
		if shown = s.indicators.shown(o); len(shown) == 0 {
			return noIndicator, nil
		}
	}
	refs, err := s.refs(o, first, last)
	if err != nil {
		return "", err
	}
	s.file.records++
	id := "observed-data--" + uuid.NewSHA1(ourSpace, []byte(r.hexID())).String()
	if err := s.put(id, stixObject{
		"type": "observed-data", "created": stixTime(last), "modified": stixTime(last), "created_by_ref": s.identity,
		"first_observed": stixTime(first), "last_observed": stixTime(last), "number_observed": o.value("number_observed"), "object_refs": refs,
		"external_references": []stixObject{{
			"source_name": "case53", "external_id": fmt.Sprintf("%s:%d", r.sha, r.row), "description": s.words(r),
		}},
	}); err != nil {
		return "", err
	}
	for _, one := range shown {
		sighting := "sighting--" + uuid.NewSHA1(ourSpace, []byte(id+one.id())).String()
		seen := stixObject{
			"type": "sighting", "created": stixTime(last), "modified": stixTime(last), "created_by_ref": s.identity,
			"sighting_of_ref": one.id(), "observed_data_refs": []string{id}, "count": o.value("number_observed"),
			"first_seen": stixTime(first), "last_seen": stixTime(last),
		}
		if one.through != "" {
			seen["description"] = "perhaps: of the client there is only the subnet " + one.through
		}
		if err := s.put(sighting, seen); err != nil {
			return "", err
		}
	}
	return "", nil
}

// id is the indicator's among STIX objects: the same in every case.
func (i *indicator) id() string {
	return "indicator--" + uuid.NewSHA1(ourSpace, []byte("indicator\n"+i.text)).String()
}

// stixQuote is text as a pattern has it.
func stixQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// pattern is what an indicator fits: an address, a block, or a name and what is under it.
func (i *indicator) pattern() string {
	if !i.block.IsValid() {
		return "[domain-name:value = " + stixQuote(i.name) + " OR domain-name:value LIKE " + stixQuote("%."+i.name) + "]"
	}
	kind := "ipv4-addr"
	if isIPv6(i.text) {
		kind = "ipv6-addr"
	}
	if i.block.IsSingleIP() {
		return "[" + kind + ":value = " + stixQuote(i.text) + "]"
	}
	return "[" + kind + ":value ISSUBSET " + stixQuote(i.text) + "]"
}

// refs writes what was observed, and gives its ids.
func (s *stix) refs(o *observation, first, last time.Time) (refs []string, err error) {
	src, err := s.address(o.text("src"))
	if err != nil {
		return nil, err
	}
	dst, err := s.address(o.text("dst"))
	if err != nil {
		return nil, err
	}
	name, err := s.valued("domain-name", o.text("name"))
	if err != nil {
		return nil, err
	}
	url, err := s.valued("url", o.text("url"))
	if err != nil {
		return nil, err
	}
	traffic, err := s.traffic(o, src, dst, first, last)
	if err != nil {
		return nil, err
	}
	refs = []string{traffic, name, url, src, dst}
	further := o.forwarded()
	if subnet, ok := o.clientSubnet(); ok {
		further = append(further, subnet.String())
	}
	for _, text := range further {
		id, err := s.address(text)
		if err != nil {
			return nil, err
		}
		refs = append(refs, id)
	}
	for _, text := range o.addresses() {
		address, err := s.address(text)
		if err != nil {
			return nil, err
		}
		refs = append(refs, address)
		if err := s.resolves(name, address, first); err != nil {
			return nil, err
		}
	}
	for _, a := range o.names() {
		if !isDomainName(a.name) {
			continue
		}
		id, err := s.valued("domain-name", a.name)
		if err != nil {
			return nil, err
		}
		refs = append(refs, id)
		if (a.kind == "CNAME" || a.kind == "DNAME") && id != name {
			if err := s.resolves(name, id, first); err != nil {
				return nil, err
			}
		}
	}
	refs = slices.DeleteFunc(refs, func(id string) bool { return id == "" })
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

// resolves writes, once, that a name resolves to an address or a name.
func (s *stix) resolves(name, to string, first time.Time) error {
	id := "relationship--" + uuid.NewSHA1(ourSpace, []byte(name+to)).String()
	if !s.once(id) {
		return nil
	}
	return s.put(id, stixObject{
		"type": "relationship", "relationship_type": "resolves-to", "source_ref": name, "target_ref": to,
		"created": stixTime(first), "modified": stixTime(first), "created_by_ref": s.identity,
	})
}

// traffic writes the traffic between two addresses; "" where the record is of none.
func (s *stix) traffic(o *observation, src, dst string, first, last time.Time) (string, error) {
	protocol, value := o.text("protocol"), o.value
	if protocol == "" {
		return "", nil
	}
	below, _, _ := strings.Cut(cmp.Or(src, dst), "-")
	contributing := stixObject{"protocols": []string{strings.TrimSuffix(below, "-addr"), protocol}, "start": stixTime(first), "end": stixTime(last)}
	for name, id := range map[string]string{"src_ref": src, "dst_ref": dst} {
		if id != "" {
			contributing[name] = id
		}
	}
	for _, name := range []string{"src_port", "dst_port"} {
		if v := value(name); v != nil {
			contributing[name] = v
		}
	}
	further := stixObject{"src_byte_count": value("src_byte_count"), "dst_byte_count": value("dst_byte_count"),
		"src_packets": value("src_packets"), "dst_packets": value("dst_packets")}
	return s.observable("network-traffic", contributing, further)
}

// End writes the indicators that were seen: before, nobody knows since when. One that was not is in the manifest alone.
func (s *stix) End() error {
	if s.indicators != nil {
		for _, one := range s.indicators.all {
			if one.records == 0 {
				continue
			}
			if err := s.put(one.id(), stixObject{
				"type": "indicator", "name": one.text, "indicator_types": []string{"malicious-activity"}, "pattern": one.pattern(), "pattern_type": "stix",
				"valid_from": stixTime(one.first), "created": stixTime(one.first), "modified": stixTime(one.first), "created_by_ref": s.identity,
			}); err != nil {
				return err
			}
		}
	}
	_, err := s.file.WriteString("\n]}\n")
	return err
}
