package evidence

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hilphone/db/secret"
)

// MaskText stars out what reads as a secret in a command or in what it printed (SE-15): values of options, variables, fields and header fields
// that are named like a secret, user information of URLs, credentials of a header Authorization, and private keys.
func MaskText(text string) string {
	var b strings.Builder
	end := 0
	for _, s := range secretSpans(text) {
		b.WriteString(text[end:s.from])
		b.WriteString(stars)
		end = s.to
	}
	return b.String() + text[end:]
}

// Masker returns MaskText with known secrets besides, which are starred out wherever they stand.
func Masker(secrets ...string) func(text string) string {
	hidden := hider(secrets)
	return func(text string) string { return string(hide(hidden, []byte(MaskText(text)))) }
}

// leastSecret is the length from which on a secret of a command is looked for everywhere; a shorter one is likely to be something else there.
const leastSecret = 6

// SecretsIn returns the secrets in a command, for Folder.Hide: what it prints may have them without a name beside them.
func SecretsIn(command string) (secrets []string) {
	add := func(value string) {
		if len(value) >= leastSecret && !strings.HasPrefix(value, "$") { // a variable's name is no secret
			secrets = append(secrets, value)
		}
	}
	for _, s := range secretSpans(command) {
		value := unquoted(command[s.from:s.to])
		add(value)
		if plain, err := url.PathUnescape(value); err == nil && plain != value {
			add(plain) // of a URL
		}
		if m := bearer.FindStringSubmatch(value); m != nil {
			add(m[2])
			if plain, err := base64.StdEncoding.DecodeString(m[2]); err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				add(password)
			}
		}
	}
	slices.Sort(secrets)
	return slices.Compact(secrets)
}

// SecretVariable returns the value of a variable for Folder.Hide; empty if the variable is not named like a secret.
func SecretVariable(name, value string) string {
	if !isSecretName(name) || len(value) < leastSecret {
		return ""
	}
	return value
}

