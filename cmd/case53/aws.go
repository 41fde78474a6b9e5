package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/spf13/cobra"

	"case53/loader/source/cwlogs"
)

// account is access to an AWS account: read-only, with everything secret kept out of what it says.
type account struct {
	cfg    aws.Config
	cache  *aws.CredentialsCache // nil: no credentials were found
	scrub  *scrubber
	limits map[string]*cwlogs.Limiter // by region
	id     identity
}

// identity is who reads, as STS says.
type identity struct {
	Account   string `json:"account,omitempty"`
	ARN       string `json:"arn,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Date      string `json:"server_date,omitempty"`
	SkewMS    int64  `json:"clock_skew_ms"`
	Problem   string `json:"problem,omitempty"`
}

// openAccount reads the usual AWS configuration and the flags of addAWSFlags.
func openAccount(ctx context.Context, c *cobra.Command) (*account, error) {
	text := func(name string) string { s, _ := c.Flags().GetString(name); return s }
	a := &account{scrub: &scrubber{}, limits: map[string]*cwlogs.Limiter{}}
	metadata := imds.ClientDisabled
	if use, _ := c.Flags().GetBool("imds"); use {
		metadata = imds.ClientEnabled
	}
	options := []func(*config.LoadOptions) error{
		config.WithAppID("case53"), config.WithEC2IMDSClientEnableState(metadata), config.WithRetryMode(aws.RetryModeStandard), config.WithRetryMaxAttempts(8),
		config.WithAPIOptions([]func(*middleware.Stack) error{a.scrub.add, addReadOnly}), config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = time.Minute })),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) { o.TokenProvider = stscreds.StdinTokenProvider }),
	}
	for flag, with := range map[string]func(string) config.LoadOptionsFunc{
		"profile": config.WithSharedConfigProfile, "region": config.WithRegion, "endpoint-url": config.WithBaseEndpoint,
	} {
		if v := text(flag); v != "" {
			options = append(options, with(v))
		}
	}
	var err error
	if a.cfg, err = config.LoadDefaultConfig(ctx, options...); err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", a.scrub.error(err))
	}
	a.cfg.Credentials = a.watch(a.cfg.Credentials)
	if role := text("role-arn"); role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(a.cfg), role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.TokenProvider = "case53", stscreds.StdinTokenProvider
			if id := text("external-id"); id != "" {
				o.ExternalID = aws.String(id)
			}
		})
		a.cfg.Credentials = a.watch(provider)
	} else if text("external-id") != "" {
		return nil, usage("--external-id without --role-arn")
	}
	if a.cfg.Region == "" {
		return nil, usage("no region\nhint: pass --region, or set AWS_REGION; public hosted zones log to us-east-1")
	}
	return a, nil
}

// watch keeps the credentials in mind that a provider gives, so that they can be kept out of all that is written.
func (a *account) watch(provider aws.CredentialsProvider) *aws.CredentialsCache {
	a.cache = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if cache, ok := provider.(*aws.CredentialsCache); ok {
			cache.Invalidate() // ours decides when to ask
		}
		credentials, err := provider.Retrieve(ctx)
		a.scrub.learn(credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken)
		return credentials, a.scrub.error(err)
	}))
	return a.cache
}

// renew forgets the credentials, so that the next request asks for new ones. It says whether they have changed.
func (a *account) renew() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	before, _ := a.cache.Retrieve(ctx)
	a.cache.Invalidate()
	now, err := a.cache.Retrieve(ctx)
	return err == nil && (now.SessionToken != before.SessionToken || now.AccessKeyID != before.AccessKeyID)
}

// identify asks STS once who this is. Credentials that are refused are an error; a service that cannot be asked is noted.
func (a *account) identify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	asked := time.Now()
	out, err := sts.NewFromConfig(a.cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) { o.RetryMaxAttempts = 3 })
	if err != nil {
		if strings.Contains(err.Error(), "no EC2 IMDS role found") {
			return errors.New("no AWS credentials were found\nhint: --profile NAME, AWS_PROFILE or AWS_ACCESS_KEY_ID …; on an EC2 instance --imds")
		}
		if cwlogs.Refused(err) {
			return &cwlogs.CredentialsError{Err: err}
		}
		a.id.Problem = err.Error()
		return nil
	}
	a.id = identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	a.id.RequestID, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && !date.IsZero() {
		a.id.Date, a.id.SkewMS = date.UTC().Format(time.RFC3339), date.Sub(asked.Truncate(time.Second)).Milliseconds()
	}
	return nil
}

// logs is a client of CloudWatch Logs in a region, and the endpoint it has when that is not AWS's own.
func (a *account) logs(region string) (*cloudwatchlogs.Client, string) {
	client := cloudwatchlogs.NewFromConfig(a.cfg, func(o *cloudwatchlogs.Options) { o.Region = region })
	return client, aws.ToString(client.Options().BaseEndpoint)
}

// s3 is a client of S3 in a region. An endpoint that is not AWS's own has its buckets in the path.
func (a *account) s3(region string) (*s3.Client, string) {
	set := func(o *s3.Options) {
		o.Region = region
		o.DisableLogOutputChecksumValidationSkipped = true
	}
	client := s3.NewFromConfig(a.cfg, set)
	endpoint := aws.ToString(client.Options().BaseEndpoint)
	if endpoint != "" {
		client = s3.NewFromConfig(a.cfg, set, func(o *s3.Options) { o.UsePathStyle = true })
	}
	return client, endpoint
}

// bucketRegion is where a bucket is, as far as S3 tells; else the configured region.
func (a *account) bucketRegion(ctx context.Context, bucket string) string {
	client, endpoint := a.s3(a.cfg.Region)
	if endpoint != "" {
		return a.cfg.Region
	}
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil {
		if region := aws.ToString(out.BucketRegion); region != "" {
			return region
		}
		return a.cfg.Region
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return region
		}
	}
	return a.cfg.Region
}

// limiter is the one that all log groups of a region share.
func (a *account) limiter(region string, rate float64) *cwlogs.Limiter {
	if a.limits[region] == nil {
		if rate <= 0 {
			rate = cwlogs.DefaultRate(region)
		}
		a.limits[region] = cwlogs.NewLimiter(rate)
	}
	return a.limits[region]
}

// readingOperations begin the names of operations that change nothing.
var readingOperations = []string{"List", "Get", "Describe", "Filter", "Head"}

// signingOperations are those by which the SDK itself gets credentials.
var signingOperations = map[string][]string{
	"STS": {"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}, "SSO OIDC": {"CreateToken"}, "Signin": {"CreateOAuth2Token"},
}

// errNotReading says that an operation was about to be called that could change something.
var errNotReading = errors.New("refused: case53 calls nothing of AWS but what reads")

// addReadOnly refuses every operation that does not read, before it is sent.
func addReadOnly(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("ReadOnly", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
		reads := slices.ContainsFunc(readingOperations, func(prefix string) bool { return strings.HasPrefix(operation, prefix) })
		if !reads && !slices.Contains(signingOperations[service], operation) {
			return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("%w: %s %s", errNotReading, service, operation)
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// scrubber keeps credentials out of errors. A service that refuses a signature quotes the request, token included.
type scrubber struct {
	mu      sync.Mutex
	secrets []string
}

// secretForms are what credentials look like in what services and the SDK say.
var secretForms = regexp.MustCompile(`(?i)(x-amz-security-token[:=]\s*|Signature=|Credential=|SignatureProvided>|AWSAccessKeyId>|SecurityToken>)[^\s<&,'"]+|\b(AKIA|ASIA)[A-Z0-9]{12,}`)

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
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("Scrub", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		return out, metadata, s.error(err)
	}), middleware.Before)
}

// scrubPanic ends the program without showing what a panic's text may hold.
func (s *scrubber) scrubPanic() {
	if p := recover(); p != nil {
		fmt.Fprintln(os.Stderr, s.text(fmt.Sprintf("case53: internal error: %v", p)))
		os.Exit(exitError)
	}
}
