package export_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"case53/queries/export"
)

// zeekLog is a log as a reader of Zeek's sees it.
type zeekLog struct {
	path          string
	fields, types []string
	rows          [][]string
}

// readZeek reads a log strictly: by its header, with every value of its type.
func readZeek(text string) (logs []zeekLog, err error) {
	var l *zeekLog
	header := []string{"#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\t", "#open\t", "#fields\t", "#types\t"}
	at := 0
	for line := range strings.Lines(text) {
		line, whole := strings.CutSuffix(line, "\n")
		switch {
		case !whole:
			return nil, fmt.Errorf("the last line has no end")
		case strings.HasPrefix(line, "#close\t"):
			if at != len(header) {
				return nil, fmt.Errorf("#close in a header")
			}
			l, at = nil, 0
		case at < len(header):
			if !strings.HasPrefix(line, header[at]) {
				return nil, fmt.Errorf("%q in the place of %q", line, header[at])
			}
			if at == 0 {
				logs = append(logs, zeekLog{})
				l = &logs[len(logs)-1]
			}
			values := strings.Split(line, "\t")[1:]
			switch header[at] {
			case "#path\t":
				l.path = values[0]
			case "#fields\t":
				l.fields = values
			case "#types\t":
				l.types = values
			}
			at++
		default:
			row := strings.Split(line, "\t")
			if len(row) != len(l.fields) || len(row) != len(l.types) {
				return nil, fmt.Errorf("%d values of %d fields", len(row), len(l.fields))
			}
			for i, v := range row {
				err := zeekValue(l.types[i], v)
				if names := zeekNames[l.path+" "+l.fields[i]]; names != nil && v != "-" && !slices.Contains(names, v) {
					err = fmt.Errorf("not as Zeek calls it")
				}
				if err != nil {
					return nil, fmt.Errorf("%s %q: %w", l.fields[i], v, err)
				}
			}
			l.rows = append(l.rows, row)
		}
	}
	if l != nil {
		return nil, fmt.Errorf("no #close")
	}
	return logs, nil
}

// zeekNames are what Zeek calls the values of some fields (base/protocols/ssl/consts.zeek, base/protocols/conn/main.zeek), by log and field.
var zeekNames = map[string][]string{
	"ssl version":     {"SSLv2", "SSLv3", "TLSv10", "TLSv11", "TLSv12", "TLSv13"},
	"conn proto":      {"tcp", "udp", "icmp", "unknown_transport"},
	"dns proto":       {"tcp", "udp", "icmp", "unknown_transport"},
	"conn conn_state": {"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"},
}

var seconds = regexp.MustCompile(`^-?[0-9]+\.[0-9]{6}$`)

// zeekValue checks a value.
func zeekValue(kind, v string) (err error) {
	if v == "-" {
		return nil
	}
	if i := strings.IndexFunc(v, func(r rune) bool { return r < ' ' || r >= 0x7f }); i >= 0 {
		return fmt.Errorf("not escaped")
	}
	switch kind {
	case "time", "interval":
		if !seconds.MatchString(v) {
			err = fmt.Errorf("no %s", kind)
		}
	case "addr":
		_, err = netip.ParseAddr(v)
	case "port":
		_, err = strconv.ParseUint(v, 10, 16)
	case "count":
		_, err = strconv.ParseUint(v, 10, 64)
	case "bool":
		if v != "T" && v != "F" {
			err = fmt.Errorf("no bool")
		}
	case "enum", "string", "set[string]", "set[enum]", "vector[string]", "vector[interval]":
	default:
		err = fmt.Errorf("no type %s", kind)
	}
	return err
}

var zeekEscape = regexp.MustCompile(`\\x[0-9a-f]{2}`)

// unzeek takes escapes back.
func unzeek(v string) string {
	return zeekEscape.ReplaceAllStringFunc(v, func(e string) string {
		n, _ := strconv.ParseUint(e[2:], 16, 8)
		return string([]byte{byte(n)})
	})
}

