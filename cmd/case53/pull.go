package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases/safetext"
	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/progress"
	"case53/loader"
	"case53/loader/account"
	"case53/loader/source"
	"case53/loader/source/cwlogs"
	"case53/loader/source/s3"
)

func newPull() *cobra.Command {
	c := &cobra.Command{
		Use:   "pull CASE (--log-group NAME | --s3 URI)... --from TIME --to TIME",
		Short: "Pull a time window from CloudWatch Logs and S3 into a case",
		Long: `Every answer and object is kept as it was received before it is read, and what was read is proven complete as far as the
service lets it be: see 'slices' in case53 info. A pull that was interrupted goes on when the same command is given
again; one that came to its end reads the window once more then, compares, and adds only what is new.

Which objects of a bucket may hold records of the window is told from their names, with room for what comes late: an hour for
flow logs, six for Resolver query logs, a day for what Firehose delivers; --late adds to that. Records' own times decide.

It reads and never writes: List, Get, Describe, Filter and Head are all it calls. The account's CloudTrail shows it.
case53 iam-policy prints the permissions it needs.`,
		Args: cli.Exactly(1),
		RunE: runPull,
	}
	addLoadFlags(c)
	cli.AddAWSFlags(c)
	f := c.Flags()
	f.StringArray("log-group", nil, "CloudWatch Logs group, by name or ARN; may be repeated")
	f.StringArray("s3", nil, "s3://bucket or s3://bucket/prefix; may be repeated")
	f.Float64("rate", 0, "FilterLogEvents requests per second and region; default 40% of the region's quota")
	f.Bool("unmask", false, "read fields plain that a data protection policy masks (needs logs:Unmask)")
	f.String("second-count", string(cwlogs.CountLastHour), "what of a log group is read twice and compared: none, last-hour or all")
	f.Bool("all-versions", false, "of versioned buckets also old versions, and what a delete marker hides")
	f.Duration("late", 0, "of a bucket also objects that came up to so much later than the service documents, e.g. 48h")
	f.Bool("requester-pays", false, "pay for requests and transfer of a bucket that asks for it")
	f.String("describe-flow-logs", "", "`FILE` with the output of aws ec2 describe-flow-logs: field orders and coverage")
	f.String("describe-network-interfaces", "", "`FILE` with the output of aws ec2 describe-network-interfaces: who had which address")
	f.Bool("dry-run", false, "list what would be read, and estimate time and cost; nothing is fetched, no case is made")
	return c
}

// pull is a command that is being prepared.
type pull struct {
	c        *cobra.Command
	account  *account.Account
	plan     loader.Plan
	asked    account.Reading
	describe []account.Described
	warnings []string
	found    account.Found
}

