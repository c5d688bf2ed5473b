package line

import (
	"fmt"
	"strings"
)

// Transport carries a line's messages to a server.
type Transport string

// The transports, by the names of REST; the vendor's files write 0, 1 and 3.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"
)

// Values of signal_retry_semantics, failover_mode, in_dialog_failover, reg_backoff and failback_probe.
const (
	Retransmissions = "retransmissions" // the count is of sends after the first
	Attempts        = "attempts"        // the count is of all sends
	Count           = "count"           // V3 products
	Period          = "period"          // V2 products
	Preserve        = "preserve"        // FO-38
	Rewrite         = "rewrite"         // FO-39
	Fixed           = "fixed"           // the registration failure interval, each time
	RFC5626         = "rfc5626"         // longer from failure to failure (RFC 5626 4.5)
	ByRegister      = "register"        // the vendor's probe
	ByOptions       = "options"
)

// Codes is a list of response codes, separated by commas; a question mark stands for any digit: "500,503" or "5??".
type Codes string

// Match reports whether code is in the list.
func (c Codes) Match(code int) bool {
	digits := fmt.Sprintf("%03d", code)
	for pattern := range strings.SplitSeq(string(c), ",") {
		if matchCode(strings.TrimSpace(pattern), digits) {
			return true
		}
	}
	return false
}

func matchCode(pattern, digits string) bool {
	if len(pattern) != len(digits) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && pattern[i] != digits[i] {
			return false
		}
	}
	return true
}

func (c Codes) check() error {
	if c == "" {
		return nil
	}
	for p := range strings.SplitSeq(string(c), ",") {
		p = strings.TrimSpace(p)
		if len(p) != 3 || p[0] < '3' || p[0] > '6' || strings.Trim(p, "0123456789?") != "" {
			return fmt.Errorf("must be response codes from 300 to 699 separated by commas, 5?? for all that begin with 5; %q is none", p)
		}
		// An authentication challenge proves that the server is alive; failing over on it would never register (FAILOVER 3.3).
		if matchCode(p, "401") || matchCode(p, "407") || matchCode(p, "423") {
			return fmt.Errorf("must not include 401, 407 or 423, which a working server answers; %q does", p)
		}
	}
	return nil
}
