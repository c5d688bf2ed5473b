package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"hilphone/db/device"
	"hilphone/sip/line"
)

type versionCommand struct{}

// Run prints what a bug report needs.
func (versionCommand) Run(env environment) error {
	w := tabwriter.NewWriter(env.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "hilphone\t%s\n", version)
	if c := commit(); c != "" {
		fmt.Fprintf(w, "commit\t%s\n", c)
	}
	fmt.Fprintf(w, "go\t%s %s/%s\n", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			fmt.Fprintf(w, "%s\t%s\n", m.Path, m.Version)
		}
	}
	return w.Flush()
}

type settingsCommand struct {
	Phone bool `help:"Those of the phone as a whole."`
}

// Run prints the table of settings in Markdown; the README holds a copy, and a test holds it to this.
func (c settingsCommand) Run(env environment) error {
	table := settingsTable()
	if c.Phone {
		table = phoneTable()
	}
	_, err := fmt.Fprint(env.Stdout, table)
	return err
}

// phoneTable are the numbers and switches of the phone as a whole.
func phoneTable() string {
	var b strings.Builder
	b.WriteString("| setting | key in the vendor's files | value | default | what it does |\n| --- | --- | --- | --- | --- |\n")
	for _, d := range device.Numbers {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", d.Name, d.Key, valueText(d.Setting), d.Default, d.Hint.EN)
	}
	return b.String()
}

func settingsTable() string {
	var b strings.Builder
	b.WriteString("| setting | key in the vendor's files | value | default | what it does |\n| --- | --- | --- | --- | --- |\n")
	for _, d := range line.Table {
		key := "-"
		if d.Key != "" {
			key = "`SIPn " + d.Key + "`"
		}
		if d.Wide != "" {
			key = "`" + d.Wide + "`, of all lines"
		}
		standard := d.Default
		if s := line.Default(); d.Kind == line.Choice {
			standard = fmt.Sprint(d.Get(s))
		}
		if standard == "" {
			standard = "empty"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", d.Name, key, valueText(d), standard, d.Hint.EN)
	}
	return b.String()
}

func valueText(d line.Setting) string {
	switch d.Kind {
	case line.Number:
		unit := ""
		if d.Unit != "" {
			unit = " " + d.Unit
		}
		return fmt.Sprintf("%d to %d%s", d.Min, d.Max, unit)
	case line.Switch:
		return "false, true (0, 1)"
	case line.Choice:
		var names []string
		for _, o := range d.Choices {
			names = append(names, o.Name)
		}
		return strings.Join(names, ", ")
	case line.Host:
		return "IP address or name"
	case line.List:
		return "response codes"
	case line.Source:
		return "servers, anyone, IP addresses, networks"
	}
	if d.File {
		return "absolute path of a file"
	}
	return "text"
}
