package s3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// entry is an object, or one version of it, as it was listed.
type entry struct {
	key, version string // version is "" where the listing does not say
	etag, class  string
	size         int64
	mod          time.Time
	noncurrent   bool    // overwritten or deleted
	marker       *marker // the delete marker that hides it
	isMarker     bool    // this is the marker itself
	uri          string
}

// marker says when an object was deleted in a bucket that keeps versions.
type marker struct {
	version string
	mod     time.Time
}

// page is one answer to a list request.
type page struct {
	entries []entry
	folders []string // with a delimiter: what lies further down
}

// place is what to list and from where.
type place struct {
	prefix, delimiter string
	max               int32  // keys; 0: all
	token, version    string // how to go on: a token, or a key and a version
}

var errCut = errors.New("the listing is cut short: it says that there is more, and not how to go on")

// pages lists a place to its end.
func (s *Source) pages(ctx context.Context, at place) iter.Seq2[page, error] {
	ask := s.objectPage
	if s.opt.AllVersions {
		ask = s.versionPage
	}
	return func(yield func(page, error) bool) {
		for {
			p, next, err := ask(ctx, at)
			if err != nil {
				yield(page{}, s.explain(ctx, listing, err))
				return
			}
			if !yield(p, nil) || next == nil || at.max > 0 {
				return
			}
			if next.token == "" || *next == at {
				yield(page{}, errCut)
				return
			}
			at = *next
		}
	}
}

// objectPage asks for current objects. A nil place says that there are no more.
func (s *Source) objectPage(ctx context.Context, at place) (page, *place, error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.opt.Bucket, Prefix: &at.prefix, Delimiter: optional(at.delimiter), ContinuationToken: optional(at.token),
		EncodingType: types.EncodingTypeUrl, RequestPayer: s.payer()}
	if at.max > 0 {
		in.MaxKeys = &at.max
	}
	var out *s3.ListObjectsV2Output
	if _, err := s.retrying(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.ListObjectsV2(ctx, in, ours)
		return err
	}); err != nil {
		return page{}, nil, err
	}
	p, text := page{}, unescaper{encoded: out.EncodingType == types.EncodingTypeUrl}
	for _, o := range out.Contents {
		p.entries = append(p.entries, entry{
			key:   text.of(o.Key),
			etag:  aws.ToString(o.ETag),
			size:  known(o.Size),
			mod:   utc(o.LastModified),
			class: string(o.StorageClass),
		})
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, text.of(f.Prefix))
	}
	if !aws.ToBool(out.IsTruncated) {
		return p, nil, text.err
	}
	at.token = aws.ToString(out.NextContinuationToken)
	return p, &at, text.err
}

// versionPage asks for all versions. Delete markers that are current come as entries too.
func (s *Source) versionPage(ctx context.Context, at place) (page, *place, error) {
	in := &s3.ListObjectVersionsInput{Bucket: &s.opt.Bucket, Prefix: &at.prefix, Delimiter: optional(at.delimiter), KeyMarker: optional(at.token),
		VersionIdMarker: optional(at.version), EncodingType: types.EncodingTypeUrl, RequestPayer: s.payer()}
	if at.max > 0 {
		in.MaxKeys = &at.max
	}
	var out *s3.ListObjectVersionsOutput
	if _, err := s.retrying(ctx, func(ctx context.Context) (err error) {
		out, err = s.client.ListObjectVersions(ctx, in, ours)
		return err
	}); err != nil {
		return page{}, nil, err
	}
	p, text := page{}, unescaper{encoded: out.EncodingType == types.EncodingTypeUrl}
	for _, o := range out.Versions {
		p.entries = append(p.entries, entry{key: text.of(o.Key), version: aws.ToString(o.VersionId), etag: aws.ToString(o.ETag), size: known(o.Size),
			mod: utc(o.LastModified), class: string(o.StorageClass), noncurrent: !aws.ToBool(o.IsLatest)})
	}
	for _, m := range out.DeleteMarkers {
		if aws.ToBool(m.IsLatest) {
			p.entries = append(p.entries, entry{key: text.of(m.Key), isMarker: true, marker: &marker{aws.ToString(m.VersionId), utc(m.LastModified)}})
		}
	}
	for _, f := range out.CommonPrefixes {
		p.folders = append(p.folders, text.of(f.Prefix))
	}
	if !aws.ToBool(out.IsTruncated) {
		return p, nil, text.err
	}
	at.token, at.version = text.of(out.NextKeyMarker), aws.ToString(out.NextVersionIdMarker)
	return p, &at, text.err
}

// list reads a place whole: its objects in the order of their URIs, each once, and its folders in S3's order. What was
// read before an error is given with it.
func (s *Source) list(ctx context.Context, at place) (entries []entry, folders []string, err error) {
	for p, e := range s.pages(ctx, at) {
		if e != nil {
			err = e
			break
		}
		entries = append(entries, p.entries...)
		folders = append(folders, p.folders...)
	}
	return s.inOrder(entries), folders, err
}

// inOrder names the entries, tells versions which delete marker hides them, and drops what was listed twice: a page
// may begin with what the one before ended with.
func (s *Source) inOrder(entries []entry) []entry {
	markers := map[string]*marker{}
	for _, e := range entries {
		if e.isMarker {
			markers[e.key] = e.marker
		}
	}
	seen, out := make(map[string]bool, len(entries)), entries[:0]
	for _, e := range entries {
		if e.isMarker {
			continue
		}
		e.marker, e.uri = markers[e.key], s.uri(e.key)
		if e.noncurrent {
			e.uri += "?versionId=" + url.QueryEscape(e.version)
		}
		if !seen[e.uri] {
			seen[e.uri] = true
			out = append(out, e)
		}
	}
	sortEntries(out)
	return out
}

// unescaper undoes the encoding that keys are listed in: XML cannot hold every key.
type unescaper struct {
	encoded bool
	err     error
}

func (u *unescaper) of(s *string) string {
	if s == nil || !u.encoded || !strings.ContainsAny(*s, "%+") {
		return aws.ToString(s)
	}
	plain, err := url.QueryUnescape(*s)
	if err != nil {
		u.err = fmt.Errorf("the listing holds a key that cannot be read: %w", err)
	}
	return plain
}

func (s *Source) payer() types.RequestPayer {
	if s.opt.RequesterPays {
		return types.RequestPayerRequester
	}
	return ""
}

// ours keeps the SDK from printing that it checked nothing, which we do and record, and from asking again as often as
// its configuration says, since we ask again too.
func ours(o *s3.Options) {
	o.DisableLogOutputChecksumValidationSkipped = true
	o.RetryMaxAttempts = min(max(o.RetryMaxAttempts, 1), 3)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func known(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
