// Package narrow writes the question that finds a few records among more than can be fetched: SQL for Athena, over the objects that
// a listing of S3 found, each of their lines a row of one column. It asks nothing itself, and writes nothing to AWS.
//
// Rules:
//   - The table is the listing: a manifest names its objects, so that what Athena reads, and what that costs, is known before.
//   - The header line of an object is a line: it says the order of the fields.
//   - The question finds too much rather than too little (see [predicate.Predicate.Lines]); whoever loads the answer decodes it, and counts
//     what is not among what was asked for.
//   - What Athena would pass over without a word, or cannot read, is in no manifest and is named: see [Left].
//
// The answer has @logStream and @message, as an export of CloudWatch Logs Insights does: each object's lines are a stream of their own.
package narrow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"case53/cases"
	"case53/cases/folder"
	"case53/cases/predicate"
	"case53/cases/words"
	"case53/loader/source"
	"case53/loader/source/s3"
)

// Price of a byte that Athena reads, and the least of a query, in US dollars of us-east-1 and by its price list of 2026: an order of magnitude.
const (
	priceOfTB  = 5.0
	leastBytes = 10 << 20
)

// maxQuery is how many bytes a query of Athena may have.
const maxQuery = 262144

// Question is what to ask, of which objects.
type Question struct {
	To      predicate.Predicate `json:"-"`
	Records string              `json:"narrowed"` // To as text
	Objects int64               `json:"objects"`
	Bytes   int64               `json:"bytes"`   // as stored: what a query reads
	Listing string              `json:"listing"` // SHA-256 of what was listed: URI, ETag and size of each object
	Left    []Left              `json:"left_out"`
	// Unlisted is how many places could not be listed: what lies there is not asked for.
	Unlisted int64 `json:"unlisted"`

	results string
	window  cases.Span
	paths   []string
	sum     []string
}

// Left is objects that the question leaves out.
type Left struct {
	Why     string `json:"why"`
	Objects int64  `json:"objects"`
	First   string `json:"first"`
}

// New begins a question whose manifest will lie below results, s3://bucket/prefix.
func New(to predicate.Predicate, results string) (*Question, error) {
	bucket, prefix, err := s3.ParseURI(results)
	if err != nil {
		return nil, err
	}
	results = strings.TrimSuffix("s3://"+bucket+"/"+prefix, "/")
	if strings.ContainsFunc(results, func(r rune) bool { return r < '!' || r > '~' || r == '\'' || r == '\\' }) {
		return nil, fmt.Errorf("%q: a manifest cannot lie there\nhint: letters, digits and -_./", results)
	}
	q := &Question{To: to, Records: to.String(), Left: []Left{}, results: results}
	if n := len(q.records()); n > maxQuery {
		return nil, fmt.Errorf("the question would have %s bytes, and Athena takes %s\nhint: ask for a part of the values at a time",
			words.Count(int64(n)), words.Count(maxQuery))
	}
	return q, nil
}

// add takes an object of the listing, or leaves it out and says why.
func (q *Question) add(o source.Object) {
	var facts source.Facts
	if remote, ok := o.(source.Remote); ok {
		facts = remote.Listed()
	}
	class, _ := facts.More["storage_class"].(string)
	bucket, _ := facts.More["bucket"].(string)
	key, _ := facts.More["key"].(string)
	switch name := strings.ToLower(key); {
	case slices.Contains([]string{"GLACIER", "DEEP_ARCHIVE"}, class):
		q.leave("in the storage class "+class+": Athena passes over what is archived", o.URI())
	case facts.More["noncurrent"] != nil || facts.More["deleted"] != nil:
		q.leave("an older version, or deleted: Athena reads the newest version alone", o.URI())
	case strings.HasSuffix(name, ".parquet"):
		q.leave("in Parquet: it has no lines", o.URI())
	case strings.HasSuffix(name, ".zip"):
		q.leave("in an archive: Athena opens none", o.URI())
	case strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }):
		q.leave("under a name that cannot stand in a manifest", o.URI())
	default:
		q.paths = append(q.paths, "s3://"+bucket+"/"+key)
		q.sum = append(q.sum, fmt.Sprintf("%s %s %d\n", o.URI(), facts.ETag, o.Size()))
		q.Objects++
		q.Bytes += max(o.Size(), 0)
	}
}

