package sysconf

import (
	"slices"
	"strings"
)

// modules are the parts of a file in their order: the text file's name and the XML file's group.
var modules = []struct{ text, group string }{
	{"NET", "net"}, {"MM", "mm"}, {"SIP", "sip"}, {"CALL FEATURE", "call"}, {"PHONE FEATURE", "phone"}, {"DEVICE MANAGER", "dm"}, {"VQM", "vqm"},
	{"CTI", "cti"}, {"ATE", "ateTest"}, {"MCAST CFG", "mcast"}, {"DSSKEY", "dsskey"}, {"MMI", "web"}, {"LOG", "log"}, {"TR069", "tr069"},
	{"SIP Hotspot", "hotspot"}, {"VPN", "vpn"}, {"MAINTENANCE", "mt"}, {"AUTOUPDATE", "ap"}, {"FIRMWARE CHECK", "fwCheck"}, {"QOS", "qos"},
	{"DOT1X", "dot1x"}, {"RTSP", "rtsp"}, {"APP", "pubApp"}, {"RECORD", "record"}, {"UI DEFINED", "UIconfig"}, {"UI MAINTAIN", "background"},
}

// sipModule holds the lines.
const sipModule = "SIP CONFIG MODULE"

// lineList is the separator before the SIPn keys.
const lineList = "--SIP Line List--"

// groupOf is the XML group of a text module: "SIP CONFIG MODULE" is sip. Of one that is not known it is the name without its spaces.
func groupOf(module string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(module, " MODULE"), " CONFIG")
	for _, m := range modules {
		if m.text == name {
			return m.group
		}
	}
	return tagOf(name)
}

// moduleOf is the text module of an XML group.
func moduleOf(group string) string {
	for _, m := range modules {
		if m.group == group {
			return m.text + " CONFIG MODULE"
		}
	}
	return group + " CONFIG MODULE"
}

// byModule puts the entries of the device into the order of the modules; within one, and among unknown ones, they stay as they are.
func byModule(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	seen := map[string]int{}
	place := func(e Entry) int {
		group := e.group()
		if group == e.Path {
			return -1 // in no module: before all of them
		}
		for i, m := range modules {
			if m.group == group {
				return i
			}
		}
		return len(modules) + seen[group]
	}
	for _, e := range entries {
		if _, ok := seen[e.group()]; !ok {
			seen[e.group()] = len(seen)
		}
	}
	slices.SortStableFunc(sorted, func(a, b Entry) int { return place(a) - place(b) })
	return sorted
}

// group is the XML group of an entry of the device.
func (e Entry) group() string {
	group, _, _ := strings.Cut(e.Path, ".")
	return group
}
