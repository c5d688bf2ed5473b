package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/db/limit"
	"hilphone/db/sysconf"
	"hilphone/emulator/cafile"
)

// configCommands read and write configuration files, whether or not the phone runs.
type configCommands struct {
	Export configExport `cmd:"" help:"Writes the configuration to standard output."`
	Import configImport `cmd:"" help:"Takes a configuration file over, all of it or nothing; a running phone has it at once."`
}

type configExport struct {
	dataFlag
	Format  string `enum:"text,xml,json,legacy-text,legacy-xml" default:"text" help:"text, xml, json, legacy-text or legacy-xml."`
	Secrets bool   `help:"With the passwords; without, their keys are left out."`
}

func (c *configExport) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		all, err := store.Configuration(env)
		if err != nil {
			return err
		}
		if c.Secrets { // before they leave
			if err := recordCommand(env, store, audit.ExportSecret, map[string]any{"format": c.Format}); err != nil {
				return err
			}
		}
		_, err = env.Stdout.Write(all.Export(sysconf.Format(c.Format), c.Secrets))
		return err
	})
}

type configImport struct {
	dataFlag
	File   string `arg:"" help:"Configuration file of the phone or of a real one: text, XML or JSON; - is standard input."`
	DryRun bool   `help:"Only say what would change."`
}

func (c *configImport) Run(env environment) error {
	data, err := c.read(env)
	if err != nil {
		return err
	}
	file, err := sysconf.Parse(data)
	if err != nil {
		return c.fault(err)
	}
	return c.withStore(env, func(store *db.DB) error {
		var report sysconf.Report
		dry := errors.New("dry run")
		err := store.ChangeConfiguration(context.WithoutCancel(env), db.BeforeImport, func(old sysconf.Configuration) (next sysconf.Configuration, err error) {
			if next, report, err = old.Merge(file, false); err == nil {
				err = next.CheckFiles(file, old, cafile.Check)
			}
			if err == nil && c.DryRun {
				err = dry
			}
			return next, err
		})
		if err != nil && !errors.Is(err, dry) {
			return c.fault(err)
		}
		if !c.DryRun && len(report.Changes) > 0 {
			data := map[string]any{"format": report.Format, "changes": len(report.Changes)}
			if err := recordCommand(context.WithoutCancel(env), store, audit.Import, data); err != nil {
				return err
			}
		}
		if err := c.tell(env.Stdout, report); err != nil || c.DryRun || len(report.Changes) == 0 {
			return err
		}
		return confirmed(env, store)
	})
}

func (c *configImport) read(env environment) (data []byte, err error) {
	if c.File == "-" {
		data, err = io.ReadAll(io.LimitReader(env.Stdin, sysconf.MaxSize+1))
	} else {
		data, err = limit.ReadFile(c.File, sysconf.MaxSize)
	}
	if err != nil {
		return nil, usage("FILE: %w", err)
	}
	return data, nil
}

// fault names file, line and key of the first thing that is wrong, and how many there are.
func (c *configImport) fault(err error) error {
	faults := sysconf.Faults(err)
	switch {
	case len(faults) == 0:
		return err
	case len(faults) > 1:
		return usage("%s: %v (and %d more); nothing was changed", c.File, faults[0], len(faults)-1)
	}
	return usage("%s: %v; nothing was changed", c.File, faults[0])
}

// tell lists the difference, and what one should know of the file.
func (c *configImport) tell(out io.Writer, r sysconf.Report) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, change := range r.Changes {
		old, next, more := strconv.Quote(change.Old), strconv.Quote(change.New), ""
		if change.Secret {
			old, next = "(secret)", "(secret, taken away)"
			if change.Set {
				next = "(secret, set)"
			}
		}
		if !change.Used {
			more = "\tkept, no use here"
		}
		fmt.Fprintf(w, "%s\t%s\t-> %s%s\n", change.Key, old, next, more)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(out, "line %d: %s: unknown; kept for the next export\n", u.At, u.Key)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "line %d: %s: %s\n", n.At, n.Key, n.Message)
	}
	done := "changed"
	if c.DryRun {
		done = "would change"
	}
	_, err := fmt.Fprintf(out, "%d keys, %d %s.\n", r.Keys, len(r.Changes), done)
	return err
}

// confirmed waits until a phone that runs on the store has what was stored, and says so.
func confirmed(env environment, store *db.DB) error {
	running, err := store.Running()
	if err != nil || !running {
		return err
	}
	stored, _, err := store.Generation(env)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	ctx, cancel := context.WithTimeout(env, takeLimit)
	defer cancel()
	for {
		_, has, err := store.Generation(ctx)
		if err == nil && has >= stored {
			_, err = fmt.Fprintln(env.Stdout, "The running phone has it.")
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it is stored, but the running phone has not taken it within %v; it will at its next start", takeLimit)
		case <-tick.C:
		}
	}
}
