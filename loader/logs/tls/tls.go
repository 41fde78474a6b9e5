// Package tls reads logs of TLS connections: access logs of Network Load Balancers, connection logs of Application Load Balancers
// and of CloudFront; as lines of fields between spaces, or as JSON objects with the names of the V2 delivery.
//
//		tls 2.0 2020-04-01T08:51:42 net/my-lb/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 - …
//		2024-10-04T17:05:15.514108Z 192.168.131.39 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 "CN=…" NotBefore=…;NotAfter=… FEF2 Success TID_1
//
//	  - A Network Load Balancer's line has 21 fields, or 22 with the time of creation; its times are UTC without saying so, and are whole
//	    seconds. connection_time and tls_handshake_time are in milliseconds there, in seconds elsewhere: they are stored in microseconds.
//	  - An Application Load Balancer's line has ten fields or more; it does not name its load balancer.
//	  - What a later version adds behind the last field known is kept in extra as {"surplus": […]}.
//	  - "-" is NULL: a handshake that failed has no time and no cipher.
//
// The package refuses a line with fewer fields, and a time or an address that is none.
package tls

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"case53/loader/logs"
	"case53/loader/logs/field"
	"case53/loader/logs/request"
	"case53/loader/source"
)

//go:embed tls.sql
var schema string

// Type is the log type.
var Type = &logs.Type{
	Schema: logs.Define("tls.sql", schema),
	Detect: detect,
	Enough: func(sample [][]byte) bool { return detect(sample) == 100 },
	New:    newDecoder,
	// As access logs of load balancers: a stamp is the end of its five minutes; a connection is logged when it ends.
	Places: []source.Place{{Services: []string{"elasticloadbalancing"}, Region: true,
		Name:  regexp.MustCompile(`(?:_net\.|conn_log[._]).*_(\d{8}T?\d{4})Z_`),
		Stamp: "20060102T1504", Before: 15 * time.Minute, After: 3 * time.Hour, Step: 5 * time.Minute}},
}

// The formats, as the column format has them.
const (
	nlb        = "nlb"
	alb        = "alb_connection"
	cloudfront = "cloudfront_connection"
)

// The fields of lines, as the names of their columns; parts of an endpoint are taken apart.
var (
	nlbFields = [...]string{"type", "version", "time", "elb", "listener", "client_port", "destination_port", "connection_time", "tls_handshake_time",
		"received_bytes", "sent_bytes", "incoming_tls_alert", "chosen_cert_arn", "chosen_cert_serial", "tls_cipher", "tls_protocol_version",
		"tls_named_group", "domain_name", "alpn_fe_protocol", "alpn_be_protocol", "alpn_client_preference_list", "tls_connection_creation_time"}
	albFields = [...]string{"time", "client_ip", "client_port", "listener_port", "tls_protocol", "tls_cipher", "tls_handshake_latency",
		"leaf_client_cert_subject", "leaf_client_cert_validity", "leaf_client_cert_serial_number", "tls_verify_status", "conn_trace_id",
		"tls_keyexchange", "elb", "ip_address"}
)

const (
	nlbLeast = 21
	albLeast = 11
)

var (
	nlbLine = regexp.MustCompile(`^tls \d+\.\d+ \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d `)
	albLine = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z [0-9A-Fa-f.:]+ \d{1,5} \d{1,5} \S+ \S+ (-|[\d.]+) "`)
)

// detect gives the share of records that are lines or objects of one of the formats.
func detect(sample [][]byte) int {
	var o field.Members
	return field.Share(sample, func(rec []byte) bool {
		return nlbLine.Match(rec) || albLine.Match(rec) || bytes.IndexByte(rec, '{') >= 0 && o.Read(rec) == nil && formatOf(&o) != ""
	})
}

// formatOf tells an object's format by its names.
func formatOf(o *field.Members) string {
	switch {
	case o.Has("tls_handshake_time") && o.Has("listener"):
		return nlb
	case o.Has("leaf_client_cert_subject") && o.Has("conn_trace_id"):
		return alb
	case o.Has("eventTimestamp") && o.Has("distributionId") && o.Has("connectionId"):
		return cloudfront
	}
	return ""
}

