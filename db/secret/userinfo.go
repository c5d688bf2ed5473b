package secret

import (
	"regexp"
	"strings"
)

// schemes whose URIs have no slashes, and where user:password@ may follow.
var schemes = regexp.MustCompile(`(?i)\bsips?:(?://)?|[a-z][a-z0-9+.-]*://`)

// scheme finds the next scheme of a URI from a place on: where it starts, and where it ends with its colon and slashes.
func scheme(text string, from int) (start, end int, ok bool) {
	if m := schemes.FindStringIndex(text[from:]); m != nil {
		return from + m[0], from + m[1], true
	}
	return len(text), len(text), false
}

// userInfos returns the passwords of user:password@host in a value, from a place on.
func userInfos(value string, from int) (all []span) {
	for from < len(value) {
		start, end, ok := scheme(value, from)
		all = append(all, bare(value, from, start)...)
		if !ok {
			break
		}
		s, after, found := userInfo(value, start, end)
		if found {
			all = append(all, s)
		}
		next, _, _ := scheme(value, after)
		// The path goes to where a query begins or the next entry of a list.
		from = after
		if n := strings.IndexAny(value[after:next], "?,;| \t"); n >= 0 {
			from += n
		} else {
			from = next
		}
	}
	return all
}

// port is what may follow a colon that is none of a password.
var port = regexp.MustCompile(`^[0-9]{1,5}(?:$|[/?#,;|\s"'<>()&])`)

// userInfo finds the password of a URI whose scheme starts and ends at these places, and where its path begins.
func userInfo(value string, start, end int) (s span, after int, found bool) {
	limit := len(value)
	if next, _, ok := scheme(value, end); ok {
		limit = next
	}
	rest := value[end:limit]
	n := strings.IndexAny(rest, ":/?#@[ \t\"'<>,|")
	if strings.HasPrefix(strings.ToLower(value[start:end]), "sip") { // the user part has more characters (RFC 3261 25.1)
		n = strings.IndexAny(rest, ":@[ \t\"'<>")
	}
	if n < 0 || rest[n] != ':' {
		return s, end + hostEnd(rest), false
	}
	password := rest[n+1:]
	within := password
	if i := strings.IndexAny(within, " \t"); i >= 0 && (strings.Contains(within[:i], "@") || strings.ContainsAny(within[:i], "/?#") || port.MatchString(within)) {
		within = within[:i]
	}
	at := passwordEnd(within)
	first := strings.IndexAny(within, "/?#")
	if at < 0 || port.MatchString(within) && (first < 0 || first < at) {
		return s, end + n + 1, false
	}
	host := password[at+1:]
	host = host[:hostEnd(host)]
	return span{end + n + 1, end + n + 1 + at, rest[:n] + "@" + host}, end + n + 1 + at + 1 + len(host), true
}

// hostEnd is where a host with its port ends.
func hostEnd(text string) int {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(".-_[]:%$", c) >= 0, c >= 0x80:
		default:
			return i
		}
	}
	return len(text)
}

// passwordEnd is where the @ stands that ends a password, -1 without one: the last before the host, as passwords are often written without
// encoding theirs.
func passwordEnd(text string) int {
	at := strings.IndexByte(text, '@')
	for at >= 0 {
		end := at + 1 + hostEnd(text[at+1:])
		next := strings.IndexByte(text[at+1:], '@')
		if next < 0 || end == len(text) || strings.IndexByte("/?#", text[end]) >= 0 && end > at+1 {
			return at
		}
		next += at + 1
		if end < next && end > at+1 && strings.IndexByte(",;| \t", text[end]) >= 0 && strings.Contains(text[end:next], ":") {
			return at // the next of a list
		}
		at = next
	}
	return at
}

// noUser are words before a colon that are schemes and no user.
var noUser = regexp.MustCompile(`(?i)^(?:sips?|tel|mailto|xmpp|im|pres|callto|h323|urn|cid|mid|https?|ftp):`)

// bare returns the passwords of user:password@host without a scheme in a part of a value.
func bare(value string, from, to int) (all []span) {
	end := from // of the word that the @ is in
	for from < to {
		at := strings.IndexByte(value[from:to], '@')
		if at < 0 {
			return all
		}
		at += from
		start := from + strings.LastIndexAny(value[from:at], " \t\r\n") + 1
		start += len(value[start:at]) - len(strings.TrimLeft(value[start:at], "\"'<([{/?&"))
		start += len(noUser.FindString(value[start:at]))
		from = at + 1
		for {
			colon := strings.IndexByte(value[start:at], ':')
			if colon <= 0 || value[start] == '[' {
				break
			}
			password := start + colon + 1
			if port.MatchString(value[password:at]) { // of an entry of a list before
				start = password
				if n := strings.IndexAny(value[start:at], ",;| "); n >= 0 {
					start += n + 1
				}
				continue
			}
			if at >= end {
				if end = to; strings.ContainsAny(value[at:to], " \t\r\n") {
					end = at + strings.IndexAny(value[at:to], " \t\r\n")
				}
			}
			n := passwordEnd(value[password:end])
			if n < 0 || password+n+1 == end {
				from = max(from, password+n+1)
				break
			}
			host := value[password+n+1 : end]
			host = host[:hostEnd(host)]
			user := value[start : start+colon]
			user = user[strings.LastIndexAny(user, ",;|&=?")+1:]
			all = append(all, span{password, password + n, user + "@" + host})
			from = password + n + 1 + len(host)
			break
		}
	}
	return all
}
