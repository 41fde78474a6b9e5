package alb

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"case53/loader/logs/field"
	"case53/loader/logs/request"
)

// classic is the type of a request that a Classic Load Balancer logged.
const classic = "clb"

// requests is the row of store.alb under way.
type requests struct {
	table   *field.Table
	columns *request.Columns
	plain   map[string]int // fields that are a column as they are
	url     []byte
	scratch []byte
	hasURL  bool
	odd     []byte // members of extra: addresses that are none

	typ, time, created                     int
	client, clientPort, target, targetPort int
	verb, proto, scheme, host, urlPort     int
	whole                                  int
	userAgent, redirect, domain, extra     int
	traceRoot, trace                       int
}

// plainFields are fields that are stored under another name than AWS's, and those under their own.
var plainFields = map[string]string{"request_processing_time": "request_processing_us", "target_processing_time": "target_processing_us",
	"response_processing_time": "response_processing_us", "type": "", "time": "", "elb": "", "elb_status_code": "", "target_status_code": "",
	"received_bytes": "", "sent_bytes": "", "user_agent": "", "ssl_cipher": "", "ssl_protocol": "", "target_group_arn": "",
	"domain_name": "", "chosen_cert_arn": "", "matched_rule_priority": "", "request_creation_time": "", "actions_executed": "",
	"redirect_url": "", "error_reason": "", "target_port_list": "", "target_status_code_list": "", "classification": "",
	"classification_reason": "", "conn_trace_id": "", "transformed_host": "", "transformed_uri": "", "request_transform_status": "",
	"ip_address": "", "request_verb": "", "request_proto": "", "client_ip": "client", "target_ip": "target"}

func newRequests(capture string) *requests {
	t := field.NewTable(schema, "alb", capture)
	r := &requests{table: t, columns: request.NewColumns(t), plain: map[string]int{}}
	for name, column := range plainFields {
		if column == "" {
			column = name
		}
		r.plain[name] = t.MustColumn(column)
	}
	for name, at := range map[string]*int{"type": &r.typ, "time": &r.time, "request_creation_time": &r.created, "client": &r.client,
		"client_port": &r.clientPort, "target": &r.target, "target_port": &r.targetPort, "request_verb": &r.verb, "request_proto": &r.proto,
		"scheme": &r.scheme, "host": &r.host,
		"url_port": &r.urlPort, "url": &r.whole, "user_agent": &r.userAgent,
		"redirect_url": &r.redirect, "domain_name": &r.domain, "extra": &r.extra, "trace_root": &r.traceRoot, "trace_id": &r.trace} {
		*at = t.MustColumn(name)
	}
	return r
}

func (r *requests) batch() *field.Table { return r.table }

func (r *requests) begin() {
	r.table.Begin()
	r.columns.Begin()
	r.hasURL, r.odd = false, r.odd[:0]
}

func (r *requests) set(name string, text []byte) (bool, error) {
	switch name {
	case "client_port", "client:port":
		return true, r.setEndpoint("client", r.client, r.clientPort, text)
	case "target_port", "target:port":
		return true, r.setEndpoint("target", r.target, r.targetPort, text)
	case "request_line", "request":
		return true, r.setRequest(text)
	case "request_url":
		r.url, r.hasURL = append(r.url[:0], text...), true
		return true, nil
	case "request_processing_time", "target_processing_time", "response_processing_time":
		if len(text) > 1 && text[0] == '-' { // -1: not measured
			return true, nil
		}
	case "trace_id":
		request.SetTrace(r.table, r.traceRoot, r.trace, text)
		return true, nil
	case "target:port_list":
		name = "target_port_list"
	case "matched_rule_priority":
		return true, r.table.Set(r.plain[name], text)
	}
	column, ok := r.plain[name]
	if !ok {
		return false, nil
	}
	return true, r.table.Set(column, text)
}

// setEndpoint reads address:port, or a port alone, as the view has it.
func (r *requests) setEndpoint(what string, addr, port int, text []byte) error {
	if len(text) == 0 || field.IsDash(text) {
		return nil
	}
	if field.AllDigits(text) {
		return r.table.Set(port, text)
	}
	a, p, ok := request.AddrPort(text)
	if !ok {
		return fmt.Errorf("%s %s is no address and port", what, field.Quoted(text))
	}
	if r.table.Set(addr, a) != nil { // masked by whoever passed the log on: the request is evidence all the same
		r.odd = append(append(field.AppendQuoted(append(r.odd, ','), []byte(what+"_port")), ':'), quoted(text)...)
	}
	return r.table.Set(port, p)
}

