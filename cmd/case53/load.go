package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"case53/cases/predicate"
	"case53/cases/safetext"
	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/loader"
	"case53/loader/logs/flow"
	"case53/loader/source"
	"case53/loader/source/local"
)

func newLoad() *cobra.Command {
	c := &cobra.Command{
		Use:   "load CASE PATH...",
		Short: "Load files and folders into a case, which is made where it does not exist",
		Long: `What a file holds is told from its content: VPC Flow Logs (any version and field order, Transit Gateway), Route 53
Resolver query logs, public zone query logs; plain, gzip, zstd, UTF-16, CloudWatch exports, subscription and Firehose
envelopes, what consoles, aws logs, awslogs and shippers write. Zip, tar, tar.gz and tar.zst are folders. What is never
a log is passed over in a folder, and said. Every file's bytes are kept in the case as they are; a record that cannot be decoded is kept as
a reject. A load that was interrupted goes on when the same command is given again.

--mmdb and --ip-ranges add files that say whose addresses are: they need no PATH, are kept in the case with their hash
and date, and findings then name the country, the AS and the AWS service of outside addresses.

--narrowed says that what is loaded is not all of its logs: somebody has searched them before, and it is what he found. It
takes addresses, blocks, names (with what is under them), ids of requests and ports: --narrowed address=203.0.113.66,10.0.0.0/8
--narrowed port=443 is records with one of these addresses and this port. The case then says nothing of other records, and
hunts that need them do not run. case53 info says where rows are not what they were said to be.`,
		Args: cli.Between(1, -1),
		RunE: runLoad,
	}
	addLoadFlags(c)
	addPlaceFlags(c)
	return c
}

// addLoadFlags gives a command the flags of load and pull.
func addLoadFlags(c *cobra.Command) {
	cli.AddWindowFlags(c)
	c.Flags().String("capture", "incident", "capture that the records belong to")
	c.Flags().String("role", "incident", "role of the capture: incident, replay or baseline")
	c.Flags().String("format", "auto", "log type: auto, "+loader.TypeNames())
	c.Flags().StringArray("access-format", nil, "format of an Apache or nginx access log, as LogFormat or log_format has it; may be repeated")
	c.Flags().StringArray("flow-format", nil, "field order of flow logs without a header, e.g. '${version} ${account-id} …'; may be repeated")
	c.Flags().String("log-timezone", "", "time zone of log lines that do not say theirs, such as Asia/Tokyo or +09:00; taken as UTC, and flagged, without it")
	c.Flags().StringArray("narrowed", nil, "the records were narrowed to `KEY=VALUE,…` before they came: address, name, request or port; may be repeated")
	c.Flags().Bool("quiet", false, "no progress")
}

func runLoad(c *cobra.Command, args []string) error {
	plan, err := planOf(c)
	if err != nil {
		return err
	}
	if len(args) > 1 {
		plan.Sources = []source.Source{local.New(args[1:]...)}
	}
	files, err := placeFiles(c)
	if err != nil {
		return err
	}
	report, err := loadWith(c, args[0], plan, func(ctx context.Context, w *writer.Writer) error { return addPlaces(ctx, w, files, c.ErrOrStderr()) })
	if err != nil {
		return err
	}
	return loadStatus(report)
}

