package export

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"case53/cases"
)

func mispTool() Tool {
	return Tool{
		Name:  "misp",
		Title: "MISP: an event with an object a record and, of --ioc, an attribute for each indicator that was seen, which alone is for detection",
		Loses: "times after 9999; names that RFC 1034 has not; actions, response codes, types of queries, answers that are no address and no name; " +
			"sizes of requests; of how many records a connection is; AWS ids; of --ioc records that show none of the list, without which nothing is for " +
			"detection",
		File:       ".json",
		maps:       "stix",
		Indicators: true,
		begin:      newMISP,
	}
}

// mispSpace is the space of the event's ids, which are the same every time.
var mispSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://case53.example/misp"))

func mispID(text string) string { return uuid.NewSHA1(mispSpace, []byte(text)).String() }

// misp writes one event, in the form that MISP exports and imports: numbers are text. What is known at the end (when it was, the
// indicators) stands at the end.
type misp struct {
	*run
	file        *file
	seenAs      observation
	first, last time.Time
}

type mispAttribute struct {
	UUID      string `json:"uuid"`
	Relation  string `json:"object_relation,omitempty"`
	Type      string `json:"type"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	ToIDs     bool   `json:"to_ids"`
	Comment   string `json:"comment,omitempty"`
	Timestamp string `json:"timestamp"`
	FirstSeen string `json:"first_seen,omitempty"`
	LastSeen  string `json:"last_seen,omitempty"`
	Spread    string `json:"distribution"`
}

type mispObject struct {
	UUID            string          `json:"uuid"`
	Name            string          `json:"name"`
	MetaCategory    string          `json:"meta-category"`
	TemplateUUID    string          `json:"template_uuid"`
	TemplateVersion string          `json:"template_version"`
	Comment         string          `json:"comment"`
	Timestamp       string          `json:"timestamp"`
	FirstSeen       string          `json:"first_seen"`
	LastSeen        string          `json:"last_seen"`
	Spread          string          `json:"distribution"`
	Attributes      []mispAttribute `json:"Attribute"`
}

// mispTemplate is a template of MISP's (github.com/MISP/misp-objects).
type mispTemplate struct{ name, uuid, version string }

var (
	mispConnection = mispTemplate{"network-connection", "af16764b-f8e5-4603-9de1-de34d272f80b", "7"}
	mispDNS        = mispTemplate{"dns-record", "f023c8f0-81ab-41f3-9f5d-fa597a34a9b9", "2"}
	mispName       = mispTemplate{"domain-ip", "43b3b146-77eb-4931-b4cc-b66c60f28734", "11"}
	mispRequest    = mispTemplate{"http-request", "b4a8d163-8110-4239-bfcf-e08f3a9fdf7b", "4"}
)

// mispRecords are the relations of a dns-record by the type of the answer. A DNAME is told as the CNAME that a resolver makes of it.
var mispRecords = map[string]string{"CNAME": "cname-record", "DNAME": "cname-record", "MX": "mx-record", "NS": "ns-record", "PTR": "ptr-record",
	"SOA": "soa-record", "SRV": "srv-record"}

// Whom MISP gives it to: the event to its own organisation alone, what is in it to the same.
const (
	ownOrganisation = "0"
	asTheEvent      = "5"
)

func newMISP(r *run) (recordWriter, error) {
	f, err := r.files.create(r.Target)
	if err != nil {
		return nil, err
	}
	m := &misp{run: r, file: f}
	asked, err := cases.JSON([]any{r.caseID, r.manifest.Custody.Head, r.Views, r.Window, r.Capture, r.Query, r.Indicators})
	if err != nil {
		return nil, err
	}
	organisation, err := cases.JSON(map[string]string{"name": "case53", "uuid": mispID("organisation")})
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, `{"Event":{"uuid":%q,"info":%q,"Orgc":%s,"threat_level_id":"4","analysis":"0","distribution":%q,"published":false,"Object":[`,
		mispID(string(asked)), "case53: records of the case "+r.caseID, organisation, ownOrganisation)
	return m, err
}

func (m *misp) Rows(_ *Mapping, columns []cases.Column) error {
	m.seenAs.columns(columns)
	return nil
}

// mispTime is a time as MISP has it.
func mispTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

func mispSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func (m *misp) Record(r *record) (string, error) {
	o := &m.seenAs
	o.values = r.values
	first, last, ok := o.span()
	if !ok {
		return farTime, nil
	}
	if m.indicators != nil && len(m.indicators.shown(o)) == 0 {
		return noIndicator, nil
	}
	template, attributes := m.attributes(o)
	object := mispObject{
		UUID: mispID(r.hexID()), Name: template.name, MetaCategory: "network", TemplateUUID: template.uuid, TemplateVersion: template.version,
		Comment: m.words(r), Timestamp: mispSeconds(last), FirstSeen: mispTime(first), LastSeen: mispTime(last), Spread: asTheEvent,
	}
	for i, a := range attributes {
		a.UUID, a.Timestamp, a.Spread = mispID(object.UUID+strconv.Itoa(i)), object.Timestamp, asTheEvent
		object.Attributes = append(object.Attributes, a)
	}
	if m.file.records == 0 || first.Before(m.first) {
		m.first = first
	}
	if m.file.records == 0 || last.After(m.last) {
		m.last = last
	}
	if m.file.records++; m.file.records > 1 {
		m.file.WriteByte(',')
	}
	m.file.WriteByte('\n')
	return "", m.put(object)
}

// put writes a value.
func (m *misp) put(v any) error {
	text, err := cases.JSON(v)
	if err != nil {
		return err
	}
	_, err = m.file.Write(text)
	return err
}

// mispAttributes are those of an object under way.
type mispAttributes []mispAttribute

// add adds one that has a value.
func (all *mispAttributes) add(relation, kind, value string) {
	if value == "" {
		return
	}
	category := "Network activity"
	if kind == "datetime" || kind == "counter" || kind == "size-in-bytes" {
		category = "Other"
	}
	*all = append(*all, mispAttribute{Relation: relation, Type: kind, Category: category, Value: value})
}

// addNumber adds a number that is there.
func (all *mispAttributes) addNumber(relation, kind string, value any) {
	if value != nil {
		all.add(relation, kind, cases.CellOf(value).Text)
	}
}

// attributes are what an object says of what was observed: a request, traffic, or a name and what it led to.
func (m *misp) attributes(o *observation) (mispTemplate, []mispAttribute) {
	switch {
	case o.text("url") != "" || o.text("uri") != "":
		return mispRequest, requestAttributes(o)
	case o.text("name") == "" || o.text("protocol") != "":
		return mispConnection, connectionAttributes(o)
	}
	return nameAttributes(o)
}

func requestAttributes(o *observation) (all mispAttributes) {
	all.add("ip-src", "ip-src", o.text("src"))
	all.add("ip-dst", "ip-dst", o.text("dst"))
	all.add("host", "hostname", o.text("name"))
	all.add("url", "url", o.text("url"))
	if o.text("url") == "" {
		all.add("uri", "uri", o.text("uri"))
	}
	all.add("method", "http-method", o.text("method"))
	all.add("user-agent", "user-agent", o.text("user_agent"))
	all.add("referer", "other", o.text("referer"))
	if forwarded := o.text("x_forwarded_for"); forwarded != "" {
		all.add("header", "text", "X-Forwarded-For: "+forwarded)
	}
	return all
}

// connectionAttributes count bytes and packets as the template describes them: those of the source are what came to it.
func connectionAttributes(o *observation) (all mispAttributes) {
	first, last, _ := o.span()
	all.add("ip-src", "ip-src", o.text("src"))
	all.add("ip-dst", "ip-dst", o.text("dst"))
	for _, side := range []string{"src", "dst"} {
		all.addNumber(side+"-port", "port", o.value(side+"_port"))
	}
	all.add("layer4-protocol", "text", strings.ToUpper(o.text("protocol")))
	all.add("hostname-dst", "hostname", o.text("name"))
	all.add("first-packet-seen", "datetime", mispTime(first))
	all.add("last-packet-seen", "datetime", mispTime(last))
	for _, n := range [][3]string{
		{"src-bytes-count", "size-in-bytes", "dst_byte_count"}, {"dst-bytes-count", "size-in-bytes", "src_byte_count"},
		{"src-packets-count", "counter", "dst_packets"}, {"dst-packets-count", "counter", "src_packets"},
	} {
		all.addNumber(n[0], n[1], o.value(n[2]))
	}
	return all
}

// nameAttributes are of a name that was asked for: with what answers led to a dns-record, which must have one, else a domain-ip.
func nameAttributes(o *observation) (mispTemplate, []mispAttribute) {
	var all mispAttributes
	for _, address := range o.addresses() {
		relation := "a-record"
		if isIPv6(address) {
			relation = "aaaa-record"
		}
		all.add(relation, "ip-dst", address)
	}
	for _, a := range o.names() {
		if isDomainName(a.name) {
			all.add(mispRecords[a.kind], "domain", a.name)
		}
	}
	template, relation := mispDNS, "queried-domain"
	if len(all) == 0 {
		template, relation = mispName, "domain"
	}
	all.add(relation, "domain", o.text("name"))
	text := ""
	if src := o.text("src"); src != "" {
		text = "asked by " + src
	}
	if subnet, ok := o.clientSubnet(); ok {
		text += " for the client subnet " + subnet.String()
	}
	all.add("text", "text", strings.TrimSpace(text))
	return template, all
}

// End writes the indicators that were seen, and when all of it was.
func (m *misp) End() error {
	m.file.WriteString("\n],\"Attribute\":[")
	n := 0
	if m.indicators != nil {
		for _, one := range m.indicators.all {
			if one.records == 0 {
				continue
			}
			if n++; n > 1 {
				m.file.WriteByte(',')
			}
			m.file.WriteByte('\n')
			kind := "ip-src"
			switch {
			case !one.block.IsValid():
				kind = "domain"
			case one.asTarget:
				kind = "ip-dst"
			}
			if err := m.put(mispAttribute{
				UUID: mispID("indicator\n" + m.caseID + "\n" + one.text), Type: kind, Category: "Network activity", Value: one.text, ToIDs: true,
				Comment:   fmt.Sprintf("in %d records of the case %s", one.records, m.caseID),
				Timestamp: mispSeconds(one.last), FirstSeen: mispTime(one.first), LastSeen: mispTime(one.last), Spread: asTheEvent,
			}); err != nil {
				return err
			}
		}
	}
	if m.file.records == 0 {
		m.first, m.last = time.Unix(0, 0), time.Unix(0, 0)
	}
	_, err := fmt.Fprintf(m.file, "\n],\"date\":%q,\"timestamp\":%q}}\n", m.first.UTC().Format(time.DateOnly), mispSeconds(m.last))
	return err
}
