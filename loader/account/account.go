package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

	"case53/loader/source/cwlogs"
)

// Account is access to an AWS account: read-only, with everything secret kept out of what it says.
type Account struct {
	cfg      aws.Config
	cache    *aws.CredentialsCache // nil: no credentials were found
	scrub    *scrubber
	limits   map[string]*cwlogs.Limiter // by region
	Identity identity
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

// Options are what a command says of the access; "" leaves it to the usual AWS configuration.
type Options struct {
	Profile, Region, EndpointURL string
	RoleARN, ExternalID          string // the role to assume
	Metadata                     bool   // credentials may come from the instance metadata service
}

// ErrNoRegion says that neither the command nor the configuration names a region.
var ErrNoRegion = errors.New("no region\nhint: pass --region, or set AWS_REGION; public hosted zones log to us-east-1")

// Open reads the usual AWS configuration.
func Open(ctx context.Context, o Options) (*Account, error) {
	a := &Account{scrub: &scrubber{}, limits: map[string]*cwlogs.Limiter{}}
	metadata := imds.ClientDisabled
	if o.Metadata {
		metadata = imds.ClientEnabled
	}
	options := []func(*config.LoadOptions) error{
		config.WithAppID("case53"), config.WithEC2IMDSClientEnableState(metadata),
		config.WithRetryMode(aws.RetryModeStandard), config.WithRetryMaxAttempts(8),
		config.WithAPIOptions([]func(*middleware.Stack) error{a.scrub.add, addReadOnly}), config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = time.Minute })),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) { o.TokenProvider = stscreds.StdinTokenProvider }),
	}
	for _, given := range []struct {
		value string
		with  func(string) config.LoadOptionsFunc
	}{{o.Profile, config.WithSharedConfigProfile}, {o.Region, config.WithRegion}, {o.EndpointURL, config.WithBaseEndpoint}} {
		if given.value != "" {
			options = append(options, given.with(given.value))
		}
	}
	var err error
	if a.cfg, err = config.LoadDefaultConfig(ctx, options...); err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", a.scrub.error(err))
	}
	a.cfg.HTTPClient = stayAtHost(a.cfg.HTTPClient)
	a.cfg.Credentials = a.watch(a.cfg.Credentials)
	if o.RoleARN != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(a.cfg), o.RoleARN, func(role *stscreds.AssumeRoleOptions) {
			role.RoleSessionName, role.TokenProvider = "case53", stscreds.StdinTokenProvider
			if o.ExternalID != "" {
				role.ExternalID = aws.String(o.ExternalID)
			}
		})
		a.cfg.Credentials = a.watch(provider)
	}
	if a.cfg.Region == "" {
		return nil, ErrNoRegion
	}
	return a, nil
}

// Scrubbed is a text without any secret of the account.
func (a *Account) Scrubbed(text string) string { return a.scrub.text(text) }

// Region is where log groups given by name are.
func (a *Account) Region() string { return a.cfg.Region }

// watch keeps the credentials in mind that a provider gives, so that they can be kept out of all that is written.
func (a *Account) watch(provider aws.CredentialsProvider) *aws.CredentialsCache {
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
func (a *Account) renew() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	before, _ := a.cache.Retrieve(ctx)
	a.cache.Invalidate()
	now, err := a.cache.Retrieve(ctx)
	return err == nil && (now.SessionToken != before.SessionToken || now.AccessKeyID != before.AccessKeyID)
}

// Identify asks STS once who this is. Credentials that are refused are an error; a service that cannot be asked is noted.
func (a *Account) Identify(ctx context.Context) error {
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
		a.Identity.Problem = err.Error()
		return nil
	}
	a.Identity = identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}
	a.Identity.RequestID, _ = awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && !date.IsZero() {
		a.Identity.Date, a.Identity.SkewMS = date.UTC().Format(time.RFC3339), date.Sub(asked.Truncate(time.Second)).Milliseconds()
	}
	return nil
}

// logs is a client of CloudWatch Logs in a region, and the endpoint it has when that is not AWS's own.
func (a *Account) logs(region string) (*cloudwatchlogs.Client, string) {
	client := cloudwatchlogs.NewFromConfig(a.cfg, func(o *cloudwatchlogs.Options) { o.Region = region })
	return client, aws.ToString(client.Options().BaseEndpoint)
}

// s3 is a client of S3 in a region. An endpoint that is not AWS's own has its buckets in the path.
func (a *Account) s3(region string) (*s3.Client, string) {
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
func (a *Account) bucketRegion(ctx context.Context, bucket string) string {
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
func (a *Account) limiter(region string, rate float64) *cwlogs.Limiter {
	if a.limits[region] == nil {
		if rate <= 0 {
			rate = cwlogs.DefaultRate(region)
		}
		a.limits[region] = cwlogs.NewLimiter(rate)
	}
	return a.limits[region]
}
