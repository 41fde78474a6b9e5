package account

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// wire is a connection that answers with one text and counts the requests.
type wire struct {
	status, requests int
	body             string
	last             string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.requests++
	w.last = r.URL.Path + r.Header.Get("X-Amz-Target")
	return &http.Response{
		StatusCode: w.status,
		Header:     http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body:       io.NopCloser(strings.NewReader(w.body)),
		Request:    r,
	}, nil
}

func testConfig(w *wire, scrub *scrubber) aws.Config {
	return aws.Config{Region: ownRegion, HTTPClient: w, Credentials: credentials.NewStaticCredentialsProvider(ownKey, ownSecret, ownToken),
		APIOptions: []func(*middleware.Stack) error{scrub.add, addReadOnly}, RetryMaxAttempts: 1}
}

const (
	ownRegion                   = "eu-central-1"
	ownKey, ownSecret, ownToken = "AKIAIOSFODNN7CANARY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY", "FwoGZXIvYXdzEGACANARYTOKEN"
)

func TestOnlyReadingLeavesTheProgram(t *testing.T) {
	w := &wire{status: 200, body: "{}"}
	cfg := testConfig(w, &scrubber{})
	logs, bucket := cloudwatchlogs.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	ctx := t.Context()
	name := aws.String("x")
	for what, call := range map[string]func() error{
		"StartQuery": func() error {
			_, err := logs.StartQuery(ctx, &cloudwatchlogs.StartQueryInput{QueryString: name, StartTime: aws.Int64(1), EndTime: aws.Int64(2)})
			return err
		},
		"CreateExportTask": func() error {
			_, err := logs.CreateExportTask(ctx, &cloudwatchlogs.CreateExportTaskInput{
				Destination:  name,
				LogGroupName: name,
				From:         aws.Int64(1),
				To:           aws.Int64(2),
			})
			return err
		},
		"DeleteLogGroup": func() error {
			_, err := logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name})
			return err
		},
		"PutRetentionPolicy": func() error {
			_, err := logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(1)})
			return err
		},
		"PutObject": func() error { _, err := bucket.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: name}); return err },
		"DeleteObject": func() error {
			_, err := bucket.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: name, Key: name})
			return err
		},
		"RestoreObject": func() error {
			_, err := bucket.RestoreObject(ctx, &s3.RestoreObjectInput{Bucket: name, Key: name})
			return err
		},
		"CopyObject": func() error {
			_, err := bucket.CopyObject(ctx, &s3.CopyObjectInput{Bucket: name, Key: name, CopySource: name})
			return err
		},
		"GetSessionToken is reading, DecodeAuthorizationMessage is not": func() error {
			_, err := sts.NewFromConfig(cfg).DecodeAuthorizationMessage(ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: name})
			return err
		},
	} {
		if err := call(); !errors.Is(err, errNotReading) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.requests != 0 {
		t.Fatalf("%d requests were sent, the last to %s", w.requests, w.last)
	}
	if _, err := logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: name}); err != nil || w.requests != 1 {
		t.Errorf("reading was refused: %v", err)
	}
	w.body = ""
	if _, err := bucket.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: name}); err != nil || w.requests != 2 {
		t.Errorf("reading was refused: %v", err)
	}
}

// TestErrorsShowNoSecret: services quote the request that they refuse.
func TestErrorsShowNoSecret(t *testing.T) {
	quoting := fmt.Sprintf(`{"__type":"InvalidSignatureException","message":"The Canonical String for this request should have been\n`+
		`'POST\n/\n\nhost:logs\nx-amz-security-token:%s\n' Credential=%s/20261101, Signature=abcdef0123"}`, ownToken, ownKey)
	scrub := &scrubber{}
	client := cloudwatchlogs.NewFromConfig(testConfig(&wire{status: 400, body: quoting}, scrub))
	check := func(err error) {
		t.Helper()
		for _, form := range []string{
			err.Error(), fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%v", fmt.Errorf("load: %w", err)),
		} {
			for _, secret := range []string{ownToken, ownKey, "abcdef0123"} {
				if strings.Contains(form, secret) {
					t.Errorf("%s in %s", secret, form)
				}
			}
		}
	}
	_, err := client.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("x")})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "InvalidSignatureException" {
		t.Fatalf("%v is no longer what it was", err)
	}
	check(err)
	scrub.learn("plainsecret", ownSecret)
	check(scrub.error(errors.New("x plainsecret " + ownKey + " " + ownToken[:0])))
	if got := scrub.text("a " + ownSecret + " b plainsecret c"); strings.Contains(got, "secret") || strings.Contains(got, ownSecret) {
		t.Error(got)
	}
	if same := errors.New("nothing to hide"); scrub.error(same) != same {
		t.Error("an error without a secret was changed")
	}
}

func TestNoMetadataUnlessAskedFor(t *testing.T) {
	// Without credentials the SDK would ask 169.254.169.254; that is refused here long before a connection.
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL",
		"AWS_EC2_METADATA_DISABLED",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
	a, err := Open(t.Context(), Options{Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.cfg.Credentials.Retrieve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("%v", err)
	}
}