// zeekColumns are those that Zeek writes itself, which RITA and others look for.
var zeekColumns = map[string]string{
	"conn": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp " +
		"missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents",
	"dns": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name " +
		"AA TC RD RA Z answers TTLs rejected",
	"http": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri referrer version user_agent origin request_body_len " +
		"response_body_len status_code status_msg info_code info_msg tags username password proxied " +
		"orig_fuids orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types",
	"ssl": "ts uid id.orig_h id.orig_p id.resp_h id.resp_p version cipher curve server_name resumed last_alert next_protocol established",
}

func TestZeek(t *testing.T) {
	k := openCase(t)
	folder, m := exported(t, k, "zeek", "logs", export.Request{})
	var both strings.Builder
	for _, f := range m.Files {
		text, err := os.ReadFile(filepath.Join(folder, f.Path))
		if err != nil {
			t.Fatal(err)
		}
		both.Write(text)
		logs, err := readZeek(string(text))
		if err != nil || len(logs) != 1 {
			t.Fatal(f.Path, len(logs), err)
		}
		l := logs[0]
		if want := strings.Fields(zeekColumns[l.path]); !slices.Equal(l.fields[:len(want)], want) || int64(len(l.rows)) != f.Records {
			t.Errorf("%s: fields %v, %d rows of %d", f.Path, l.fields, len(l.rows), f.Records)
		}
		holdToZeeksOwn(t, l)
		zeekComesBack(t, l, column(t, k, zeekRows[l.path]))
	}
	one, _ := exported(t, k, "zeek", "both.log", export.Request{})
	text, err := os.ReadFile(one)
	if err != nil || string(text) != both.String() {
		t.Errorf("one file for both is another: %v, %d bytes, want %d", err, len(text), both.Len())
	}
}

// holdToZeeksOwn holds the types of the fields to those of a log that Zeek wrote.
func holdToZeeksOwn(t *testing.T, l zeekLog) {
	t.Helper()
	dir := os.Getenv("CASE53_FIXTURES")
	if dir == "" {
		return
	}
	f, err := os.Open(filepath.Join(dir, "activecm+rita", "test_data", "proxy", l.path+".log"))
	if l.path == "ssl" && errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var fields, types []string
	for lines := bufio.NewScanner(f); types == nil && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "#fields\t"); ok {
			fields = strings.Split(rest, "\t")
		} else if rest, ok := strings.CutPrefix(lines.Text(), "#types\t"); ok {
			types = strings.Split(rest, "\t")
		}
	}
	for i, name := range fields {
		if at := slices.Index(l.fields, name); at < 0 || l.types[at] != types[i] {
			t.Errorf("%s.log: %s is not the %s that it is in Zeek's own", l.path, name, types[i])
		}
	}
}

// zeekRows are the rows that come back, in the order of the log.
var zeekRows = map[string]string{
	"conn": `SELECT concat_ws('|', epoch_us(start), client, server, coalesce(bytes_out::VARCHAR, '-'),
		coalesce(packets_in::VARCHAR, '-'), object_id, row_no)
		FROM connection ORDER BY start, object_id, row_no`,
	"dns": `SELECT concat_ws('|', epoch_us(query_timestamp), srcaddr, '169.254.169.253',
		coalesce(CASE WHEN name = '' THEN '.' ELSE name END, '-'), coalesce(query_type, '-'), object_id, row_no)
		FROM dns WHERE srcaddr IS NOT NULL ORDER BY query_timestamp, object_id, row_no`,
	"http": `SELECT concat_ws('|', epoch_us(time), client_ip, coalesce(target_ip, '-'), coalesce(method, '-'), coalesce(host, '-'),
		coalesce(path || coalesce('?' || query, ''), url, '-'), coalesce(user_agent, '-'), coalesce(status::VARCHAR, '-'), object_id, row_no)
		FROM http WHERE client_ip IS NOT NULL AND time IS NOT NULL ORDER BY time, object_id, row_no`,
	"ssl": `SELECT concat_ws('|', epoch_us(coalesce(tls_connection_creation_time, time)), client_ip, coalesce(destination_ip, '-'),
		coalesce(domain_name, '-'), coalesce(tls_cipher, '-'), CASE tls_protocol WHEN 'tlsv1' THEN 'TLSv10' WHEN 'TLSv1.1' THEN 'TLSv11'
		WHEN 'tlsv12' THEN 'TLSv12' WHEN 'TLSv1.2' THEN 'TLSv12' WHEN 'tlsv13' THEN 'TLSv13' WHEN 'TLSv1.3' THEN 'TLSv13'
		WHEN 'sslv3' THEN 'SSLv3' ELSE '-' END, object_id, row_no)
		FROM tls WHERE client_ip IS NOT NULL ORDER BY coalesce(tls_connection_creation_time, time), object_id, row_no`,
}

