package phone

import (
	"fmt"
	"strings"
	"unicode"

	"hilphone/sip/line"
)

// answers are the SIP statuses users meet, in their words.
var answers = map[int]string{
	403: "Forbidden",
	404: "No such number",
	408: "No response",
	410: "Number has changed",
	480: "Not available",
	484: "Number incomplete",
	486: "Busy here",
	487: "Cancelled",
	488: "No common codec",
	500: "Server error",
	503: "Server not available",
	504: "Server not available",
	600: "Busy everywhere",
	603: "Declined",
	604: "No such number",
}

// reason says in words for the display why a call could not be made, with the status and, where the user has waited, the time.
func reason(end line.End) string {
	var words string
	switch {
	case end.Code != 0:
		words = answers[end.Code]
		if words == "" {
			words = end.Reason
		}
		words = strings.TrimSpace(fmt.Sprintf("%s (%d)", words, end.Code))
	case end.Cause == line.CauseNoResponse:
		words = "No server answered"
	case end.Cause == line.CauseICMP, end.Cause == line.CauseConnect:
		words = "Server cannot be reached"
	case end.Cause == line.CauseTLS:
		words = "Server failed the TLS check"
	case end.Cause == line.CauseDNS:
		words = "Server name is not known"
	default:
		words = end.Reason
	}
	if s := end.Elapsed.Seconds(); s >= 0.05 && words != "" {
		words += fmt.Sprintf(", %.1f s", s)
	}
	return words
}

// maxShown is how many characters a line of the display has.
const maxShown = 64

// clip makes a text from outside fit for the display.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown-1]) + "…"
	}
	return s
}
