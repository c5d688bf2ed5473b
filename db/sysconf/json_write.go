package sysconf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"hilphone/sip/line"
)

// writeJSON writes this phone's own format.
func writeJSON(entries []Entry) []byte {
	var b strings.Builder
	device, lines := apart(entries)
	fmt.Fprintf(&b, "{\n  \"version\": %q,\n  \"lines\": {", currentVersion)
	for i := 0; i < len(lines); {
		n, comma := lines[i].Line, ","
		if i == 0 {
			comma = ""
		}
		fmt.Fprintf(&b, "%s\n    \"%d\": {", comma, n)
		var settings, keys []string
		for ; i < len(lines) && lines[i].Line == n; i++ {
			e := lines[i]
			d, used := e.setting()
			if used {
				value, spelled := jsonValue(d, e.Value)
				settings = append(settings, "\n      "+quoted(d.Name)+": "+value)
				used = !spelled
			}
			if !used {
				keys = append(keys, "\n        "+quoted(e.Key)+": "+quoted(e.Value))
			}
		}
		if len(keys) > 0 {
			settings = append(settings, "\n      \"keys\": {"+strings.Join(keys, ",")+"\n      }")
		}
		b.WriteString(strings.Join(settings, ",") + "\n    }")
	}
	b.WriteString("\n  },\n  \"device\": [")
	for i, e := range device {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n    " + marshalled(deviceEntry{e.Path, e.Key, e.Module, e.List, e.Value}))
	}
	b.WriteString("\n  ]\n}\n")
	return []byte(b.String())
}

// jsonValue is the value of a setting as REST has it, and whether the file's own spelling says more than that.
func jsonValue(d line.Setting, text string) (value string, spelled bool) {
	s := line.Default()
	if err := setText(d, &s, text); err != nil {
		return quoted(text), false // for the reader to refuse
	}
	return marshalled(d.Get(s)), d.Text(s) != text
}

func quoted(text string) string { return marshalled(text) }

func marshalled(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return strconv.Quote(err.Error()) // strings, numbers and bools do not fail
	}
	return strings.TrimRight(b.String(), "\n")
}