func zeekComesBack(t *testing.T, l zeekLog, want []string) {
	t.Helper()
	at := func(row []string, name string) string { return unzeek(row[slices.Index(l.fields, name)]) }
	columns := map[string][]string{
		"conn": {"id.orig_h", "id.resp_h", "orig_ip_bytes", "resp_pkts"}, "dns": {"id.orig_h", "id.resp_h", "query", "qtype_name"},
		"http": {"id.orig_h", "id.resp_h", "method", "host", "uri", "user_agent", "status_code"},
		"ssl":  {"id.orig_h", "id.resp_h", "server_name", "cipher", "version"},
	}
	var got []string
	for _, row := range l.rows {
		parts := []string{strings.ReplaceAll(at(row, "ts"), ".", "")}
		for _, name := range append(columns[l.path], "case53_object", "case53_row") {
			parts = append(parts, at(row, name))
		}
		got = append(got, strings.Join(parts, "|"))
	}
	compareRows(t, l.path, got, want)
}

// TestZeekFaults: the check sees each kind of fault.
func TestZeekFaults(t *testing.T) {
	const good = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026-11-01-00-00-00\n" +
		"#fields\tts\tid.orig_h\tid.orig_p\tlocal_orig\tversion\tnote\n#types\ttime\taddr\tport\tbool\tstring\tstring\n" +
		"1.000000\t::1\t1\tT\tTLSv1.2\ta\n#close\t2026-11-01-00-00-00\n"
	if _, err := readZeek(good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{
		{"1.000000", "1.0"}, {"::1", "(empty)"}, {"\t1\tT", "\t65536\tT"}, {"\tT\t", "\ttrue\t"}, {"\ta\n", "\t\x01\n"}, {"\ta\n", "\té\n"},
		{"\ta\n", "\ta\tb\n"},
		{"\ta\n", "\n"}, {"#path\tconn\n", ""}, {"#close\t2026-11-01-00-00-00\n", ""}, {"\tstring\n", "\ttext\n"}, {"-00\n#fields", "-00"},
		{"#path\tconn", "#path\tssl"}, {"\tnote\n", "\tconn_state\n"},
	} {
		if _, err := readZeek(strings.Replace(good, fault[0], fault[1], 1)); err == nil {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}

// TestWindowOfAnExport: only rows of the window, by the view's own time.
func TestWindowOfAnExport(t *testing.T) {
	k := openCase(t)
	req := export.Request{Views: []string{"dns"}}
	req.Window.From, req.Window.To = time.Unix(1760000100, 0).UTC(), time.Unix(1760000200, 0).UTC()
	folder, m := exported(t, k, "zeek", "logs", req)
	text, err := os.ReadFile(filepath.Join(folder, "dns.log"))
	if err != nil || m.Sources[0].RowsIn != 100 {
		t.Errorf("%v, %+v", err, m.Sources[0].RowsIn)
	}
	if !strings.Contains(string(text), "\n#open\t2025-10-09-08-55-00\n") || !strings.HasSuffix(string(text), "\n#close\t2025-10-09-08-56-40\n") {
		t.Errorf("%.300s", text)
	}
}