// quoted is text as JSON.
func quoted(text []byte) []byte {
	valid, _ := field.ValidText(text)
	return field.AppendQuoted(nil, valid)
}

// addOdd puts what is no address into extra.
func (r *requests) addOdd() {
	if len(r.odd) == 0 {
		return
	}
	extra := r.table.Text(r.extra)
	if extra == nil {
		extra = []byte("{}")
	}
	whole := append([]byte{}, extra[:len(extra)-1]...)
	if len(whole) == 1 {
		r.odd = r.odd[1:]
	}
	r.table.SetText(r.extra, append(append(whole, r.odd...), '}'))
}

// setRequest reads METHOD URL PROTOCOL, each of which may be a dash.
func (r *requests) setRequest(text []byte) error {
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' { // in JSON the quotes may be a part of the text
		text = text[1 : n-1]
	}
	if len(bytes.Trim(text, "- ")) == 0 {
		return nil
	}
	l := request.CutLine(bytes.TrimRight(text, " "))
	if l.Protocol == nil && !field.IsDash(l.Method) {
		return fmt.Errorf("request %s has no protocol", field.Quoted(text))
	}
	if err := r.table.Set(r.verb, l.Method); err != nil {
		return err
	}
	r.url, r.hasURL = append(r.url[:0], l.URL...), len(l.URL) > 0 && !field.IsDash(l.URL)
	return r.table.Set(r.proto, l.Protocol)
}

// setURL keeps the parts of the URL, and the URL itself where they do not make it up.
func (r *requests) setURL() error {
	u := request.CutURL(r.url)
	if u.Scheme != nil {
		r.table.SetText(r.scheme, u.Scheme)
	}
	r.columns.SetHost(u.Host)
	if err := r.table.Set(r.urlPort, u.Port); err != nil {
		return err
	}
	if u.Path == nil {
		r.columns.SearchURL(r.url)
	}
	r.columns.SetPath(u.Path, u.Query)
	if r.scratch = r.compose(r.scratch[:0], u); string(r.scratch) != string(r.url) {
		r.table.SetText(r.whole, r.url)
	}
	return nil
}

// compose puts a URL together as the view does.
func (r *requests) compose(dst []byte, u request.URL) []byte {
	host := r.table.Text(r.host)
	dst = append(append(dst, u.Scheme...), "://"...)
	if bytes.IndexByte(host, ':') >= 0 {
		dst = append(append(append(dst, '['), host...), ']')
	} else {
		dst = append(dst, host...)
	}
	if n, ok := r.table.Number(r.urlPort); ok {
		dst = strconv.AppendInt(append(dst, ':'), n, 10)
	}
	dst = append(dst, u.Path...)
	if u.Query != nil {
		dst = append(append(dst, '?'), u.Query...)
	}
	return dst
}

func (r *requests) end() (first, last int64, err error) {
	last, ok := r.table.Number(r.time)
	if !ok {
		return 0, 0, errors.New("time is missing")
	}
	if r.hasURL {
		if err := r.setURL(); err != nil {
			return 0, 0, err
		}
	}
	r.columns.Search(r.table.Text(r.userAgent), r.table.Text(r.redirect), r.table.Text(r.domain))
	r.columns.End()
	r.addOdd()
	if created, ok := r.table.Number(r.created); ok {
		return min(created, last), max(created, last), nil
	}
	return last, last, nil
}

// checks is the row of store.alb_health under way.
type checks struct {
	table              *field.Table
	plain              map[string]int
	target, port, time int
}

func newChecks(capture string) *checks {
	t := field.NewTable(schema, "alb_health", capture)
	c := &checks{table: t, plain: map[string]int{}, target: t.MustColumn("target"), port: t.MustColumn("target_port"), time: t.MustColumn("time")}
	for _, name := range healthFields {
		if column := t.Column(name); column >= 0 {
			c.plain[name] = column
		}
	}
	c.plain["latency"] = t.MustColumn("latency_us")
	return c
}

func (c *checks) batch() *field.Table { return c.table }

func (c *checks) begin() { c.table.Begin() }

func (c *checks) set(name string, text []byte) (bool, error) {
	if name == "target_addr" {
		if addr, port, ok := request.AddrPort(text); ok {
			if err := c.table.Set(c.port, port); err != nil {
				return true, err
			}
			text = addr
		}
		return true, c.table.Set(c.target, text)
	}
	column, ok := c.plain[name]
	if !ok {
		return false, nil
	}
	return true, c.table.Set(column, text)
}

func (c *checks) end() (first, last int64, err error) {
	at, ok := c.table.Number(c.time)
	if !ok {
		return 0, 0, errors.New("time is missing")
	}
	return at, at, nil
}
