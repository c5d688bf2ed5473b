// Package password says which passwords an account may be given (ASVS 2.1.1, 2.1.7): those of a length, and none of the most common ones,
// which an attacker tries first. Passwords that were set before are not its concern.
package password

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MinLength is the least length of a password, in characters.
const MinLength = 8

// common are the 10 000 most common passwords of at least MinLength characters, in lower case, one a line. They are those of the list
// passwords.json in the npm package @zxcvbn-ts/language-common 3.0.4, which is ordered by frequency; its licence, MIT, is in
// LICENSE.zxcvbn-ts.
//
//go:embed common.txt.gz
var common []byte

// names are words that everybody who knows this phone would try, alone, repeated or with figures and signs after them. The account's
// name is one too.
const names = "password|passwort|admin|user|hilphone|phone"

// Short reports whether a password has too few characters.
func Short(password string) bool { return utf8.RuneCountInString(password) < MinLength }

// Common reports whether a password is one that many have, in whatever case, or is made of the names of this phone and its account.
func Common(account, password string) (bool, error) {
	p := strings.ToLower(strings.TrimSpace(narrow(password)))
	if first, _ := utf8.DecodeRuneInString(p); strings.Trim(p, string(first)) == "" {
		return true, nil // one character, again and again
	}
	obvious, err := regexp.Compile(`^(` + names + `|` + regexp.QuoteMeta(strings.ToLower(account)) + `)+[\pN\pP\pS]*$`)
	if err != nil {
		return false, fmt.Errorf("name of the account: %w", err)
	}
	if obvious.MatchString(p) {
		return true, nil
	}
	// The list is read each time, which takes about a millisecond, rather than kept in memory.
	z, err := gzip.NewReader(bytes.NewReader(common))
	if err != nil {
		return false, fmt.Errorf("common passwords: %w", err)
	}
	list, err := io.ReadAll(z)
	if err != nil {
		return false, fmt.Errorf("common passwords: %w", err)
	}
	return bytes.Contains(append([]byte{'\n'}, list...), []byte("\n"+p+"\n")) && !strings.Contains(p, "\n"), nil
}

// narrow turns the wide forms of ASCII, which input methods type, into ASCII.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' {
			return r - '！' + '!'
		}
		return r
	}, text)
}
