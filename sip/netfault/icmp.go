package netfault

import "fmt"

// icmpNames are the types of ICMPv4 that report errors, and those of their codes that say more (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7).
var icmpNames = map[int]struct {
	name  string
	codes []string
}{
	3: {"destination unreachable", []string{"network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed", "source route failed",
		"network unknown", "host unknown", "source host isolated", "network administratively prohibited", "host administratively prohibited",
		"network unreachable for this type of service", "host unreachable for this type of service", "communication administratively prohibited",
		"host precedence violation", "precedence cutoff in effect"}},
	4:  {"source quench", nil},
	5:  {"redirect", nil},
	11: {"time exceeded", []string{"time to live exceeded", "fragment reassembly time exceeded"}},
	12: {"parameter problem", nil},
}

// ICMPName names an ICMPv4 error: "port unreachable"; of a code without a name the type: "destination unreachable".
func ICMPName(typ, code int) string {
	t, ok := icmpNames[typ]
	switch {
	case !ok:
		return fmt.Sprintf("type %d", typ)
	case code < 0 || code >= len(t.codes):
		return t.name
	}
	return t.codes[code]
}

// OfICMP is the fault that an ICMPv4 error reports.
func OfICMP(typ, code int) Fault {
	reason := ICMPError
	if typ == 3 {
		switch code {
		case 0, 6, 11:
			reason = NetworkUnreachable
		case 1, 5, 7, 8, 12:
			reason = HostUnreachable
		case 2:
			reason = ProtocolUnreachable
		case 3:
			reason = PortUnreachable
		case 9, 10, 13:
			reason = AdminProhibited
		}
	}
	return Fault{reason, fmt.Sprintf("ICMP type %d code %d, %s", typ, code, ICMPName(typ, code))}
}
