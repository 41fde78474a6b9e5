package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"case53/cases"
	"case53/cases/records"
	"case53/cases/words"
	"case53/cmd/case53/report"
)

// citedPerHunt is how many findings of a hunt have their records cited; of the others the report has the command.
const citedPerHunt = 25

// findings adds the findings, with the records that they speak about.
func (g *gatherer) findings(ctx context.Context, r *report.Report, found []Finding) error {
	interfaces, err := g.interfaces(ctx)
	if err != nil {
		return err
	}
	seen := map[string]int{}
	for i := range found {
		f := &found[i]
		out := report.Finding{Hunt: f.Hunt, Severity: f.Severity, Score: f.Score, Subject: f.about(), Reason: f.Reason, Capture: f.Capture, Rows: f.Rows,
			Span: cases.Span{From: f.From, To: f.To}, Coverage: f.Coverage.String(), Places: f.Places}
		seen[f.Hunt]++
		if out.Cited, err = g.citeFinding(ctx, f, interfaces, seen[f.Hunt] <= citedPerHunt); err != nil {
			return fmt.Errorf("records of finding %d (%s): %w", i+1, f.Hunt, err)
		}
		r.Findings = append(r.Findings, out)
		mark(r, i+1, out)
	}
	return g.lines(ctx, r)
}

// about is the subject of a finding; where it has none, what it is about in other words.
func (f *Finding) about() string {
	if s := f.Subject.String(); s != "" {
		return s
	}
	logType, _ := f.values["log_type"].(string)
	source, _ := f.values["source"].(string)
	return cmp.Or(strings.TrimSpace(logType+" "+source), "the case")
}

// citeFinding finds the records that a finding's subject and time name.
func (g *gatherer) citeFinding(ctx context.Context, f *Finding, interfaces map[[2]string][]string, read bool) (report.Cited, error) {
	sql := f.statement(g.k, interfaces)
	cited := report.Cited{Command: words.ShellLine([]string{"case53", "query", filepath.Base(g.k.Dir), "--sql", sql}...)}
	switch {
	case sql == "":
		return report.Cited{Problem: "the finding names no address, name or interface; its hunt shows its rows."}, nil
	case g.cite == 0:
		return cited, nil
	case !read:
		cited.Problem = fmt.Sprintf("of a hunt, the first %d findings are cited. Its records:", citedPerHunt)
		return cited, nil
	}
	if err := g.rows(ctx, "SELECT count(*) FROM ("+sql+")", nil, func(v []any) { cited.Total = v[0].(int64) }); err != nil {
		return cited, err
	}
	if cited.Total == 0 {
		cited.Problem = "none lies in its time that has its addresses and names. This looks for them:"
		return cited, nil
	}
	err := g.rows(ctx, "SELECT object_id, row_no, seen FROM ("+sql+") LIMIT "+fmt.Sprint(g.cite), nil, func(v []any) {
		at, _ := v[2].(time.Time)
		cited.Records = append(cited.Records, report.Record{ObjectID: v[0].(int64), RowNo: v[1].(int64), Time: at.UTC()})
	})
	return cited, err
}

// statement is SQL that gives the records of a finding: object_id, row_no, their time as seen, and what else helps to read
// them; "" where its subject names nothing.
func (f *Finding) statement(k *cases.Case, interfaces map[[2]string][]string) string {
	text := func(name string) string { v, _ := f.values[name].(string); return v }
	if object, row := f.values["object_id"], f.values["row_no"]; object != nil && row != nil {
		if log, ok := k.LogType(text("log_type")); ok {
			return fmt.Sprintf(`SELECT object_id, row_no, %s AS seen FROM %s WHERE object_id = %d AND row_no = %d`, log.Time, log.View, number(object), number(row))
		}
	}
	name, _ := f.sources(k, interfaces)
	log, known := k.LogType(name)
	s := f.Subject
	if source := text("source"); source != "" && known {
		if f.Coverage.Covered == 0 {
			return f.aroundSilence(log, source)
		}
		return f.records(log, log.View, "", []string{log.Source + " = " + sqlText(source)})
	}
	if s.Dst == "" && s.DstPort == nil && s.Name != "" && log.Has(cases.ShapeTraffic) {
		log = k.Shaped(cases.ShapeQuery) // asked for, and never called
	}
	if log.Has(cases.ShapeTraffic) {
		return f.trafficStatement(log)
	}
	return f.nameStatement(log)
}

