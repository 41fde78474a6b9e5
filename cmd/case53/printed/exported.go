package printed

import (
	"fmt"
	"io"

	"case53/cases/bag"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries/export"
)

// Exported says what an export came to.
func Exported(out io.Writer, m *export.Manifest) {
	for _, s := range m.Sources {
		fmt.Fprintf(out, "%s: %s rows in, %s out", safetext.Show(s.Rows), words.Count(s.RowsIn), words.Count(s.RowsOut))
		if s.Records != s.RowsOut {
			fmt.Fprintf(out, " as %s records", words.Count(s.Records))
		}
		fmt.Fprintf(out, ", %s not expressible\n", words.Count(s.RowsIn-s.RowsOut))
		for _, o := range s.NotExpressible {
			fmt.Fprintf(out, "  %s %s\n", words.Count(o.Rows), safetext.Show(o.Why))
		}
	}
	if n := m.Notes; n != nil {
		fmt.Fprintf(out, "notes: %s, %s, %s with tags by them\n", words.Count(n.Notes), words.Plural(n.Events, "event", "events"),
			words.Plural(n.Tagged, "record", "records"))
		for _, o := range n.NotExpressible {
			fmt.Fprintf(out, "  %s %s\n", words.Count(o.Rows), safetext.Show(o.Why))
		}
	}
	for _, f := range m.Files {
		fmt.Fprintf(out, "%s  %s\n", f.SHA256, safetext.Show(f.Path))
	}
}

// Tables says what tables were written.
func Tables(out io.Writer, dir string, m *export.TablesManifest) {
	for _, t := range m.Tables {
		guarded := int64(0)
		for _, c := range t.Columns {
			guarded += c.Guarded
		}
		fmt.Fprintf(out, "%s: %s", safetext.Show(t.View), words.Plural(t.Rows, "row", "rows"))
		if guarded > 0 {
			fmt.Fprintf(out, ", %s made harmless in the CSV", words.Plural(guarded, "cell", "cells"))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "%s: %s as CSV and Parquet; README.txt says how to read them\n", safetext.Show(dir),
		words.Plural(int64(len(m.Tables)), "table", "tables"))
}

// Bag says what was handed over.
func Bag(stdout, stderr io.Writer, m bag.Made) {
	for _, remark := range m.Result.Remarks {
		fmt.Fprintf(stderr, "remark: %s\n", safetext.Show(remark))
	}
	c := m.Result.Checked
	fmt.Fprintf(stdout, "%s: %s, %s bytes; %s source objects, %s rows and %s of the custody log, read again and as they were loaded\n",
		safetext.Show(m.Dir), words.Plural(int64(m.Files), "file", "files"), words.Count(m.Bytes),
		words.Count(c.Objects), words.Count(c.Rows), words.Plural(c.Custody, "line", "lines"))
	fmt.Fprintf(stdout, "head %s\nbag  %s (SHA-256 of tagmanifest-sha256.txt)\nbash check.sh in it checks it; README.txt says how\n", m.Result.Head, m.SHA256)
}