// unquoted is a word of a shell as the shell reads it, as far as quotes and backslashes go.
func unquoted(word string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c == quote && quote != 0:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '\\' && quote != '\'' && i+1 < len(word):
			i++
			b.WriteByte(word[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// span is a part of a text.
type span struct{ from, to int }

// word is a word of a shell, with its quotes.
const word = `((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\;|&<>()])+)`

var (
	// A header field that has nothing but credentials, to the end of its quotation or line.
	credentialField = regexp.MustCompile(`(?i)\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?([^\r\n"']+)|\b(?:set-)?cookie2?["']?\s*:\s*["']?([^\r\n"']+)`)
	// NAME=VALUE, "name": "value", Name: value; up to the value.
	assignment = regexp.MustCompile(`([A-Za-z_][\w.-]*)["']?[ \t]*([:=])[ \t]*`)
	// <name>value<
	tagged = regexp.MustCompile(`<([A-Za-z_][\w.-]*)(?:\s[^<>]*)?>([^<]+)`)
	// --name VALUE, -name=VALUE; up to the value.
	option = regexp.MustCompile(`(?:^|[\s'"=(])--?([A-Za-z][\w-]*)["']?([ \t]+|=)`)
	// curl -u USER:PASSWORD, smbclient -U USER%PASSWORD; up to the password.
	userOption = regexp.MustCompile(`(?:^|\s)(?:-u|-U|--user|--proxy-user|--proxy-auth)(?:[ \t]*|=)(["']?)[^\s:%"']*[:%]`)
	// The user information of a URL.
	userInfo = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*)://([^\s/'"<>]+)@`)
	// Credentials beside their scheme.
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)\s+([A-Za-z0-9._~+/-]{8,}=*)`)
	// Private keys in PEM, cut short or not.
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
	// Programs whose one-letter options are passwords.
	shortOptions = []*regexp.Regexp{
		regexp.MustCompile(`\bsshpass\b[^\n;|&]*?\s-p\s*` + word),
		regexp.MustCompile(`\b(?:mysql|mariadb)[\w-]*\b[^\n;|&]*?\s-p` + word),
		regexp.MustCompile(`\bipmitool\b[^\n;|&]*?\s-P\s*` + word),
		regexp.MustCompile(`\bredis-cli\b[^\n;|&]*?\s-a\s*` + word),
		regexp.MustCompile(`\bldap\w+\b[^\n;|&]*?\s-w\s*` + word),
		regexp.MustCompile(`\b(?:plink|pscp|psftp)\b[^\n;|&]*?\s-pw\s+` + word),
		regexp.MustCompile(`\bsnmp\w+\b[^\n;|&]*?\s-(?:c|A|X)\s*` + word),
	}
)

// secretSpans are the secrets in a text, in their order and apart from each other.
func secretSpans(text string) []span {
	var all []span
	add := func(from, to int) {
		if from >= 0 && from < to {
			all = append(all, span{from, to})
		}
	}
	for _, m := range credentialField.FindAllStringSubmatchIndex(text, -1) {
		add(m[2], m[3])
		add(m[4], m[5])
	}
	for _, pattern := range []*regexp.Regexp{assignment, option} {
		// What is no secret may hold the name of one, as -H 'X-Token: x' does: each name begins its own search.
		for at := 0; at < len(text); {
			m := pattern.FindStringSubmatchIndex(text[at:])
			if m == nil {
				break
			}
			name, separator, value := text[at+m[2]:at+m[3]], text[at+m[4]:at+m[5]], at+m[1]
			if pattern == assignment {
				name = whole(text, at+m[2], name)
			}
			if at += m[3]; isSecretName(name) {
				at = max(at, valueEnd(text, value, separator == ":"))
				add(value, at)
			}
		}
	}
	for _, m := range tagged.FindAllStringSubmatchIndex(text, -1) {
		if isSecretName(text[m[2]:m[3]]) {
			add(m[4], m[5])
		}
	}
	for _, m := range userOption.FindAllStringSubmatchIndex(text, -1) {
		end := valueEnd(text, m[1], false)
		if quote := text[m[2]:m[3]]; quote != "" {
			if end = strings.Index(text[m[1]:], quote); end < 0 {
				end = len(text) - m[1]
			}
			end += m[1]
		}
		add(m[1], end)
	}
	for _, m := range userInfo.FindAllStringSubmatchIndex(text, -1) {
		_, password, both := strings.Cut(text[m[4]:m[5]], ":")
		switch {
		case both:
			add(m[5]-len(password), m[5])
		case strings.HasPrefix(strings.ToLower(text[m[2]:m[3]]), "http"): // a token; of ssh it is the user
			add(m[4], m[5])
		}
	}
	for _, m := range bearer.FindAllStringSubmatchIndex(text, -1) {
		if strings.EqualFold(text[m[2]:m[3]], "bearer") || isUserAndPassword(text[m[4]:m[5]]) {
			add(m[4], m[5])
		}
	}
	for _, pattern := range append([]*regexp.Regexp{privateKey}, shortOptions...) {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			add(m[2], m[3])
		}
	}
	return merged(all)
}

// whole is the name that stands at a place with the words before it, where it says nothing alone: Config File Key.
func whole(text string, at int, name string) string {
	if !strings.EqualFold(name, "key") {
		return name
	}
	from := at
	for from > 0 && at-from < 60 && (text[from-1] == ' ' || text[from-1] == '-' || text[from-1] >= '0' && text[from-1] <= '9' || unicode.IsLetter(rune(text[from-1]))) {
		from--
	}
	return text[from:at] + name
}

// valueEnd is where a value that begins at from ends: a word of a shell, or within a quotation what the next space, quote or separator ends.
// A field's value, after a colon, ends with its own quotation.
func valueEnd(text string, from int, field bool) int {
	line := strings.LastIndexByte(text[:from], '\n') + 1
	within := byte(0) // the quote that is open before the value
	for i := line; i < from; i++ {
		switch c := text[i]; {
		case c == '\\' && within != '\'':
			i++
		case c == within:
			within = 0
		case within == 0 && (c == '\'' || c == '"'):
			within = c
		}
	}
	quote := byte(0)
	for i := from; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c != quote {
				continue
			}
			quote = 0
			if field || within != 0 {
				return i + 1
			}
		case c == within && within != 0, strings.IndexByte(" \t\r\n;|&<>()", c) >= 0, (field || within != 0) && strings.IndexByte(",}]", c) >= 0:
			return i
		case c == '\'' || c == '"':
			quote = c
		}
	}
	return len(text)
}

// merged sorts spans and joins those that overlap.
func merged(all []span) (apart []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	for _, s := range all {
		if n := len(apart); n > 0 && s.from < apart[n-1].to {
			apart[n-1].to = max(apart[n-1].to, s.to)
			continue
		}
		apart = append(apart, s)
	}
	return apart
}

// isUserAndPassword tells whether a text is USER:PASSWORD of Basic authentication and not a word after the word basic.
func isUserAndPassword(text string) bool {
	plain, err := base64.StdEncoding.DecodeString(text)
	return err == nil && strings.Contains(string(plain), ":")
}

var (
	// What a name that ends so has is about a secret and none itself.
	aboutSecrets = []string{"file", "path", "dir", "stdin", "env", "fd", "ttl", "length", "policy", "timeout", "type", "set", "prompt", "method", "mode"}
	// Variables of shells, and words that stand alone for a key to press or a pin of a chip.
	notSecrets = []string{"pwd", "oldpwd", "key", "keys", "pin"}
)

// isSecretName tells whether what has a name is a secret: --admin-password, PGPASSWORD, dbPass, X-Auth-Token.
func isSecretName(name string) bool {
	words := secret.Words(name)
	if len(words) == 0 || slices.Contains(notSecrets, strings.Join(words, "")) || slices.Contains(aboutSecrets, words[len(words)-1]) {
		return false
	}
	return secret.Named(name)
}
