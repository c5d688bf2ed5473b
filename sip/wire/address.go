package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// address is a name-addr or an addr-spec with the parameters of its header field (RFC 3261 20.10).
type address struct {
	name   string // between the quotes, as it came, or a display name without quotes
	uri    sip.Uri
	params sip.HeaderParams
}

// readAddress reads [name] <uri> ;params, or uri ;params: without angle brackets the parameters are the header field's.
func readAddress(s string) (a address, err error) {
	s = strings.Trim(s, lws)
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		end := closingQuote(rest)
		if end < 0 {
			return a, errors.New("a quoted name does not end")
		}
		a.name, s = rest[:end], strings.TrimLeft(rest[end+1:], lws)
	}
	open := strings.IndexByte(s, '<')
	if semicolon := strings.IndexByte(s, ';'); open >= 0 && semicolon >= 0 && semicolon < open && a.name == "" {
		open = -1 // the bracket is in a parameter
	}
	if open < 0 {
		uri, rest := cut(s, ';')
		a.params = params(rest)
		return a, readURI(strings.Trim(uri, lws), &a.uri)
	}
	if a.name == "" {
		a.name = quotePairs.Replace(strings.Trim(s[:open], lws))
	}
	uri, rest, ok := strings.Cut(s[open+1:], ">")
	if !ok {
		return a, errors.New("an angle bracket is not closed")
	}
	a.params = params(strings.TrimLeft(rest, lws+";"))
	return a, readURI(strings.Trim(uri, lws), &a.uri)
}

// ReadURI reads the URI of a header field value that is an address, such as an element of Record-Route.
func ReadURI(value string) (sip.Uri, error) {
	a, err := readAddress(value)
	return a.uri, err
}

// quotePairs makes a display name without quotes safe between them, where sipgo writes it.
var quotePairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// readContact reads an element of Contact, which may be * (RFC 3261 10.2.2).
func readContact(s string) (address, error) {
	if before, rest := cut(s, ';'); strings.Trim(before, lws) == "*" {
		return address{uri: sip.Uri{Wildcard: true, Host: "*"}, params: params(rest)}, nil
	}
	return readAddress(s)
}

// closingQuote is where a quoted string ends, -1 where it does not.
func closingQuote(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// readURI reads a URI. Of a scheme other than sip and sips only the scheme is looked at.
func readURI(s string, uri *sip.Uri) error {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !isScheme(scheme) {
		return fmt.Errorf("%.60q is no URI", s)
	}
	if strings.ContainsAny(s, "<>\" \t\r\n") {
		return fmt.Errorf("%.60q holds a character that no URI has", s)
	}
	if err := sip.ParseUri(s, uri); err != nil {
		*uri = sip.Uri{}
		if scheme = strings.ToLower(scheme); scheme != "sip" && scheme != "sips" { // sipgo refuses + - . and digits in it
			*uri = sip.Uri{Scheme: scheme, Host: rest}
			return nil
		}
		return fmt.Errorf("%.60q: %w", s, err)
	}
	if uri.Scheme != "sip" && uri.Scheme != "sips" {
		return nil
	}
	if uri.Wildcard || rest == "" || uri.Port < 0 || uri.Port > 65535 || !isHost(uri.Host) {
		*uri = sip.Uri{}
		return fmt.Errorf("%.60q has no usable host and port", s)
	}
	lowerNames(uri.UriParams)
	return nil
}

func lowerNames(list sip.HeaderParams) {
	for i := range list {
		list[i].K = strings.ToLower(list[i].K)
	}
}

func isScheme(s string) bool {
	for i, c := range []byte(strings.ToLower(s)) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9') && !strings.ContainsRune("+-.", rune(c))) {
			return false
		}
	}
	return s != ""
}

// isHost says whether s is a host name or an IP address, IPv6 in brackets. Underscores, which RFC 3261 does not allow, are in use.
func isHost(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is6()
	}
	if s == "" {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// SameUser says whether two user parts are equal once their escapes are undone (RFC 3261 19.1.4).
func SameUser(a, b string) bool { return a == b || unescape(a) == unescape(b) }

// unescape undoes %HH; what is no escape stays.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Number returns the remote party of a URI as a person would dial it: the user part, for tel the number, else the host.
func Number(uri sip.Uri) string {
	if uri.Scheme == "tel" {
		number, _, _ := strings.Cut(strings.TrimPrefix(uri.String(), "tel:"), ";")
		return number
	}
	if uri.User != "" {
		return uri.User
	}
	return uri.Host
}
