package scenario

import (
	"slices"
	"strings"
)

// What of a message is no header and can be asked for like one.
const (
	requestURI  = "Request-URI"
	messageBody = "Body"
)

// headers tells whether the message has each header with that text in it, and none of those it must not have.
func (e Expect) headers(raw string, f Frame) bool {
	for _, want := range e.Fields {
		fits := func(value string) bool { return strings.Contains(value, want.Value) }
		if label, ok := want.label(); ok {
			other := values(f.Messages[label], want.Key)
			fits = func(value string) bool { return len(other) > 0 && value == other[0] }
		}
		if slices.ContainsFunc(values(raw, want.Key), fits) == want.Not {
			return false
		}
	}
	return true
}

// label is that of the message whose header it has to be: KEY={label}.
func (f Field) label() (string, bool) {
	text, opened := strings.CutPrefix(f.Value, "{")
	text, closed := strings.CutSuffix(text, "}")
	return text, opened && closed && isLabel(text)
}

// values are what a message has of a header, or its Request-URI or its body.
func values(raw, key string) (all []string) {
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	start, _, _ := strings.Cut(head, "\r\n")
	switch words := strings.Fields(start); {
	case key == messageBody:
		return []string{body}
	case key == requestURI && len(words) == 3:
		return words[1:2]
	}
	return HeaderValues(raw, key)
}

// unfold joins the lines of a header field that has several (RFC 3261 7.3.1).
var unfold = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ")

// compact are the long names of those that have a compact form (RFC 3261 20).
var compact = map[string]string{"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "c": "Content-Type", "e": "Content-Encoding",
	"s": "Subject", "k": "Supported", "o": "Event", "r": "Refer-To", "u": "Allow-Events"}

// HeaderValues are what a message has of a header field, however it is written: the lines of it in their order.
func HeaderValues(raw, key string) (all []string) {
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	_, head, _ = strings.Cut(head, "\r\n")
	for line := range strings.SplitSeq(unfold.Replace(head), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); compact[strings.ToLower(name)] != "" {
			name = compact[strings.ToLower(name)]
		}
		if ok && strings.EqualFold(name, key) {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}
