package sysconf

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Key is a key of the real phones.
type Key struct {
	Name    string // as the text file spells it, without SIPn: "Failback Interval"
	Tag     string // as the XML file does: FailbackInterval
	Default string // of the X7C-V2
}

// Path is where the phones' XML service has the key of line n: sip.line.1.FailbackInterval.
func (k Key) Path(n int) string { return "sip.line." + strconv.Itoa(n) + "." + k.Tag }

//go:embed line_keys.txt
var lineKeysText string

//go:embed device_keys.txt
var deviceKeysText string

// ownPrefix is before the JSON name of a setting that the real phones do not have, where their files have the key.
const ownPrefix = "X-"

// LineKeys returns the SIPn keys of the real phones in the order of their files. The caller must not change them.
var LineKeys = sync.OnceValue(func() []Key {
	var keys []Key
	for row := range strings.Lines(lineKeysText) {
		name, standard, _ := strings.Cut(strings.TrimRight(row, "\n"), "=")
		keys = append(keys, Key{name, tagOf(name), standard})
	}
	return keys
})

// keysByTag are the SIPn keys by what their spellings have in common.
var keysByTag = sync.OnceValue(func() map[string]Key {
	byTag := map[string]Key{}
	for _, k := range LineKeys() {
		byTag[k.Tag] = k
	}
	return byTag
})

// deviceKeys are the known keys of the device by their path. The real phones have many more.
var deviceKeys = sync.OnceValue(func() map[string]Key {
	byPath := map[string]Key{}
	for row := range strings.Lines(deviceKeysText) {
		place, standard, _ := strings.Cut(strings.TrimRight(row, "\n"), "=")
		group, name, _ := strings.Cut(place, ".")
		byPath[pathOf(moduleOf(group), name)] = Key{name, tagOf(name), standard}
	}
	return byPath
})

// tagOf is the one rule between the spellings: the XML tag is the text key without its spaces.
func tagOf(name string) string { return strings.ReplaceAll(name, " ", "") }

// The columns of the text file: keys are padded to them, legacy keys cut as well.
const (
	deviceColumns = 19
	lineColumns   = 24
)

// wholeKey finds the key of a line whose name was cut to so many bytes; a name that could be cut from several is not changed.
func wholeKey(name string, cut int) string {
	if _, known := keysByTag()[tagOf(name)]; known {
		return name
	}
	if a, ok := aliasAt()[true][tagOf(name)]; ok {
		return keysByTag()[a.To].Name
	}
	found, tag := "", tagOf(name)
	for _, k := range LineKeys() {
		if len(k.Name) > cut && tagOf(k.Name[:cut]) == tag {
			if found != "" {
				return name
			}
			found = k.Name
		}
	}
	if found == "" {
		return name
	}
	return found
}

// cutKey is the legacy name of a key of a line: cut, unless it could then be taken for another.
func cutKey(name string, cut int) string {
	if cut < 0 || len(name) <= cut {
		return name
	}
	if short := strings.TrimRight(name[:cut], " "); wholeKey(short, cut) == name {
		return short
	}
	return name
}
