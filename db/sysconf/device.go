package sysconf

import (
	"sync"

	"hilphone/db/device"
)

// callModule has the settings of the phone as a whole that are of its port.
const callModule = "CALL FEATURE MODULE"

// deviceSettings are the settings of the phone as a whole by their path.
var deviceSettings = sync.OnceValue(func() map[string]device.Setting {
	byPath := map[string]device.Setting{}
	for _, d := range device.Table() {
		byPath[entryOfDevice(d, "").Path] = d
	}
	return byPath
})

// entryOfDevice is a setting of the phone as a whole as an entry of a file.
func entryOfDevice(d device.Setting, value string) Entry {
	key := d.Key
	if key == "" {
		key = ownPrefix + d.Name
	}
	e := Entry{Path: pathOf(d.Module, key), Key: key, Module: d.Module, Value: value}
	if portPath.MatchString(e.Path) {
		e.List = portList
	}
	return e
}

// deviceSetting returns the setting of the phone as a whole that the entry is for, if this phone has it.
func (e Entry) deviceSetting() (device.Setting, bool) {
	if e.Line != 0 {
		return device.Setting{}, false
	}
	d, ok := deviceSettings()[e.Path]
	return d, ok
}

// deviceEntries are the settings of the phone as a whole.
func (c Configuration) deviceEntries() []Entry {
	var all []Entry
	for _, d := range device.Table() {
		all = append(all, entryOfDevice(d, c.Device.Value(d.Name)))
	}
	return all
}

// deviceChanges returns in what the second settings differ from the first.
func deviceChanges(a, b device.Settings) []Change {
	var all []Change
	for _, name := range device.Changed(a, b) {
		d, _ := device.Named(name)
		c := Change{Name: name, Key: entryOfDevice(d, "").Key, Old: a.Value(name), New: b.Value(name), Used: true}
		all = append(all, c.masked())
	}
	return all
}
