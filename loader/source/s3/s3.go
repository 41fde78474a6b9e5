// Package s3 is the source of the objects of an S3 bucket that may hold a window's records.
//
// What may hold them is told from the key alone: the folders of a day and the stamp in a file's name, as AWS writes
// them for flow logs, Resolver query logs and Firehose deliveries, widened for late delivery (see key.go). Every other
// key is listed, whatever its LastModified says: its records' own times decide. Passed over are only keys that never
// hold a log, and logs of other services; [Source.Skipped] counts them with the reason.
//
// Rules:
//   - Folders are walked where their names say something, and listed whole where they do not. Both select the same
//     keys: walking only saves requests.
//   - A listing is read twice. What was listed is Complete when both agree.
//   - An object is read as it was listed: by version where the listing gave one, else on condition of the same ETag.
//     Its bytes are compared with the provider's checksum by us, and how far that went is part of its facts. Bytes
//     that do not match are never handed out without an error.
//   - A body that breaks off is asked for again from there. The SDK retries requests, not bodies.
//   - Objects of one day's folder, or of a folder that is listed whole, are held in memory until they are sorted: the
//     order of URIs is not that of a listing where a key needs escaping or has versions.
//
// The package refuses to write: its client cannot. It never restores an archived object, and asks for no more rights
// than listing and reading; what other rights would add (parts, versions) is said to be missing.
package s3

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"case53/cases"
	"case53/loader/source"
)

// Client is the part of *s3.Client that is used: it reads.
type Client interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	GetObjectAttributes(context.Context, *s3.GetObjectAttributesInput, ...func(*s3.Options)) (*s3.GetObjectAttributesOutput, error)
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// Options say what to read and how.
type Options struct {
	Bucket, Prefix string
	AllVersions    bool     // also versions that were overwritten, or hidden by a delete marker
	RequesterPays  bool     // the caller pays for requests and transfer
	Accounts       []string // of AWSLogs/ACCOUNT/ folders; nil: all
	Regions        []string // of AWSLogs/…/REGION/ folders; nil: all
	Region         string   // that the client signs for; it is recorded
	// Places are where services put the logs that are wanted: their folders and names say which objects may be of a window.
	// What no place knows is listed whole.
	Places   []source.Place
	Late     time.Duration // how much later than its place says an object may have come: more is listed, and read
	ListOnce bool          // no second listing: what was listed stays CompleteUnverified

	// Stall is how long a body may give nothing before it is asked for again; 0: a minute.
	Stall time.Duration
	// Renew is called when the service refuses the credentials; true: there may be others now. nil: there are none.
	Renew func() bool
}

// Source is a bucket, or what of it has a prefix.
type Source struct {
	client Client
	opt    Options
	sleep  func(context.Context, time.Duration) error

	mu    sync.Mutex
	parts []*part
	skips map[string]int64
	did   source.Activity
}

// New makes a source.
func New(client Client, opt Options) *Source {
	if opt.Stall == 0 {
		opt.Stall = time.Minute
	}
	return &Source{client: client, opt: opt, sleep: sleep, skips: map[string]int64{}}
}

// ParseURI takes s3://bucket[/prefix] apart. Percent-encoding is undone, so that every URI of this package leads back
// to its key; a % that encodes nothing stands for itself. The prefix is S3's: of names, not of folders.
func ParseURI(uri string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" || strings.ContainsAny(bucket, "?#%@: ") {
		return "", "", fmt.Errorf("%q is no S3 URI\nhint: s3://bucket or s3://bucket/prefix", uri)
	}
	if plain, err := url.PathUnescape(prefix); err == nil {
		prefix = plain
	}
	return bucket, prefix, nil
}

// URI is s3://bucket/prefix.
func (s *Source) URI() string { return s.uri(s.opt.Prefix) }

func (s *Source) uri(key string) string { return "s3://" + s.opt.Bucket + "/" + escape(key) }

// escape leaves of a key what may stand in a URI's path and encodes all else, so that no key can look like another
// one's URI, or change a terminal.
func escape(key string) string {
	const hex = "0123456789ABCDEF"
	if !strings.ContainsFunc(key, func(r rune) bool { return r >= 0x80 || !plain(byte(r)) }) {
		return key
	}
	var b strings.Builder
	for i := range len(key) {
		if c := key[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0
}

// Objects lists what may hold records of w.
func (s *Source) Objects(ctx context.Context, w cases.Span) iter.Seq2[source.Object, error] {
	return func(yield func(source.Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // of what is listed ahead
		skip := s.begin()
		tree, err := s.walk(ctx, w, skip)
		if err != nil {
			yield(nil, err)
			return
		}
		s.mu.Lock()
		s.parts = tree.parts
		s.mu.Unlock()
		for found := range inOrder(ctx, tree.nodes, func(n node) []found { return s.expand(ctx, w, n, skip) }) {
			for _, f := range found {
				if ctx.Err() != nil {
					break
				}
				var ok bool
				if f.last {
					yield(nil, f.err)
					return
				} else if f.err != nil {
					ok = yield(nil, &source.ObjectError{URI: f.uri, Err: f.err})
				} else {
					ok = yield(f.object, nil)
				}
				if !ok {
					return
				}
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		if err := s.recount(ctx, w, tree); err != nil {
			yield(nil, err)
		}
	}
}

// begin starts a listing's books. The function it gives counts what is passed over.
func (s *Source) begin() (skip func(reason string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	skips := map[string]int64{}
	s.parts, s.skips, s.did = nil, skips, source.Activity{Fraction: -1}
	return func(reason string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		skips[reason]++
	}
}

// Skip does nothing: a folder that was complete may have got late objects since, and listing it again costs little.
func (s *Source) Skip([]source.Slice) {}

// Slices says how complete each folder is. What could not be read of it counts from the moment it failed: ask again
// once the objects have been read.
func (s *Source) Slices() []source.Slice {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]source.Slice, 0, len(s.parts))
	for _, p := range s.parts {
		out = append(out, p.slice(s.uri(p.prefix)))
	}
	slices.SortStableFunc(out, func(a, b source.Slice) int { return strings.Compare(a.Source, b.Source) })
	return out
}

// Skip is how many keys, or folders of them, the latest listing passed over for one reason.
type Skip struct {
	Reason string
	Count  int64
}

// Skipped says what the latest listing passed over, and why.
func (s *Source) Skipped() []Skip {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Skip
	for reason, n := range s.skips {
		out = append(out, Skip{reason, n})
	}
	slices.SortFunc(out, func(a, b Skip) int { return strings.Compare(a.Reason, b.Reason) })
	return out
}

// Fetchers is how many objects are worth reading at a time: one reader waits for S3 most of the time.
func (s *Source) Fetchers() int { return 8 }

// Activity is what the source is doing.
func (s *Source) Activity() source.Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.did
}

// inOrder does work on every item, several at a time, and gives the answers in the items' order.
func inOrder[T, R any](ctx context.Context, items []T, work func(T) R) iter.Seq[R] {
	const atOnce = 8
	return func(yield func(R) bool) {
		answers := make(chan chan R, atOnce-1)
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(answers)
			for _, item := range items {
				answer := make(chan R, 1)
				select {
				case answers <- answer:
				case <-stop:
					return
				}
				go func() { answer <- work(item) }()
			}
		}()
		for answer := range answers {
			if !yield(<-answer) || ctx.Err() != nil {
				return
			}
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
