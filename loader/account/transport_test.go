package account

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestRedirects: a redirect to another host is not followed, by any service, and is told as what it is: there would be the session's
// token, and what came back would be taken for the service's. One to the same host is.
func TestRedirects(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", ownKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", ownSecret)
	t.Setenv("AWS_SESSION_TOKEN", ownToken)
	t.Setenv("AWS_CONFIG_FILE", t.TempDir()+"/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", t.TempDir()+"/none")
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.URL.Path+" "+r.Header.Get("X-Amz-Security-Token"))
	}))
	defer other.Close()
	for _, code := range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusMovedPermanently, http.StatusFound} {
		to, moved := other.URL, 0
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/moved") {
				moved++
				return
			}
			http.Redirect(w, r, to+"/moved", code)
		}))
		defer service.Close()
		a, err := Open(t.Context(), Options{Region: ownRegion, EndpointURL: service.URL})
		if err != nil {
			t.Fatal(err)
		}
		a.cfg.RetryMaxAttempts = 1
		buckets, _ := a.s3(ownRegion)
		logs, _ := a.logs(ownRegion)
		list := func() error {
			_, err := buckets.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("b")})
			return err
		}
		describe := func() error {
			_, err := logs.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
			return err
		}
		kept := code == http.StatusTemporaryRedirect || code == http.StatusPermanentRedirect // the others no SDK follows
		if err := list(); err == nil || errors.Is(err, ErrRedirected) != kept || kept && !strings.Contains(err.Error(), "which is not asked: 127.") {
			t.Errorf("%d, S3: %v", code, err)
		}
		if err := describe(); err == nil { // a request with a body is not sent again at all
			t.Errorf("%d, CloudWatch Logs: no error", code)
		}
		to = service.URL
		if list(); (moved > 0) != kept {
			t.Errorf("%d: asked %d times where the same host has sent it", code, moved)
		}
	}
	if len(elsewhere) > 0 {
		t.Errorf("the other host was asked: %s", slices.Compact(elsewhere))
	}
}

// TestPlainEndpoint: an endpoint without TLS is told, but for one on this machine.
func TestPlainEndpoint(t *testing.T) {
	for endpoint, told := range map[string]bool{
		"": false, "https://s3.example.com": false, "http://s3.example.com": true, "http://10.0.0.1:9000": true, "HTTP://minio": true,
		"http://localhost:9000": false, "http://127.0.0.1:9000": false, "http://[::1]:9000": false, "http://localhost.example.com": true,
	} {
		if said := plain(endpoint); (said != "") != told {
			t.Errorf("%s: %q", endpoint, said)
		}
	}
}
