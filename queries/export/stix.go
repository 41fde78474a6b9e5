package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"case53/cases"
	"case53/cases/duck"
)

func stixTool() Tool {
	return Tool{
		Name:  "stix",
		Title: "OpenCTI, MISP and whatever else reads STIX 2.1: one bundle of observed data, their addresses, names and traffic",
		Loses: "indicators and sightings, which only an analyst's tags can make of what was observed; times after 9999; names that RFC 1034 has not; " +
			"actions, response codes, AWS ids",
		begin: newSTIX,
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
	at       map[string]int
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
	asked, err := json.Marshal([]any{r.caseID, r.manifest.Custody.Head, r.Views, r.Window, r.Capture, r.Query})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(f, "{\"type\":\"bundle\",\"id\":\"bundle--%s\",\"objects\":[\n", uuid.NewSHA1(ourSpace, asked))
	s.identity = "identity--" + uuid.NewSHA1(ourSpace, []byte("identity")).String()
	return s, s.put(s.identity, stixObject{"type": "identity", "name": "case53", "identity_class": "system", "created": stixMoment, "modified": stixMoment})
}

func (s *stix) Rows(_ *Mapping, columns []cases.Column) error {
	s.at = map[string]int{}
	for i, c := range columns {
		s.at[c.Name] = i
	}
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

// address writes an address; "" where there is none.
func (s *stix) address(v any) (id string, err error) {
	text, ok := v.(string)
	if !ok {
		return "", nil
	}
	kind := "ipv4-addr"
	if strings.Contains(text, ":") {
		kind = "ipv6-addr"
	}
	return s.observable(kind, stixObject{"value": text}, nil)
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func (s *stix) Record(r *record) (string, error) {
	value := func(name string) any { return r.values[s.at[name]] }
	first, okFirst := value("first_observed").(time.Time)
	last, okLast := value("last_observed").(time.Time)
	if !okFirst || !okLast || !timeFits(first) || !timeFits(last) {
		return farTime, nil
	}
	refs, err := s.refs(value, first, last)
	if err != nil {
		return "", err
	}
	id := "observed-data--" + uuid.NewSHA1(ourSpace, []byte(r.hexID())).String()
	s.file.records++
	return "", s.put(id, stixObject{
		"type": "observed-data", "created": stixTime(last), "modified": stixTime(last), "created_by_ref": s.identity,
		"first_observed": stixTime(first), "last_observed": stixTime(last), "number_observed": value("number_observed"), "object_refs": refs,
		"external_references": []stixObject{{
			"source_name": "case53", "external_id": fmt.Sprintf("%s:%d", r.sha, r.row),
			"description": fmt.Sprintf("case %s, capture %s, object %d, row %d, SHA-256 %s", s.caseID, r.capture, r.object, r.row, r.sha),
		}},
	})
}

// refs writes what was observed, and gives its ids.
func (s *stix) refs(value func(string) any, first, last time.Time) (refs []string, err error) {
	src, err := s.address(value("src"))
	if err != nil {
		return nil, err
	}
	dst, err := s.address(value("dst"))
	if err != nil {
		return nil, err
	}
	name := ""
	if text, ok := value("name").(string); ok {
		if name, err = s.observable("domain-name", stixObject{"value": text}, nil); err != nil {
			return nil, err
		}
	}
	traffic, err := s.traffic(value, src, dst, first, last)
	if err != nil {
		return nil, err
	}
	refs = []string{traffic, name, src, dst}
	list, _ := value("addresses").(duck.List)
	for _, a := range list {
		address, err := s.address(a)
		if err != nil {
			return nil, err
		}
		refs = append(refs, address)
		id := "relationship--" + uuid.NewSHA1(ourSpace, []byte(name+address)).String()
		if !s.once(id) {
			continue
		}
		if err := s.put(id, stixObject{
			"type": "relationship", "relationship_type": "resolves-to", "source_ref": name, "target_ref": address,
			"created": stixTime(first), "modified": stixTime(first), "created_by_ref": s.identity,
		}); err != nil {
			return nil, err
		}
	}
	refs = slices.DeleteFunc(refs, func(id string) bool { return id == "" })
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

// traffic writes the traffic between two addresses; "" where the record is of none.
func (s *stix) traffic(value func(string) any, src, dst string, first, last time.Time) (string, error) {
	protocol, ok := value("protocol").(string)
	if !ok {
		return "", nil
	}
	below, _, _ := strings.Cut(src, "-")
	contributing := stixObject{"src_ref": src, "dst_ref": dst, "protocols": []string{strings.TrimSuffix(below, "-addr"), protocol},
		"start": stixTime(first), "end": stixTime(last)}
	for _, name := range []string{"src_port", "dst_port"} {
		if v := value(name); v != nil {
			contributing[name] = v
		}
	}
	further := stixObject{"src_byte_count": value("src_byte_count"), "dst_byte_count": value("dst_byte_count"),
		"src_packets": value("src_packets"), "dst_packets": value("dst_packets")}
	return s.observable("network-traffic", contributing, further)
}

func (s *stix) End() error {
	_, err := s.file.WriteString("\n]}\n")
	return err
}
