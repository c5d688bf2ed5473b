package hal

import (
	"fmt"
	"strconv"
	"strings"
)

// Key is a key of the phone by its name: a digit key "0" to "9", "*", "#", a function key, or a line key "line1" to "line20".
type Key string

// The function keys.
const (
	OK       Key = "ok"      // dials, answers
	Release  Key = "release" // ends or rejects a call, clears a number; the soft key End is the same key
	Speaker  Key = "speaker" // hands-free on and off
	Hold     Key = "hold"
	Transfer Key = "transfer"
	Conf     Key = "conf"
	Mute     Key = "mute"
	Message  Key = "message"
)

// MaxLines is how many line keys and line lamps a phone has.
const MaxLines = 20

const digitKeys = "0123456789*#"

var functionKeys = [...]Key{OK, Release, Speaker, Hold, Transfer, Conf, Mute, Message}

// LineKey returns the key of line n, 1 to MaxLines.
func LineKey(n int) Key { return Key("line" + strconv.Itoa(n)) }

// Keys returns every key of a phone: digits, function keys, line keys.
func Keys() []Key {
	keys := make([]Key, 0, len(digitKeys)+len(functionKeys)+MaxLines)
	for _, d := range digitKeys {
		keys = append(keys, Key(d))
	}
	keys = append(keys, functionKeys[:]...)
	for n := range MaxLines {
		keys = append(keys, LineKey(n+1))
	}
	return keys
}

// Digit returns the character of a digit key, and whether the key is one.
func (k Key) Digit() (byte, bool) {
	if len(k) == 1 && strings.Contains(digitKeys, string(k)) {
		return k[0], true
	}
	return 0, false
}

// Line returns the line of a line key, 1 to MaxLines, and whether the key is one.
func (k Key) Line() (int, bool) { return lineNumber(string(k)) }

func lineNumber(name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, "line")
	if !ok || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n <= MaxLines
}

// ParseKey returns the key of that name, in capital or small letters; "end" is Release.
func ParseKey(name string) (Key, error) {
	k := Key(strings.ToLower(name))
	if k == "end" {
		return Release, nil
	}
	if _, ok := k.Digit(); ok {
		return k, nil
	}
	if _, ok := k.Line(); ok {
		return k, nil
	}
	for _, f := range functionKeys {
		if k == f {
			return k, nil
		}
	}
	return "", &KeyError{Name: name, Position: 1}
}

// ParseKeys reads a sequence of keys: digits one after the other, function and line keys by name, each separated from its
// neighbours by a space, a comma or a semicolon: "1002#", "speaker;1002;ok", "line2 0 release". An empty sequence is no keys.
// The error is a *KeyError.
func ParseKeys(s string) ([]Key, error) {
	var keys []Key
	for start := 0; start < len(s); {
		if isSeparator(s[start]) {
			start++
			continue
		}
		end := start
		for end < len(s) && !isSeparator(s[end]) {
			end++
		}
		word := s[start:end]
		if k, err := ParseKey(word); err == nil {
			keys = append(keys, k)
		} else if bad := strings.IndexFunc(word, isNoDigit); bad == 0 {
			return nil, &KeyError{Name: word, Position: start + 1}
		} else if bad > 0 {
			return nil, &KeyError{Name: word[bad:], Position: start + bad + 1}
		} else {
			for _, d := range word {
				keys = append(keys, Key(d))
			}
		}
		start = end
	}
	return keys, nil
}

func isSeparator(c byte) bool { return c == ' ' || c == ',' || c == ';' }

func isNoDigit(r rune) bool { return !strings.ContainsRune(digitKeys, r) }

// KeyError says that a phone has no key of that name.
type KeyError struct {
	Name     string
	Position int // where the name begins in the sequence, in bytes from 1
}

func (e *KeyError) Error() string {
	name := e.Name
	if len(name) > 20 {
		name = name[:20]
	}
	return fmt.Sprintf("no key is called %q (position %d); keys are 0 to 9, *, #, ok, release, speaker, hold, transfer, conf, mute, message, line1 to line%d",
		name, e.Position, MaxLines)
}
