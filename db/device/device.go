// Package device is what the phone as a whole is set to, beside its lines: the addresses it calls when something happens to it (action
// URLs), how scripts that were written for the vendor's phones reach it (remote control), the times and answer codes of its calls, and its
// local SIP port.
//
// It holds each setting's one definition and knows nothing of how the settings are kept, shown or carried out.
package device

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Settings are the settings of the phone as a whole. The zero value is the factory's: no address is called, no script is let in.
type Settings struct {
	ActionURLs    ActionURLs
	RemoteControl RemoteControl
	Numbers       map[string]int // by the names of Numbers; what is absent has its default
}

// Clone returns settings that share nothing with s.
func (s Settings) Clone() Settings {
	s.ActionURLs = maps.Clone(s.ActionURLs)
	s.RemoteControl.Allow = slices.Clone(s.RemoteControl.Allow)
	s.Numbers = maps.Clone(s.Numbers)
	return s
}

// Validate returns nil or the faults joined, each a *line.FieldError named as REST names the setting.
func (s Settings) Validate() error {
	faults := []error{s.ActionURLs.Validate(), s.RemoteControl.Validate()}
	for _, name := range slices.Sorted(maps.Keys(s.Numbers)) {
		if d, ok := NumberNamed(name); ok {
			faults = append(faults, d.check(s.Numbers[name]))
		}
	}
	return errors.Join(faults...)
}

// Changed returns the names of the settings that differ, as they are stored.
func Changed(a, b Settings) []string {
	before, after := a.Text(), b.Text()
	var names []string
	for _, name := range Names() {
		if before[name] != after[name] {
			names = append(names, name)
		}
	}
	return names
}

// Text returns the settings by the names under which they are stored. What has its default is left out.
func (s Settings) Text() map[string]string {
	text := map[string]string{}
	for name, url := range s.ActionURLs {
		if url != "" {
			text[actionPrefix+name] = url
		}
	}
	if s.RemoteControl.Enabled {
		text[remotePrefix+"enabled"] = "1"
	}
	if len(s.RemoteControl.Allow) > 0 {
		text[remotePrefix+"allow"] = strings.Join(s.RemoteControl.Allow, ",")
	}
	if s.RemoteControl.Faithful {
		text[remotePrefix+"faithful"] = "1"
	}
	for name, n := range s.Numbers {
		if d, ok := NumberNamed(name); ok && n != d.standard() {
			text[name] = strconv.Itoa(n)
		}
	}
	return text
}

// FromText reads what Text wrote; other names belong to others. A setting that cannot be used is left at its default; the error, which joins
// *line.FieldErrors, says which: a phone with one strange setting still starts.
func FromText(text map[string]string) (Settings, error) {
	s := Settings{ActionURLs: ActionURLs{}}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(text)) {
		if err := s.set(name, text[name]); err != nil {
			faults = append(faults, err)
		}
	}
	return s, errors.Join(faults...)
}

func (s *Settings) set(name, value string) error {
	if event, ok := strings.CutPrefix(name, actionPrefix); ok {
		if err := checkActionURL(event, value, true); err != nil {
			return err
		}
		s.ActionURLs[event] = value
		return nil
	}
	if d, ok := NumberNamed(name); ok {
		return s.setText(d, value)
	}
	switch name {
	case remotePrefix + "enabled":
		s.RemoteControl.Enabled = value == "1"
	case remotePrefix + "faithful":
		s.RemoteControl.Faithful = value == "1"
	case remotePrefix + "allow":
		r := RemoteControl{Allow: strings.Split(value, ",")}
		if err := r.Validate(); err != nil {
			return err
		}
		s.RemoteControl.Allow = r.Allow
	}
	return nil
}
