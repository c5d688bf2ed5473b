package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/db/sysconf"
	"hilphone/emulator/cafile"
	"hilphone/webui"
)

type configCopies struct {
	dataFlag
	JSON bool `name:"json" help:"Write them as JSON, as GET config/copies answers."`
}

func (c *configCopies) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		all, err := store.Copies(env)
		if err != nil {
			return err
		}
		if c.JSON {
			views, err := configurations{store}.Copies(env)
			if err != nil {
				return err
			}
			e := json.NewEncoder(env.Stdout)
			e.SetIndent("", "  ")
			return e.Encode(views)
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tMADE\tBEFORE")
		for _, k := range all {
			fmt.Fprintf(w, "%d\t%s\t%s\n", k.ID, k.Made.Local().Format(time.DateTime), k.Before)
		}
		return w.Flush()
	})
}

type configRestore struct {
	dataFlag
	reportFlags
	ID int64 `arg:"" help:"The copy, as config copies lists it."`
}

func (c *configRestore) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		kept, err := configurations{store}.Copy(env, c.ID)
		if errors.Is(err, webui.ErrNotFound) {
			return usage("ID: %d is no copy; `hilphone config copies` lists them", c.ID)
		}
		if err != nil {
			return err
		}
		what := fmt.Sprintf("copy %d", c.ID)
		return c.change(env, store, what, audit.Restore, map[string]any{"copy": c.ID}, func(old sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error) {
			report := sysconf.Report{Format: sysconf.JSON, Changes: sysconf.Changes(old, kept)}
			return kept, report, kept.CheckFiles(nil, old, cafile.Check)
		})
	})
}
