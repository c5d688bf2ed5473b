package sysconf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"hilphone/db/device"
)

// Alias is another spelling of a key. A file that has it sets the current key; exports have the current key alone, or in a legacy file the
// legacy one alone (IM-12).
type Alias struct {
	Line   bool              // of a line
	Path   string            // as Entry.Path, of the other spelling
	Key    string            // as the text file has the other spelling
	To     string            // Entry.Path of the current key
	Seen   string            // the kind of file that has it; empty: it was seen in none, and is read like its neighbours
	Values map[string]string // where the values differ: those of the other spelling, each with the current one
	Module string            // of the legacy text file; empty, and of the device: legacy files are not written with it
	Legacy bool              // of a line: legacy files are written with it
}

// The kinds of file in which spellings were seen.
const (
	seenLegacy    = "legacy files (2.0002)"
	seenLegacyXML = "legacy XML files (H5)"
	seenOlder     = "text files of older firmware (2.0000000000)"
)

const (
	globalModule = "GLOBAL CONFIG MODULE"
	teleModule   = "TELE CONFIG MODULE"
)

// lineAliases are other spellings of SIPn keys; those that are the key cut to its columns are found by wholeKey.
var lineAliases = []struct {
	key, to, seen string
	legacy        bool
}{
	{"Register Pwd", "Register Pswd", seenLegacy, false}, // most legacy files have the current one
	{"Proxy Pwd", "Proxy Pswd", seenLegacy, false},
	{"S.Timer Expire", "S Timer Expires", seenLegacy, true},
	{"Ena RFC5939", "Enable RFC5939", seenLegacyXML, true},
	{"Deal 180", "Enable Deal 180", seenLegacyXML, true},
	{"Ena MAC Header", "Enable MAC Header", seenLegacyXML, true},
	{"Ena REG MAC", "Enable Register MAC", seenLegacyXML, true},
	{"BLF dialog mat", "BLF Dialog Match", seenLegacyXML, true},
	{"Unreg Reboot", "Unregister On Boot", seenLegacyXML, true},
}

// legacyCodes are the answer codes as legacy files number them. The numbers of 480, 486 and 603 follow from the defaults; 404 is before them.
var legacyCodes = map[string]string{"0": "404", "1": "480", "2": "486", "3": "603"}

// urlAliases are other spellings of action URLs: legacy files have all of them in GLOBAL, some under other names.
var urlAliases = map[string]string{
	"Incmoing Call Url": "Incoming Call Url", "Missed call Url": "New Missed call Url", "Busy to Idle Url": "PhoneState Idle Url",
	"Hold Url": "Hold On Url", "Unhold Url": "Hold Off Url", "Mute Url": "Mute On Url", "Unmute Url": "Mute Off Url",
}

// seenInGlobal are the keys that legacy files have in GLOBAL under their current names.
var seenInGlobal = []string{
	"Active Uri IP", "Boot Completed Url", "Reg On Url", "Reg Off Url", "Reg Failed Url", "Offhook Url", "Onhook Uri", "Outgoing Call Url", "Call Active Url",
	"Call Stop Url", "Transfer Url", "IP Change Url",
}

// Aliases are all other spellings that are known, those of lines first.
var Aliases = sync.OnceValue(func() []Alias {
	var all []Alias
	for _, a := range lineAliases {
		all = append(all, Alias{Line: true, Path: tagOf(a.key), Key: a.key, To: tagOf(a.to), Seen: a.seen, Legacy: a.legacy})
	}
	for _, key := range slices.Sorted(maps.Keys(urlAliases)) {
		to := pathOf("CTI CONFIG MODULE", urlAliases[key])
		all = append(all, Alias{Path: "GLOBAL." + tagOf(key), Key: key, To: to, Seen: seenLegacy, Module: globalModule})
	}
	for _, d := range device.Table() {
		if d.Key == "" {
			continue
		}
		to := entryOfDevice(d, "").Path
		bare := strings.TrimPrefix(d.Key, "P1 ")
		switch group := groupOf(d.Module); {
		case group == "cti":
			a := Alias{Path: "GLOBAL." + tagOf(d.Key), Key: d.Key, To: to}
			if slices.Contains(seenInGlobal, d.Key) {
				a.Seen, a.Module = seenLegacy, globalModule
			}
			all = append(all, a)
		case group == "call":
			for _, place := range []string{"TELE.P1", "TELE.", "GLOBAL.P1", "GLOBAL.", "call.", "call.basic."} {
				a := Alias{Path: place + tagOf(bare), Key: bare, To: to}
				if place == "TELE.P1" && strings.HasPrefix(bare, "Auto Onhook") {
					a.Key, a.Seen, a.Module = d.Key, seenLegacy, teleModule
				}
				all = append(all, a)
			}
		default:
			all = append(all, Alias{Path: "GLOBAL." + tagOf(d.Key), Key: d.Key, To: to})
		}
	}
	return append(all,
		Alias{Path: "GLOBAL.RegFailInterval", Key: "Reg Fail Interval", To: "sip.RegFailInterval"},
		Alias{Path: "call.port.1.AlertTimeout", Key: "P1 Alert Timeout", To: "call.port.1.CallTimeout", Seen: seenOlder},
		Alias{Path: "TELE.P1DNDCode", Key: "P1 DND Code", To: "call.port.1.DNDReturnCode", Seen: seenLegacy, Values: legacyCodes, Module: teleModule},
		Alias{Path: "TELE.P1BusyCode", Key: "P1 Busy Code", To: "call.port.1.BusyReturnCode", Seen: seenLegacy, Values: legacyCodes, Module: teleModule},
		Alias{Path: "TELE.P1RejectCode", Key: "P1 Reject Code", To: "call.port.1.RejectReturnCode", Seen: seenLegacy, Values: legacyCodes, Module: teleModule},
	)
})

