package main

import (
	"context"
	"fmt"
	"io"
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
	Keys   configKeys   `cmd:"" help:"Lists the keys of configuration files: those that the phone obeys, those that it keeps, and unknown ones that it was given."`

	Copies  configCopies  `cmd:"" help:"Lists the copies made before each import, restoring and reset."`
	Restore configRestore `cmd:"" help:"Puts a copy back, all of it; a running phone has it at once."`
}

type configExport struct {
	dataFlag
	Format  string `enum:"text,xml,json,legacy-text,legacy-xml" default:"text" help:"text, xml, json, legacy-text or legacy-xml."`
	Secrets bool   `help:"With the passwords; without, their keys are left out, and those in other values are masked."`
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
	reportFlags
	File    string `arg:"" help:"Configuration file of the phone or of a real one: text, XML or JSON; - is standard input."`
	Partial bool   `help:"Take a text file that lacks its last line, which may have been cut: a part of one, or keys written by hand."`
}

func (c *configImport) Run(env environment) error {
	data, err := c.read(env)
	if err != nil {
		return err
	}
	parse := sysconf.Parse
	if c.Partial {
		parse = sysconf.ParsePartial
	}
	file, err := parse(data)
	if err != nil {
		return c.refuse(env, c.File, sysconf.Report{Refused: sysconf.Faults(err)})
	}
	return c.withStore(env, func(store *db.DB) error {
		return c.change(env, store, c.File, audit.Import, nil, func(old sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error) {
			next, report, err := old.Merge(file, false)
			if err == nil {
				err = next.CheckFiles(file, old, cafile.Check)
			}
			return next, report, err
		})
	})
}

// mostRead is how much of a file is read: more than one may have, so that the fault names the line.
const mostRead = 4 * sysconf.MaxSize

func (c *configImport) read(env environment) (data []byte, err error) {
	if c.File == "-" {
		data, err = io.ReadAll(io.LimitReader(env.Stdin, sysconf.MaxSize+1))
	} else {
		data, err = limit.ReadFile(c.File, mostRead)
	}
	if err != nil {
		return nil, usage("FILE: %w", err)
	}
	return data, nil
}

// confirmed waits until a phone that runs on the store has what was stored, and says so unless quiet.
func confirmed(env environment, store *db.DB, quiet bool) error {
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
		if err == nil && has >= stored && quiet {
			return nil
		}
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
