package sysconf

import "strings"

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

// groupOf is the XML group of a text module: "SIP CONFIG MODULE" is sip. Of one that is not known it is the name without its spaces,
// with dots escaped.
func groupOf(module string) string {
	name := strings.TrimSuffix(strings.TrimSuffix(module, " MODULE"), " CONFIG")
	for _, m := range modules {
		if m.text == name {
			return m.group
		}
	}
	return escapeDots.Replace(tagOf(name))
}

// moduleOf is the text module of an XML group. A few have no CONFIG in their names.
func moduleOf(group string) string {
	for _, m := range modules {
		switch {
		case m.group != group:
		case group == "call", group == "phone", group == "dm", group == "mcast":
			return m.text + " MODULE"
		default:
			return m.text + " CONFIG MODULE"
		}
	}
	return unescapeDots.Replace(group) + " CONFIG MODULE"
}
