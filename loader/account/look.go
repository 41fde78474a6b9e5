package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"case53/cases"
	"case53/cases/records"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

// Candidate is a place that may hold logs.
type Candidate struct {
	Source  string    `json:"source"`
	LogType string    `json:"log_type"` // of several, with commas; "" where it is none
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
	Bytes   int64     `json:"bytes"`
	Objects int64     `json:"objects,omitempty"`
	Example string    `json:"example,omitempty"`
	Note    string    `json:"note,omitempty"`
}

// LookAtGroups looks at a few events of every group whose name begins with a prefix.
func (a *Account) LookAtGroups(ctx context.Context, prefix string, rate float64, w cases.Span, take func(Candidate)) error {
	client, _ := a.logs(a.cfg.Region)
	limiter := a.limiter(a.cfg.Region, rate)
	return cwlogs.Groups(ctx, client, prefix, func(g cwlogs.Group) error {
		one, err := lookAtGroup(ctx, client, limiter, g, w)
		if err != nil {
			return err
		}
		take(one)
		return nil
	})
}

// glances is how many pages a look goes through at most until there is an event: pages may be empty.
const glances = 5

// lookAtGroup tells from a group's first and last events what it holds. An error ends the search; what concerns this
// group alone becomes its note.
func lookAtGroup(ctx context.Context, client *cloudwatchlogs.Client, limiter *cwlogs.Limiter, g cwlogs.Group, w cases.Span) (Candidate, error) {
	one := Candidate{Source: g.ARN, Bytes: g.StoredBytes}
	first, err := glance(ctx, client, limiter, g, w, true)
	if err != nil {
		if cwlogs.Refused(err) || ctx.Err() != nil {
			return one, err
		}
		one.Note = reasonOf(err)
		return one, nil
	}
	var seen sample
	for _, e := range first {
		seen.add(aws.ToString(e.LogStreamName), []byte(aws.ToString(e.Message)))
	}
	if len(first) == 0 {
		return one, nil
	}
	one.First, one.LogType, one.Example = time.UnixMilli(aws.ToInt64(first[0].Timestamp)).UTC(), seen.types(), aws.ToString(first[0].Message)
	if one.LogType == "" {
		return one, nil
	}
	if last, err := glance(ctx, client, limiter, g, w, false); err == nil && len(last) > 0 {
		one.Last = time.UnixMilli(aws.ToInt64(last[0].Timestamp)).UTC()
	}
	if g.RetentionDays > 0 {
		one.Note = fmt.Sprintf("kept for %d days", g.RetentionDays)
	}
	return one, nil
}

// older is how much older than its arrival an event may be: PutLogEvents takes no older ones.
const older = 14 * 24 * time.Hour

// begins is the time before which a group holds no event: a group of today may hold events of two weeks ago, and none that
// its retention has ended.
func begins(g cwlogs.Group, now time.Time) time.Time {
	from := time.Unix(0, 0) // the service knows no time before
	if at := g.Created.Add(-older); at.After(from) {
		from = at
	}
	if g.RetentionDays > 0 {
		if kept := now.AddDate(0, 0, -g.RetentionDays); kept.After(from) {
			return kept
		}
	}
	return from
}

