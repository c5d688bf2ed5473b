package line

import (
	"fmt"
	"net/netip"
	"strings"
)

// Sources says from where a line takes requests that begin something: calls, OPTIONS, NOTIFY. It is a list, separated by commas, of
// AllServers, Anyone, IP addresses and networks such as 192.0.2.0/24.
type Sources string

// Words of Sources.
const (
	AllServers = "servers" // every address of the line's servers
	Anyone     = "anyone"
)

// Match reports whether a source is in the list. server says that it is an address of one of the line's servers.
func (s Sources) Match(a netip.Addr, server bool) bool {
	a = a.Unmap().WithZone("")
	for entry := range strings.SplitSeq(string(s), ",") {
		switch entry = strings.TrimSpace(entry); entry {
		case Anyone:
			return true
		case AllServers:
			if server {
				return true
			}
		default:
			if network, err := readNetwork(entry); err == nil && network.Contains(a) {
				return true
			}
		}
	}
	return false
}

func (s Sources) check() error {
	for entry := range strings.SplitSeq(string(s), ",") {
		entry = strings.TrimSpace(entry)
		if entry == Anyone || entry == AllServers {
			continue
		}
		if _, err := readNetwork(entry); err != nil {
			return fmt.Errorf("must be %s, %s, or IP addresses and networks such as 192.0.2.0/24, separated by commas; %q is none of them", AllServers, Anyone, entry)
		}
	}
	return nil
}

// readNetwork reads a network, or an address as the network that has only it.
func readNetwork(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%q is no address", s)
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), nil
}
