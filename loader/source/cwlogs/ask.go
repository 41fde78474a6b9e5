package cwlogs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/go-json-experiment/json/jsontext"
)

// maxBody bounds the body of an answer: 10,000 events or 1 MB of messages, each byte of which JSON may write as six.
const maxBody = 64 << 20

// maxBackoff is the longest that a request waits before it is repeated.
const maxBackoff = 20 * time.Second

// CredentialsError says that the service no longer takes the credentials.
type CredentialsError struct{ Err error }

func (e *CredentialsError) Error() string {
	return fmt.Sprintf("AWS does not accept the credentials (any more): %v\n"+
		"hint: renew them (aws sso login, aws login, a new session token), then run the same command again: it goes on where it stopped",
		e.Err)
}
func (e *CredentialsError) Unwrap() error { return e.Err }

// groupError is why no more of a group can be read: asking for another slice of it would fail the same way.
type groupError struct{ err error }

func (e *groupError) Error() string { return e.err.Error() }
func (e *groupError) Unwrap() error { return e.err }

// ofGroup says whether a refusal is of the group, not of the question.
func ofGroup(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) &&
		slices.Contains([]string{"ResourceNotFoundException", "AccessDeniedException", "AccessDenied", "OptInRequired"}, api.ErrorCode())
}

// answer is one answer of the service.
type answer struct {
	*cloudwatchlogs.FilterLogEventsOutput
	body     []byte
	status   int
	id       string    // of the request
	date     time.Time // the server's clock
	received time.Time
	attempts int
	waited   time.Duration // for the service to recover
}

// recorder keeps the body of the last response as it came.
type recorder struct {
	body   bytes.Buffer
	header http.Header
	status int
}

// add puts the recorder next to the connection, below whatever reads the body.
func (r *recorder) add(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("RecordBody", r.record), middleware.After)
}

func (r *recorder) record(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil && resp.Response != nil {
		r.body.Reset()
		r.status, r.header = resp.StatusCode, resp.Header
		body := resp.Body
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(io.LimitReader(body, maxBody), &r.body), body}
	}
	return out, metadata, err
}