func runPull(c *cobra.Command, args []string) error {
	p, err := newPullPlan(c)
	if err != nil {
		return err
	}
	if len(p.asked.Groups)+len(p.asked.Buckets) > 0 {
		if p.account, err = cli.Account(c); err != nil {
			return err
		}
		defer cli.HidePanic(p.account, c.ErrOrStderr())
		if err := p.prepare(c.Context()); err != nil {
			return err
		}
	}
	for _, warning := range p.warnings {
		if cli.WantsEvents(c) {
			progress.Event(c.ErrOrStderr(), "warning", map[string]any{"warning": warning})
			continue
		}
		fmt.Fprintf(c.ErrOrStderr(), "warning: %s\n", safetext.Show(warning))
	}
	if dry, _ := c.Flags().GetBool("dry-run"); dry {
		return p.dryRun(c.Context())
	}
	report, err := loadWith(c, args[0], p.plan, func(ctx context.Context, w *writer.Writer) error {
		for _, d := range p.describe {
			if err := d.Store(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.sayHowToGoOn()
		return err
	}
	return pullStatus(report)
}

// newPullPlan reads the flags, as far as that needs no network.
func newPullPlan(c *cobra.Command) (*pull, error) {
	p := &pull{c: c}
	var err error
	if p.plan, err = planOf(c); err != nil {
		return nil, err
	}
	r := &p.asked
	r.Window = p.plan.Window
	r.Groups, _ = c.Flags().GetStringArray("log-group")
	r.Buckets, _ = c.Flags().GetStringArray("s3")
	r.Unmask, _ = c.Flags().GetBool("unmask")
	r.AllVersions, _ = c.Flags().GetBool("all-versions")
	r.RequesterPays, _ = c.Flags().GetBool("requester-pays")
	r.Late, _ = c.Flags().GetDuration("late")
	second, _ := c.Flags().GetString("second-count")
	r.SecondCount = cwlogs.SecondCount(second)
	r.Rate, _ = c.Flags().GetFloat64("rate")
	if err := p.readDescriptions(); err != nil {
		return nil, err
	}
	switch w := r.Window; {
	case len(r.Groups)+len(r.Buckets)+len(p.describe) == 0:
		return nil, cli.Usage("nothing to pull\nhint: case53 %s", c.Use)
	case len(r.Groups) > 0 && (w.From.IsZero() || w.To.IsZero()):
		return nil, cli.Usage("a log group is read from a time to a time\nhint: pass --from and --to")
	case !slices.Contains([]string{"none", "last-hour", "all"}, second):
		return nil, cli.Usage("no second count %q\nhint: --second-count none, last-hour or all", second)
	case r.Rate < 0 || c.Flags().Changed("rate") && r.Rate == 0:
		return nil, cli.Usage("--rate must be above 0")
	case r.Late < 0:
		return nil, cli.Usage("--late must not be below 0")
	}
	for _, uri := range r.Buckets {
		if _, _, err := s3.ParseURI(uri); err != nil {
			return nil, &cli.Status{Code: cli.Misused, Err: err}
		}
	}
	return p, nil
}

// readDescriptions reads the files that describe the account.
func (p *pull) readDescriptions() error {
	for _, one := range []struct {
		flag string
		read func(string) (account.Described, error)
	}{{"describe-flow-logs", account.ReadFlowLogs}, {"describe-network-interfaces", account.ReadInterfaces}} {
		path, _ := p.c.Flags().GetString(one.flag)
		if path == "" {
			continue
		}
		d, err := one.read(path)
		if err != nil {
			return fmt.Errorf("--%s: %w", one.flag, err)
		}
		p.describe = append(p.describe, d)
		formats, warnings, err := d.Formats(p.asked.Groups)
		if err != nil {
			return fmt.Errorf("--%s: %w", one.flag, err)
		}
		p.warnings = append(p.warnings, warnings...)
		if !p.c.Flags().Changed("flow-format") {
			p.plan.Formats = append(p.plan.Formats, formats...)
		}
	}
	return nil
}

// prepare asks who pulls, looks at the groups, and makes the sources.
func (p *pull) prepare(ctx context.Context) error {
	if err := p.account.Identify(ctx); err != nil {
		return err
	}
	var err error
	if p.found, err = p.account.Sources(ctx, p.asked); err != nil {
		return err
	}
	p.warnings = append(p.warnings, p.found.Warnings...)
	p.plan.Sources = p.found.Sources
	facts := p.found.Facts
	facts["tool"] = version()
	for flag, name := range map[string]string{"profile": "profile", "role-arn": "role_arn"} {
		if v, _ := p.c.Flags().GetString(flag); v != "" {
			facts[name] = v
		}
	}
	options := map[string]any{"unmask": p.asked.Unmask, "all_versions": p.asked.AllVersions}
	if p.asked.Late > 0 {
		options["late"] = p.asked.Late.String()
	}
	p.plan.Pull = &loader.Pull{Options: options, Provenance: facts}
	return nil
}

// sayHowToGoOn tells, where the window was given relative to now, how the same pull is named later.
func (p *pull) sayHowToGoOn() {
	from, _ := p.c.Flags().GetString("from")
	to, _ := p.c.Flags().GetString("to")
	relative := func(s string) bool {
		return strings.HasPrefix(s, "-") || strings.Contains(s, "now") || strings.Contains(s, "..-")
	}
	if relative(from) || relative(to) {
		w := p.plan.Window
		fmt.Fprintf(p.c.ErrOrStderr(), "hint: the window was relative to now; to go on with this pull pass --from %s --to %s\n",
			w.From.Format(time.RFC3339), w.To.Format(time.RFC3339))
	}
}

// pullStatus is how a pull ends.
func pullStatus(r loader.Report) error {
	if err := loadStatus(r); err != nil {
		return err
	}
	for _, s := range r.Slices {
		if s.State == source.Partial {
			return &cli.Status{Code: cli.Incomplete}
		}
	}
	return nil
}
