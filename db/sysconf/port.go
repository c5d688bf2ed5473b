package sysconf

import "regexp"

// The call features have a part for each port, of which these phones have one: P1 keys in the sub-list --Port Config-- of a text file,
// <port index="1"> in an XML file, <Port_Config_Entry><ID>P1</ID> in a legacy one. Their path is call.port.1.TAG in all of them.

const portList = "--Port Config--"

var (
	portKey  = regexp.MustCompile(`^P([1-9]) ?(\S.*)$`)
	portTag  = regexp.MustCompile(`^P([1-9])([^.0-9][^.]*)$`)
	portPath = regexp.MustCompile(`^call\.port\.([1-9])\.([^.0-9][^.]*)$`)
	// portEntry is the path that a legacy XML file leads to.
	portEntry = regexp.MustCompile(`^([^.]+)\.PortConfig\.(P[1-9])\.([^.]+)$`)
)

// pathOf is the path of a key of a module outside of all sub-lists, or of a port.
func pathOf(module, key string) string {
	if found := portTag.FindStringSubmatch(tagOf(key)); found != nil && groupOf(module) == "call" {
		return portPathOf(found)
	}
	return devicePath(module, "", key)
}

func portPathOf(found []string) string { return "call.port." + found[1] + "." + found[2] }

// plain is the path without sub-list and without the elements that a legacy XML file has around a key of a port.
func (e Entry) plain() string { return portEntry.ReplaceAllString(e.base(), "$1.$2$3") }

// ported is the path of the entry, of a key of a port of the call features the one that XML files have. In another sub-list than that of the
// ports, or in none, only known keys are such.
func (e Entry) ported() string {
	group, list, _ := splitPath(e.Path)
	_, _, tag := splitPath(e.plain())
	found := portTag.FindStringSubmatch(tag)
	if found == nil || group != "call" {
		return e.Path
	}
	if list == "" {
		list = listSegment(e.List)
	}
	at := Entry{Path: portPathOf(found)}
	_, known := deviceKeys()[at.Path]
	_, other := aliasAt()[false][at.Path]
	if list == listSegment(portList) || e.plain() != e.base() || at.obeyed() || list == "" && (known || other) {
		return at.Path
	}
	return e.Path
}

// atPort is the entry with a key, a module and a sub-list that lead to its path, which is the one of a port.
func (e Entry) atPort(path, port, tag string) Entry {
	k, known := deviceKeys()[path]
	switch {
	case known:
		e.Key = k.Name
	case tagOf(e.Key) == "P"+port+tag:
	case tagOf(e.Key) == tag:
		e.Key = "P" + port + " " + e.Key
	default:
		e.Key = "P" + port + " " + tag
	}
	if groupOf(e.Module) != "call" {
		e.Module = ""
	}
	e.Path, e.List = path, portList
	return e
}