// trafficStatement goes by one address, as its records lie together, and by interface where there is none.
func (f *Finding) trafficStatement(log cases.LogType) string {
	s := f.Subject
	var where []string
	view, columns := log.View, strings.Join(log.Cite, ", ")
	addresses := slices.DeleteFunc([]string{s.Src, s.Client, s.Dst}, func(a string) bool { _, err := netip.ParseAddr(a); return err != nil })
	if len(addresses) > 0 {
		view, columns = log.Addresses, "protocol, packets, bytes, action, log_status, side, addr, port, peer, peer_port"
		where = append(where, "addr_n = ip("+sqlText(addresses[0])+")")
		if len(addresses) > 1 {
			where = append(where, "peer_n = ip("+sqlText(addresses[1])+")")
		}
		if s.DstPort != nil {
			where = append(where, fmt.Sprintf("(port = %d OR peer_port = %d)", *s.DstPort, *s.DstPort))
		}
	}
	if s.InterfaceID != "" {
		where = append(where, log.Source+" = "+sqlText(s.InterfaceID))
	}
	if len(where) == 0 {
		return ""
	}
	return f.records(log, view, columns, where)
}

// nameStatement goes by who asked and for what.
func (f *Finding) nameStatement(log cases.LogType) string {
	s := f.Subject
	var where []string
	for _, asker := range []string{s.Client, s.Src} {
		if _, err := netip.ParseAddr(asker); err == nil {
			where = append(where, log.Asker+"_n = ip("+sqlText(asker)+")")
			break
		}
	}
	switch {
	case s.Name != "":
		where = append(where, "name = "+sqlText(s.Name))
	case s.RegisteredDomain != "":
		where = append(where, "registered_domain = "+sqlText(s.RegisteredDomain))
	}
	if len(where) == 0 {
		return ""
	}
	return f.records(log, log.View, strings.Join(log.Cite, ", "), where)
}

// records puts the time and the capture of the finding to its conditions.
func (f *Finding) records(log cases.LogType, view, columns string, where []string) string {
	where = append(where, log.Time+" BETWEEN "+literal(f.From)+" AND "+literal(f.To))
	if f.Capture != "" {
		where = append(where, "capture = "+sqlText(f.Capture))
	}
	if columns != "" {
		columns = ", " + columns
	}
	return fmt.Sprintf(`SELECT object_id, row_no, %s AS seen%s FROM %s WHERE %s ORDER BY seen, object_id, row_no`, log.Time, columns, view, strings.Join(where, " AND "))
}

// aroundSilence gives the last record of a source before the time of a finding, and the first after it.
func (f *Finding) aroundSilence(log cases.LogType, source string) string {
	side := func(condition, order string) string {
		capture := ""
		if f.Capture != "" {
			capture = " AND capture = " + sqlText(f.Capture)
		}
		return fmt.Sprintf(`(SELECT object_id, row_no, %s AS seen FROM %s WHERE %s = %s%s AND %s ORDER BY %s, object_id, row_no LIMIT 1)`,
			log.Time, log.View, log.Source, sqlText(source), capture, condition, order)
	}
	return side(log.Time+" < "+literal(f.From), log.Time+" DESC") + " UNION ALL " + side(log.Time+" >= "+literal(f.To), log.Time)
}

// lines reads the raw line of every record that is cited, each object once.
func (g *gatherer) lines(ctx context.Context, r *report.Report) error {
	wanted := map[int64]map[uint32][]*report.Record{}
	for i := range r.Findings {
		for j := range r.Findings[i].Cited.Records {
			rec := &r.Findings[i].Cited.Records[j]
			if wanted[rec.ObjectID] == nil {
				wanted[rec.ObjectID] = map[uint32][]*report.Record{}
			}
			wanted[rec.ObjectID][uint32(rec.RowNo)] = append(wanted[rec.ObjectID][uint32(rec.RowNo)], rec)
		}
	}
	shas := map[int64]string{}
	for _, o := range r.Objects {
		shas[int64(o.ID)] = o.SHA256
	}
	for id, rows := range wanted {
		if err := g.linesOf(ctx, shas[id], rows); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			for _, all := range rows {
				for _, rec := range all {
					if rec.Raw == "" {
						rec.Problem = err.Error()
					}
				}
			}
		}
	}
	return nil
}

// linesOf reads the lines of one object.
func (g *gatherer) linesOf(ctx context.Context, sha string, rows map[uint32][]*report.Record) error {
	rc, err := g.k.RawStore().Open(sha)
	if err != nil {
		return err
	}
	defer rc.Close()
	defer context.AfterFunc(ctx, func() { rc.Close() })() // ends the reading
	reader, err := records.NewReader(rc)
	if errors.Is(err, records.ErrParquet) {
		return g.rowsOfParquet(ctx, sha, rows)
	}
	if err != nil {
		return err
	}
	for left := len(rows); left > 0; {
		rec, err := reader.Next()
		if err == io.EOF {
			return fmt.Errorf("the object has no such line")
		}
		if err != nil {
			return err
		}
		if all := rows[rec.No]; all != nil {
			left--
			for _, into := range all {
				into.Raw = string(rec.Data)
			}
		}
	}
	return nil
}

func (g *gatherer) rowsOfParquet(ctx context.Context, sha string, rows map[uint32][]*report.Record) error {
	for no, all := range rows {
		rec, err := records.Find(ctx, g.k.RawStore(), sha, no)
		if err != nil {
			return err
		}
		for _, into := range all {
			into.Raw = string(rec.Data)
		}
	}
	return nil
}
