package account

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/aws/smithy-go/middleware"
)

// scrubber keeps credentials out of errors. A service that refuses a signature quotes the request, token included.
type scrubber struct {
	mu      sync.Mutex
	secrets []string
}

// secretForms are what credentials look like in what services and the SDK say.
var secretForms = regexp.MustCompile(
	`(?i)(x-amz-security-token[:=]\s*|Signature=|Credential=|SignatureProvided>|AWSAccessKeyId>|SecurityToken>)[^\s<&,'"]+` +
		`|\b(AKIA|ASIA)[A-Z0-9]{12,}`)

func (s *scrubber) learn(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= 4 && !slices.Contains(s.secrets, secret) {
			s.secrets = append(s.secrets, secret)
		}
	}
}

func (s *scrubber) text(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "[removed]")
	}
	return secretForms.ReplaceAllString(text, "${1}[removed]")
}

// error gives an error whose text, and what it wraps, no longer shows a secret to whoever prints it.
func (s *scrubber) error(err error) error {
	if err == nil {
		return nil
	}
	if text := s.text(err.Error()); text != err.Error() {
		return &scrubbed{err, text}
	}
	return err
}

// scrubbed is an error that can be told apart like the one it stands for, but says less.
type scrubbed struct {
	err  error
	text string
}

func (e *scrubbed) Error() string    { return e.text }
func (e *scrubbed) Unwrap() error    { return e.err }
func (e *scrubbed) GoString() string { return e.text }

// add puts the scrubber around all else.
func (s *scrubber) add(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Scrub", s.around), middleware.Before)
}

func (s *scrubber) around(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleInitialize(ctx, in)
	return out, metadata, s.error(err)
}
