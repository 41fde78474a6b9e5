package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/words"
	"case53/queries/findings"
)

// document puts the facts into their order.
func (r *Report) document() *document {
	d := &document{Title: text(r.Title)}
	facts := []Fact{{"Made", r.Made}}
	if r.Author != "" {
		facts = append([]Fact{{"Author", r.Author}}, facts...)
	}
	d.facts(facts)
	for _, paragraph := range strings.Split(strings.ReplaceAll(r.Note, "\r\n", "\n"), "\n\n") {
		if paragraph = strings.Join(strings.Fields(paragraph), " "); paragraph != "" {
			d.say(paragraph)
		}
	}
	r.story(d)
	r.Kept.write(d)
	r.nothing(d)
	r.comparison(d, comparedHere)
	r.scope(d)
	r.sources(d)
	r.balance(d)
	r.coverage(d)
	r.timeline(d)
	r.custody(d)
	r.limits(d)
	return d
}

// appendix is what the report rests on, in a file of its own: every finding by thread with its records, every hunt, object, hole and
// statement.
func (r *Report) appendix() *document {
	d := &document{Title: text(r.Title + ": appendix")}
	d.facts([]Fact{{"Made", r.Made}})
	r.findings(d)
	if r.Comparison != nil {
		r.comparison(d, math.MaxInt)
	}
	r.hunts(d)
	r.objectList(d)
	r.stretches(d)
	r.bins(d)
	r.statements(d)
	return d
}

// looked says how many hunts were run and what came of them, and how many could not be run, and why.
func (r *Report) looked() string {
	var ran, quiet, allowed, missing, narrowed int64
	var lacking []Count
	for _, o := range r.Outcomes {
		switch {
		case o.Missing != "":
			missing++
			i := slices.IndexFunc(lacking, func(c Count) bool { return c.Name == o.Missing })
			if i < 0 {
				i, lacking = len(lacking), append(lacking, Count{Name: o.Missing})
			}
			lacking[i].N++
			continue
		case o.Narrowed != "":
			narrowed++
			continue
		case len(o.Findings) > 0:
		case o.Allowed > 0:
			allowed++
		default:
			quiet++
		}
		ran++
	}
	text := words.Plural(ran, "hunt looked", "hunts looked")
	if ran > 0 {
		text += fmt.Sprintf("; %s found something, %s found nothing", words.Count(ran-quiet-allowed), words.Count(quiet))
	}
	if allowed > 0 {
		text += fmt.Sprintf(", %s only what is on an --allow list", words.Count(allowed))
	}
	text += "."
	if narrowed > 0 {
		text += fmt.Sprintf(" %s not run, because the logs were narrowed before they came, and %s the records that were left out.",
			words.Plural(narrowed, "hunt was", "hunts were"), map[bool]string{true: "it needs", false: "they need"}[narrowed == 1])
	}
	if missing == 0 {
		return text
	}
	var why []string
	for _, c := range lacking {
		why = append(why, fmt.Sprintf("no %s records (%s)", c.Name, words.Plural(c.N, "hunt", "hunts")))
	}
	return fmt.Sprintf("%s %s could not be run, because the case has %s.", text, words.Count(missing), strings.Join(why, ", "))
}

// severity writes a severity and its score.
func severity(f Finding) []span {
	return []span{{known(f.Severity, severities), text(f.Severity)}, {"", text(fmt.Sprintf(" %.3f", f.Score))}}
}

func (r *Report) scope(d *document) {
	d.section("scope", "Scope")
	d.facts(r.Scope)
	var rows [][][]span
	for _, c := range r.Captures {
		rows = append(rows, [][]span{exact(c.Name), plain(c.Role), plain(countsOf(c.Rows)), plain(c.Window.String())})
	}
	d.table([]string{"Capture", "Role", "Records", "Times of its records"}, rows)
}

func counts(all []Count) string {
	var parts []string
	for _, c := range all {
		parts = append(parts, c.Name+" "+words.Count(c.N))
	}
	return strings.Join(parts, ", ")
}

// countsOf writes counts by name, in the order of the names.
func countsOf(all map[string]int64) string {
	var out []Count
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Count{name, all[name]})
	}
	return counts(out)
}

