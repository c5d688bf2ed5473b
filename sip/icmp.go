package sip

import (
	"errors"
	"net/netip"
	"syscall"
)

// icmpError is one ICMP error that came back for a datagram of ours.
type icmpError struct {
	to        netip.AddrPort // where the datagram went
	from      netip.Addr     // the router or host that sent the message; invalid where the kernel does not know
	typ, code int            // ICMPv4 numbers
	payload   []byte         // its UDP payload, as far as it was returned
}

// ICMPv4 types (RFC 792) that icmp4 translates to.
const (
	icmpUnreachable  = 3
	icmpTimeExceeded = 11
	icmpParameter    = 12
)

// icmp4 gives the ICMPv4 type and code that say the same as an ICMPv6 error
// (RFC 7915 section 5.2), so that FO-05 needs one table. The codes 5 and 6 of
// RFC 4443 section 3.1, which the translation leaves out, are refusals by
// policy: 3/13. ok is false for a type that is no error.
func icmp4(typ6, code6 int) (typ, code int, ok bool) {
	switch typ6 {
	case 1: // destination unreachable
		switch code6 {
		case 1:
			return icmpUnreachable, 10, true
		case 4:
			return icmpUnreachable, 3, true
		case 5, 6:
			return icmpUnreachable, 13, true
		}
		return icmpUnreachable, 1, true
	case 2: // packet too big
		return icmpUnreachable, 4, true
	case 3:
		return icmpTimeExceeded, code6, true
	case 4: // parameter problem; an unrecognised next header is "no such protocol"
		if code6 == 1 {
			return icmpUnreachable, 2, true
		}
		return icmpParameter, 0, true
	}
	return 0, 0, false
}

// icmpCauses are the causes the kernel turns ICMP errors into.
var icmpCauses = [...]syscall.Errno{
	syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	syscall.EHOSTDOWN, syscall.ENOPROTOOPT, syscall.EPROTO,
	syscall.EMSGSIZE, syscall.EOPNOTSUPP, syscall.EACCES, enonet,
}

// fromICMP reports whether err may be the pending error of an ICMP message
// rather than the outcome of the call that returned it.
func fromICMP(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	for _, cause := range icmpCauses {
		if errno == cause {
			return true
		}
	}
	return false
}
