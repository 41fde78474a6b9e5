package account

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// ErrRedirected says that a service has answered with a redirect to another host. It is not followed: the request names the
// session's credentials, and bytes from there would be taken for the service's.
var ErrRedirected = errors.New("redirected to another host, which is not asked")

// stayAtHost is client with no way to another host than the one that a request is for.
func stayAtHost(client aws.HTTPClient) aws.HTTPClient {
	own, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return client
	}
	return &http.Client{Transport: own.GetTransport(), Timeout: own.GetTimeout(), CheckRedirect: func(req *http.Request, via []*http.Request) error {
		switch status := req.Response.StatusCode; {
		case status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect, len(via) > 3: // for the SDK to tell
			return http.ErrUseLastResponse
		case req.URL.Host != via[0].URL.Host || req.URL.Scheme != via[0].URL.Scheme:
			return fmt.Errorf("%w: %s", ErrRedirected, req.URL.Host)
		}
		return nil
	}}
}

// plain says of an endpoint that what is sent to it and comes from it can be read and changed on the way; "" of one on this machine, and
// of one that is asked by https.
func plain(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" {
		return ""
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return "the endpoint " + endpoint + " is asked without TLS: whoever is on the way can read and change what comes from it"
}
