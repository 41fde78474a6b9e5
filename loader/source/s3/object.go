package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"case53/loader/source"
)

// object is one version of an object, as it was listed.
type object struct {
	source *Source
	entry  entry
	part   *part

	mu       sync.Mutex
	acquired source.Facts
}

func (o *object) URI() string        { return o.entry.uri }
func (o *object) Size() int64        { return o.entry.size }
func (o *object) ModTime() time.Time { return o.entry.mod }

// Listed is what the listing said. A listing of current objects does not say their versions.
func (o *object) Listed() source.Facts {
	e := o.entry
	f := source.Facts{Kind: "s3", VersionID: e.version, ETag: e.etag, LastModified: e.mod, More: map[string]any{"bucket": o.source.opt.Bucket, "key": e.key}}
	note(f.More, "storage_class", e.class)
	if e.noncurrent {
		f.More["noncurrent"] = true
	}
	if e.marker != nil {
		f.More["deleted"] = map[string]any{"delete_marker": e.marker.version, "at": e.marker.mod.Format(time.RFC3339)}
	}
	return f
}

// Acquired is what is known since the object was read to its end; before that, what the listing said.
func (o *object) Acquired() source.Facts {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.acquired.Kind == "" {
		return o.Listed()
	}
	return o.acquired
}

// Open asks for the object as it was listed: that version, or one with that ETag.
func (o *object) Open(ctx context.Context) (io.ReadCloser, error) {
	b := &body{o: o, ctx: ctx}
	if err := b.ask(); err != nil {
		return nil, o.failed(ctx, err)
	}
	out := b.out
	b.size = o.entry.size
	if n := out.ContentLength; n != nil {
		if b.size >= 0 && *n != b.size {
			err := fmt.Errorf("%w: listed with %d bytes, answered with %d", ErrChanged, b.size, *n)
			return nil, o.failed(ctx, errors.Join(err, b.Close()))
		}
		b.size = *n
	}
	b.first = out
	b.verifier = o.source.verify(ctx, o.entry, out)
	b.facts = o.facts(out)
	return b, nil
}

// failed notes that the object could not be read, for the state of its slice.
func (o *object) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	o.source.mu.Lock()
	o.part.failed[o.entry.uri] = err
	o.source.mu.Unlock()
	return &source.ObjectError{URI: o.entry.uri, Err: err}
}

// body reads an object, asking again from where it broke off.
type body struct {
	o        *object
	ctx      context.Context
	first    *s3.GetObjectOutput // the first answer, which says what the object is
	out      *s3.GetObjectOutput // the answer under way
	live     context.Context     // of the answer under way
	cancel   context.CancelCauseFunc
	stall    *time.Timer
	verifier *verifier
	facts    source.Facts

	off, size int64 // size -1: not known
	tries     int   // without getting further
	attempts  int   // requests in all
	resumed   int
	err       error
}

// ask requests the object from b.off on.
func (b *body) ask() error {
	s, e := b.o.source, b.o.entry
	in := &s3.GetObjectInput{Bucket: &s.opt.Bucket, Key: &e.key, RequestPayer: s.payer(), IfMatch: optional(e.etag)}
	// In a bucket that never kept versions the version is "null", which some services do not take.
	if e.version != "" && (e.version != "null" || e.noncurrent) {
		in.VersionId = &e.version
	}
	if b.off == 0 {
		in.ChecksumMode = types.ChecksumModeEnabled
	} else {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", b.off))
		in.VersionId = b.first.VersionId
		in.IfMatch = b.first.ETag
	}
	ctx, cancel := context.WithCancelCause(b.ctx)
	var out *s3.GetObjectOutput
	again, err := s.retrying(ctx, func(asking context.Context) (err error) {
		// The answer's body lives as long as its context, which must not be that of the asking.
		one, stop := context.WithCancelCause(ctx)
		release := context.AfterFunc(asking, func() { stop(context.Cause(asking)) })
		out, err = s.client.GetObject(one, in, ours)
		if !release() && err == nil {
			err = context.Cause(asking)
		}
		if err != nil {
			stop(nil)
		}
		return err
	})
	b.attempts += 1 + again
	if err != nil {
		cancel(nil)
		if b.ctx.Err() != nil {
			return context.Cause(b.ctx)
		}
		return s.explain(b.ctx, reading, err)
	}
	if tried, ok := retry.GetAttemptResults(out.ResultMetadata); ok {
		b.attempts += max(len(tried.Results)-1, 0)
	}
	b.out, b.live, b.cancel = out, ctx, cancel
	b.stall = time.AfterFunc(s.opt.Stall, func() { cancel(fmt.Errorf("%w for %s", errStalled, s.opt.Stall)) })
	b.stall.Stop()
	if want := fmt.Sprintf("bytes %d-", b.off); b.off > 0 && !strings.HasPrefix(aws.ToString(out.ContentRange), want) {
		return fmt.Errorf("asked for %s, answered with %q", want, aws.ToString(out.ContentRange))
	}
	return nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	for {
		n, err := b.some(p)
		b.off += int64(n)
		b.verifier.Write(p[:n])
		if n > 0 {
			b.tries = 0
		}
		switch {
		case b.ctx.Err() != nil:
			b.err = context.Cause(b.ctx)
		case b.size >= 0 && b.off > b.size:
			b.err = b.o.failed(b.ctx, fmt.Errorf("%w: %d bytes were announced, and more came", ErrChecksum, b.size))
		case err == nil:
			return n, nil
		case b.off == b.size, b.size < 0 && err == io.EOF:
			b.err = b.end(err)
		case n > 0:
			return n, nil // what came counts; the next read meets the error again
		default:
			if b.err = b.again(err); b.err == nil {
				continue
			}
		}
		return n, b.err
	}
}

