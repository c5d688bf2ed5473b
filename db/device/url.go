package device

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"hilphone/db/secret"
)

// maxURL is how long an address may be, in bytes.
const maxURL = 1024

// Variables are what an address may name with a $ in its path and query: those of the vendor's sister brands, then ours.
var Variables = []string{
	"mac", "ip", "model", "firmware", "active_url", "active_user", "active_host", "local", "remote", "display_local", "display_remote", "call_id",
	"line", "server", "cause", "elapsed_ms",
}

var variable = regexp.MustCompile(`\$[A-Za-z_]*`)

// CheckURL says what is wrong with an address that the phone is to call. The text of the error does not quote it: it may hold a password.
// What a name in it leads to is looked at when it is called, each time.
// Loopback is right in a lab of the phone's own alone.
func CheckURL(text string, lab bool) error {
	if len(text) > maxURL {
		return fmt.Errorf("must be %d characters at most", maxURL)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return errors.New("must have no spaces, control characters or backslashes")
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return errors.New("must be an address such as http://192.0.2.1/path?line=$line")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("must begin with http:// or https://")
	}
	if u.Fragment != "" || strings.Contains(text, "#") {
		return errors.New("must have no part after #")
	}
	if user := u.User.String(); strings.Contains(u.Host, "$") || strings.Contains(user, "$") {
		return errors.New("variables may stand in the path and the query only")
	}
	for _, v := range variable.FindAllString(text, -1) {
		if !slices.Contains(Variables, v[1:]) {
			return fmt.Errorf("no variable is called %s; there are $%s; write %%24 for $ itself", v, strings.Join(Variables, ", $"))
		}
	}
	return checkHost(u.Hostname(), u.Port(), lab)
}

// checkHost refuses what is refused when it is called too, as far as it can be told from the text.
func checkHost(host, port string, lab bool) error {
	if port == "0" {
		return errors.New("port 0 cannot be called")
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if why := Refused(a, lab); why != "" {
			return errors.New("this phone does not call " + why)
		}
		return nil
	}
	host = strings.TrimSuffix(host, ".")
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || !hostLabel.MatchString(label) {
			return errors.New("must name a host by its IP address or domain name")
		}
	}
	// 2130706433, 0177.0.0.1 and 0x7f.1 are addresses to some resolvers and names to others.
	if last := host[strings.LastIndex(host, ".")+1:]; numeric.MatchString(last) {
		return errors.New("must name a host by its IP address in the usual form, or by its domain name")
	}
	return nil
}

var (
	hostLabel = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?$`)
	numeric   = regexp.MustCompile(`^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$`)
)

// Expand puts the values of variables into an address, each escaped for its place: a segment of the path, or the query. Variables
// without a value are empty. No value makes a segment of dots, which would lead to another path (RFC 3986 5.2.4), not even after a
// server has decoded it: its dots become underscores.
func Expand(text string, values map[string]string) string {
	path, query, hasQuery := strings.Cut(text, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		segments[i] = expandSegment(segment, values)
	}
	path = strings.Join(segments, "/")
	if !hasQuery {
		return path
	}
	return path + "?" + variable.ReplaceAllStringFunc(query, func(v string) string { return url.QueryEscape(values[v[1:]]) })
}

func expandSegment(segment string, values map[string]string) string {
	expanded := variable.ReplaceAllStringFunc(segment, func(v string) string { return url.PathEscape(values[v[1:]]) })
	if expanded == segment {
		return segment
	}
	// Servers decode a path, some of them more than once.
	decoded, dots := expanded, hasDotSegment(expanded)
	for range maxDecoded {
		next, err := url.PathUnescape(decoded)
		if err != nil || next == decoded {
			break
		}
		decoded, dots = next, dots || hasDotSegment(next)
	}
	if dots || strings.Contains(decoded, "%2") {
		return url.PathEscape(strings.NewReplacer(".", "_", "%", "_").Replace(decoded))
	}
	return expanded
}

// maxDecoded is how often a segment is decoded to look for dots in it. What is escaped more often loses its percent signs.
const maxDecoded = 4

// hasDotSegment reports whether part of a path has a segment "." or "..". Some servers leave out what follows a semicolon, and take a
// backslash for a slash.
func hasDotSegment(path string) bool {
	for p := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if p, _, _ = strings.Cut(p, ";"); p == "." || p == ".." {
			return true
		}
	}
	return false
}

// Mask returns an address as it may be shown: without the password of its user, and without the values of parameters that look like secrets.
func Mask(text string) string { return secret.Mask(text) }

// Origin returns scheme and host of an address, for those who may not know more of it: a password may stand anywhere else (SE-09).
func Origin(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + rest[strings.LastIndex(rest, "@")+1:]
}

// IsOrigin reports whether an address is nothing but scheme and host.
func IsOrigin(text string) bool { return text == "" || strings.TrimSuffix(text, "/") == Origin(text) }
