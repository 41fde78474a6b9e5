package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"case53/cases/words"
)

// NoCommand is what the program does without a command, or with one that there is none of.
func NoCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return Usage("no command %q\nhint: %s", args[0], Meant(words.Near(args[0], names), "case53 --help lists them"))
}

// BadFlag is the error of a flag, with the flag that was perhaps meant.
func BadFlag(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return &Status{Code: Misused, Err: err}
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := words.Near(missing.GetSpecifiedName(), names)
	for i := range near {
		near[i] = "--" + near[i]
	}
	return Usage("%w\nhint: %s", err, Meant(near, c.CommandPath()+" --help lists its flags"))
}

// Meant asks whether one of these was meant; where there are none it says otherwise.
func Meant(near []string, otherwise string) string {
	if len(near) == 0 {
		return otherwise
	}
	return "did you mean " + strings.Join(near, ", ") + "?"
}