// some reads once, for as long as a body may stall.
func (b *body) some(p []byte) (int, error) {
	b.stall.Reset(b.o.source.opt.Stall)
	defer b.stall.Stop()
	n, err := b.out.Body.Read(p)
	if cause := context.Cause(b.live); err != nil && errors.Is(cause, errStalled) {
		err = cause
	}
	return n, err
}

// again asks for the rest of a body that broke off.
func (b *body) again(why error) error {
	s := b.o.source
	if why == io.EOF || errors.Is(why, io.ErrUnexpectedEOF) {
		why = fmt.Errorf("%w after %d of %d bytes", ErrTruncated, b.off, b.size)
	}
	if cause := context.Cause(b.ctx); cause != nil {
		return cause
	}
	b.out.Body.Close()
	b.cancel(nil)
	if b.tries++; b.tries == tries {
		return b.o.failed(b.ctx, fmt.Errorf("%w, and so did %d attempts to go on from there", why, tries-1))
	}
	if err := s.wait(b.ctx, b.tries-1, why); err != nil {
		return err
	}
	if err := b.ask(); err != nil {
		return b.o.failed(b.ctx, err)
	}
	b.resumed++
	return nil
}

// end judges what was read, and gives io.EOF when it is the object.
func (b *body) end(err error) error {
	if err := b.verifier.end(); err != nil {
		return b.o.failed(b.ctx, err)
	}
	// The SDK checks some answers too; where we know of no checksum its word counts.
	if err != io.EOF && strings.Contains(err.Error(), "checksum did not match") && b.verifier.whole == nil {
		return b.o.failed(b.ctx, fmt.Errorf("%w: %w", ErrChecksum, err))
	}
	f := b.facts
	f.More["checksum_verified"] = b.verifier.level
	f.More["attempts"] = b.attempts
	if b.resumed > 0 {
		f.More["resumed"] = b.resumed
	}
	b.o.mu.Lock()
	b.o.acquired = f
	b.o.mu.Unlock()
	b.o.source.mu.Lock()
	delete(b.o.part.failed, b.o.entry.uri)
	b.o.source.mu.Unlock()
	return io.EOF
}

func (b *body) Close() error {
	b.stall.Stop()
	err := b.out.Body.Close()
	b.cancel(nil)
	if b.err == nil {
		b.err = errors.New("read after close")
	}
	return err
}

// facts is what the answer says, beside the listing. Headers that could carry a secret are not among them. The version
// is among More: VersionID stays what the listing said, so that the next listing finds the object in the case.
func (o *object) facts(out *s3.GetObjectOutput) source.Facts {
	f := o.Listed()
	note(f.More, "version_id", aws.ToString(out.VersionId))
	if out.ETag != nil {
		f.ETag = *out.ETag
	}
	if out.LastModified != nil {
		f.LastModified = out.LastModified.UTC()
	}
	m := f.More
	note(m, "storage_class", string(out.StorageClass))
	note(m, "sse", string(out.ServerSideEncryption))
	note(m, "sse_kms_key_id", aws.ToString(out.SSEKMSKeyId))
	note(m, "sse_customer_algorithm", aws.ToString(out.SSECustomerAlgorithm))
	note(m, "object_lock_mode", string(out.ObjectLockMode))
	note(m, "object_lock_legal_hold", string(out.ObjectLockLegalHoldStatus))
	if t := out.ObjectLockRetainUntilDate; t != nil {
		m["object_lock_retain_until"] = t.UTC().Format(time.RFC3339)
	}
	note(m, "replication_status", string(out.ReplicationStatus))
	note(m, "content_encoding", aws.ToString(out.ContentEncoding))
	note(m, "content_type", aws.ToString(out.ContentType))
	note(m, "request_charged", string(out.RequestCharged))
	note(m, "region", o.source.opt.Region)
	if c, ok := provided(out); ok {
		m["checksum_algorithm"], m["checksum_value"], m["checksum_type"] = c.algorithm, c.value, string(types.ChecksumTypeFullObject)
		if c.composite {
			m["checksum_type"] = string(types.ChecksumTypeComposite)
		}
	} else if name, value := others(out); value != nil {
		m["checksum_algorithm"], m["checksum_value"], m["checksum_type"] = name, *value, string(out.ChecksumType)
	}
	transport(m, out.ResultMetadata)
	return f
}

// transport notes how the answer came.
func transport(m map[string]any, meta middleware.Metadata) {
	if id, ok := awsmiddleware.GetRequestIDMetadata(meta); ok {
		note(m, "request_id", id)
	}
	if id, ok := s3.GetHostIDMetadata(meta); ok {
		note(m, "host_id", id)
	}
	if t, ok := awsmiddleware.GetServerTime(meta); ok {
		m["server_date"] = t.UTC().Format(time.RFC3339)
	}
	if d, ok := awsmiddleware.GetAttemptSkew(meta); ok {
		m["clock_skew_ms"] = d.Milliseconds()
	}
	raw, ok := awsmiddleware.GetRawResponse(meta).(*smithyhttp.Response)
	if !ok || raw.Response == nil {
		return
	}
	m["http_status"] = raw.StatusCode
	if raw.Request != nil && raw.Request.URL != nil {
		m["endpoint"] = endpoint(raw.Request)
	}
	if raw.TLS != nil {
		m["tls"] = tls.VersionName(raw.TLS.Version)
	}
}

// endpoint is where the request went: no path, no query, no user.
func endpoint(r *http.Request) string { return r.URL.Scheme + "://" + r.URL.Host }

func note(m map[string]any, name, value string) {
	if value != "" {
		m[name] = value
	}
}
