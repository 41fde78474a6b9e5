package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"case53/cases"
	"case53/cases/custody"
	"case53/cases/words"
	"case53/cases/writer"
	"case53/cmd/case53/cli"
	"case53/cmd/case53/printed"
	"case53/loader"
)

func newCustody() *cobra.Command {
	c := &cobra.Command{
		Use:   "custody CASE",
		Short: "Print the log of what was done to a case, and check its chain",
		Long: `Each line of custody.jsonl carries the SHA-256 of the line before it. The SHA-256 of the last line is the head: whoever
notes it elsewhere can tell later, with --expect-head, that no line before it was changed, taken away or added. The log is
also compared with the head that the database was last written with.`,
		Args: cli.Exactly(1),
		RunE: runCustody,
	}
	c.Flags().String("expect-head", "", "fail unless a line of the log has this SHA-256")
	return c
}

func runCustody(c *cobra.Command, args []string) error {
	dir := cli.FindCase(args[0], c.ErrOrStderr())
	if !cases.Is(dir) {
		return fmt.Errorf("%w: %s", cases.ErrNoCase, dir)
	}
	expect, err := expectedHead(c)
	if err != nil {
		return err
	}
	lines, seen := []printed.CustodyLine{}, expect == ""
	err = custody.ReadLines(cases.CustodyFile(dir), func(e custody.Entry, sum string) error {
		lines = append(lines, printed.CustodyLine{Entry: e, SHA256: sum})
		seen = seen || sum == expect
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: it is gone", custody.ErrBroken)
	}
	if err == nil && !seen {
		err = fmt.Errorf("%w: no line of it has the SHA-256 %s: it was cut back or written anew after that head was noted", custody.ErrBroken, expect)
	}
	if err == nil {
		err = anchored(c, dir)
	}
	head := ""
	if len(lines) > 0 {
		head = lines[len(lines)-1].SHA256
	}
	if cli.WantsJSON(c) {
		out := map[string]any{"ok": err == nil, "lines": len(lines), "head": head, "entries": lines}
		if err != nil {
			out["fault"] = err.Error()
		}
		if printErr := printed.JSON(c.OutOrStdout(), out); printErr != nil {
			return printErr
		}
	} else {
		printed.Custody(c.OutOrStdout(), lines, head)
	}
	if err != nil {
		return fmt.Errorf("custody log of %s: %w", dir, err)
	}
	return nil
}

// custodyHead is the end of a custody log.
type custodyHead struct {
	Lines int    `json:"lines"`
	Head  string `json:"head"`
}

// headOf is the end of the log after a command has written: who notes it can tell later whether anything before it was changed.
func headOf(w *writer.Writer) custodyHead {
	lines, head := w.Custody.Head()
	return custodyHead{lines, head}
}

func (h custodyHead) String() string {
	return fmt.Sprintf("custody: %s, head %s", words.Plural(int64(h.Lines), "line", "lines"), h.Head)
}

// expectedHead reads --expect-head.
func expectedHead(c *cobra.Command) (string, error) {
	head, _ := c.Flags().GetString("expect-head")
	head = strings.ToLower(strings.TrimSpace(head))
	if head != "" && (len(head) != 64 || strings.Trim(head, "0123456789abcdef") != "") || head == "" && c.Flags().Changed("expect-head") {
		return "", cli.Usage("--expect-head %q is no SHA-256: 64 hexadecimal digits", head)
	}
	return head, nil
}

// anchored compares the log with what the database says of it. A database that cannot be opened says nothing: verify tells of it.
func anchored(c *cobra.Command, dir string) error {
	k, err := cases.Open(c.Context(), dir, loader.Schemas())
	if err != nil {
		printed.Error(c.ErrOrStderr(), fmt.Errorf("warning: not compared with the database: %w", err))
		return nil
	}
	defer k.Close()
	if !errors.Is(k.Altered, custody.ErrBroken) {
		return nil
	}
	text, _, _ := strings.Cut(k.Altered.Error(), "\nhint:")
	return fmt.Errorf("%w: %s", custody.ErrBroken, text)
}

// headIn is the end of the log of a case that is not written.
func headIn(dir string) (h custodyHead, err error) {
	err = custody.ReadLines(cases.CustodyFile(dir), func(e custody.Entry, sum string) error {
		h = custodyHead{e.Seq, sum}
		return nil
	})
	return h, err
}
