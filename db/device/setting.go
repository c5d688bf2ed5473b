package device

import (
	"slices"
	"strconv"
	"strings"

	"hilphone/sip/line"
)

// Setting is one of the settings by the names that the store, events and configuration files have for it.
type Setting struct {
	Name   string // in the store and in the event settings: action_url_failover
	Key    string // the vendor's text key; empty: the vendor's phones do not have it
	Label  line.Label
	Module string // of the vendor's text file
}

// ctiModule has what scripts are told, and by what they are let in.
const ctiModule = "CTI CONFIG MODULE"

// Prefixes of the names under which settings are stored.
const (
	actionPrefix = "action_url_"
	remotePrefix = "remote_control_"
)

// RemoteSettings are those of remote control.
var RemoteSettings = []Setting{
	{remotePrefix + "enabled", "Enabled Active Uri", line.Label{EN: "Enabled Active Uri", JA: "Active URIを有効", ZH: "启用Active URI"}, ctiModule},
	{remotePrefix + "allow", "Active Uri IP", line.Label{EN: "Active Uri IP", JA: "Active URI 許可IP", ZH: "Active URI允许IP"}, ctiModule},
	{remotePrefix + "faithful", "", line.Label{EN: "Answer as the vendor's phones do", JA: "実機と同じ応答", ZH: "按实机方式应答"}, ctiModule},
}

// Table returns all settings in the order of the pages.
func Table() []Setting {
	all := make([]Setting, 0, len(Actions)+len(RemoteSettings)+len(Numbers))
	for _, a := range Actions {
		all = append(all, Setting{actionPrefix + a.Name, a.Key, a.Label, ctiModule})
	}
	all = append(all, RemoteSettings...)
	for _, d := range Numbers {
		all = append(all, Setting{d.Name, d.Key, d.Label, d.Module})
	}
	return all
}

// Named finds a Setting by its name.
func Named(name string) (Setting, bool) {
	all := Table()
	i := slices.IndexFunc(all, func(d Setting) bool { return d.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return all[i], true
}

// Names are the names under which settings are stored.
func Names() []string {
	var names []string
	for _, d := range Table() {
		names = append(names, d.Name)
	}
	return names
}

// Value is the setting of that name as a configuration file has it: an address, a number, 0 or 1, or addresses separated by commas.
func (s Settings) Value(name string) string {
	if _, ok := NumberNamed(name); ok {
		return strconv.Itoa(s.Number(name))
	}
	if value, set := s.Text()[name]; set || strings.HasPrefix(name, actionPrefix) || name == remotePrefix+"allow" {
		return value
	}
	return "0"
}

// SetValue sets the setting of that name to what a configuration file has. An address that was shown without its password, and is still the
// one that is set, stays. Loopback is right in a lab of the phone's own alone. The error is a *line.FieldError.
func (s *Settings) SetValue(name, value string, lab bool) error {
	value = strings.TrimSpace(value)
	if d, ok := NumberNamed(name); ok {
		if value == "" {
			return nil // not set
		}
		return s.setText(d, value)
	}
	if event, ok := strings.CutPrefix(name, actionPrefix); ok {
		changed, err := s.ActionURLs.Changed(map[string]string{event: value}, lab)
		if err != nil {
			return line.FieldErrors(err)[0]
		}
		next := s.Clone()
		if next.ActionURLs == nil {
			next.ActionURLs = ActionURLs{}
		}
		if delete(next.ActionURLs, event); changed[event] != "" {
			next.ActionURLs[event] = changed[event]
		}
		*s = next
		return nil
	}
	if name == remotePrefix+"allow" {
		next := RemoteControl{Allow: strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })}
		if err := next.Validate(); err != nil {
			return line.FieldErrors(err)[0]
		}
		s.RemoteControl.Allow = next.Allow
		return nil
	}
	if value != "" && value != "0" && value != "1" {
		return &line.FieldError{Name: name, Message: "must be 0 or 1", Value: value}
	}
	if name == remotePrefix+"enabled" {
		s.RemoteControl.Enabled = value == "1"
	} else {
		s.RemoteControl.Faithful = value == "1"
	}
	return nil
}