// startOfReverse is the time before which the service does not read backwards.
var startOfReverse = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// glance reads a few events from one end of a window.
func glance(
	ctx context.Context, client *cloudwatchlogs.Client, limiter *cwlogs.Limiter, g cwlogs.Group, w cases.Span, head bool,
) ([]types.FilteredLogEvent, error) {
	from, to := w.From, w.To
	if from.IsZero() {
		from = begins(g, time.Now())
	}
	if to.IsZero() {
		to = time.Now()
	}
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: &g.Name,
		Limit:        aws.Int32(50),
		StartTime:    aws.Int64(from.UnixMilli()),
		EndTime:      aws.Int64(to.UnixMilli() - 1),
	}
	if !head {
		in.StartFromHead = aws.Bool(false)
		in.StartTime = aws.Int64(max(from.UnixMilli(), startOfReverse.UnixMilli()))
	}
	for range glances {
		if err := limiter.Wait(ctx); err != nil {
			return nil, err
		}
		out, err := client.FilterLogEvents(ctx, in)
		if err != nil {
			return nil, err
		}
		if len(out.Events) > 0 || out.NextToken == nil {
			return out.Events, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, nil
}

// sample is a few records by the stream that they came from: a group that hosts ship to has many logs, each in streams of its own.
type sample struct {
	streams []string // in the order in which they came
	records map[string][][]byte
}

func (s *sample) add(stream string, rec []byte) {
	if s.records == nil {
		s.records = map[string][][]byte{}
	}
	if s.records[stream] == nil {
		s.streams = append(s.streams, stream)
	}
	s.records[stream] = append(s.records[stream], rec)
}

// types are the log types of the streams, each once, with commas; "" where none of them is of one.
func (s *sample) types() string {
	var all []string
	for _, stream := range s.streams {
		if t := loader.Recognise(s.records[stream]); t != nil && !slices.Contains(all, t.Name) {
			all = append(all, t.Name)
		}
	}
	return strings.Join(all, ",")
}

// bucketLooks is how many objects of a folder are looked into.
const bucketLooks = 2

// dated is where the dated part of a key begins: /2026/ or /year=2026/.
var dated = regexp.MustCompile(`/(year=)?(19|20)[0-9]{2}/`)

// folderOf is the part of an object's URI that stays the same from day to day.
func folderOf(uri string) string {
	if at := dated.FindStringIndex(uri); at != nil {
		return uri[:at[0]+1]
	}
	return uri[:strings.LastIndexByte(uri, '/')+1]
}

// LookAtBucket lists what of a bucket may be of the window and looks into the first objects of each of its folders.
func (a *Account) LookAtBucket(ctx context.Context, uri string, w cases.Span, take func(Candidate)) error {
	bucket, prefix, err := s3.ParseURI(uri)
	if err != nil {
		return err
	}
	region := a.bucketRegion(ctx, bucket)
	client, _ := a.s3(region)
	s := s3.New(client, s3.Options{Bucket: bucket, Prefix: prefix, Places: loader.Places(), Region: region, Renew: a.renew, ListOnce: true})
	var order []string
	folders, looked, kinds := map[string]*Candidate{}, map[string]int{}, map[string][]string{}
	for o, err := range s.Objects(ctx, w) {
		var failed *source.ObjectError
		if errors.As(err, &failed) {
			take(Candidate{Source: failed.URI, Note: reasonOf(failed.Err)})
			continue
		}
		if err != nil {
			return err
		}
		name := folderOf(o.URI())
		one := folders[name]
		if one == nil {
			one = &Candidate{Source: name}
			folders[name] = one
			order = append(order, name)
		}
		one.Objects++
		one.Bytes += max(0, o.Size())
		if m := o.ModTime(); !m.IsZero() && (one.First.IsZero() || m.Before(one.First)) {
			one.First = m
		}
		if m := o.ModTime(); m.After(one.Last) {
			one.Last = m
		}
		if looked[name]++; looked[name] <= bucketLooks {
			for kind := range strings.SplitSeq(lookInto(ctx, o), ",") {
				if kind != "" && !slices.Contains(kinds[name], kind) {
					kinds[name] = append(kinds[name], kind)
				}
			}
		}
	}
	for _, name := range order {
		one := folders[name]
		if one.LogType = strings.Join(kinds[name], ","); one.LogType != "" {
			one.Note = fmt.Sprintf("%d objects; times are of their last change", one.Objects)
		}
		take(*one)
	}
	return nil
}

// lookInto tells what an object's first records are.
func lookInto(ctx context.Context, o source.Object) string {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := o.Open(ctx)
	if err != nil {
		return ""
	}
	defer r.Close()
	rd, err := records.NewReader(r)
	if err != nil {
		return ""
	}
	var seen sample
	for n := 0; n < 50; {
		rec, err := rd.Next()
		if err != nil {
			break
		}
		if rec.Kind == records.Data {
			stream := ""
			if rec.Event != nil {
				stream = rec.Event.Stream
			}
			seen.add(stream, append([]byte(nil), rec.Data...))
			n++
		}
	}
	return seen.types()
}
