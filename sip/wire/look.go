package wire

import (
	"fmt"
	"strings"
)

// StartLine returns the request line or the status line of a message in the customary spelling, empty for octets that are no SIP message.
// Nothing else of the message is read.
func StartLine(raw []byte) string {
	head, _ := split(raw)
	line, _, _ := strings.Cut(head, "\n")
	line = strings.TrimRight(line, "\r")
	if code, reason, ok := cutStatusLine(line); ok {
		return strings.TrimRight(fmt.Sprintf("%s %d %s", Version, code, reason), " ")
	}
	if method, target, version, ok := cutRequestLine(line); ok {
		return method + " " + target + " " + version
	}
	return ""
}

// HeaderValue returns the first value of a header field, empty where there is none. The name is in the long form; the field may have the
// compact one. Nothing else of the message is read.
func HeaderValue(raw []byte, name string) string {
	head, _ := split(raw)
	_, head, _ = strings.Cut(head, "\n")
	for head != "" {
		var line string
		line, head = unfolded(head)
		if field, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(canonicalName(strings.Trim(field, lws)), name) {
			return strings.Clone(printable(strings.Trim(value, lws))) // which may be kept longer than the message
		}
	}
	return ""
}
