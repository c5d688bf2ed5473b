// Package secret decides what is a secret in a configuration and in texts: by the name of a key, and by the form of a value (IM-05). It also
// knows the masks that stand where a secret was left out, which never replace it (IM-04).
package secret

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// verdict is what a name says of its value.
type verdict int

const (
	plain   verdict = iota // no secret
	doubted                // a secret, unless the value is a switch, a small number, or what else the name asks for
	certain                // a secret, whatever the value
)

// Is reports whether the value of the key of that name is a secret. Names are taken in every spelling: "Config File Key", ConfigFileKey,
// Config_File_Key, ap.ConfigFileKey, sip.line.1.RegisterPswd.
func Is(name, value string) bool {
	v, last := judge(name)
	return v == certain || v == doubted && !harmless(last, strings.TrimSpace(value))
}

// Named reports whether a key of that name can have a secret for its value.
func Named(name string) bool {
	v, _ := judge(name)
	return v != plain
}

var (
	switchValue = regexp.MustCompile(`^[0-9]{0,2}$`)
	sizeValue   = regexp.MustCompile(`^[0-9]{1,6}$`)
)

// harmless reports whether a value is what a name asks for that is about a secret: Keep AUTH:0, Password Length:12, Web Auth Url:http://...
func harmless(last, value string) bool {
	switch {
	case switchValue.MatchString(value):
		return true
	case slices.Contains(sizes, last):
		return sizeValue.MatchString(value)
	case slices.Contains(places, last):
		return strings.ContainsAny(value, "/\\")
	}
	return false
}

// The words of names, in small letters.
var (
	// Parts of names without spaces too: AuthPassword, dbpasswd.
	anywhere = []string{"password", "passwd", "passwort", "pswd", "pwd", "passphrase", "passcode", "secret", "credential", "privatekey", "privkey", "cryptokey", "apikey"}
	whole    = []string{"pw", "psk", "pin", "pincode", "puk", "otp", "token", "tokens", "community", "authorization", "cookie"}
	endings  = []string{"token", "filekey", "cfgkey", "configkey", "mediakey", "signalkey", "aeskey", "wepkey", "wpakey", "enckey", "encryptkey", "encryptionkey", "sharedkey",
		"accesskey", "masterkey", "licensekey", "authkey", "sessionkey", "srtpkey", "vpnkey", "sslkey", "tlskey"}
	// Before "key" they make it one of cryptography wherever it stands: Private Key Data.
	cryptic = []string{"private", "crypto", "crypt", "encrypt", "encryption", "encrypted", "decrypt", "decryption", "aes", "des", "wep", "wpa", "api", "access", "secret", "shared",
		"signing", "master", "license", "auth", "authentication", "session", "srtp"}
	// Before "key" they make it one of the keyboard, or one that all may know.
	buttons = []string{"f", "fn", "func", "function", "soft", "softkey", "dss", "dsskey", "side", "sidekey", "line", "programmable", "prog", "memory", "speed", "blf", "expansion",
		"exp", "hot", "pound", "hash", "star", "asterisk", "dial", "dialing", "dialling", "send", "end", "hold", "mute", "redial", "menu", "ok", "enter", "cancel", "back", "up",
		"down", "left", "right", "navigation", "nav", "volume", "vol", "headset", "handsfree", "speaker", "hook", "transfer", "conf", "conference", "intercom", "pickup", "park",
		"record", "voicemail", "mwi", "dnd", "fwd", "forward", "tone", "press", "pressed", "long", "short", "any", "digit", "dtmf", "number", "home", "arrow", "power", "emergency",
		"panic", "call", "answer", "reject", "hangup", "release", "flash", "pause", "shift", "quick", "fast", "touch", "physical", "hardware", "keypad", "keyboard", "action",
		"public", "fkey"}
	// Before "code" they make it a secret: Fast Keylock Code, Access Code.
	guarded = []string{"lock", "keylock", "keypadlock", "unlock", "access", "auth", "authentication", "security", "door", "verification", "activation", "login", "pin"}
	passes  = []string{"bypass", "compass", "trespass", "surpass", "overpass", "underpass", "multipass"} // words that end so and are none
	filters = []string{"high", "low", "band", "all", "by"}                                               // before "pass"
	// A name that ends so is about a secret and may not be one itself: a number, a place, or the name of who has it.
	sizes = []string{"length", "len", "timeout", "time", "ttl", "interval", "expire", "expires", "count", "counts", "times", "retry", "retries", "port", "size", "max", "min", "age", "lifetime"}
	// Of these "Url" and its like have a slash.
	places = []string{"url", "uri", "server", "path", "file", "dir"}
	ways   = []string{"enable", "enabled", "type", "mode", "policy", "level", "method", "tag", "set", "dial", "prompt", "prefix", "algorithm", "format", "version"}
	asks   = []string{"enable", "ena", "en", "disable", "use", "need", "allow", "show", "hide", "keep", "save", "require", "support", "is", "has", "with", "enabled"}
	owners = []string{"user", "username", "name", "id", "realm", "domain", "protocol", "host", "addr", "address"}
)