// ask asks until there is an answer, or none is to be expected.
func (s *Source) ask(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*answer, error) {
	begun := s.Now()
	var waited time.Duration
	renewed := false
	for attempt := 1; ; attempt++ {
		if err := s.Limiter.Wait(ctx); err != nil {
			return nil, context.Cause(ctx)
		}
		a, err := s.askOnce(ctx, in)
		if err == nil {
			s.Limiter.Answered()
			s.mu.Lock()
			s.answered = s.Now()
			s.mu.Unlock()
			a.attempts, a.waited = attempt, waited
			return a, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		switch kindOf(err) {
		case refused:
			if ofGroup(err) {
				return nil, &groupError{err}
			}
			return nil, err
		case credentials:
			if !renewed && s.Renew != nil && s.Renew() {
				renewed = true
				continue
			}
			return nil, &CredentialsError{err}
		case throttled:
			s.Limiter.Throttled()
		}
		if since := s.silence(begun); since > s.Patience {
			return nil, &groupError{fmt.Errorf("no answer for %s in %d attempts: %w", since.Round(time.Millisecond), attempt, err)}
		}
		pause := s.pause(attempt)
		waited += pause
		if err := s.sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// silence is how long there has been no answer to anything, counted from begun at most.
func (s *Source) silence(begun time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answered.After(begun) {
		begun = s.answered
	}
	return s.Now().Sub(begun)
}

// pause is how long to wait after so many attempts: twice as long each time, of which half by chance.
func (s *Source) pause(attempt int) time.Duration {
	d := min(s.Backoff<<min(attempt-1, 16), 100*s.Backoff, maxBackoff)
	return d/2 + rand.N(d/2+1)
}

func (s *Source) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	s.backing++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.backing--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// askOnce asks once and makes sure that what came is an answer to the question.
func (s *Source) askOnce(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*answer, error) {
	s.mu.Lock()
	s.requests++
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	var seen recorder
	out, err := s.Client.FilterLogEvents(ctx, in, func(o *cloudwatchlogs.Options) {
		o.APIOptions = append(o.APIOptions, seen.add)
		o.Retryer = aws.NopRetryer{} // ask repeats
	})
	if err != nil {
		return nil, err
	}
	body := seen.body.Bytes()
	switch {
	case len(body) == maxBody:
		return nil, fmt.Errorf("an answer of more than %d bytes", maxBody)
	case !jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)):
		return nil, fmt.Errorf("an answer that is no JSON, or not all of it: %d bytes", len(body))
	case out.Events == nil:
		return nil, fmt.Errorf("an answer without a list of events: %.200q", body)
	}
	for _, e := range out.Events {
		if at := e.Timestamp; at != nil && (*at < *in.StartTime || *at > *in.EndTime) {
			return nil, fmt.Errorf("an answer with an event of %s, which was not asked for", time.UnixMilli(*at).UTC().Format(time.RFC3339Nano))
		}
	}
	a := &answer{FilterLogEventsOutput: out, body: body, status: seen.status, received: s.Now().UTC()}
	a.id, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	a.date, _ = http.ParseTime(seen.header.Get("Date"))
	return a, nil
}

// errKind is what can be done about an error.
type errKind int

const (
	transient   errKind = iota // ask again
	throttled                  // ask again, more slowly
	credentials                // somebody must renew them
	refused                    // asking again gives the same
)

// kindOf judges an error of the service, or on the way to it.
func kindOf(err error) errKind {
	text := err.Error()
	if strings.Contains(text, "get credentials") || strings.Contains(text, "refresh cached credentials") || strings.Contains(text, "get identity") {
		return credentials // there are none: whoever gives them has refused, or cannot be reached
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return transient // the network, or a body that could not be read
	}
	switch code := api.ErrorCode(); code {
	case "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "LimitExceededException",
		"RequestThrottledException", "SlowDown":
		return throttled
	case "ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
		"IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "TokenRefreshRequired":
		return credentials
	case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		// The clock differs: the client has learnt by how much, and signs the next one by the server's.
		message := strings.ToLower(api.ErrorMessage())
		if code == "SignatureDoesNotMatch" && !strings.Contains(message, "expired") && !strings.Contains(message, "not yet current") {
			return credentials
		}
		return transient
	case "ResourceNotFoundException", "AccessDeniedException", "AccessDenied", "InvalidParameterException", "ValidationException",
		"InvalidOperationException", "OptInRequired", "DataAlreadyAcceptedException":
		return refused
	}
	var response *smithyhttp.ResponseError
	if !errors.As(err, &response) {
		return transient
	}
	if status := response.HTTPStatusCode(); status < 500 && status >= 400 && status != 429 && status != 408 {
		return refused
	}
	return transient
}

// badToken says whether a refusal means the token, not the question.
func badToken(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidParameterException" {
		return false
	}
	return strings.Contains(strings.ToLower(api.ErrorMessage()), "token")
}

// Explain adds what to do about a refusal.
func (s *Source) Explain(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		return fmt.Errorf("%w\n"+
			"hint: there is no log group %q in %s: wrong --region? Public hosted zones log to us-east-1 whatever the region",
			err, s.name, s.Region)
	case "AccessDeniedException", "AccessDenied":
		hint := fmt.Sprintf("case53 iam-policy --log-group '%s' prints what is needed", s.name)
		if s.Unmask {
			hint += "; --unmask needs logs:Unmask as well"
		}
		return fmt.Errorf("%w\nhint: %s", err, hint)
	case "InvalidParameterException", "ValidationException", "InvalidOperationException":
		return fmt.Errorf("%w\nhint: groups of class INFREQUENT_ACCESS may not be readable like this: export the group to S3 and pull it from there", err)
	}
	return err
}

// Refused says whether an error means that the credentials are missing, unknown or have expired.
func Refused(err error) bool { return err != nil && kindOf(err) == credentials }
