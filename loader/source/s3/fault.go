package s3

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// What can be wrong with an object or a bucket. Errors of this package wrap one of them where it is known.
var (
	ErrChecksum  = errors.New("the bytes are not those that the provider keeps a checksum of")
	ErrTruncated = errors.New("the body ended early")
	ErrChanged   = errors.New("the object was overwritten after it was listed")
	ErrGone      = errors.New("the object is gone since it was listed")
	ErrArchived  = errors.New("the object is archived and cannot be read")
	ErrDenied    = errors.New("access denied")
	ErrRegion    = errors.New("the bucket is in another region")
	ErrExpired   = errors.New("the credentials have expired")
	errStalled   = errors.New("nothing came")
)

// tries is how often a request is made, or a body asked for, without getting further.
const tries = 6

// retrying makes a request until it is answered or there is no use in asking again. It waits longer each time, and
// counts the attempts beyond the first.
func (s *Source) retrying(ctx context.Context, request func(context.Context) error) (again int, err error) {
	renewed := false
	for {
		if err := ctx.Err(); err != nil {
			return again, context.Cause(ctx)
		}
		err = s.inTime(ctx, request)
		switch {
		case err == nil || ctx.Err() != nil:
			return again, err
		case expired(err) && !renewed && s.opt.Renew != nil && s.opt.Renew():
			renewed = true
			again++
			continue
		case !transient(err) || again >= tries-1:
			return again, err
		}
		if err := s.wait(ctx, again, err); err != nil {
			return again, err
		}
		again++
	}
}

// inTime gives a request four times what a body may stall: the SDK makes it several times.
func (s *Source) inTime(ctx context.Context, request func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	s.did.Requests++
	s.mu.Unlock()
	t := time.AfterFunc(4*s.opt.Stall, func() { cancel(fmt.Errorf("%w for %s", errStalled, 4*s.opt.Stall)) })
	defer t.Stop()
	err := request(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errStalled) {
		return context.Cause(ctx)
	}
	return err
}

// wait sleeps before attempt n+1.
func (s *Source) wait(ctx context.Context, n int, why error) error {
	d := min(200*time.Millisecond<<n, 20*time.Second)
	d = d/2 + rand.N(d/2)
	s.waiting(firstLine(why))
	defer s.waiting("")
	return s.sleep(ctx, d)
}

