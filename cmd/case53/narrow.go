package main

import (
	"time"

	"github.com/spf13/cobra"

	"case53/cases/predicate"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader/account"
	"case53/loader/narrow"
)

func newNarrow() *cobra.Command {
	c := &cobra.Command{
		Use:   "narrow --question FOLDER --s3 URI... --results URI --from TIME --to TIME (--address A|--name N|--request ID|--port P)...",
		Short: "Write the question that finds a few records among more than can be pulled, for Athena to answer",
		Long: `Lists what of the buckets may hold records of the window, and writes into a new folder: a manifest of these objects, the SQL that makes a
table of exactly them, counts and finds lines in it, and drops it again, and a README with what to do, step by step. What a query reads and
costs is known before it is asked. It asks nothing itself and writes nothing to AWS; the S3 URI of --results is where you will put the manifest.

Records are found that have one of the addresses (or blocks), names (or are under one) or ids of requests, and one of the ports where there are
any. The question finds too much rather than too little; case53 load CASE ANSWER.csv --narrowed … decodes the answer, says what it does not
hold, and keeps the case from saying more. Objects that Athena would pass over without a word are named and left out.`,
		Args: cli.Exactly(0),
		RunE: runNarrow,
	}
	cli.AddWindowFlags(c)
	cli.AddAWSFlags(c)
	f := c.Flags()
	f.String("question", "", "a new `FOLDER` for the manifest, the SQL and what to do with them")
	f.StringArray("s3", nil, "s3://bucket or s3://bucket/prefix; may be repeated")
	f.String("results", "", "s3://bucket/prefix for the manifest")
	f.Duration("late", 0, "also objects that came up to so much later than the service documents, e.g. 48h")
	for _, key := range predicate.Keys {
		f.StringArray(key, nil, "records with this "+key+"; may be repeated")
	}
	return c
}

func runNarrow(c *cobra.Command, _ []string) error {
	var given []string
	for _, key := range predicate.Keys {
		values, _ := c.Flags().GetStringArray(key)
		for _, value := range values {
			given = append(given, key+"="+value)
		}
	}
	to, err := predicate.Parse(given...)
	if err != nil {
		return &cli.Status{Code: cli.Misused, Err: err}
	}
	results, _ := c.Flags().GetString("results")
	q, err := narrow.New(to, results)
	if err != nil {
		return &cli.Status{Code: cli.Misused, Err: err}
	}
	var asked account.Reading
	if asked.Window, err = cli.Window(c, time.Now()); err != nil {
		return err
	}
	asked.Buckets, _ = c.Flags().GetStringArray("s3")
	asked.Late, _ = c.Flags().GetDuration("late")
	dir, _ := c.Flags().GetString("question")
	switch {
	case dir == "":
		return cli.Usage("nowhere to write the question\nhint: --question FOLDER")
	case len(asked.Buckets) == 0:
		return cli.Usage("nothing to ask of\nhint: --s3 s3://bucket/prefix")
	}
	a, err := cli.Account(c)
	if err != nil {
		return err
	}
	defer cli.HidePanic(a, c.ErrOrStderr())
	if err := a.Identify(c.Context()); err != nil {
		return err
	}
	found, err := a.Sources(c.Context(), asked)
	if err == nil {
		err = q.List(c.Context(), found.Sources, asked.Window)
	}
	if err == nil {
		err = q.Write(dir)
	}
	if err != nil {
		return err
	}
	if cli.WantsJSON(c) {
		err = printed.JSON(c.OutOrStdout(), q)
	} else {
		printed.Question(c.OutOrStdout(), dir, q)
	}
	if err == nil && q.Unlisted > 0 {
		return &cli.Status{Code: cli.Incomplete}
	}
	return err
}
