package report

import (
	"fmt"
	"strings"

	"case53/cases/words"
)

func (r *Report) findings(d *document) {
	d.section("findings", "Findings")
	if len(r.Findings) == 0 {
		d.say("No hunt found anything. What each of them looked at is below.")
		return
	}
	d.say("Best score first, over all hunts. Each line of a record is as it was received, from the case's raw objects.")
	var beyond [][]span
	for _, h := range r.Hunts {
		if h.Beyond > 0 {
			beyond = append(beyond, append(exact(h.ID), plain(fmt.Sprintf(": %s more, each weaker than those shown", words.Plural(int64(h.Beyond), "finding", "findings")))...))
		}
	}
	if len(beyond) > 0 {
		d.say("Not in this report, as only the best findings of each hunt are (--most 0 takes all; the digests are of all rows):")
		d.list(beyond...)
	}
	for i, f := range r.Findings {
		f.write(d, i+1)
	}
}

// write adds one finding.
func (f *Finding) write(d *document, n int) {
	d.heading(3, append(append(plain(fmt.Sprintf("%d. ", n)), severity(*f)...), append(plain("  "), append(exact(f.Hunt), append(plain("  "), exact(f.Subject)...)...)...)...)...)
	d.say(f.Reason)
	facts := fmt.Sprintf("%s, %s; %s.", words.Plural(f.Rows, "record", "records"), f.Span, f.Coverage)
	if f.Capture != "" {
		facts = "Capture " + f.Capture + ": " + facts
	}
	d.say(facts)
	if len(f.Places) > 0 {
		d.say("Whose addresses: " + strings.Join(f.Places, "; ") + ".")
	}
	f.Cited.write(d)
}

func (c *Cited) write(d *document) {
	var rows [][][]span
	for _, rec := range c.Records {
		line := exact(rec.Raw)
		if rec.Problem != "" {
			line = plain("the line cannot be shown: " + rec.Problem)
		}
		rows = append(rows, [][]span{plain(fmt.Sprint(rec.ObjectID)), plain(fmt.Sprint(rec.RowNo)), plain(words.Moment(rec.Time)), line})
	}
	if len(rows) > 0 {
		d.table([]string{"Object#", "Line#", "Time (UTC)", "Record as received"}, rows)
	}
	switch more := c.Total - int64(len(c.Records)); {
	case c.Problem != "":
		d.say("No record is cited: " + c.Problem)
	case more > 0:
		d.say(fmt.Sprintf("%s more. All of them:", words.Count(more)))
	case c.Command != "":
		d.say("These are all of them:")
	}
	if c.Command != "" {
		d.code(c.Command)
	}
}

func (r *Report) hunts(d *document) {
	d.section("hunts", "Hunts and queries")
	d.say("Each hunt is a query over the case. Its digest is the SHA-256 of its rows as CSV (UTF-8; a line of column names, then a line a row; every field in quotes, a quote in it doubled, NULL as nothing; lines end in LF; values as DuckDB writes them as text). The statements of Appendix D make a stock duckdb, opened read-only on case.duckdb, write that file; sha256sum of it is the digest. Rows that an --allow list leaves out of the findings are in the digest.")
	var rows [][][]span
	for _, h := range r.Hunts {
		if h.NotRun == "" {
			rows = append(rows, [][]span{exact(h.ID), number(h.Rows), number(int64(h.Findings)), exact(h.Digest)})
		}
	}
	if len(rows) > 0 {
		d.table([]string{"Hunt", "Rows#", "Findings#", "SHA-256 of the rows"}, rows)
	}
	for _, h := range r.Hunts {
		h.write(d)
	}
}

// write adds what a hunt says about itself.
func (h *Hunt) write(d *document) {
	d.heading(3, append(exact(h.ID), plain("  "+h.Title)...)...)
	for _, paragraph := range strings.Split(h.Doc, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			d.say(paragraph)
		}
	}
	var items [][]span
	for _, part := range []Fact{{"Method", h.Method}, {"What it cannot tell", h.Cannot}, {"What else looks like it", h.FalsePositives}, {"What a hit does not prove", h.NotProof}, {"Measured", h.Measured}, {"ATT&CK", h.Attack}} {
		if part.Value != "" {
			items = append(items, append(strong(part.Name+": "), plain(strings.Join(strings.Fields(part.Value), " "))...))
		}
	}
	if h.NotRun != "" {
		items = append(items, append(strong("Not run: "), plain(h.NotRun)...))
	}
	d.list(items...)
	if h.NotRun != "" {
		return
	}
	var rows [][][]span
	for _, p := range h.Parameters {
		rows = append(rows, [][]span{exact(p.Name), exact(p.Value)})
	}
	if len(rows) > 0 {
		d.table([]string{"Parameter", "Value"}, rows)
	}
	d.code(h.Command)
}

func (r *Report) statements(d *document) {
	d.section("statements", "Appendix D: the statements")
	d.say("For a stock duckdb: duckdb -readonly case.duckdb, then SET TimeZone = 'UTC'; and a statement pair. Each writes a CSV file into the current folder, whose sha256sum is the digest above.")
	for _, h := range r.Hunts {
		if h.NotRun == "" {
			d.heading(3, exact(h.ID)...)
			d.code(h.Statement)
		}
	}
}

func (r *Report) objectList(d *document) {
	d.section("objects", "Appendix A: source objects")
	d.say("Every object of the case. Its bytes are the file raw/<first two digits>/<SHA-256>.")
	var rows [][][]span
	for _, o := range r.Objects {
		where := exact(o.URI)
		if o.Version != "" {
			where = append(where, plain(" version ")...)
			where = append(where, exact(o.Version)...)
		}
		rows = append(rows, [][]span{plain(fmt.Sprint(o.ID)), exact(o.SHA256), number(o.Size), plain(o.LogType), plain(o.Capture), number(o.Lines.Read), number(o.Lines.Rows), number(o.Lines.Rejected), plain(o.Acquired), where})
	}
	d.table([]string{"No.#", "SHA-256", "Bytes#", "Log type", "Capture", "Read#", "Rows#", "Rejected#", "Stored (UTC)", "From"}, rows)
}
