package main

import (
	"strings"

	"github.com/spf13/cobra"

	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

func newIAMPolicy() *cobra.Command {
	c := &cobra.Command{
		Use:   "iam-policy [--log-group NAME]... [--s3 URI]...",
		Short: "Print the least permissions that pulling needs, as an IAM policy",
		Long: `Without --log-group and --s3 the policy names REGION, ACCOUNT, GROUP, BUCKET and PREFIX for you to fill in. No account is
asked. Without the statement Look, pull works too: it then cannot warn of retention and masking.`,
		Args: exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			policy, err := iamPolicy(c)
			if err != nil {
				return err
			}
			return printJSON(c.OutOrStdout(), policy)
		},
	}
	f := c.Flags()
	f.StringArray("log-group", nil, "CloudWatch Logs group, by name or ARN; may be repeated")
	f.StringArray("s3", nil, "s3://bucket or s3://bucket/prefix; may be repeated")
	f.String("region", "", "region of log groups given by name")
	f.String("account-id", "", "account of log groups given by name")
	f.String("partition", "aws", "aws, aws-cn or aws-us-gov")
	f.String("kms-key", "", "ARN of the key that the bucket is encrypted with")
	f.Bool("unmask", false, "also allow what --unmask of pull needs")
	f.Bool("all-versions", false, "also allow what --all-versions of pull needs")
	return c
}

// policyStatement is a statement of an IAM policy, in the order of its documentation.
type policyStatement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Action    []string       `json:"Action"`
	Resource  []string       `json:"Resource"`
	Condition map[string]any `json:"Condition,omitempty"`
}

type policyDocument struct {
	Version   string            `json:"Version"`
	Statement []policyStatement `json:"Statement"`
}

// iamPolicy is the least that pull needs for what the flags name.
func iamPolicy(c *cobra.Command) (policyDocument, error) {
	groups, _ := c.Flags().GetStringArray("log-group")
	buckets, _ := c.Flags().GetStringArray("s3")
	if len(groups)+len(buckets) == 0 {
		groups, buckets = []string{"GROUP"}, []string{"s3://BUCKET/PREFIX"}
	}
	doc := policyDocument{Version: "2012-10-17"}
	if len(groups) > 0 {
		doc.Statement = append(doc.Statement, groupStatements(c, groups)...)
	}
	if len(buckets) > 0 {
		statements, err := bucketStatements(c, buckets)
		if err != nil {
			return doc, err
		}
		doc.Statement = append(doc.Statement, statements...)
	}
	return doc, nil
}

// flagOr is a flag's value, or a word to be replaced.
func flagOr(c *cobra.Command, name, word string) string {
	if v, _ := c.Flags().GetString(name); v != "" {
		return v
	}
	return word
}

func groupStatements(c *cobra.Command, groups []string) []policyStatement {
	read := policyStatement{Sid: "ReadLogs", Effect: "Allow", Action: []string{"logs:FilterLogEvents"}}
	if unmask, _ := c.Flags().GetBool("unmask"); unmask {
		read.Action = append(read.Action, "logs:Unmask")
	}
	for _, g := range groups {
		arn, ok := cwlogs.ParseARN(g)
		if !ok {
			arn = cwlogs.ARN{Partition: flagOr(c, "partition", "aws"), Region: flagOr(c, "region", "REGION"), Account: flagOr(c, "account-id", "ACCOUNT"), Group: g}
		}
		read.Resource = append(read.Resource, arn.String()+":*")
	}
	look := policyStatement{Sid: "Look", Effect: "Allow", Action: []string{"logs:DescribeLogGroups"}, Resource: []string{"*"}}
	return []policyStatement{read, look}
}

func bucketStatements(c *cobra.Command, uris []string) ([]policyStatement, error) {
	partition := flagOr(c, "partition", "aws")
	versions, _ := c.Flags().GetBool("all-versions")
	read := policyStatement{Sid: "ReadObjects", Effect: "Allow", Action: []string{"s3:GetObject", "s3:GetObjectAttributes"}}
	if versions {
		read.Action = append(read.Action, "s3:GetObjectVersion", "s3:GetObjectVersionAttributes")
	}
	var out []policyStatement
	for i, uri := range uris {
		bucket, prefix, err := s3.ParseURI(uri)
		if err != nil {
			return nil, &statusError{exitUsage, err}
		}
		arn := "arn:" + partition + ":s3:::" + bucket
		list := policyStatement{Sid: "ListBucket" + strings.Repeat("I", i), Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{arn}}
		if versions {
			list.Action = append(list.Action, "s3:ListBucketVersions")
		}
		if prefix != "" {
			// HeadBucket asks with s3:ListBucket and no prefix: it is refused then, and pull does without.
			list.Condition = map[string]any{"StringLike": map[string]any{"s3:prefix": []string{prefix + "*"}}}
		}
		read.Resource = append(read.Resource, arn+"/"+prefix+"*")
		out = append(out, list)
	}
	out = append(out, read)
	if key, _ := c.Flags().GetString("kms-key"); key != "" {
		out = append(out, policyStatement{Sid: "Decrypt", Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: []string{key}})
	}
	return out, nil
}