// planOf reads the flags of addLoadFlags.
func planOf(c *cobra.Command) (loader.Plan, error) {
	var plan loader.Plan
	var err error
	if plan.Window, err = cli.Window(c, time.Now()); err != nil {
		return plan, err
	}
	plan.Capture, _ = c.Flags().GetString("capture")
	plan.Role, _ = c.Flags().GetString("role")
	switch {
	case plan.Capture == "":
		return plan, cli.Usage("a capture needs a name")
	case !slices.Contains(loader.Roles, plan.Role):
		return plan, cli.Usage("no role %q\nhint: --role incident, replay or baseline", plan.Role)
	}
	if format, _ := c.Flags().GetString("format"); format != "auto" {
		if plan.Type = loader.ByName(format); plan.Type == nil {
			return plan, cli.Usage("no log type %q\nhint: --format auto, %s", format, loader.TypeNames())
		}
	}
	if name, _ := c.Flags().GetString("log-timezone"); name != "" {
		zone, err := loader.Zone(name)
		if err != nil {
			return plan, cli.Usage("no time zone %q\nhint: --log-timezone UTC, Asia/Tokyo or +09:00", name)
		}
		plan.Zone = zone
	}
	plan.Access, _ = c.Flags().GetStringArray("access-format")
	if narrowed, _ := c.Flags().GetStringArray("narrowed"); len(narrowed) > 0 {
		to, err := predicate.Parse(narrowed...)
		if err != nil {
			return plan, &cli.Status{Code: cli.Misused, Err: fmt.Errorf("--narrowed: %w", err)}
		}
		plan.Narrowed = to.String()
	}
	texts, _ := c.Flags().GetStringArray("flow-format")
	for _, text := range texts {
		fields, err := flow.ParseFormat(text)
		if err != nil {
			return plan, &cli.Status{Code: cli.Misused, Err: fmt.Errorf("--flow-format: %w", err)}
		}
		plan.Formats = append(plan.Formats, fields)
	}
	if c.Flags().Changed("flow-format") && len(plan.Formats) == 0 {
		return plan, cli.Usage("--flow-format names no field")
	}
	return plan, nil
}

// load runs a plan into a case, shows how far it is, and prints what it came to.
func load(c *cobra.Command, dir string, plan loader.Plan) (loader.Report, error) {
	return loadWith(c, dir, plan, func(context.Context, *writer.Writer) error { return nil })
}

// loadWith is load with something to be done first.
func loadWith(c *cobra.Command, dir string, plan loader.Plan, first func(context.Context, *writer.Writer) error) (loader.Report, error) {
	ctx, stderr := c.Context(), c.ErrOrStderr()
	w, err := writer.Open(ctx, cli.FindCase(dir, stderr), loader.Schemas())
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintln(stderr, "interrupted: nothing was loaded yet; the same command goes on from there")
		return loader.Report{}, &cli.Status{Code: cli.Interrupted}
	}
	if err != nil {
		return loader.Report{}, err
	}
	if err := first(ctx, w); err != nil {
		return loader.Report{}, errors.Join(err, w.Close())
	}
	quiet, _ := c.Flags().GetBool("quiet")
	show := progress.New(stderr, quiet, cli.WantsEvents(c))
	report, err := loader.Load(ctx, w, plan, show.Update)
	show.End()
	err = errors.Join(err, w.Close())
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		fmt.Fprintf(stderr, "interrupted: %d objects are in the case; the same command goes on from there\n", report.Loaded+report.Skipped)
		return report, &cli.Status{Code: cli.Interrupted}
	}
	if err != nil {
		return report, err
	}
	if cli.WantsJSON(c) {
		out := printed.LoadedJSON(w.Dir, plan, report)
		out["custody"] = headOf(w)
		return report, printed.JSON(c.OutOrStdout(), out)
	}
	printed.Loaded(c.OutOrStdout(), stderr, w.Dir, report)
	fmt.Fprintln(c.OutOrStdout(), headOf(w))
	printed.Reasons(stderr, w.Dir, report, plan.Pull != nil)
	printed.Slices(c.OutOrStdout(), stderr, report.Slices)
	for _, remark := range report.Remarks {
		fmt.Fprintln(stderr, safetext.Show(remark))
	}
	return report, nil
}

// loadStatus is how a load ends: with an error where nothing could be loaded, else with the code that fits.
func loadStatus(r loader.Report) error {
	switch {
	case len(r.Failures) > 0:
		return &cli.Status{Code: cli.Failed}
	case r.Lines.Rejected+r.Lines.Unread > 0 || r.Problems > 0:
		return &cli.Status{Code: cli.Incomplete}
	}
	return nil
}
