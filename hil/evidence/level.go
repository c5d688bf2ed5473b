package evidence

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// levelsOf reads the levels among entries back in the order of their times, with their names and the values that each name has had. How the servers
// behave and where the lines stand is told by other entries too; those count where no level says it.
func levelsOf(entries []Entry) (levels []Level, names []string, seen map[string][]string) {
	var told []Level
	explicit := map[string]bool{}
	for _, e := range entries {
		l := Level{At: max(0, e.At), From: e.From}
		if e.Kind != LevelKind {
			told = append(told, e.levels()...)
		} else if json.Unmarshal(e.Data, &l) == nil {
			explicit[l.Name] = true
			levels = append(levels, l)
		}
	}
	first := map[string]bool{}
	for _, l := range told {
		if explicit[l.Name] || l.From == before && first[l.Name] {
			continue
		}
		first[l.Name] = true
		levels = append(levels, l)
	}
	slices.SortStableFunc(levels, func(a, b Level) int { return cmp.Compare(a.At, b.At) })
	seen = map[string][]string{}
	for _, l := range levels {
		if _, known := seen[l.Name]; !known {
			names = append(names, l.Name)
		}
		if !slices.Contains(seen[l.Name], l.Value) {
			seen[l.Name] = append(seen[l.Name], l.Value)
		}
	}
	return levels, names, seen
}

// before marks a level as one that an event says has held until then.
const before = "before"

// levels are those that an entry tells in other words.
func (e Entry) levels() []Level {
	switch e.Kind {
	case ServerKind: // server primary silent
		if words := strings.SplitN(e.Text, " ", 3); len(words) == 3 && words[0] == "server" {
			return []Level{{At: max(0, e.At), From: e.From, Name: "server " + words[1], Value: words[2]}}
		}
	case EventKind:
		var event struct {
			Type string
			Line int
			Data struct{ Phase, From string }
		}
		if json.Unmarshal(e.Data, &event) != nil || event.Type != "line_state" {
			return nil
		}
		name := "line " + strconv.Itoa(event.Line)
		now := []Level{{At: max(0, e.At), From: e.From, Name: name, Value: standing(event.Data.Phase)}}
		if event.Data.From != "" {
			now = append([]Level{{From: before, Name: name, Value: standing(event.Data.From)}}, now...)
		}
		return now
	}
	return nil
}

// standing is a phase of a line as a lane shows it: the server in use, or that there is none.
func standing(phase string) string {
	switch phase {
	case "on_primary":
		return "primary"
	case "on_backup":
		return "backup"
	case "all_failed":
		return "timeout"
	case "try_primary", "try_backup":
		return "trying"
	}
	return phase
}
