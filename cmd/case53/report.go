package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases/custody"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/cmd/case53/progress"
	"case53/queries"
	"case53/queries/export"
	"case53/queries/findings"
	"case53/queries/report"
)

func newReport() *cobra.Command {
	c := &cobra.Command{
		Use:   "report CASE -o FILE.html|.md",
		Short: "Write a report on a case: HTML that needs nothing else, or Markdown",
		Long: `Runs the hunts, all or those named, and writes what happened, as case53 threads draws it together, what was looked for
and not found, and what is covered. Every finding with the records that it rests on, every source object with its hash, and how
each figure can be checked without case53, is in an appendix beside it: FILE-appendix.html or .md. The window, the
capture, -p and the lists act on the hunts as in case53 hunt; the window and the capture act on the pictures too.

Two reports of the same case differ in one line, which says when and by whom it was made.`,
		Args: cli.Exactly(1),
		RunE: runReport,
	}
	f := c.Flags()
	f.StringP("out", "o", "", "the `FILE` to write: .html or .md")
	f.Bool("force", false, "write over an existing file")
	f.String("title", "", "title of the report")
	f.String("author", "", "who answers for it")
	f.String("note", "", "a text `FILE` to begin with; paragraphs are parted by an empty line")
	f.StringArray("hunt", nil, "run this hunt only; may be repeated")
	f.Int("cite", 5, "records to cite for a finding; 0 for none")
	f.String("capture", "", "hunt in this capture only, and picture it only")
	f.String("left", "", "the capture that another is compared with (default: the one with the role incident)")
	f.String("right", "", "the capture that is compared with it (default: the one with the role replay)")
	f.String("baseline", "", "a capture of a clean machine (default: the one with the role baseline, if any)")
	cli.AddWindowFlags(c)
	addHuntFlags(c, 100)
	return c
}

func runReport(c *cobra.Command, args []string) error {
	target, err := reportTarget(c, args[0])
	if err != nil {
		return err
	}
	h, hunts, o, err := openReport(c, args[0])
	if err != nil {
		return err
	}
	defer h.Case.Close()
	wait := progress.For(c.ErrOrStderr(), running(hunts, 0))
	n := 0
	o.Ran = func() {
		n++
		wait.Now(running(hunts, n))
	}
	r, err := report.Gather(c.Context(), h, hunts, o)
	wait.End()
	if err != nil {
		return err
	}
	r.Made = report.MadeBy(time.Now(), custody.Actor())
	if err := r.Save(target); err != nil {
		return err
	}
	if err := printReported(c, target, r); err != nil {
		return err
	}
	if err := r.Altered(); err != nil {
		return fmt.Errorf("the report is written, and lacks lines of records that it cites: %w\n"+
			"hint: compare raw/ with another copy of the case; the report says of each such record that its line cannot be shown", err)
	}
	return nil
}

// printReported says what a report came to.
func printReported(c *cobra.Command, target string, r *report.Report) error {
	ran := r.Ran()
	if cli.WantsJSON(c) {
		return printed.JSON(c.OutOrStdout(), map[string]any{"report": target, "appendix": report.AppendixOf(target), "findings": len(r.Findings), "hunts": ran,
			"hunts_not_run": len(r.Outcomes) - ran, "objects": len(r.Objects), "custody": map[string]any{"lines": r.Custody.Lines, "head": r.Custody.Head}})
	}
	not := ""
	if n := len(r.Outcomes) - ran; n > 0 {
		not = "; " + words.Plural(int64(n), "hunt", "hunts") + " could not be run"
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: %d findings of %d hunts, %d objects%s\n", safetext.Show(target), len(r.Findings), ran, len(r.Objects), not)
	fmt.Fprintf(c.OutOrStdout(), "every finding, hunt and object: %s\n", safetext.Show(report.AppendixOf(target)))
	fmt.Fprintf(c.OutOrStdout(), "custody head %s after %d lines\n", r.Custody.Head, r.Custody.Lines)
	return nil
}

// reportTarget checks where the report is to go, before the work begins.
func reportTarget(c *cobra.Command, dir string) (string, error) {
	target, _ := c.Flags().GetString("out")
	if target == "" {
		return "", cli.Usage("no file to write to\nhint: case53 %s", c.Use)
	}
	over, _ := c.Flags().GetBool("force")
	err := report.Target(cli.FindCase(dir, io.Discard), target, over)
	if errors.Is(err, export.ErrThere) {
		return "", fmt.Errorf("%w\nhint: --force writes over it", err)
	}
	return target, err
}

// openReport reads the flags and opens the case.
func openReport(c *cobra.Command, dir string) (h *findings.Hunter, hunts []*queries.Query, o report.Options, err error) {
	o.Tool = "case53 " + version()
	if o.Window, err = cli.Window(c, time.Now()); err != nil {
		return nil, nil, o, err
	}
	if o.Cite, _ = c.Flags().GetInt("cite"); o.Cite < 0 {
		return nil, nil, o, cli.Usage("--cite %d: less than none", o.Cite)
	}
	o.Title, _ = c.Flags().GetString("title")
	o.Author, _ = c.Flags().GetString("author")
	o.Capture, _ = c.Flags().GetString("capture")
	if name, _ := c.Flags().GetString("note"); name != "" {
		note, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, o, fmt.Errorf("--note: %w", err)
		}
		o.Note = string(note)
	}
	for name, into := range map[string]*string{"left": &o.Compared.Left, "right": &o.Compared.Right, "baseline": &o.Compared.Baseline} {
		*into, _ = c.Flags().GetString(name)
		if o.Capture != "" && *into != "" {
			return nil, nil, o, cli.Usage("--capture and --%s at the same time\nhint: a report of one capture compares nothing", name)
		}
	}
	for _, flag := range []string{"allow", "ioc"} {
		files, _ := c.Flags().GetStringArray(flag)
		for _, file := range files {
			o.Lists = append(o.Lists, report.ListFile{Flag: flag, Path: file})
		}
	}
	o.Named, _ = c.Flags().GetStringArray("hunt")
	if h, hunts, err = openHunter(c, dir, o.Named); err != nil {
		return nil, nil, o, err
	}
	if err := limit(c, h, o); err != nil {
		h.Case.Close()
		return nil, nil, o, err
	}
	return h, hunts, o, nil
}

// limit gives the window and the capture to the hunts, as their parameters.
func limit(c *cobra.Command, h *findings.Hunter, o report.Options) error {
	for name, value := range map[string]string{"from": instant(o.Window.From), "to": instant(o.Window.To), "capture": o.Capture} {
		if value == "" {
			continue
		}
		if _, twice := h.Values[name]; twice {
			return cli.Usage("--%s and -p %s at the same time", name, name)
		}
		h.Values[name] = value
	}
	if o.Capture == "" {
		return nil
	}
	info, err := h.Case.Info(c.Context())
	if err != nil {
		return err
	}
	var all []string
	for _, capture := range info.Captures {
		if capture.Name == o.Capture {
			return nil
		}
		all = append(all, capture.Name)
	}
	return cli.Usage("no capture %q in the case\nhint: there are %s", o.Capture, strings.Join(all, ", "))
}

// instant writes a time as a parameter takes it.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