// names are other names of columns, by format: of JSON, and of what lines call otherwise.
var names = map[string]string{"tls_protocol_version": "tls_protocol", "tls_keyexchange": "tls_named_group", "distributionId": "elb",
	"connectionStatus": "tls_verify_status", "tlsProtocol": "tls_protocol", "tlsCipher": "tls_cipher", "tlsSni": "domain_name", "clientIp": "client",
	"client_ip": "client", "clientPort": "client_port", "serverIp": "destination", "listener_port": "destination_port",
	"clientLeafCertSerialNumber": "leaf_client_cert_serial_number", "clientLeafCertSubject": "leaf_client_cert_subject",
	"clientLeafCertIssuer": "leaf_client_cert_issuer", "clientLeafCertValidity": "leaf_client_cert_validity", "connectionId": "conn_trace_id"}

// decoder decodes connections.
type decoder struct {
	opt    logs.Options
	rows   *field.Table
	object field.Members
	format string
	tokens [][]byte
	at     int64
	timed  bool
	forms  []string
}

func newDecoder(opt logs.Options) logs.Decoder {
	return &decoder{opt: opt, rows: field.NewTable(schema, "tls", opt.Capture)}
}

func (d *decoder) Format() string { return strings.Join(d.forms, " | ") }

func (d *decoder) Batches() []*logs.Batch { return []*logs.Batch{&d.rows.Batch} }

func (d *decoder) Decode(rec []byte, meta logs.Meta) (logs.Outcome, int64, int64, error) {
	d.rows.Begin()
	d.timed = false
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(rec, " \t\r\n"), []byte("{")) {
		err = d.readObject(rec)
	} else {
		err = d.readLine(bytes.TrimRight(rec, " \r\n"))
	}
	if err == nil && !d.timed {
		err = errors.New("the connection has no time")
	}
	if err != nil {
		return logs.Row, 0, 0, err
	}
	return d.opt.Row(d.at, d.at, func() error { return d.rows.Write(meta, &d.opt) })
}

func (d *decoder) use(format, how string) {
	d.format = format
	d.rows.SetText(d.rows.MustColumn("format"), []byte(format))
	if form := format + ", " + how; !slices.Contains(d.forms, form) {
		d.forms = append(d.forms, form)
	}
}

// readLine reads a line. That of a Network Load Balancer has no quotes but in its list of protocols, which holds no space.
func (d *decoder) readLine(line []byte) error {
	fields, least := albFields[:], albLeast
	switch {
	case nlbLine.Match(line):
		d.use(nlb, "lines")
		fields, least = nlbFields[:], nlbLeast
		d.tokens = bytes.Split(line, []byte{' '})
	case albLine.Match(line):
		d.use(alb, "lines")
		d.tokens = quoted(d.tokens[:0], line)
	default:
		return errors.New("the line is no connection of a load balancer")
	}
	if len(d.tokens) < least {
		return fmt.Errorf("%d fields, want at least %d", len(d.tokens), least)
	}
	for i, token := range d.tokens[:min(len(fields), len(d.tokens))] {
		if _, err := d.set(fields[i], token); err != nil {
			return err
		}
	}
	if len(d.tokens) > len(fields) {
		d.surplus(d.tokens[len(fields):])
	}
	return nil
}

// quoted splits between spaces; a field in quotes may hold some, and a backslash in it takes the byte after it.
func quoted(tokens [][]byte, line []byte) [][]byte {
	for len(line) > 0 {
		end := 0
		if line[0] == '"' {
			for end = 1; end < len(line) && line[end] != '"'; end++ {
				if line[end] == '\\' {
					end++
				}
			}
			end = min(end, len(line))
			tokens = append(tokens, line[1:end])
			end = min(end+1, len(line))
		} else {
			if end = bytes.IndexByte(line, ' '); end < 0 {
				end = len(line)
			}
			tokens = append(tokens, line[:end])
		}
		line = bytes.TrimLeft(line[end:], " ")
	}
	return tokens
}