func (r *Report) sources(d *document) {
	d.section("sources", "Sources")
	d.say("Every source object is kept in the case byte for byte as it was received, in the folder raw, under its SHA-256. " +
		"The appendix lists every one of them.")
	var rows [][][]span
	for _, c := range r.Captures {
		bytes := int64(0)
		var kinds []Count
		for _, o := range r.Objects {
			if o.Capture != c.Name {
				continue
			}
			bytes += o.Size
			i := slices.IndexFunc(kinds, func(k Count) bool { return k.Name == o.SourceKind })
			if i < 0 {
				i, kinds = len(kinds), append(kinds, Count{Name: o.SourceKind})
			}
			kinds[i].N++
		}
		rows = append(rows, [][]span{exact(c.Name), number(c.Objects), number(bytes), plain(counts(kinds))})
	}
	d.table([]string{"Capture", "Objects#", "Bytes#", "Where they came from"}, rows)
	for _, s := range r.Sources {
		d.para(append(exact(s.Source), plain(fmt.Sprintf(": %d of %d slices complete, %d counted once, %d partial.",
			s.Complete, s.Complete+s.Unverified+s.Partial, s.Unverified, s.Partial))...)...)
		var gaps [][]span
		for _, g := range s.Gaps {
			gaps = append(gaps, plain(cases.Span{From: g.From, To: g.To}.String()+": "+g.Reason))
		}
		d.list(gaps...)
	}
	if len(r.Files) > 0 {
		d.say("Other files in raw, which describe the account or its addresses:")
		rows = nil
		for _, f := range r.Files {
			rows = append(rows, [][]span{plain(f.What), plain(f.Detail), exact(f.SHA256)})
		}
		d.table([]string{"What", "Detail", "SHA-256"}, rows)
	}
	d.say("In the folder of the case, this names every file in raw whose bytes do not hash to its name, and prints nothing when all hold:")
	d.code(`find raw -type f -exec sha256sum {} + | awk '{ n = split($2, part, "/"); if ($1 != part[n]) print "ALTERED", $2 }'`)
}

func (r *Report) balance(d *document) {
	d.section("balance", "Import balance")
	d.say("Every record that was read is counted once: read = rows + headers + blank + outside the window + duplicate + unread + not kept + rejected.")
	var rows [][][]span
	line := func(name []span, l cases.Counts) {
		row := [][]span{name}
		for _, n := range []int64{l.Read, l.Rows, l.Headers, l.Blank, l.Outside, l.Duplicate, l.Unread, l.NotKept, l.Rejected} {
			row = append(row, number(n))
		}
		verdict := plain("yes")
		if !l.Balanced() {
			verdict = strong("NO")
		}
		rows = append(rows, append(row, verdict))
	}
	total := cases.Counts{}
	for _, c := range r.Captures {
		line(exact(c.Name), c.Lines)
		total.Add(c.Lines)
	}
	if len(r.Captures) != 1 {
		line(strong("all"), total)
	}
	d.table([]string{"Capture", "Read#", "Rows#", "Headers#", "Blank#", "Outside#", "Duplicate#", "Unread#", "Not kept#", "Rejected#", "Balances"}, rows)
	if len(r.Rejects) > 0 {
		d.say("Rejected records are kept word for word; case53 query CASE rejects shows them. Why they were rejected:")
		rows = nil
		for _, x := range r.Rejects {
			rows = append(rows, [][]span{plain(x.Text), number(x.Count)})
		}
		d.table([]string{"Reason", "Records#"}, rows)
	}
	var broken [][]span
	for _, o := range r.Objects {
		if o.Problem != "" {
			broken = append(broken, append(exact(fmt.Sprintf("%d %s", o.ID, o.URI)), plain(": "+o.Problem)...))
		}
	}
	if len(broken) > 0 {
		d.say("Objects that could not be read whole:")
		d.list(broken...)
	}
}

func (r *Report) timeline(d *document) {
	d.section("timeline", "Timeline")
	if len(r.Timelines) == 0 {
		d.say("No record has a time in this window.")
		return
	}
	d.say("Records per log type, each drawn to its own highest bin, and when findings took place. The appendix has the numbers.")
	for _, t := range r.Timelines {
		d.heading(3, append(plain("Capture "), exact(t.Capture)...)...)
		d.add(block{Kind: isPicture, Picture: t.draw()})
	}
}

func (r *Report) nothing(d *document) {
	d.section("nothing", "Hunts that found nothing")
	var quiet, missing, unseen [][]span
	told := map[string]bool{}
	for _, o := range r.Outcomes {
		for _, text := range o.Unseen {
			if !told[text] {
				told[text], unseen = true, append(unseen, plain(text))
			}
		}
		switch {
		case o.NotRun() != "":
			missing = append(missing, append(exact(o.Query.ID), plain(": "+o.NotRun())...))
		case len(o.Findings) == 0:
			said := append(slices.Clone(o.Trace), leftOut(o)...)
			if o.Looked != "" {
				said = append(said, o.Looked)
			}
			quiet = append(quiet, append(exact(o.Query.ID), plain(": "+strings.Join(said, "; "))...))
		}
	}
	switch {
	case len(quiet) > 0:
		d.say("How many rows each of their steps left, and what each of them looked at: nothing is said of other logs, other times, " +
			"or minutes that are not covered.")
		d.list(quiet...)
		if len(unseen) > 0 {
			d.say("Nor is anything said of what such logs never show:")
			d.list(unseen...)
		}
	case len(missing) == len(r.Outcomes):
		d.say("No hunt could be run: nothing was looked for.")
	default:
		d.say("Every hunt that was run found something.")
	}
	if len(missing) > 0 {
		d.say("Not run:")
		d.list(missing...)
	}
}

