package export

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"case53/cases"
)

func l2tcsvTool() Tool {
	return Tool{
		Name:  "l2tcsv",
		Title: "log2timeline's CSV of 17 columns, for what takes no newer form; Timesketch's JSONL says more",
		Loses: "fractions of a second; commas and line breaks, which become blanks; times before the year 1 or after 9999",
		maps:  "timesketch",
		begin: newL2TCSV,
	}
}

// l2tcsvHeader is the header that plaso writes (plaso/output/l2t_csv.py).
const l2tcsvHeader = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra\n"

// l2tcsv writes what Timesketch's mappings give in log2timeline's columns: what has none is in extra.
type l2tcsv struct {
	*run
	file   *file
	when   int
	says   int // where message is
	extra  []zeekColumn
	fixed  map[string]string
	fields [17]string
}

func newL2TCSV(r *run) (recordWriter, error) {
	f, err := r.files.create(r.Target)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(l2tcsvHeader)
	return &l2tcsv{run: r, file: f}, err
}

func (l *l2tcsv) Rows(m *Mapping, columns []cases.Column) error {
	l.extra, l.fixed = nil, map[string]string{}
	for i, c := range columns {
		switch {
		case c.Name == "datetime":
			l.when = i
		case c.Name == "message":
			l.says = i
		case !forWriter(c.Name):
			l.extra = append(l.extra, zeekColumn{name: c.Name, at: i})
		}
	}
	for _, c := range m.set {
		var text string
		if err := json.Unmarshal([]byte(c.value), &text); err != nil {
			return fmt.Errorf("%s is no text: %w", c.path, err)
		}
		l.fixed[c.path] = text
	}
	return nil
}

// shortLength is how much of a message the column short has, as in plaso.
const shortLength = 80

func (l *l2tcsv) Record(r *record) (string, error) {
	when, ok := r.values[l.when].(time.Time)
	if !ok || when.Year() < 1 || when.Year() > 9999 {
		return "a time that the form has no place for", nil
	}
	message := cases.CellOf(r.values[l.says]).Text
	short := message
	if runes := []rune(message); len(runes) > shortLength {
		short = string(runes[:shortLength-3]) + "..."
	}
	var extra []string
	for _, c := range l.extra {
		if v := r.values[c.at]; v != nil {
			extra = append(extra, c.name+": "+cases.CellOf(v).Text)
		}
	}
	for i, v := range l.origin(r) {
		extra = append(extra, originNames[i]+": "+v.(string))
	}
	when = when.UTC()
	l.fields = [17]string{when.Format("01/02/2006"), when.Format("15:04:05"), "UTC", "....", l.fixed["source_short"], l.fixed["data_type"],
		l.fixed["timestamp_desc"], "-", "-", short, message, "2", "raw/" + r.sha[:2] + "/" + r.sha, "-", "-", "case53", strings.Join(extra, "; ")}
	for i, f := range l.fields {
		l.fields[i] = strings.Map(blankDelimiter, f)
	}
	l.file.records++
	_, err := l.file.WriteString(strings.Join(l.fields[:], ",") + "\n")
	return "", err
}

// blankDelimiter makes a blank of what would end a field or a line.
func blankDelimiter(r rune) rune {
	switch r {
	case ',', '\n', '\r', '\v', '\f', 0x85, 0x2028, 0x2029:
		return ' '
	}
	return r
}

func (l *l2tcsv) End() error { return nil }
