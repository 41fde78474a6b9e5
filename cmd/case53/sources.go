package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader/account"
	"case53/loader/source/s3"
)

func newSources() *cobra.Command {
	c := &cobra.Command{
		Use:   "sources [--log-groups PREFIX] [--s3 URI]...",
		Short: "Find the log groups and buckets that hold flow or DNS logs",
		Long: `A few events of every log group, and the beginning of a few objects of every bucket given, are looked at; what they are is
told from their content, as load does. Without --s3 every log group of the region is looked at. Nothing is stored.`,
		Args: cli.Exactly(0),
		RunE: runSources,
	}
	cli.AddWindowFlags(c)
	cli.AddAWSFlags(c)
	c.Flags().String("log-groups", "", "look at log groups whose name begins with this")
	c.Flags().StringArray("s3", nil, "s3://bucket or s3://bucket/prefix; may be repeated")
	c.Flags().Float64("rate", 0, "FilterLogEvents requests per second; default 40% of the region's quota")
	c.Flags().Bool("all", false, "also show what holds none of the log types")
	return c
}

func runSources(c *cobra.Command, _ []string) error {
	w, err := cli.Window(c, time.Now())
	if err != nil {
		return err
	}
	a, err := cli.Account(c)
	if err != nil {
		return err
	}
	defer cli.HidePanic(a, c.ErrOrStderr())
	if err := a.Identify(c.Context()); err != nil {
		return err
	}
	all, _ := c.Flags().GetBool("all")
	found := []account.Candidate{}
	take := func(one account.Candidate) {
		if one.LogType != "" || one.Note != "" || all {
			found = append(found, one)
			if !cli.WantsJSON(c) {
				printed.Candidate(c.OutOrStdout(), one)
			}
		}
	}
	buckets, _ := c.Flags().GetStringArray("s3")
	for _, uri := range buckets {
		if _, _, err := s3.ParseURI(uri); err != nil {
			return &cli.Status{Code: cli.Misused, Err: err}
		}
		if err := a.LookAtBucket(c.Context(), uri, w, take); err != nil {
			return err
		}
	}
	if len(buckets) == 0 || c.Flags().Changed("log-groups") {
		prefix, _ := c.Flags().GetString("log-groups")
		rate, _ := c.Flags().GetFloat64("rate")
		if err := a.LookAtGroups(c.Context(), prefix, rate, w, take); err != nil {
			return err
		}
	}
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), found)
	}
	if len(found) == 0 {
		fmt.Fprintf(c.ErrOrStderr(), "no flow or DNS logs found in %s\n"+
			"hint: --all shows what was looked at; public hosted zones log to us-east-1\n", a.Region())
	}
	return nil
}
