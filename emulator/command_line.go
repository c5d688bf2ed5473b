package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// versionFlag is `hilphone --version`: one line; `hilphone version` says more.
type versionFlag bool

// BeforeReset prints the version in place of running a command.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	text := "hilphone " + version
	if c := commit(); c != "" {
		text += " (" + c + ")"
	}
	fmt.Fprintln(app.Stdout, text)
	app.Exit(0)
	return nil
}

// wantsUsage reports whether somebody has typed the bare name of the program at a terminal, to see what it can do (UX-18). Without a terminal, as
// in a unit or a container, the bare name runs the phone, and so does a command line that has flags.
func wantsUsage(env environment, args []string) bool {
	typed, ok := env.Stdin.(*os.File)
	return len(args) == 0 && ok && term.IsTerminal(int(typed.Fd())) && isTerminal(env.Stdout)
}

// helpArguments makes `help` and `help COMMAND` what they are elsewhere.
func helpArguments(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// commandError is the error of a command line whose first word is no command: the nearest one, and all there are. The parser takes such a word for
// an argument of the default command.
func commandError(parser *kong.Kong, args []string, err error) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return err
	}
	var names []string
	for _, c := range parser.Model.Children {
		if c.Name == args[0] {
			return err
		}
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	parser.Model.DefaultCmd = nil
	if _, nearest := parser.Parse(args[:1]); nearest != nil {
		err = nearest
	}
	text := strings.Replace(err.Error(), "unexpected argument", "unknown command", 1)
	return fmt.Errorf("%s (the commands are %s)", text, strings.Join(names, ", "))
}
