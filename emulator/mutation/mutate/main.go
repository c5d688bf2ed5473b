// Command mutate runs the tests of packages on changed code and prints the changes that no test notices. Run it by make mutate.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"hilphone/emulator/mutation"
)

// equivalents is the list of mutants that are not counted, from the root of the module.
const equivalents = "emulator/mutation/equivalent.txt"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := mutate(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	os.Exit(code)
}

// mutate returns the exit code: 0 when the mutants were run, 1 when more of them survived than may, 2 when they could not be run.
func mutate(ctx context.Context, args []string) (int, error) {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	session := mutation.Session{Own: own, Named: named, Out: os.Stdout}
	flags.Uint64Var(&session.Seed, "seed", 1, "of the sample")
	flags.IntVar(&session.N, "n", 20, "`mutants` of each package, 0 for all")
	flags.IntVar(&session.Jobs, "jobs", 2, "mutants at once")
	flags.BoolVar(&session.Verbose, "v", false, "print the mutants that are caught, too")
	since := flags.String("since", "", "only lines that are not as they were in this `revision`")
	most := flags.Float64("max", 100, "`percent` of the mutants of a package that may survive")
	if err := flags.Parse(args); err != nil {
		return 2, nil // it has said so
	}
	text, err := os.ReadFile(equivalents)
	if err != nil {
		return 2, err
	}
	if session.Equivalents, err = mutation.ReadEquivalents(equivalents, bytes.NewReader(text)); err != nil {
		return 2, err
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return 2, err
	}
	if *since != "" {
		if session.Lines, err = mutation.Changed(ctx, root, *since); err != nil {
			return 2, err
		}
	}
	dir, err := os.MkdirTemp("", "mut")
	if err != nil {
		return 2, err
	}
	defer os.RemoveAll(dir)
	session.Runner = mutation.NewRunner(root, dir)
	patterns := flags.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	return run(ctx, &session, root, patterns, *most)
}

// run runs one package after the other. What became of each is printed at the end, also of those before an error or an interrupt.
func run(ctx context.Context, session *mutation.Session, root string, patterns []string, most float64) (int, error) {
	packages, err := mutation.Load(ctx, root, patterns...)
	if err != nil {
		return 2, err
	}
	var results []mutation.Result
	defer func() {
		fmt.Println()
		for _, result := range results {
			fmt.Println(result)
		}
	}()
	code := 0
	for _, p := range packages {
		result, err := session.Package(ctx, p)
		if result.Counted() > 0 {
			results = append(results, result)
			if session.Verbose {
				fmt.Println(result)
			}
		}
		if err != nil {
			return 2, err
		}
		if result.Percent() > most {
			code = 1
		}
	}
	return code, nil
}
