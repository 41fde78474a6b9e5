package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/records"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

func newSources() *cobra.Command {
	c := &cobra.Command{
		Use:   "sources [--log-groups PREFIX] [--s3 URI]...",
		Short: "Find the log groups and buckets that hold flow or DNS logs",
		Long: `A few events of every log group, and the beginning of a few objects of every bucket given, are looked at; what they are is
told from their content, as load does. Without --s3 every log group of the region is looked at. Nothing is stored.`,
		Args: exactly(0),
		RunE: runSources,
	}
	addWindowFlags(c)
	addAWSFlags(c)
	c.Flags().String("log-groups", "", "look at log groups whose name begins with this")
	c.Flags().StringArray("s3", nil, "s3://bucket or s3://bucket/prefix; may be repeated")
	c.Flags().Float64("rate", 0, "FilterLogEvents requests per second; default 40% of the region's quota")
	c.Flags().Bool("all", false, "also show what holds none of the log types")
	return c
}

// candidate is a place that may hold logs.
type candidate struct {
	Source  string    `json:"source"`
	LogType string    `json:"log_type"` // "" where it is none
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
	Bytes   int64     `json:"bytes"`
	Objects int64     `json:"objects,omitempty"`
	Example string    `json:"example,omitempty"`
	Note    string    `json:"note,omitempty"`
}

func runSources(c *cobra.Command, _ []string) error {
	w, err := window(c, time.Now())
	if err != nil {
		return err
	}
	a, err := openAccount(c.Context(), c)
	if err != nil {
		return err
	}
	defer a.scrub.scrubPanic()
	if err := a.identify(c.Context()); err != nil {
		return err
	}
	all, _ := c.Flags().GetBool("all")
	found := []candidate{}
	take := func(one candidate) {
		if one.LogType != "" || one.Note != "" || all {
			found = append(found, one)
			if !wantsJSON(c) {
				printCandidate(c.OutOrStdout(), one)
			}
		}
	}
	buckets, _ := c.Flags().GetStringArray("s3")
	for _, uri := range buckets {
		if err := a.lookAtBucket(c.Context(), uri, w, take); err != nil {
			return err
		}
	}
	if len(buckets) == 0 || c.Flags().Changed("log-groups") {
		if err := a.lookAtGroups(c, w, take); err != nil {
			return err
		}
	}
	if wantsJSON(c) {
		return printJSON(c.OutOrStdout(), found)
	}
	if len(found) == 0 {
		fmt.Fprintf(c.ErrOrStderr(), "no flow or DNS logs found in %s\nhint: --all shows what was looked at; public hosted zones log to us-east-1\n", a.cfg.Region)
	}
	return nil
}

func printCandidate(w io.Writer, one candidate) {
	kind := one.LogType
	if kind == "" {
		kind = "-"
	}
	fmt.Fprintf(w, "%-5s %s", kind, safetext.Show(one.Source))
	text := func(t time.Time) string {
		if t.IsZero() {
			return "?"
		}
		return t.UTC().Format("2006-01-02 15:04:05")
	}
	if !one.First.IsZero() || !one.Last.IsZero() {
		fmt.Fprintf(w, "  %s … %s", text(one.First), text(one.Last))
	}
	if one.Bytes > 0 {
		fmt.Fprintf(w, "  %s", words.Bytes(one.Bytes))
	}
	if one.Note != "" {
		fmt.Fprintf(w, "  %s", safetext.Show(one.Note))
	}
	fmt.Fprintln(w)
}

// lookAtGroups looks at a few events of every group.
func (a *account) lookAtGroups(c *cobra.Command, w cases.Span, take func(candidate)) error {
	client, _ := a.logs(a.cfg.Region)
	prefix, _ := c.Flags().GetString("log-groups")
	rate, _ := c.Flags().GetFloat64("rate")
	limiter := a.limiter(a.cfg.Region, rate)
	return cwlogs.Groups(c.Context(), client, prefix, func(g cwlogs.Group) error {
		one, err := lookAtGroup(c.Context(), client, limiter, g, w)
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
func lookAtGroup(ctx context.Context, client *cloudwatchlogs.Client, limiter *cwlogs.Limiter, g cwlogs.Group, w cases.Span) (candidate, error) {
	one := candidate{Source: g.ARN, Bytes: g.StoredBytes}
	first, err := glance(ctx, client, limiter, g, w, true)
	if err != nil {
		if cwlogs.Refused(err) || ctx.Err() != nil {
			return one, err
		}
		one.Note = reasonOf(err)
		return one, nil
	}
	var sample [][]byte
	for _, e := range first {
		sample = append(sample, []byte(aws.ToString(e.Message)))
	}
	if len(first) == 0 {
		return one, nil
	}
	one.First, one.LogType, one.Example = time.UnixMilli(aws.ToInt64(first[0].Timestamp)).UTC(), typeOf(sample), aws.ToString(first[0].Message)
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

// startOfReverse is the time before which the service does not read backwards.
var startOfReverse = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// glance reads a few events from one end of a window.
func glance(ctx context.Context, client *cloudwatchlogs.Client, limiter *cwlogs.Limiter, g cwlogs.Group, w cases.Span, head bool) ([]types.FilteredLogEvent, error) {
	from, to := w.From, w.To
	if from.IsZero() {
		from = g.Created
	}
	if to.IsZero() {
		to = time.Now()
	}
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &g.Name, Limit: aws.Int32(50), StartTime: aws.Int64(from.UnixMilli()), EndTime: aws.Int64(to.UnixMilli() - 1)}
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

// typeOf is the log type that a few records are of, "" for none or more than one.
func typeOf(sample [][]byte) string {
	if t := loader.Recognise(sample); t != nil {
		return t.Name
	}
	return ""
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

// lookAtBucket lists what of a bucket may be of the window and looks into the first objects of each of its folders.
func (a *account) lookAtBucket(ctx context.Context, uri string, w cases.Span, take func(candidate)) error {
	bucket, prefix, err := s3.ParseURI(uri)
	if err != nil {
		return &statusError{exitUsage, err}
	}
	region := a.bucketRegion(ctx, bucket)
	client, _ := a.s3(region)
	s := s3.New(client, s3.Options{Bucket: bucket, Prefix: prefix, Places: loader.Places(), Region: region, Renew: a.renew, ListOnce: true})
	var order []string
	folders, looked, kinds := map[string]*candidate{}, map[string]int{}, map[string][]string{}
	for o, err := range s.Objects(ctx, w) {
		var failed *source.ObjectError
		if errors.As(err, &failed) {
			take(candidate{Source: failed.URI, Note: reasonOf(failed.Err)})
			continue
		}
		if err != nil {
			return err
		}
		name := folderOf(o.URI())
		one := folders[name]
		if one == nil {
			one = &candidate{Source: name}
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
			if kind := lookInto(ctx, o); kind != "" && !slices.Contains(kinds[name], kind) {
				kinds[name] = append(kinds[name], kind)
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
	var sample [][]byte
	for len(sample) < 50 {
		rec, err := rd.Next()
		if err != nil {
			break
		}
		if rec.Kind == records.Data {
			sample = append(sample, append([]byte(nil), rec.Data...))
		}
	}
	return typeOf(sample)
}