// aliasAt are the aliases by their path, of lines and of the device.
var aliasAt = sync.OnceValue(func() map[bool]map[string]Alias {
	at := map[bool]map[string]Alias{true: {}, false: {}}
	for _, a := range Aliases() {
		at[a.Line][a.Path] = a
	}
	return at
})

// current is the entry by the current spelling of its key. Why says what is wrong with the value; it is empty if nothing is.
func (e Entry) current() (_ Entry, why string) {
	if e.Line > 0 {
		return e.currentOfLine(), ""
	}
	path := e.plain()
	a, other := aliasAt()[false][path]
	if other {
		if e.Spelled = e.Key; path != e.base() { // of a legacy XML file, where the key is several elements
			e.Spelled = a.Key
		}
		e.Path, e.Key, e.Module, e.List = a.To, deviceKeys()[a.To].Name, "", ""
		e = e.Agreed()
	}
	if value, known := a.Values[strings.TrimSpace(e.Value)]; known {
		e.Value = value
	} else if a.Values != nil && !e.blank() {
		why = "must be one of " + strings.Join(slices.Sorted(maps.Keys(a.Values)), ", ")
	}
	if d, ok := e.deviceSetting(); ok {
		own := entryOfDevice(d, e.Value)
		e.Key, e.Module, e.List = own.Key, own.Module, own.List
	}
	return e, why
}

// sameKey tells whether what was read is the entry's key, by whichever of its spellings.
func (e Entry) sameKey(read Entry) bool {
	e, _ = e.current()
	read, _ = read.current()
	return read.Line == e.Line && read.base() == e.base() && read.Key == e.Key
}

// currentOfLine is current for a SIPn key. A key that is no known one but the beginning of one, as legacy files have it, is that one.
func (e Entry) currentOfLine() Entry {
	if _, known := keysByTag()[e.Path]; known || strings.HasPrefix(e.Path, ownPrefix) {
		return e
	}
	if a, ok := aliasAt()[true][e.Path]; ok {
		e.Spelled, e.Path = e.Key, a.To
		e.Key = keysByTag()[a.To].Name
		return e
	}
	if whole := wholeKey(e.Key, deviceColumns-len(fmt.Sprintf("SIP%d ", e.Line))); whole != e.Key {
		e.Spelled, e.Key, e.Path = e.Key, whole, tagOf(whole)
	}
	return e
}

// legacy is an entry as legacy files have it, where they have another key for it and the value can be said with it.
func (e Entry) legacy() Entry {
	for _, a := range Aliases() {
		if a.Line != (e.Line > 0) || a.To != e.Path || !a.Legacy && a.Module == "" {
			continue
		}
		if a.Line {
			e.Path, e.Key = a.Path, a.Key
			return e
		}
		value := e.Value
		for other, current := range a.Values {
			if current == e.Value {
				value = other
			}
		}
		if a.Values != nil && a.Values[value] != e.Value {
			continue
		}
		e.Path, e.Key, e.Module, e.List, e.Value = a.Path, a.Key, a.Module, "", value
		if portKey.MatchString(a.Key) {
			e.Path, e.List = devicePath(a.Module, portList, a.Key), portList
		}
		return e
	}
	return e
}

// again says that a key is given a second time with another value, or another spelling of it: the later one counts (IM-12).
func (e Entry) again(before Entry) string {
	if e.Spelled == before.Spelled {
		return "is given a second time; the last one counts"
	}
	return fmt.Sprintf("is given as %s and as %s, with another value; the later one, as %s, counts", before.spelling(), e.spelling(), e.spelling())
}

// spelling is the key as the file has it.
func (e Entry) spelling() string { return cmp.Or(e.Spelled, e.Key) }
