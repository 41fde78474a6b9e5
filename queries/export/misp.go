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
		Loses: "times after 9999; names that RFC 1034 has not; actions, response codes, AWS ids; of --ioc records that show none of the list, " +
			"without which nothing is for detection",
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
	mispConnection = mispTemplate{"network-connection", "af16764b-f8e5-4603-9de1-de34d272f80b", "3"}
	mispDNS        = mispTemplate{"dns-record", "f023c8f0-81ab-41f3-9f5d-fa597a34a9b9", "2"}
	mispRequest    = mispTemplate{"http-request", "b4a8d163-8110-4239-bfcf-e08f3a9fdf7b", "5"}
)

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

// attributes are what an object says of what was observed: a request, traffic, or a name and its addresses.
func (m *misp) attributes(o *observation) (mispTemplate, []mispAttribute) {
	var all []mispAttribute
	add := func(relation, kind, value string) {
		if value == "" {
			return
		}
		category := "Network activity"
		if kind == "datetime" {
			category = "Other"
		}
		all = append(all, mispAttribute{Relation: relation, Type: kind, Category: category, Value: value})
	}
	name, src, dst := o.text("name"), o.text("src"), o.text("dst")
	switch {
	case o.text("url") != "" || o.text("uri") != "":
		add("ip-src", "ip-src", src)
		add("ip-dst", "ip-dst", dst)
		add("host", "hostname", name)
		add("url", "url", o.text("url"))
		if o.text("url") == "" {
			add("uri", "uri", o.text("uri"))
		}
		add("method", "http-method", o.text("method"))
		add("user-agent", "user-agent", o.text("user_agent"))
		return mispRequest, all
	case name == "" || o.text("protocol") != "":
		first, last, _ := o.span()
		add("ip-src", "ip-src", src)
		add("ip-dst", "ip-dst", dst)
		for _, side := range []string{"src", "dst"} {
			if port, ok := o.value(side + "_port").(int64); ok {
				add(side+"-port", "port", strconv.FormatInt(port, 10))
			}
		}
		add("layer4-protocol", "text", strings.ToUpper(o.text("protocol")))
		add("hostname-dst", "hostname", name)
		add("first-packet-seen", "datetime", mispTime(first))
		add("last-packet-seen", "datetime", mispTime(last))
		return mispConnection, all
	}
	add("queried-domain", "domain", name)
	for _, address := range o.addresses() {
		relation := "a-record"
		if isIPv6(address) {
			relation = "aaaa-record"
		}
		add(relation, "ip-dst", address)
	}
	if src != "" {
		add("text", "text", "asked by "+src)
	}
	return mispDNS, all
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