// judge returns what a name says of its value, and the name's last word.
func judge(name string) (verdict, string) {
	segments := slices.DeleteFunc(strings.Split(name, "."), func(s string) bool { return strings.Trim(s, "0123456789 ") == "" })
	if len(segments) == 0 {
		return plain, ""
	}
	above, own := segments[:len(segments)-1], segments[len(segments)-1]
	words := Words(own)
	if len(words) == 0 {
		return plain, ""
	}
	last := words[len(words)-1]
	v := secretWords(words, above)
	if v == plain && cutShort(own, last) {
		v = certain
	}
	// <password><admin>...</admin></password>: the element around it has the name.
	for _, s := range above {
		if w := Words(s); v == plain && len(w) > 0 && contains(anywhere[:8], w[len(w)-1]) && !slices.Contains(owners, last) {
			v = doubted
			if len(above) > 0 && !slices.Contains(sizes, last) && !slices.Contains(ways, last) {
				v = certain
			}
		}
	}
	if v == certain && len(words) > 1 && (slices.Contains(asks, words[0]) || slices.Contains(sizes, last) || slices.Contains(places, last) || slices.Contains(ways, last)) {
		v = doubted
	}
	return v, last
}

// secretWords judges the words of a name. Above are the segments of its path before it.
func secretWords(words, above []string) verdict {
	joined := strings.Join(words, "")
	last := words[len(words)-1]
	if contains(anywhere, strings.ReplaceAll(joined, "secretary", "")) {
		return certain
	}
	for i, w := range words {
		before := ""
		if i > 0 {
			before = words[i-1]
		}
		switch {
		case slices.Contains(whole, w), hasEnding(w):
			return certain
		case w != "pass" && strings.HasSuffix(w, "pass") && !slices.Contains(passes, w):
			return certain
		case w == "pass" && (i == len(words)-1 || slices.Contains([]string{"word", "phrase", "code", "hash"}, words[i+1])) && !slices.Contains(filters, before):
			return certain
		case isKey(w) && i == len(words)-1 && !atKeyboard(words[:i], above), isKey(w) && slices.Contains(cryptic, before):
			return certain
		case w == "code" && slices.Contains(guarded, before):
			return certain
		}
	}
	if (slices.Contains(words, "auth") || strings.HasSuffix(last, "auth")) && !slices.Contains(owners, last) {
		return doubted
	}
	return plain
}

func isKey(word string) bool { return word == "key" || word == "keys" }

// atKeyboard reports whether what stands before "key" makes it one to press.
func atKeyboard(before, above []string) bool {
	if len(before) == 0 {
		for _, s := range above {
			before = append(before, Words(s)...)
		}
	}
	return slices.ContainsFunc(before, func(w string) bool { return slices.Contains(buttons, w) || strings.HasSuffix(w, "key") })
}

// cutLength is how long a name is at least that a legacy file has cut to its columns.
const cutLength = 13

// cutShort reports whether the last word of a name looks like that of a secret, cut to the columns of a legacy file: Keypad Lock Passwor.
func cutShort(name, last string) bool {
	return len(name) >= cutLength && slices.Contains([]string{"pas", "passw", "passwo", "passwor", "psw", "passph", "secr", "secre", "toke", "communi", "credenti"}, last)
}

func contains(parts []string, text string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

func hasEnding(word string) bool {
	return slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(word, end) })
}

// Words are the words of a name in small letters, without the numbers at their ends: parts between other characters, and of camelCase. Of
// capitals at a stretch the last begins a word where a small letter follows; PIN and PSK at their end are words.
func Words(name string) []string {
	var parts []rune
	all := []rune(name)
	for i, r := range all {
		small := i+1 < len(all) && unicode.IsLower(all[i+1])
		if i > 0 && unicode.IsUpper(r) {
			switch last := all[i-1]; {
			case unicode.IsLower(last), unicode.IsDigit(last), unicode.IsUpper(last) && small:
				parts = append(parts, ' ')
			}
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = ' '
		}
		parts = append(parts, r)
	}
	var words []string
	for w := range strings.FieldsSeq(string(parts)) {
		w = strings.TrimRight(w, "0123456789")
		for _, end := range []string{"PIN", "PSK", "KEY", "PWD"} {
			if begin, ok := strings.CutSuffix(w, end); ok && begin != "" && strings.ToUpper(w) == w {
				words, w = append(words, strings.ToLower(begin)), end
			}
		}
		if w != "" {
			words = append(words, strings.ToLower(w))
		}
	}
	return words
}
