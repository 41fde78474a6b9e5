package export_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"case53/queries/export"
)

var l2tDate = regexp.MustCompile(`^\d{2}/\d{2}/\d{4}$`)

// l2tLines checks a file of log2timeline's CSV, as plaso's own reader takes it: fields are parted by commas, and nothing is quoted.
func l2tLines(text string) (lines [][]string, err error) {
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fields := strings.Split(strings.TrimSuffix(line, "\r"), ",")
		switch {
		case len(fields) != 17:
			return nil, fmt.Errorf("line %d has %d fields", i+1, len(fields))
		case i == 0:
			if line != "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra" {
				return nil, fmt.Errorf("header %s", line)
			}
			continue
		case !l2tDate.MatchString(fields[0]) || fields[2] != "UTC" || fields[11] != "2" || len(fields[3]) != 4:
			return nil, fmt.Errorf("line %d: %v", i+1, fields[:12])
		}
		if _, err := time.Parse("01/02/2006 15:04:05", fields[0]+" "+fields[1]); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		for n, f := range fields {
			if f == "" {
				return nil, fmt.Errorf("line %d: field %d is empty, not -", i+1, n+1)
			}
		}
		lines = append(lines, fields)
	}
	return lines, nil
}

func TestL2TCSV(t *testing.T) {
	k := openCase(t)
	target, m := exported(t, k, "l2tcsv", "out.csv", export.Request{})
	text, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := l2tLines(string(text))
	if err != nil || int64(len(lines)) != m.Files[0].Records {
		t.Fatalf("%d lines of %d: %v", len(lines), m.Files[0].Records, err)
	}
	var got []string
	for _, f := range lines {
		if f[4] == "ZONE" {
			got = append(got, f[0]+" "+f[1]+"|"+f[12])
		}
	}
	compareRows(t, "zone", got, column(t, k, `SELECT strftime(query_timestamp, '%m/%d/%Y %H:%M:%S') || '|raw/' || left(sha256, 2) || '/' || sha256
		FROM zone JOIN object USING (object_id) ORDER BY object_id, row_no`))
	good := strings.Join(strings.SplitAfterN(string(text), "\n", 3)[:2], "")
	if _, err := l2tLines(good); err != nil {
		t.Fatal(err)
	}
	for _, fault := range [][2]string{{",UTC,", ",CET,"}, {"/", "-"}, {",....,", ",,"}, {",2,raw", ",2,,raw"}, {"date,", "day,"}, {",-,", ",,"}} {
		if _, err := l2tLines(strings.Replace(good, fault[0], fault[1], 1)); err == nil {
			t.Errorf("nothing is said of %q in the place of %q", fault[1], fault[0])
		}
	}
}