func (s *Source) waiting(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.did.Waiting = why
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func response(err error) *http.Response {
	var re *smithyhttp.ResponseError
	if errors.As(err, &re) && re.Response != nil {
		return re.Response.Response
	}
	return nil
}

func status(err error) int {
	if r := response(err); r != nil {
		return r.StatusCode
	}
	return 0
}

func expired(err error) bool {
	switch code(err) {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired", "InvalidToken":
		return true
	}
	return errors.Is(err, ErrExpired)
}

// transient says whether asking again may help: the network, or a service that is busy or broken.
func transient(err error) bool {
	if errors.Is(err, errStalled) {
		return true
	}
	switch code(err) {
	case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalError", "ServiceUnavailable",
		"RequestTimeout", "RequestTimeTooSkewed":
		return true
	}
	switch n := status(err); {
	case n >= 500, n == http.StatusTooManyRequests, n == http.StatusRequestTimeout:
		return true
	case n >= 200 && n < 300: // the answer broke off
		return true
	case n != 0:
		return false
	}
	// What was sent and not answered. All else, such as no credentials, stays wrong.
	var send *smithyhttp.RequestSendError
	var net interface{ Timeout() bool }
	return errors.As(err, &send) || errors.As(err, &net)
}

// fatal says that nothing else of the source can be read either.
func fatal(err error) bool {
	return errors.Is(err, ErrExpired) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// doing is what a request was for.
type doing bool

const (
	listing doing = true
	reading doing = false
)

// explain turns the service's answer into a sentence with what to do about it.
func (s *Source) explain(ctx context.Context, what doing, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	why, hint := error(nil), ""
	switch c, n := code(err), status(err); {
	case expired(err):
		why, hint = ErrExpired, "renew them and give the same command again: it goes on from here"
	case c == "PermanentRedirect", c == "AuthorizationHeaderMalformed", c == "IllegalLocationConstraintException", n == http.StatusMovedPermanently:
		why, hint = ErrRegion, "give the bucket's own region with --region"
		if region := s.bucketRegion(ctx, err); region != "" {
			why, hint = fmt.Errorf("%w, %s", ErrRegion, region), "--region "+region
		}
	case c == "InvalidObjectState":
		why, hint = ErrArchived, "case53 restores nothing; restore it with aws s3api restore-object and pull again"
	case c == "NoSuchBucket":
		hint = "check the bucket's name, and that these credentials are of the right partition"
	case n == http.StatusPreconditionFailed, c == "PreconditionFailed":
		why, hint = ErrChanged, "pull again to get what is there now; --all-versions also gets what was there"
	case what == reading && (n == http.StatusNotFound || c == "NoSuchKey" || c == "NoSuchVersion"):
		why, hint = ErrGone, "a bucket that keeps versions may still have it: --all-versions"
	case c == "InvalidAccessKeyId", c == "SignatureDoesNotMatch":
		hint = "check the profile: --profile"
	case c == "AccessDenied", n == http.StatusForbidden:
		why, hint = ErrDenied, s.denied(err, what)
	}
	id := ""
	var re interface{ ServiceRequestID() string }
	if errors.As(err, &re) && re.ServiceRequestID() != "" {
		id = ", request " + re.ServiceRequestID()
	}
	return &failure{why: why, err: err, text: fmt.Sprintf("%s%s%s", said(why, err), id, hinted(hint))}
}

// failure is an explained error: the sentence for the reader, and both errors for the program.
type failure struct {
	why, err error
	text     string
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() []error {
	if f.why == nil {
		return []error{f.err}
	}
	return []error{f.why, f.err}
}

// said is what is wrong, then what the service says: its code and message, without the SDK's names for both.
func said(why, err error) string {
	text := ""
	var api smithy.APIError
	if errors.As(err, &api) {
		text = strings.TrimSpace(api.ErrorCode() + " " + strings.TrimSpace(api.ErrorMessage()))
		if n := status(err); n != 0 {
			text = fmt.Sprintf("%s (HTTP %d)", text, n)
		}
	} else {
		text = err.Error()
	}
	if why != nil && !errors.Is(err, why) {
		text = why.Error() + ": " + text
	}
	return text
}

func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return "\nhint: " + hint
}

// denied says which right may be missing. S3 does not always say.
func (s *Source) denied(err error, what doing) string {
	text := strings.ToLower(err.Error())
	switch {
	case strings.Contains(text, "kms"):
		return "the object is encrypted with a KMS key: kms:Decrypt on that key is needed, in the caller's policy and in the key's"
	case what == listing && s.opt.AllVersions:
		return "s3:ListBucketVersions is needed, and perhaps for this prefix only"
	case what == listing:
		return "s3:ListBucket is needed, and perhaps for this prefix only; case53 iam-policy prints what to ask for"
	case !s.opt.RequesterPays:
		return "s3:GetObject is needed, kms:Decrypt too where a KMS key is used, and --requester-pays where the reader pays"
	}
	return "s3:GetObject is needed, and kms:Decrypt too where a KMS key is used"
}

// bucketRegion asks where the bucket is. The answer that refuses says it, as a rule.
func (s *Source) bucketRegion(ctx context.Context, err error) string {
	if r := response(err); r != nil {
		if region := r.Header.Get("x-amz-bucket-region"); region != "" {
			return region
		}
	}
	out, err := s.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.opt.Bucket})
	if err == nil {
		return aws.ToString(out.BucketRegion)
	}
	if r := response(err); r != nil {
		return r.Header.Get("x-amz-bucket-region")
	}
	return ""
}
