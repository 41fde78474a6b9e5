package export

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/duck"
)

func zeekTool() Tool {
	return Tool{
		Name: "zeek",
		Title: "RITA, Zui, Brim, SOF-ELK and whatever else reads Zeek's logs: conn, dns, http and ssl.log in a folder, or, where FILE has an ending,\n" +
			strings.Repeat(" ", 14) + "one after the other in it",
		Loses: "single flow records (rows are connections, each once); refused and reset told apart only as far as flags were logged; names of connections",
		begin: newZeek,
	}
}

// zeekTypes are the types of Zeek's fields. What is not here is a string.
var zeekTypes = map[string]string{
	"ts": "time", "id.orig_h": "addr", "id.orig_p": "port", "id.resp_h": "addr", "id.resp_p": "port", "proto": "enum", "duration": "interval",
	"orig_bytes": "count", "resp_bytes": "count", "local_orig": "bool", "local_resp": "bool", "missed_bytes": "count", "orig_pkts": "count",
	"orig_ip_bytes": "count", "resp_pkts": "count", "resp_ip_bytes": "count", "tunnel_parents": "set[string]",
	"trans_id": "count", "rtt": "interval", "qclass": "count", "qtype": "count", "rcode": "count", "AA": "bool", "TC": "bool", "RD": "bool",
	"RA": "bool", "Z": "count", "answers": "vector[string]", "TTLs": "vector[interval]", "rejected": "bool",
	"trans_depth": "count", "request_body_len": "count", "response_body_len": "count", "status_code": "count", "info_code": "count",
	"orig_fuids": "vector[string]", "orig_filenames": "vector[string]", "orig_mime_types": "vector[string]",
	"resp_fuids": "vector[string]", "resp_filenames": "vector[string]", "resp_mime_types": "vector[string]",
	"tags": "set[enum]", "proxied": "set[string]", "resumed": "bool", "established": "bool", "case53_object": "count", "case53_row": "count",
}

// zeek writes logs as Zeek's ASCII writer does (base/frameworks/logging/writers/ascii.zeek).
type zeek struct {
	*run
	folder  bool
	file    *file
	path    string
	columns []zeekColumn
	begun   bool
	last    time.Time
	buf     []byte
}

// zeekColumn is a field and where its value is.
type zeekColumn struct {
	name, kind string
	at         int
}

// newZeek writes to a folder where the target is one, or has no ending that a file's name has.
func newZeek(r *run) (recordWriter, error) {
	z := &zeek{run: r}
	info, err := os.Stat(r.Target)
	switch {
	case err == nil:
		z.folder = info.IsDir()
	case errors.Is(err, os.ErrNotExist):
		if z.folder = filepath.Ext(r.Target) == ""; z.folder {
			return z, os.Mkdir(r.Target, 0o700)
		}
	default:
		return nil, err
	}
	return z, nil
}

func (z *zeek) Rows(m *Mapping, columns []cases.Column) (err error) {
	if err := z.close(); err != nil {
		return err
	}
	switch {
	case z.folder:
		z.file, err = z.files.create(filepath.Join(z.Target, m.File+".log"))
	case z.file == nil:
		z.file, err = z.files.create(z.Target)
	}
	z.path, z.begun, z.last, z.columns = m.File, false, z.Window.From, nil
	for i, c := range columns {
		if forWriter(c.Name) {
			continue
		}
		kind := zeekTypes[c.Name]
		if kind == "" {
			kind = "string"
		}
		z.columns = append(z.columns, zeekColumn{c.Name, kind, i})
		if c.Name == "ts" {
			z.columns = append(z.columns, zeekColumn{"uid", "string", -1})
		}
	}
	for _, name := range originNames {
		kind := zeekTypes[name]
		if kind == "" {
			kind = "string"
		}
		z.columns = append(z.columns, zeekColumn{name, kind, -1})
	}
	return err
}

// open writes the header. The log was opened when its window begins or, where that is not known, with its first record.
func (z *zeek) open() error {
	z.begun = true
	if z.last.IsZero() {
		z.last = time.Unix(0, 0).UTC()
	}
	names, kinds := make([]string, len(z.columns)), make([]string, len(z.columns))
	for i, c := range z.columns {
		names[i], kinds[i] = c.name, c.kind
	}
	_, err := fmt.Fprintf(z.file, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"+
		"#path\t%s\n#open\t%s\n#fields\t%s\n#types\t%s\n",
		z.path, zeekMoment(z.last), strings.Join(names, "\t"), strings.Join(kinds, "\t"))
	return err
}

// zeekMoment is a time as in #open and #close.
func zeekMoment(t time.Time) string { return t.UTC().Format("2006-01-02-15-04-05") }

// close writes the end of a log.
func (z *zeek) close() error {
	if z.file == nil {
		return nil
	}
	if !z.begun {
		if err := z.open(); err != nil {
			return err
		}
	}
	if !z.Window.To.IsZero() {
		z.last = z.Window.To
	}
	_, err := fmt.Fprintf(z.file, "#close\t%s\n", zeekMoment(z.last))
	return err
}

func (z *zeek) Record(r *record) (string, error) {
	b, origin := z.buf[:0], z.origin(r)
	for i, c := range z.columns {
		if i > 0 {
			b = append(b, '\t')
		}
		switch {
		case c.at >= 0:
			if t, ok := r.values[c.at].(time.Time); ok && !z.begun && z.last.IsZero() {
				z.last = t
			}
			b = appendZeek(b, c.kind, r.values[c.at])
		case c.name == "uid":
			b = append(append(b, 'C'), r.base62ID(17)...)
		default:
			b = appendZeek(b, c.kind, origin[i-len(z.columns)+len(origin)])
		}
	}
	if !z.begun {
		if err := z.open(); err != nil {
			return "", err
		}
	}
	if t, ok := r.values[z.columns[0].at].(time.Time); ok && t.After(z.last) {
		z.last = t
	}
	z.buf = append(b, '\n')
	z.file.records++
	_, err := z.file.Write(z.buf)
	return "", err
}

func (z *zeek) End() error { return z.close() }

// appendZeek writes a value. A whole number that is an interval is microseconds.
func appendZeek(b []byte, kind string, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, '-')
	case time.Time:
		return appendSeconds(b, v.UnixMicro())
	case bool:
		if v {
			return append(b, 'T')
		}
		return append(b, 'F')
	case int64:
		if kind == "interval" {
			return appendSeconds(b, v)
		}
		return strconv.AppendInt(b, v, 10)
	case duck.List:
		if len(v) == 0 {
			return append(b, "(empty)"...)
		}
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendZeekText(b, cases.CellOf(e).Text, true)
		}
		return b
	}
	return appendZeekText(b, cases.CellOf(v).Text, false)
}

// appendSeconds writes microseconds as seconds.
func appendSeconds(b []byte, us int64) []byte {
	if us < 0 {
		b, us = append(b, '-'), -us
	}
	b = strconv.AppendInt(b, us/1e6, 10)
	b = append(b, '.')
	for unit := int64(100_000); unit > 0; unit /= 10 {
		b = append(b, byte('0'+us/unit%10))
	}
	return b
}

// appendZeekText writes text: what is not printable ASCII, a backslash and, in a set or vector, a comma are escaped, and so is text
// that stands for no value.
func appendZeekText(b []byte, s string, element bool) []byte {
	const hex = "0123456789abcdef"
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == '\\' || element && c == ',' || i == 0 && (s == "-" || s == "(empty)") {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
