package report

import (
	"fmt"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/findings"
)

func (r *Report) findings(d *document) {
	d.section("findings", "Findings")
	if len(r.Findings) == 0 {
		d.say("There is none. " + r.looked() + " What each of them looked at is below.")
		return
	}
	d.say("By thread, and step by step in each; then those that are in none, best score first. " +
		"They are numbered by score over all hunts. Each line of a record is as it was received, from the case's raw objects.")
	var beyond [][]span
	for _, o := range r.Outcomes {
		if o.Beyond > 0 {
			beyond = append(beyond, append(exact(o.Query.ID), plain(fmt.Sprintf(": %s more, each weaker than those shown",
				words.Plural(int64(o.Beyond), "finding", "findings")))...))
		}
	}
	if len(beyond) > 0 {
		d.say("Not in this report, as only the best findings of each hunt are (--most 0 takes all; the digests are of all rows):")
		d.list(beyond...)
	}
	written := map[int]bool{}
	for _, t := range r.Threads {
		threadHeading(d, t)
		for _, s := range t.Steps {
			d.say(words.Moment(s.Time) + "  " + s.Text + ".")
			for _, n := range s.Found {
				if !written[n] {
					written[n] = true
					r.Findings[n-1].write(d, n)
				}
			}
		}
	}
	if len(r.Threads) > 0 && len(written) < len(r.Findings) {
		d.heading(3, plain("In no thread")...)
	}
	for i, f := range r.Findings {
		if !written[i+1] {
			f.write(d, i+1)
		}
	}
}

// write adds one finding.
func (f *Finding) write(d *document, n int) {
	d.heading(4, slices.Concat(plain(fmt.Sprintf("%d. ", n)), severity(*f), plain("  "), exact(f.Hunt), plain("  "), exact(f.About()))...)
	d.say(f.Reason)
	facts := fmt.Sprintf("%s, %s; %s.", words.Plural(f.Rows, "record", "records"), cases.Span{From: f.From, To: f.To}, f.Coverage)
	if f.Capture != "" {
		facts = "Capture " + f.Capture + ": " + facts
	}
	d.say(facts)
	if len(f.Whose) > 0 {
		d.say("Whose addresses: " + strings.Join(f.Whose, "; ") + ".")
	}
	writeCited(d, f.Cited)
}

func writeCited(d *document, c findings.Cited) {
	var rows [][][]span
	for _, rec := range c.Records {
		line := exact(string(rec.Raw))
		if rec.Err != nil {
			line = plain("the line cannot be shown: " + rec.Err.Error())
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
	d.say("Each hunt is a query over the case. Its digest is the SHA-256 of its rows as CSV " +
		"(UTF-8; a line of column names, then a line a row; every field in quotes, a quote in it doubled, NULL as nothing; " +
		"lines end in LF; values as DuckDB writes them as text). " +
		"The statements at the end make a stock duckdb, opened read-only on case.duckdb, write that file; " +
		"sha256sum of it is the digest. Rows that an --allow list leaves out of the findings are in the digest.")
	var rows [][][]span
	for _, o := range r.Outcomes {
		if o.NotRun() == "" {
			rows = append(rows, [][]span{exact(o.Query.ID), number(o.Receipt.Rows), number(int64(len(o.Findings))), exact(o.Receipt.SHA256)})
		}
	}
	if len(rows) > 0 {
		d.table([]string{"Hunt", "Rows#", "Findings#", "SHA-256 of the rows"}, rows)
	}
	for _, o := range r.Outcomes {
		writeHunt(d, o)
	}
}

// writeHunt adds what a hunt says about itself.
func writeHunt(d *document, o findings.Outcome) {
	q, h := o.Query, o.Query.Hunt
	d.heading(3, append(exact(q.ID), plain("  "+q.Title)...)...)
	for _, paragraph := range strings.Split(q.Doc, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph != "" {
			d.say(paragraph)
		}
	}
	var items [][]span
	for _, part := range []Fact{
		{"Method", h.Method},
		{"What it cannot tell", q.Cannot},
		{"What else looks like it", h.FalsePositives},
		{"What a hit does not prove", h.NotProof},
		{"Measured", h.Measured},
		{"ATT&CK", strings.Join(h.Attack, ", ")},
	} {
		if part.Value != "" {
			items = append(items, append(strong(part.Name+": "), plain(strings.Join(strings.Fields(part.Value), " "))...))
		}
	}
	if o.NotRun() != "" {
		items = append(items, append(strong("Not run: "), plain(o.NotRun())...))
	}
	d.list(items...)
	if o.NotRun() != "" {
		return
	}
	var rows [][][]span
	for _, p := range q.Params {
		rows = append(rows, [][]span{exact(p.Name), exact(argumentText(o.Args[p.Name]))})
	}
	if len(rows) > 0 {
		d.table([]string{"Parameter", "Value"}, rows)
	}
	d.code(o.Receipt.Command)
}

func (r *Report) statements(d *document) {
	d.section("statements", "The statements")
	d.say("For a stock duckdb, in the folder of the case: duckdb -readonly case.duckdb, then ATTACH 'derived/derived.duckdb' AS derived " +
		"(READ_ONLY); SET TimeZone = 'UTC'; and a statement pair. " +
		"Each writes a CSV file into the current folder, whose sha256sum is the digest above.")
	for _, o := range r.Outcomes {
		if o.NotRun() == "" {
			d.heading(3, exact(o.Query.ID)...)
			d.code(o.Receipt.Statement)
		}
	}
}

func (r *Report) objectList(d *document) {
	d.section("objects", "Source objects")
	d.say("Every object of the case. Its bytes are the file raw/<first two digits>/<SHA-256>.")
	var rows [][][]span
	for _, o := range r.Objects {
		where := exact(o.URI)
		if o.VersionID != "" {
			where = append(where, plain(" version ")...)
			where = append(where, exact(o.VersionID)...)
		}
		rows = append(rows, [][]span{
			plain(fmt.Sprint(o.ID)), exact(o.SHA256), number(o.Size), plain(o.LogType), plain(o.Capture),
			number(o.Read), number(o.Rows), number(o.Rejected), plain(words.Moment(o.AcquiredAt)), where,
		})
	}
	d.table([]string{"No.#", "SHA-256", "Bytes#", "Log type", "Capture", "Read#", "Rows#", "Rejected#", "Stored (UTC)", "From"}, rows)
}
