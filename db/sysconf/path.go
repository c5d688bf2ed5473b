package sysconf

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A path of the device is GROUP.TAG, of a key in a sub-list GROUP.--LIST--.TAG (IM-02). A key outside of all modules has no group: TAG, or .TAG and
// .--LIST--.TAG where that has dots. Tags may have dots, which XML files write as elements in one another; groups and lists have them escaped.

var (
	escapeDots   = strings.NewReplacer("%", "%25", ".", "%2E")
	unescapeDots = strings.NewReplacer("%25", "%", "%2E", ".")
)

// devicePath is the path of a key of the device. List is empty or as the text file has it.
func devicePath(module, list, key string) string {
	group, tag := groupOf(module), tagOf(key)
	switch {
	case list != "":
		return group + "." + listSegment(list) + "." + tag
	case group == "" && !strings.Contains(tag, "."):
		return tag
	}
	return group + "." + tag
}

// splitPath takes a path of the device apart. The list is a segment of the path.
func splitPath(path string) (group, list, tag string) {
	group, tag, dotted := strings.Cut(path, ".")
	if !dotted {
		return "", "", path
	}
	if first, rest, ok := strings.Cut(tag, "."); ok && isList(first) {
		return group, first, rest
	}
	return group, "", tag
}

// isList tells whether a row of a text file without its colon, or a segment of a path, is a sub-list such as --Sidekey Config1--.
func isList(text string) bool {
	return len(text) > 4 && strings.HasPrefix(text, "--") && strings.HasSuffix(text, "--")
}

// listSegment is a sub-list in a path.
func listSegment(list string) string { return escapeDots.Replace(tagOf(list)) }

// group is the XML group of an entry of the device; empty outside of all modules.
func (e Entry) group() string {
	group, _, _ := splitPath(e.Path)
	return group
}

// base is the path without the sub-list.
func (e Entry) base() string {
	group, list, tag := splitPath(e.Path)
	if e.Line > 0 || list == "" {
		return e.Path
	}
	return join(group, tag)
}

// module is the text file's module of an entry of the device; empty outside of all modules.
func (e Entry) module() string {
	if group := e.group(); e.Module == "" && group != "" {
		return moduleOf(group)
	}
	return e.Module
}

var linePath = regexp.MustCompile(`^sip\.line\.([1-9][0-9]{0,2})\.(.+)$`)

// Agreed is the entry with a text key, a module and a sub-list that lead to its path, as those of a text file do.
func (e Entry) Agreed() Entry {
	if found := linePath.FindStringSubmatch(e.Path); found != nil && e.Line == 0 {
		e.Line, _ = strconv.Atoi(found[1]) // three digits at most
		e.Path, e.Key = found[2], found[2]
	}
	if e.Line > 0 {
		e.Module, e.List = "", ""
		if tagOf(e.Key) != e.Path && e.Path != "" {
			e.Key = e.Path
		}
		return e
	}
	e.Module = strings.Trim(e.Module, "<> ")
	if found := portPath.FindStringSubmatch(e.ported()); found != nil {
		return e.atPort(found[0], found[1], found[2])
	}
	group, list, tag := splitPath(e.Path)
	if e.Module != "" && groupOf(e.Module) != group {
		e.Module = ""
	}
	e.List = strings.TrimSpace(e.List)
	if !isList(e.List) || strings.Contains(e.List, ":") || tagOf(e.List) == tagOf(lineList) || e.obeyed() {
		e.List = ""
	}
	switch {
	case list == "" && e.List != "" && !e.known(): // of an earlier version, which had it beside the path
		e.Path = group + "." + listSegment(e.List) + "." + tag
	case list != "" && e.obeyed():
		e.Path = e.base()
	case list != "" && listSegment(e.List) != list:
		e.List = unescapeDots.Replace(list)
	}
	if tag != "" && (tagOf(e.Key) != tag || lineKey.MatchString(e.Key)) {
		e.Key = tag
	}
	return e
}

// byModule puts the entries of the device into the order of the modules, and in each those of no sub-list before those of sub-lists: a text file
// has no end of a sub-list but the next. Otherwise they stay as they are.
func byModule(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	seen := map[string]int{}
	rank := func(group string) int {
		if group == "" {
			return -1 // before all modules
		}
		for i, m := range modules {
			if m.group == group {
				return i
			}
		}
		return len(modules) + seen[group]
	}
	lists := map[[2]string]int{} // by group and list, in the order of the first of their entries
	for i, e := range entries {
		if _, ok := seen[e.group()]; !ok {
			seen[e.group()] = len(seen)
		}
		if in := [2]string{e.group(), e.List}; e.List != "" && lists[in] == 0 {
			lists[in] = i + 1
		}
	}
	slices.SortStableFunc(sorted, func(a, b Entry) int {
		if d := rank(a.group()) - rank(b.group()); d != 0 {
			return d
		}
		return lists[[2]string{a.group(), a.List}] - lists[[2]string{b.group(), b.List}]
	})
	return sorted
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
