// Package report writes a report on a case, as HTML that needs nothing else and as Markdown: the report, which begins with what
// happened, and an appendix beside it with every finding and what anybody needs to check it.
//
// A [Report] holds the facts themselves, not copies; [Report.HTML] and [Report.Markdown] are the same document in two forms: the facts become blocks
// (headings, paragraphs, tables, pictures), and only the blocks are written.
//
// Rules:
//   - Text may come from evidence, whoever hands it over. Every text passes safetext where it is written, and is then
//     escaped for its form: by html/template, or so that no Markdown reader takes it for markup, a link or a table's end.
//   - The same facts give the same bytes. When and by whom the report was made is one line.
//   - Nothing is cut in silence: where a part shows only some, it says of how many, and where the rest is.
//   - No script, no font, no picture from elsewhere; the file's own policy forbids them.
//
// [Gather] collects the facts from a case; nothing else here reads one, and nothing reads a clock. What is found, and what it
// means, is decided by the hunts and the comparison, not here.
package report

import (
	"errors"
	"fmt"
	"time"

	"case53/cases"
	"case53/cases/raw"
	"case53/queries/compare"
	"case53/queries/findings"
	"case53/queries/threads"
)

// Report is what a report says.
type Report struct {
	Title, Author string
	Made          string // when and by whom
	Note          string // the author's own words; paragraphs are parted by an empty line
	Scope         []Fact
	Window        cases.Span // that the timelines and the coverage show
	Captures      []cases.CaptureInfo
	Sources       []cases.SliceInfo // remote sources, and how completely they were read
	Objects       []cases.Object
	Files         []File // what else is in raw/
	Rejects       []cases.Reason
	Coverage      []cases.Coverage
	CoverageBin   time.Duration
	Timelines     []Timeline
	Findings      []Finding
	Threads       []*threads.Thread   // the findings put together
	Notes         []string            // what the threads do not tell
	Outcomes      []findings.Outcome  // of the hunts
	Comparison    *compare.Comparison // nil where there are no two captures to compare
	Compared      string              // the command that compares them
	NoComparison  string              // why nothing is compared
	Kept          Kept                // what examiners kept in notes
	Custody       Custody
	Limits        []cases.LogType // whose limits are told
}

// Ran is how many of the hunts were run: the case has no records for the others.
func (r *Report) Ran() (n int) {
	for _, o := range r.Outcomes {
		if o.NotRun() == "" {
			n++
		}
	}
	return n
}

// Altered is why the line of a cited record cannot be shown, where that is because its object is not what was loaded, or why
// a record that was kept in a note is not what it was; nil where there is none of either.
func (r *Report) Altered() error {
	for _, f := range r.Findings {
		for _, rec := range f.Cited.Records {
			if errors.Is(rec.Err, raw.ErrAltered) {
				return rec.Err
			}
		}
	}
	return r.Kept.altered()
}

// Fact is a name and what it is.
type Fact struct{ Name, Value string }

// File is a file in raw/ that is no source object.
type File struct{ What, SHA256, Detail string }

// Finding is a finding and the records that it rests on; its number is its place in the list, from 1.
type Finding struct {
	findings.Finding
	Cited findings.Cited
}

// Count is how many there are of something.
type Count struct {
	Name string
	N    int64
}

// Timeline is a capture's records per bin, and when findings took place.
type Timeline struct {
	Capture string
	cases.Span
	Bin    time.Duration
	Series []Series
	Marks  []Mark
}

// Series is the records of a log type, a count for each bin.
type Series struct {
	LogType string
	Counts  []int64
}

// Mark is a finding in a timeline.
type Mark struct {
	Finding                 int // its number
	Hunt, Subject, Severity string
	cases.Span
}

// Custody is the end of the custody log.
type Custody struct {
	Lines       int
	Head        string // SHA-256 of the last line
	First, Last time.Time
	Actions     []Count
}

// MadeBy is the line that says when and by whom a report was made.
func MadeBy(at time.Time, who string) string {
	return fmt.Sprintf("%s UTC by %s", at.UTC().Format("2006-01-02 15:04:05"), who)
}
