package findings

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/repeat"
)

// Cited are the records that a finding rests on: the first of them, and how to get all.
type Cited struct {
	Problem   string // why there is none
	Total     int64
	Records   []Record
	Statement string // SQL that gives them all; "" where the finding names nothing that could be looked for
	Command   string
}

// Record is a record that is cited, and its time.
type Record struct {
	cases.Record
	Time time.Time
}

// Cite finds the records that a finding's subject and time name, at most so many, the oldest first. With none asked for it
// says only how to find them. Their raw lines are read by ReadRecords.
func (h *Hunter) Cite(ctx context.Context, f *Finding, most int) (Cited, error) {
	interfaces, err := h.interfaces(ctx)
	if err != nil {
		return Cited{}, err
	}
	s := f.statement(h.Case, interfaces)
	if s.sql == "" {
		return Cited{Problem: "the finding names no address, name or interface; its hunt shows its rows."}, nil
	}
	cited := Cited{Statement: s.written()}
	cited.Command = words.ShellLine("case53", "query", filepath.Base(h.Case.Dir), "--sql", cited.Statement)
	if most == 0 {
		return cited, nil
	}
	if err := h.rows(ctx, "SELECT count(*) FROM ("+s.sql+")", s.args, func(v []any) { cited.Total = v[0].(int64) }); err != nil {
		return cited, err
	}
	if cited.Total == 0 {
		cited.Problem = "none lies in its time that has its addresses and names. This looks for them:"
		return cited, nil
	}
	err = h.rows(ctx, "SELECT object_id, row_no, seen FROM ("+s.sql+") LIMIT "+fmt.Sprint(most), s.args, func(v []any) {
		at, _ := v[2].(time.Time)
		cited.Records = append(cited.Records, Record{cases.Record{ObjectID: v[0].(int64), RowNo: v[1].(int64)}, at.UTC()})
	})
	return cited, err
}

// About is the subject of a finding; where it has none, what it is about in other words.
func (f *Finding) About() string {
	if s := f.Subject.String(); s != "" {
		return s
	}
	logType, _ := f.values["log_type"].(string)
	source, _ := f.values["source"].(string)
	return cmp.Or(strings.TrimSpace(logType+" "+source), "the case")
}

// statement is SQL with values that come from evidence: bound where it is run, written out where somebody else is to run it.
type statement struct {
	sql  string
	args map[string]any
}

// bind takes a value, and gives what stands for it.
func (s *statement) bind(v any) string {
	if s.args == nil {
		s.args = map[string]any{}
	}
	name := fmt.Sprintf("v%d", len(s.args))
	s.args[name] = v
	return "$" + name
}

var bound = regexp.MustCompile(`\$v\d+`)

// written is the statement with its values in it.
func (s *statement) written() string {
	return bound.ReplaceAllStringFunc(s.sql, func(name string) string { return repeat.Literal(s.args[name[1:]]) })
}

// statement gives the records of a finding: object_id, row_no, their time as seen, and what else helps to read them; it is empty
// where the finding's subject names nothing.
func (f *Finding) statement(k *cases.Case, interfaces map[[2]string][]string) (s statement) {
	text := func(name string) string { v, _ := f.values[name].(string); return v }
	if object, row := f.values["object_id"], f.values["row_no"]; object != nil && row != nil {
		if log, ok := k.LogType(text("log_type")); ok {
			s.sql = fmt.Sprintf(`SELECT object_id, row_no, %s AS seen FROM %s WHERE object_id = %d AND row_no = %d`,
				log.Time, log.View, Integer(object), Integer(row))
			return s
		}
	}
	name, _ := f.sources(k, interfaces)
	log, known := k.LogType(name)
	source := text("source")
	if about := f.Subject; about.Dst == "" && about.DstPort == nil && about.Name != "" && log.Has(cases.ShapeTraffic) && (source == "" || !known) {
		log = k.Shaped(cases.ShapeQuery) // asked for, and never called
	}
	switch {
	case source != "" && known && f.Coverage.Covered == 0:
		f.aroundSilence(&s, log, source)
	case source != "" && known:
		f.records(&s, log, log.View, "", []string{log.Source + " = " + s.bind(source)})
	case log.Has(cases.ShapeTraffic):
		f.trafficStatement(&s, log)
	default:
		f.nameStatement(&s, log)
	}
	return s
}

// trafficStatement goes by one address, as its records lie together, and by interface where there is none.
func (f *Finding) trafficStatement(st *statement, log cases.LogType) {
	s := f.Subject
	var where []string
	view, columns := log.View, strings.Join(log.Cite, ", ")
	addresses := slices.DeleteFunc([]string{s.Src, s.Client, s.Dst}, func(a string) bool { _, err := netip.ParseAddr(a); return err != nil })
	if len(addresses) > 0 {
		view, columns = log.Addresses, "protocol, packets, bytes, action, log_status, side, addr, port, peer, peer_port"
		where = append(where, "addr_n = ip("+st.bind(addresses[0])+")")
		if len(addresses) > 1 {
			where = append(where, "peer_n = ip("+st.bind(addresses[1])+")")
		}
		if s.DstPort != nil {
			where = append(where, fmt.Sprintf("(port = %d OR peer_port = %d)", *s.DstPort, *s.DstPort))
		}
	}
	if s.InterfaceID != "" {
		where = append(where, log.Source+" = "+st.bind(s.InterfaceID))
	}
	if len(where) > 0 {
		f.records(st, log, view, columns, where)
	}
}

// nameStatement goes by who asked and for what.
func (f *Finding) nameStatement(st *statement, log cases.LogType) {
	s := f.Subject
	var where []string
	for _, asker := range []string{s.Client, s.Src} {
		if _, err := netip.ParseAddr(asker); err == nil {
			where = append(where, log.Asker+"_n = ip("+st.bind(asker)+")")
			break
		}
	}
	switch {
	case s.Name != "":
		where = append(where, "name = "+st.bind(s.Name))
	case s.RegisteredDomain != "":
		where = append(where, "registered_domain = "+st.bind(s.RegisteredDomain))
	}
	if len(where) > 0 {
		f.records(st, log, log.View, strings.Join(log.Cite, ", "), where)
	}
}

// records puts the time and the capture of the finding to its conditions.
func (f *Finding) records(st *statement, log cases.LogType, view, columns string, where []string) {
	where = append(where, log.Time+" BETWEEN "+st.bind(f.From)+" AND "+st.bind(f.To))
	if f.Capture != "" {
		where = append(where, "capture = "+st.bind(f.Capture))
	}
	if columns != "" {
		columns = ", " + columns
	}
	st.sql = fmt.Sprintf(`SELECT object_id, row_no, %s AS seen%s FROM %s WHERE %s ORDER BY seen, object_id, row_no`,
		log.Time, columns, view, strings.Join(where, " AND "))
}

// aroundSilence gives the last record of a source before the time of a finding, and the first after it.
func (f *Finding) aroundSilence(st *statement, log cases.LogType, source string) {
	where := log.Source + " = " + st.bind(source)
	if f.Capture != "" {
		where += " AND capture = " + st.bind(f.Capture)
	}
	side := func(condition, order string) string {
		return fmt.Sprintf(`(SELECT object_id, row_no, %s AS seen FROM %s WHERE %s AND %s ORDER BY %s, object_id, row_no LIMIT 1)`,
			log.Time, log.View, where, condition, order)
	}
	st.sql = side(log.Time+" < "+st.bind(f.From), log.Time+" DESC") + " UNION ALL " + side(log.Time+" >= "+st.bind(f.To), log.Time)
}
