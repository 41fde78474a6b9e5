package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"case53/cases/custody"
	"case53/cases/safetext"
	"case53/cases/words"
	"case53/queries"
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
		Args: exactly(1),
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
	addWindowFlags(c)
	addHuntFlags(c, 100)
	return c
}

// reportForm writes a report and its appendix.
type reportForm struct {
	whole, appendix func(*report.Report, io.Writer) error
}

var (
	asHTML     = reportForm{(*report.Report).HTML, (*report.Report).AppendixHTML}
	asMarkdown = reportForm{(*report.Report).Markdown, (*report.Report).AppendixMarkdown}

	// reportForms are the forms of a report, by the end of its file's name.
	reportForms = map[string]reportForm{".html": asHTML, ".htm": asHTML, ".md": asMarkdown, ".markdown": asMarkdown}
)

// appendixOf is where the appendix of a report goes: beside it.
func appendixOf(target string) string {
	form := filepath.Ext(target)
	return strings.TrimSuffix(target, form) + "-appendix" + form
}

func formOf(target string) reportForm { return reportForms[strings.ToLower(filepath.Ext(target))] }

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
	r, err := report.Gather(c.Context(), h, hunts, o)
	if err != nil {
		return err
	}
	r.Made = fmt.Sprintf("%s UTC by %s", time.Now().UTC().Format("2006-01-02 15:04:05"), custody.Actor())
	form := formOf(target)
	if err := writeReport(appendixOf(target), r, form.appendix); err != nil {
		return err
	}
	if err := writeReport(target, r, form.whole); err != nil {
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
	if wantsJSON(c) {
		return printJSON(c.OutOrStdout(), map[string]any{"report": target, "appendix": appendixOf(target), "findings": len(r.Findings), "hunts": ran,
			"hunts_not_run": len(r.Outcomes) - ran, "objects": len(r.Objects), "custody": map[string]any{"lines": r.Custody.Lines, "head": r.Custody.Head}})
	}
	not := ""
	if n := len(r.Outcomes) - ran; n > 0 {
		not = "; " + words.Plural(int64(n), "hunt", "hunts") + " could not be run"
	}
	fmt.Fprintf(c.OutOrStdout(), "%s: %d findings of %d hunts, %d objects%s\n", safetext.Show(target), len(r.Findings), ran, len(r.Objects), not)
	fmt.Fprintf(c.OutOrStdout(), "every finding, hunt and object: %s\n", safetext.Show(appendixOf(target)))
	fmt.Fprintf(c.OutOrStdout(), "custody head %s after %d lines\n", r.Custody.Head, r.Custody.Lines)
	return nil
}

// reportTarget checks where the report is to go, before the work begins.
func reportTarget(c *cobra.Command, dir string) (string, error) {
	target, _ := c.Flags().GetString("out")
	switch {
	case target == "":
		return "", usage("no file to write to\nhint: case53 %s", c.Use)
	case formOf(target).whole == nil:
		return "", usage("%s: a report ends in .html or .md", target)
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(target))
	if err != nil {
		return "", fmt.Errorf("the folder of %s: %w\nhint: make it first", target, err)
	}
	inside, err := within(findCase(dir, io.Discard), folder)
	if err != nil {
		return "", err
	}
	if inside {
		return "", usage("%s lies in the case\nhint: looking at a case never writes to it; name a file elsewhere", target)
	}
	return target, errors.Join(overwritable(c, target), overwritable(c, appendixOf(target)))
}

// within says whether path is the folder dir or in it.
func within(dir, path string) (bool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if path, err = filepath.Abs(path); err != nil {
		return false, err
	}
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator)), nil
}

// overwritable refuses a file that is there already, unless --force is given.
func overwritable(c *cobra.Command, target string) error {
	force, _ := c.Flags().GetBool("force")
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is there and is no file", target)
	case !force:
		return fmt.Errorf("%s exists\nhint: --force writes over it", target)
	}
	return nil
}

// writeReport writes a file beside its place and then moves it there: it is there whole or not at all.
func writeReport(target string, r *report.Report, write func(*report.Report, io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(target), ".report-*")
	if err != nil {
		return err
	}
	err = write(r, tmp)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// openReport reads the flags and opens the case.
func openReport(c *cobra.Command, dir string) (h *findings.Hunter, hunts []*queries.Query, o report.Options, err error) {
	o.Tool = "case53 " + version()
	if o.Window, err = window(c, time.Now()); err != nil {
		return nil, nil, o, err
	}
	if o.Cite, _ = c.Flags().GetInt("cite"); o.Cite < 0 {
		return nil, nil, o, usage("--cite %d: less than none", o.Cite)
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
			return nil, nil, o, usage("--capture and --%s at the same time\nhint: a report of one capture compares nothing", name)
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
			return usage("--%s and -p %s at the same time", name, name)
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
	return usage("no capture %q in the case\nhint: there are %s", o.Capture, strings.Join(all, ", "))
}

// instant writes a time as a parameter takes it.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