func (q *Question) leave(why, uri string) {
	i := slices.IndexFunc(q.Left, func(l Left) bool { return l.Why == why })
	if i < 0 {
		i, q.Left = len(q.Left), append(q.Left, Left{Why: why, First: uri})
	}
	q.Left[i].Objects++
}

// List takes the objects of sources that may hold records of a window.
func (q *Question) List(ctx context.Context, sources []source.Source, w cases.Span) error {
	q.window = w
	for _, s := range sources {
		for o, err := range s.Objects(ctx, w) {
			var failed *source.ObjectError
			switch {
			case errors.As(err, &failed):
				q.leave("not listed: "+failed.Err.Error(), failed.URI)
				q.Unlisted++
			case err != nil:
				return err
			default:
				q.add(o)
			}
		}
	}
	if q.Objects == 0 {
		return fmt.Errorf("nothing to ask of: the listing has no object whose lines Athena could read%s", q.leftText())
	}
	q.end()
	return nil
}

// leftText says why objects were left out.
func (q *Question) leftText() string {
	var all []string
	for _, l := range q.Left {
		all = append(all, fmt.Sprintf("%s %s", words.Plural(l.Objects, "object", "objects"), l.Why))
	}
	if all == nil {
		return ""
	}
	return "; left out: " + strings.Join(all, "; ")
}

// end settles the listing.
func (q *Question) end() {
	slices.Sort(q.paths)
	slices.Sort(q.sum)
	sum := sha256.Sum256([]byte(strings.Join(q.sum, "")))
	q.Listing = hex.EncodeToString(sum[:])
}

// Dollars is what a query of the whole table costs.
func (q *Question) Dollars() float64 { return float64(max(q.Bytes, leastBytes)) / 1e12 * priceOfTB }

// table is the table's name: of another listing it is another.
func (q *Question) table() string { return "case53_" + q.Listing[:min(16, len(q.Listing))] }

// place is the folder of the manifest.
func (q *Question) place() string { return q.results + "/" + q.table() + "/" }

// file is a file to write.
type file struct{ name, text string }

// Write makes a folder of the files.
func (q *Question) Write(dir string) error {
	f, err := folder.New(dir)
	if err != nil {
		return err
	}
	defer f.Drop()
	for _, file := range q.files() {
		if err := f.Write(file.name, []byte(file.text)); err != nil {
			return err
		}
	}
	return f.Place()
}

// files are the manifest and the statements, in the order in which they are needed.
func (q *Question) files() []file {
	return []file{
		{"symlink.txt", strings.Join(q.paths, "\n") + "\n"},
		{"1-table.sql", q.create()},
		{"2-count.sql", q.count()},
		{"3-records.sql", q.records()},
		{"4-drop.sql", "DROP TABLE " + q.table() + ";\n"},
		{"README.txt", q.readme()},
	}
}

// create makes the table.
func (q *Question) create() string {
	return fmt.Sprintf(`CREATE EXTERNAL TABLE %s (line string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\001'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION '%s';
`, q.table(), q.place())
}

// header finds a line that names fields: words in lower case, or the directives of a W3C log.
const header = `regexp_like(line, '^(#|([a-z][a-z0-9-]*( |$))+$)')`

// selects finds the lines that may hold what was asked for.
func (q *Question) selects() string {
	var all []string
	for _, expression := range q.To.Lines() {
		all = append(all, "regexp_like(lower(line), '"+strings.ReplaceAll(expression, "'", "''")+"')")
	}
	return strings.Join(all, "\n  AND ")
}

// count asks how many lines each object has, and how many of them may hold what was asked for.
func (q *Question) count() string {
	return fmt.Sprintf(`SELECT "$path" AS object, count(*) AS lines,
  count_if(%s) AS matches
FROM %s
GROUP BY 1
ORDER BY 1;
`, q.selects(), q.table())
}

// records asks for these lines, and for the header lines of their objects.
func (q *Question) records() string {
	return fmt.Sprintf(`SELECT "$path" AS "@logStream", line AS "@message"
FROM %s
WHERE %s
  OR (%s)
ORDER BY 1, CASE WHEN %[2]s THEN 0 ELSE 1 END;
`, q.table(), header, q.selects())
}
