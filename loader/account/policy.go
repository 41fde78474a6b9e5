package account

import (
	"cmp"
	"strings"

	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

// Statement is a statement of an IAM policy, in the order of its documentation.
type Statement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Action    []string       `json:"Action"`
	Resource  []string       `json:"Resource"`
	Condition map[string]any `json:"Condition,omitempty"`
}

type Document struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Need is what a pull would read.
type Need struct {
	Groups, Buckets            []string // log groups by name or ARN; s3://bucket/prefix
	Region, Account, Partition string   // of log groups given by name; "" is a word to be replaced
	Key                        string   // ARN of the key that the buckets are encrypted with; ""
	Unmask, AllVersions        bool
}

// Policy is the least that a pull needs. Without groups and buckets it names words to be replaced.
func Policy(n Need) (Document, error) {
	if len(n.Groups)+len(n.Buckets) == 0 {
		n.Groups, n.Buckets = []string{"GROUP"}, []string{"s3://BUCKET/PREFIX"}
	}
	n.Partition, n.Region, n.Account = cmp.Or(n.Partition, "aws"), cmp.Or(n.Region, "REGION"), cmp.Or(n.Account, "ACCOUNT")
	doc := Document{Version: "2012-10-17"}
	if len(n.Groups) > 0 {
		doc.Statement = append(doc.Statement, groupStatements(n)...)
	}
	if len(n.Buckets) > 0 {
		statements, err := bucketStatements(n)
		if err != nil {
			return doc, err
		}
		doc.Statement = append(doc.Statement, statements...)
	}
	return doc, nil
}

func groupStatements(n Need) []Statement {
	read := Statement{Sid: "ReadLogs", Effect: "Allow", Action: []string{"logs:FilterLogEvents"}}
	if n.Unmask {
		read.Action = append(read.Action, "logs:Unmask")
	}
	for _, g := range n.Groups {
		arn, ok := cwlogs.ParseARN(g)
		if !ok {
			arn = cwlogs.ARN{Partition: n.Partition, Region: n.Region, Account: n.Account, Group: g}
		}
		read.Resource = append(read.Resource, arn.String()+":*")
	}
	look := Statement{Sid: "Look", Effect: "Allow", Action: []string{"logs:DescribeLogGroups"}, Resource: []string{"*"}}
	return []Statement{read, look}
}

func bucketStatements(n Need) ([]Statement, error) {
	read := Statement{Sid: "ReadObjects", Effect: "Allow", Action: []string{"s3:GetObject", "s3:GetObjectAttributes"}}
	if n.AllVersions {
		read.Action = append(read.Action, "s3:GetObjectVersion", "s3:GetObjectVersionAttributes")
	}
	var out []Statement
	for i, uri := range n.Buckets {
		bucket, prefix, err := s3.ParseURI(uri)
		if err != nil {
			return nil, err
		}
		arn := "arn:" + n.Partition + ":s3:::" + bucket
		list := Statement{Sid: "ListBucket" + strings.Repeat("I", i), Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{arn}}
		if n.AllVersions {
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
	if n.Key != "" {
		out = append(out, Statement{Sid: "Decrypt", Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: []string{n.Key}})
	}
	return out, nil
}
