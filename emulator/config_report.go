package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/db/sysconf"
	"hilphone/webui"
)

// reportFlags say how a change of the configuration as a whole is made and reported.
type reportFlags struct {
	DryRun bool `help:"Only say what would change."`
	JSON   bool `name:"json" help:"Write the report as JSON, as POST config/import answers."`
}

// change changes the configuration in the store and reports it. What names the file or the copy; the change is recorded as the action with the data.
func (f reportFlags) change(env environment, store *db.DB, what string, action audit.Action, data map[string]any,
	change func(sysconf.Configuration) (sysconf.Configuration, sysconf.Report, error)) error {
	var report sysconf.Report
	dry := errors.New("dry run")
	before := map[audit.Action]string{audit.Import: db.BeforeImport, audit.Restore: db.BeforeRestore}[action]
	err := store.ChangeConfiguration(context.WithoutCancel(env), before, func(old sysconf.Configuration) (next sysconf.Configuration, err error) {
		if next, report, err = change(old); err == nil && f.DryRun {
			err = dry
		}
		return next, err
	})
	if faults := sysconf.Faults(err); len(faults) > 0 {
		report.Changes, report.Kept, report.Unknown, report.Refused = nil, nil, nil, faults
		return f.refuse(env, what, report)
	}
	if err != nil && !errors.Is(err, dry) {
		return err
	}
	applied := !f.DryRun && len(report.Changes) > 0
	if applied {
		recorded := map[string]any{"changes": len(report.Changes)}
		if action == audit.Import {
			recorded["format"] = report.Format
		}
		for name, value := range data {
			recorded[name] = value
		}
		if err := recordCommand(context.WithoutCancel(env), store, action, recorded); err != nil {
			return err
		}
	}
	if err := f.write(env.Stdout, report, applied); err != nil || !applied {
		return err
	}
	return confirmed(env, store, f.JSON)
}

// refuse names every fault, each with its line, column and key.
func (f reportFlags) refuse(env environment, what string, report sysconf.Report) error {
	if f.JSON {
		if err := f.write(env.Stdout, report, false); err != nil {
			return err
		}
	}
	faults := report.Refused
	if len(faults) == 1 {
		return usage("%s: %v; nothing was changed", what, faults[0])
	}
	var all strings.Builder
	for _, fault := range faults {
		fmt.Fprintf(&all, "\n  %v", fault)
	}
	return usage("%s: %d faults; nothing was changed:%s", what, len(faults), all.String())
}

// write lists what the file does to each key, and what one should know of the file.
func (f reportFlags) write(out io.Writer, r sysconf.Report, applied bool) error {
	if f.JSON {
		view := webui.ImportViewOf(r)
		view.Applied = applied
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(view)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	rows := r.Rows()
	if len(rows) > 0 {
		fmt.Fprintln(w, "EFFECT\tROW\tKEY\tVALUE")
	}
	counts := map[sysconf.Outcome]int{}
	for _, row := range rows {
		counts[row.Outcome]++
		at := "-"
		if row.At > 0 {
			at = strconv.Itoa(row.At)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.Outcome, at, row.Key, valueOf(row))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		note := "note"
		if n.At > 0 {
			note += ": line " + strconv.Itoa(n.At)
		}
		if n.Key != "" {
			note += ": " + n.Key
		}
		fmt.Fprintf(out, "%s: %s\n", note, n.Message)
	}
	done := "changed"
	if f.DryRun {
		done = "would change"
	}
	if r.Keys == 0 { // a copy
		_, err := fmt.Fprintf(out, "%d keys %s.\n", counts[sysconf.Changed], done)
		return err
	}
	_, err := fmt.Fprintf(out, "%d keys: %d %s, %d kept without effect, %d unknown.\n", r.Keys, counts[sysconf.Changed], done, counts[sysconf.NotObeyed], counts[sysconf.NotKnown])
	return err
}

// valueOf is what a row of the table says of the key's value.
func valueOf(row sysconf.Row) string {
	switch {
	case row.Outcome == sysconf.NotKnown && row.Place() != "":
		return "kept for the next export, in " + row.Place()
	case row.Outcome == sysconf.NotKnown:
		return "kept for the next export"
	case row.Secret && row.Outcome == sysconf.NotObeyed:
		return "(secret), no effect here"
	case row.Outcome == sysconf.NotObeyed:
		return fmt.Sprintf("%q, usually %q; no effect here", row.New, row.Default)
	case row.Secret && row.Set:
		return "(secret) -> (secret, set)"
	case row.Secret:
		return "(secret) -> (secret, taken away)"
	}
	text := fmt.Sprintf("%q -> %q", row.Old, row.New)
	if !row.Obeyed {
		text += "; no effect here"
	}
	return text
}
