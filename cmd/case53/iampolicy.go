package main

import (
	"github.com/spf13/cobra"

	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader/account"
)

func newIAMPolicy() *cobra.Command {
	c := &cobra.Command{
		Use:   "iam-policy [--log-group NAME]... [--s3 URI]...",
		Short: "Print the least permissions that pulling needs, as an IAM policy",
		Long: `Without --log-group and --s3 the policy names REGION, ACCOUNT, GROUP, BUCKET and PREFIX for you to fill in. No account is
asked. Without the statement Look, pull works too: it then cannot warn of retention and masking.`,
		Args: cli.Exactly(0),
		RunE: func(c *cobra.Command, _ []string) error {
			text := func(name string) string { s, _ := c.Flags().GetString(name); return s }
			need := account.Need{Region: text("region"), Account: text("account-id"), Partition: text("partition"), Key: text("kms-key")}
			need.Groups, _ = c.Flags().GetStringArray("log-group")
			need.Buckets, _ = c.Flags().GetStringArray("s3")
			need.Unmask, _ = c.Flags().GetBool("unmask")
			need.AllVersions, _ = c.Flags().GetBool("all-versions")
			policy, err := account.Policy(need)
			if err != nil {
				return &cli.Status{Code: cli.Misused, Err: err}
			}
			return printed.JSON(c.OutOrStdout(), policy)
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
