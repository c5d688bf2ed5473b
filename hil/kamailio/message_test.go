//go:build rig

package kamailio

import (
	"regexp"
	"strconv"
	"strings"
)

// A message is the text of a SIP message, read just far enough for the small phones of these tests.
type message string

func (m message) method() string { method, _, _ := strings.Cut(string(m), " "); return method }

// status returns the status of an answer, 0 for a request.
func (m message) status() int {
	code, ok := strings.CutPrefix(string(m), "SIP/2.0 ")
	if !ok || len(code) < 3 {
		return 0
	}
	status, err := strconv.Atoi(code[:3])
	if err != nil {
		return 0
	}
	return status
}

// headers returns the values of all header fields of that name, in their order.
func (m message) headers(name string) (values []string) {
	for line := range strings.SplitSeq(string(m), "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

func (m message) header(name string) string {
	for _, value := range m.headers(name) {
		return value
	}
	return ""
}

var parameter = regexp.MustCompile(`(branch|nonce|realm)="?([^",;]+)`)

// parameter returns the first branch, nonce or realm in a header field.
func (m message) parameter(header, name string) string {
	for _, found := range parameter.FindAllStringSubmatch(m.header(header), -1) {
		if found[1] == name {
			return found[2]
		}
	}
	return ""
}
