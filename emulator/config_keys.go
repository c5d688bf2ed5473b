package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"hilphone/db"
	"hilphone/db/sysconf"
)

type configKeys struct {
	dataFlag
	JSON bool `name:"json" help:"As JSON."`
}

// keyView is a key as --json lists it.
type keyView struct {
	Key     string      `json:"key"`
	Path    string      `json:"path"`
	Use     sysconf.Use `json:"use"`
	Setting *string     `json:"setting"` // null: the key is not obeyed
	Default string      `json:"default"`
	Aliases []string    `json:"aliases"`
}

func (c *configKeys) Run(env environment) error {
	return c.withStore(env, func(store *db.DB) error {
		all, err := store.Configuration(env)
		if err != nil {
			return err
		}
		keys := all.KnownKeys()
		if c.JSON {
			return writeKeysJSON(env, keys)
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
		count := map[sysconf.Use]int{}
		for _, k := range keys {
			count[k.Use]++
			more := ""
			if len(k.Aliases) > 0 {
				more = "\talso " + strings.Join(k.Aliases, "; ")
			}
			fmt.Fprintf(w, "%s\t%s\t%s%s\n", k.Use, k.Key, cmp.Or(k.Setting, "-"), more)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%d keys: %d obeyed, %d kept, %d unknown.\n", len(keys), count[sysconf.UseObeyed], count[sysconf.UseKept], count[sysconf.UseUnknown])
		return err
	})
}

func writeKeysJSON(env environment, keys []sysconf.KnownKey) error {
	views := make([]keyView, len(keys))
	for i, k := range keys {
		views[i] = keyView{Key: k.Key, Path: k.Path, Use: k.Use, Default: k.Default, Aliases: append([]string{}, k.Aliases...)}
		if k.Setting != "" {
			views[i].Setting = &k.Setting
		}
	}
	e := json.NewEncoder(env.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(views)
}
