package secret

import (
	"regexp"
	"strings"
)

// maskRunes are what pages and files write where a secret is not shown. Letters are not among them: xxxx can be a password.
const maskRunes = "*＊∗⁎✱✲●•∙·⋅⚫■▪█◦○"

// maskWord is a word for that in brackets.
var maskWord = regexp.MustCompile(`(?i)^[<(\[{]+\s*(?:hidden|masked|redacted|removed|concealed|not shown|secret|secret, set|set, not shown)\s*[>)\]}]+$`)

// IsMask reports whether a value is nothing but a mask: ****, ••••, <hidden>. Spaces and quotes around it do not count.
func IsMask(value string) bool {
	value = strings.Trim(value, " \t\"'")
	if len(value) >= 3 && strings.Contains(value, "%") {
		value = strings.NewReplacer("%2A", "*", "%2a", "*").Replace(value)
	}
	return value != "" && strings.Trim(value, maskRunes) == "" || maskWord.MatchString(value)
}

// HasMask reports whether a value is a mask, or has one in a place where Mask puts one, or behind a user's name: user:****.
func HasMask(value string) bool {
	_, password, pair := strings.Cut(value, ":")
	return IsMask(value) || pair && IsMask(password) || len(masksIn(value)) > 0
}

// masksIn are the secrets of a value that are masks.
func masksIn(value string) (masks []span) {
	for _, s := range find(value) {
		if IsMask(value[s.from:s.to]) {
			masks = append(masks, s)
		}
	}
	return masks
}

// Restore puts the secrets of the stored value into one that was given with masks in their places. Each must be of the same user and host,
// or the parameter of the same name of the same address: a password is not given to another server. It reports whether every mask could be
// replaced. Without a mask the given value is returned as it is.
func Restore(given, stored string) (value string, ok bool) {
	if given == Mask(stored) {
		return stored, true
	}
	masks := masksIn(given)
	if len(masks) == 0 {
		return given, true
	}
	known := find(stored)
	var b strings.Builder
	last := 0
	for _, m := range masks {
		i := 0
		for i < len(known) && (known[i].label != m.label || IsMask(stored[known[i].from:known[i].to])) {
			i++
		}
		if i == len(known) {
			return "", false
		}
		b.WriteString(given[last:m.from])
		b.WriteString(stored[known[i].from:known[i].to])
		last, known = m.to, known[i+1:]
	}
	b.WriteString(given[last:])
	return b.String(), true
}
