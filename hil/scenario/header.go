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
	start, head, _ := strings.Cut(head, "\r\n")
	switch words := strings.Fields(start); {
	case key == messageBody:
		return []string{body}
	case key == requestURI && len(words) == 3:
		return words[1:2]
	}
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), key) {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}