func (d *decoder) surplus(tokens [][]byte) {
	extra := []byte(`{"surplus":[`)
	for i, token := range tokens {
		if i > 0 {
			extra = append(extra, ',')
		}
		text, escaped := field.ValidText(token)
		if escaped {
			d.rows.SetEscaped()
		}
		extra = field.AppendQuoted(extra, text)
	}
	d.rows.SetText(d.rows.MustColumn("extra"), append(extra, "]}"...))
}

// readObject reads an object by its names; those that are not known are kept in extra.
func (d *decoder) readObject(rec []byte) error {
	if err := d.object.Read(rec); err != nil {
		return err
	}
	format := formatOf(&d.object)
	if format == "" {
		return errors.New("the object has not the names of a connection")
	}
	d.use(format, "JSON objects")
	var err error
	var unknown []string
	d.object.Each(func(m *field.Member) {
		if err != nil {
			return
		}
		text := m.Text
		if m.Value[0] != '"' && m.Value[0] != 'n' {
			text = m.Value
		}
		known := false
		if known, err = d.set(string(m.Name), text); !known {
			unknown = append(unknown, string(m.Name))
		}
	})
	if err != nil {
		return err
	}
	if d.object.Odd {
		d.rows.SetEscaped()
	}
	if extra := d.object.Only(unknown); extra != nil {
		d.rows.SetText(d.rows.MustColumn("extra"), extra)
	}
	return nil
}

// set sets a field by its name; known says whether there is such a field.
func (d *decoder) set(name string, text []byte) (known bool, err error) {
	if len(text) == 0 || field.IsDash(text) {
		return name != "timestamp", nil
	}
	switch name {
	case "type": // always tls
		return true, nil
	case "time", "tls_connection_creation_time", "eventTimestamp", "timestamp":
		return d.setTime(name, text)
	case "connection_time", "tls_handshake_time", "tls_handshake_latency", "tlsHandshakeDuration":
		return true, d.setDuration(name, text)
	case "client_port", "destination_port":
		if addr, port, ok := request.AddrPort(text); ok {
			what := strings.TrimSuffix(name, "_port")
			if err := d.rows.Set(d.rows.MustColumn(what), addr); err != nil {
				return true, err
			}
			text = port
		}
	}
	if other, ok := names[name]; ok {
		name = other
	}
	column := d.rows.Column(name)
	if column < 0 || name == "extra" || name == "format" {
		return false, nil
	}
	return true, d.rows.Set(column, text)
}

// setTime reads a time: of RFC 3339, without a zone in UTC, or in milliseconds.
func (d *decoder) setTime(name string, text []byte) (known bool, err error) {
	at, _, ok := field.TimeText(text)
	if !ok && field.AllDigits(text) && len(text) == len("1760000000000") {
		ms, _ := strconv.ParseInt(string(text), 10, 64)
		at, ok = ms*1000, true
	}
	switch {
	case name == "timestamp": // CloudFront's, beside eventTimestamp
		return false, nil
	case !ok:
		return true, fmt.Errorf("%s %s is no time", name, field.Quoted(text))
	case name == "tls_connection_creation_time":
		d.rows.SetNumber(d.rows.MustColumn(name), at)
		return true, nil
	}
	d.at, d.timed = at, true
	d.rows.SetNumber(d.rows.MustColumn("time"), at)
	return true, nil
}

// setDuration reads milliseconds of a Network Load Balancer and CloudFront, seconds of an Application Load Balancer.
func (d *decoder) setDuration(name string, text []byte) error {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || n < 0 || n > 1e12 {
		return fmt.Errorf("%s %s is no duration", name, field.Quoted(text))
	}
	unit := 1e3
	if d.format == alb {
		unit = 1e6
	}
	column := "tls_handshake_us"
	if name == "connection_time" {
		column = "connection_us"
	}
	d.rows.SetNumber(d.rows.MustColumn(column), int64(n*unit+0.5))
	return nil
}
