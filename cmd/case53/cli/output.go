package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
)

// Output is standard output. It remembers the first error, after which it takes nothing more: run looks at it at the end, so
// that no command can print to a full disk and call that a success.
type Output struct {
	w      io.Writer
	Failed error // the first error
}

// NewOutput is standard output, which w is.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

func (o *Output) Write(p []byte) (int, error) {
	if o.Failed != nil {
		return 0, o.Failed
	}
	n, err := o.w.Write(p)
	if err != nil {
		o.Failed = fmt.Errorf("standard output: %w", err)
	}
	return n, o.Failed
}

// IsTerminal says whether what is written there goes to a screen.
func IsTerminal(w io.Writer) bool {
	if o, ok := w.(*Output); ok {
		w = o.w
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}