// leftOut says what an allow list took from a hunt.
func leftOut(o findings.Outcome) []string {
	if o.Allowed == 0 {
		return nil
	}
	return []string{words.Plural(int64(o.Allowed), "finding", "findings") + " left out, on an --allow list"}
}

// comparison has the first lines of each list; how many more there are, and where, is said.
func (r *Report) comparison(d *document, most int) {
	d.section("comparison", "Incident and replay")
	c := r.Comparison
	if c == nil {
		d.say(r.NoComparison)
		return
	}
	d.para(slices.Concat(plain("Captures "), exact(c.Left.Capture), plain(" and "), exact(c.Right.Capture),
		plain(", the whole of both, whatever the window of this report."))...)
	d.para(strong(c.Verdict)...)
	for _, l := range c.Lists() {
		title := fmt.Sprintf("%s: %s", l.Title, words.Plural(l.Of, "place", "places"))
		lines := l.Lines[:min(len(l.Lines), most)]
		if l.Of > int64(len(lines)) {
			title += fmt.Sprintf(", the first %s", words.Count(int64(len(lines))))
		}
		d.heading(3, plain(title)...)
		var rows [][][]span
		for _, p := range lines {
			rows = append(rows, [][]span{plain(fmt.Sprintf("%.2f", p.Score)), plain(p.Text)})
		}
		d.table([]string{"Score#", "Place"}, rows)
	}
	var recorded, not [][]span
	for _, s := range c.Subjects {
		recorded = append(recorded, plain(s.Statement))
	}
	for _, n := range c.Negative {
		not = append(not, plain(n.Short))
	}
	if text := c.Unstated(); text != "" {
		not = append(not, plain(text+"; case53 compare --most N states more."))
	}
	for _, part := range []struct {
		title string
		items [][]span
	}{{"Asked about, and recorded", recorded}, {"Not recorded", not}} {
		if len(part.items) > 0 {
			d.heading(3, plain(part.title)...)
			d.list(part.items[:min(len(part.items), most)]...)
		}
		if more := len(part.items) - most; more > 0 {
			d.say(fmt.Sprintf("%s more; the appendix has them.", words.Count(int64(more))))
		}
	}
	if len(not) > 0 {
		d.say("What such logs never show, however complete they are, stands under “What these logs cannot show”.")
	}
	d.code(r.Compared)
}

func (r *Report) custody(d *document) {
	d.section("custody", "Custody")
	c := r.Custody
	d.say("custody.jsonl is the log of what was done to the case, a JSON object a line. " +
		"Each line carries the SHA-256 of the line before it (its bytes without the line's end) as prev; the first carries 64 zeros. " +
		"Who keeps the head below elsewhere can tell later that no line before it was changed or cut off.")
	d.facts([]Fact{
		{"Lines", words.Count(int64(c.Lines))},
		{"Head: SHA-256 of the last line", c.Head},
		{"From", words.Moment(c.First) + " UTC"},
		{"To", words.Moment(c.Last) + " UTC"},
		{"Actions", counts(c.Actions)},
	})
	d.say("In the folder of the case, this prints the head; " +
		"then the whole chain is checked: it prints the head again, after any line that does not follow the one before.")
	d.code("head -n " + fmt.Sprint(c.Lines) + " custody.jsonl | tail -n 1 | tr -d '\\n' | sha256sum")
	d.code("prev=$(printf '%064d' 0)\n" +
		"head -n " + fmt.Sprint(c.Lines) + " custody.jsonl | { while IFS= read -r line; do\n" +
		"  case $line in *'\"prev\":\"'$prev'\"'*) ;; *) printf 'BROKEN %s\\n' \"$line\" ;; esac\n" +
		"  prev=$(printf %s \"$line\" | sha256sum | cut -d' ' -f1)\ndone; echo $prev; }")
}

func (r *Report) limits(d *document) {
	d.section("limits", "What these logs cannot show")
	for _, l := range r.Limits {
		d.heading(3, plain(l.Title)...)
		var items [][]span
		for _, b := range l.Blind {
			items = append(items, plain(b.What+": "+b.Why))
		}
		d.list(items...)
	}
}
