package account

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"case53/cases"
	"case53/loader"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

// Reading is what is to be read of an account, and how.
type Reading struct {
	Groups, Buckets                    []string // log groups by name or ARN; s3://bucket/prefix
	Window                             cases.Span
	SecondCount                        cwlogs.SecondCount
	Late                               time.Duration // of buckets: how much later than documented an object may have come
	Rate                               float64       // FilterLogEvents requests per second and region; 0: 40% of the quota
	Unmask, AllVersions, RequesterPays bool
}

// Found is how it is read.
type Found struct {
	Sources  []source.Source // the groups, then the buckets
	Warnings []string
	Facts    map[string]any // for the ledger: who reads, from where
	looks    []cwlogs.Group // what was found out about the groups
}

// Sources makes the sources of what is to be read, after a look at the log groups where that is allowed.
func (a *Account) Sources(ctx context.Context, r Reading) (Found, error) {
	f := Found{Facts: map[string]any{"caller": a.Identity, "sdk": aws.SDKVersion, "app_id": "case53", "region": a.cfg.Region}}
	if a.Identity.Problem != "" {
		f.Warnings = append(f.Warnings, "STS did not say who this is: "+a.Identity.Problem)
	}
	endpoints := map[string]string{}
	for _, name := range r.Groups {
		endpoints["logs"] = a.logGroup(ctx, r, name, &f)
	}
	for _, uri := range r.Buckets {
		endpoint, err := a.bucket(ctx, r, uri, &f)
		if err != nil {
			return f, err
		}
		endpoints["s3"] = endpoint
	}
	for _, service := range slices.Sorted(maps.Keys(endpoints)) {
		if said := plain(endpoints[service]); said != "" && !slices.Contains(f.Warnings, said) {
			f.Warnings = append(f.Warnings, said)
		}
	}
	f.Facts["endpoints"], f.Facts["log_groups"] = endpoints, f.looks
	return f, nil
}

// logGroup makes the source of a log group and gives its endpoint.
func (a *Account) logGroup(ctx context.Context, r Reading, name string, f *Found) string {
	region, acct, plain := a.cfg.Region, a.Identity.Account, name
	if arn, ok := cwlogs.ParseARN(name); ok {
		region, acct, plain = arn.Region, arn.Account, arn.Group
	}
	client, endpoint := a.logs(region)
	if acct == a.Identity.Account {
		look, found, err := cwlogs.Describe(ctx, client, plain)
		switch {
		case err != nil:
			f.Warnings = append(f.Warnings, fmt.Sprintf("%s could not be looked at before it is read (%s): "+
				"its retention and data protection are not known", plain, reasonOf(err)))
		case found:
			f.looks = append(f.looks, look)
			f.Warnings = append(f.Warnings, look.Warnings(r.Window.From, time.Now(), r.Unmask)...)
			if acct == "" {
				if arn, ok := cwlogs.ParseARN(look.ARN); ok {
					acct = arn.Account
				}
			}
		}
	}
	f.Sources = append(f.Sources, cwlogs.New(cwlogs.Config{
		Client:      client,
		Limiter:     a.limiter(region, r.Rate),
		Region:      region,
		Account:     acct,
		Group:       name,
		Endpoint:    endpoint,
		Unmask:      r.Unmask,
		SecondCount: r.SecondCount,
		Renew:       a.renew,
	}))
	return endpoint
}

// bucket makes the source of a bucket, in the region where the bucket is, and gives its endpoint.
func (a *Account) bucket(ctx context.Context, r Reading, uri string, f *Found) (string, error) {
	name, prefix, err := s3.ParseURI(uri)
	if err != nil {
		return "", err
	}
	region := a.bucketRegion(ctx, name)
	client, endpoint := a.s3(region)
	f.Sources = append(f.Sources, s3.New(client, s3.Options{Bucket: name, Prefix: prefix, Places: loader.Places(), Late: r.Late, AllVersions: r.AllVersions,
		RequesterPays: r.RequesterPays, Region: region, Renew: a.renew}))
	return endpoint, nil
}

// reasonOf is an error in one line.
func reasonOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
