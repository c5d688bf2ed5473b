// Command hilphone is the phone as a program: it puts board, lines, store and pages together and runs them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"hilphone/db/secret"
)

// version is stamped by the build.
var version = "devel"

// Exit codes. A scenario's verdict uses 1 too: what was asked for did not come about.
const (
	exitFailed = 1
	exitUsage  = 2
)

// commands is the command line; the names are those that lab scripts hold on to.
type commands struct {
	Run      runCommand      `cmd:"" default:"withargs" help:"The phone."`
	Demo     demoCommand     `cmd:"" help:"The phone with an embedded lab: a primary, a backup and an answering phone 1002."`
	Bench    benchCommands   `cmd:"" help:"Plays scenarios against a phone."`
	Board    boardCommands   `cmd:"" help:"Real keys and lamps."`
	Config   configCommands  `cmd:"" help:"Configuration files."`
	Token    tokenCommands   `cmd:"" help:"API tokens for scripts."`
	Password passwordCommand `cmd:"" help:"Sets the web password; reads it from the terminal or standard input."`
	Health   healthCommand   `cmd:"" help:"Asks a running phone whether it is well; exit code 0 or 1."`
	Settings settingsCommand `cmd:"" hidden:"" help:"The table of settings of a line, for the README."`
	Version  versionCommand  `cmd:"" help:"Version, commit and module versions."`

	ShowVersion versionFlag `name:"version" help:"Prints the version in a line."`
}

// dataFlag is shared by all commands that touch the phone's data.
type dataFlag struct {
	Data string `env:"HILPHONE_DATA" placeholder:"DIR" help:"Data directory. Default: $STATE_DIRECTORY, else ~/.local/state/hilphone."`
}

func (d dataFlag) dir() (string, error) {
	if d.Data != "" {
		return d.Data, nil
	}
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usage("--data: there is no home directory: %v", err)
	}
	return filepath.Join(home, ".local", "state", "hilphone"), nil
}

// usageError is a fault of the command line or of a file it names.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (e usageError) Unwrap() error { return e.error }

// environment is what a command has besides its flags.
type environment struct {
	context.Context // ends at SIGINT or SIGTERM
	Stdin           io.Reader
	Stdout          io.Writer
	Stderr          io.Writer
}

func main() {
	debug.SetGCPercent(150) // a call must not wait for the collector; what the start leaves behind, settle gives back
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(environment{ctx, os.Stdin, os.Stdout, os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code. A failure is written to standard error.
func execute(env environment, args []string) (code int) {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("hilphone"), kong.Description("A desk phone that fails over to a backup SIP server, for the lab. hilphone demo needs nothing else; hilphone run is the phone."),
		kong.Writers(env.Stdout, env.Stderr), kong.Exit(func(n int) { exit = n }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}), scopeWords())
	if err != nil {
		panic(err) // the struct tags above are wrong
	}
	if wantsUsage(env, args) {
		_, _ = parser.Parse([]string{"--help"})
		return exitUsage
	}
	args = helpArguments(args)
	command, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help, --version
	}
	if err != nil {
		err = usageError{withNearest(commandError(parser, args, err))}
	} else {
		err = command.Run(env)
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(env.Stderr, "hilphone: %v\n", err)
	if errors.As(err, &usageError{}) {
		return exitUsage
	}
	return exitFailed
}

// logFlags say how the program logs.
type logFlags struct {
	LogLevel  string `env:"HILPHONE_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
	LogFormat string `env:"HILPHONE_LOG_FORMAT" enum:"text,json" default:"text" help:"text or json."`
}

func (f logFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // one of the four above
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: withoutSecrets}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// withoutSecrets masks the passwords of URIs in what is logged (IM-05).
func withoutSecrets(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(secret.MaskText(v.String()))
	case slog.KindAny:
		text := fmt.Sprint(v.Any())
		if masked := secret.MaskText(text); masked != text {
			a.Value = slog.StringValue(masked)
		}
	}
	return a
}
