package cwlogs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// GroupsAPI is what is called of the service to look at log groups.
type GroupsAPI interface {
	DescribeLogGroups(
		context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options),
	) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
}

// Group is what the service says of a log group.
type Group struct {
	Name          string    `json:"name"`
	ARN           string    `json:"arn"`
	Class         string    `json:"class,omitempty"`
	RetentionDays int       `json:"retention_days,omitempty"` // 0: for ever
	Created       time.Time `json:"created,omitzero"`
	StoredBytes   int64     `json:"stored_bytes"` // compressed, and hours old
	KMSKey        string    `json:"kms_key,omitempty"`
	Protection    string    `json:"data_protection,omitempty"` // ACTIVATED: what is read may be masked
}

// Groups gives every log group whose name begins with prefix, in order.
func Groups(ctx context.Context, api GroupsAPI, prefix string, each func(Group) error) error {
	in := &cloudwatchlogs.DescribeLogGroupsInput{}
	if prefix != "" {
		in.LogGroupNamePrefix = aws.String(prefix)
	}
	for {
		out, err := api.DescribeLogGroups(ctx, in)
		if err != nil {
			return err
		}
		for _, g := range out.LogGroups {
			if err := each(groupOf(g)); err != nil {
				return err
			}
		}
		if out.NextToken == nil {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func groupOf(g types.LogGroup) Group {
	out := Group{Name: aws.ToString(g.LogGroupName), Class: string(g.LogGroupClass), RetentionDays: int(aws.ToInt32(g.RetentionInDays)),
		StoredBytes: aws.ToInt64(g.StoredBytes), KMSKey: aws.ToString(g.KmsKeyId), Protection: string(g.DataProtectionStatus)}
	out.ARN = aws.ToString(g.LogGroupArn)
	if out.ARN == "" {
		out.ARN = strings.TrimSuffix(aws.ToString(g.Arn), ":*")
	}
	if g.CreationTime != nil {
		out.Created = time.UnixMilli(*g.CreationTime).UTC()
	}
	return out
}

// errFound ends a search.
var errFound = fmt.Errorf("found")

// Describe looks one group up by its name; found is false where there is none, or where it is another account's.
func Describe(ctx context.Context, api GroupsAPI, name string) (g Group, found bool, err error) {
	err = Groups(ctx, api, name, func(one Group) error {
		if one.Name == name {
			g, found = one, true
			return errFound
		}
		return nil
	})
	if found {
		err = nil
	}
	return g, found, err
}

// Warnings says what stands in the way of reading all of a window of the group.
func (g Group) Warnings(from, now time.Time, unmask bool) []string {
	var out []string
	if g.RetentionDays > 0 {
		if gone := now.AddDate(0, 0, -g.RetentionDays); from.Before(gone) {
			out = append(out, fmt.Sprintf("%s keeps events for %d days: what is older than %s is gone",
				g.Name, g.RetentionDays, gone.UTC().Format("2006-01-02 15:04")))
		}
	}
	if from.Before(g.Created) {
		out = append(out, fmt.Sprintf("%s was created at %s, after the window's start", g.Name, g.Created.Format("2006-01-02 15:04:05")))
	}
	if g.Protection == "ACTIVATED" && !unmask {
		out = append(out, fmt.Sprintf("%s has a data protection policy: fields may come masked with asterisks; "+
			"--unmask reads them plain where logs:Unmask is allowed", g.Name))
	}
	if g.Class != "" && g.Class != "STANDARD" {
		out = append(out, fmt.Sprintf("%s is of class %s, which may not be readable event by event", g.Name, g.Class))
	}
	return out
}
