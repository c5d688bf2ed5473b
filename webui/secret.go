package webui

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// MarshalJSON writes the settings as line.Settings does, without the passwords of user:password@ in any value (IM-05).
func (v settingsView) MarshalJSON() ([]byte, error) {
	hidden := map[string]any{}
	for _, d := range line.Table {
		if text, isText := d.Get(v.Settings).(string); isText && !d.Secret && secret.Mask(text) != text {
			hidden[d.Name] = secret.Mask(text)
		}
	}
	if len(hidden) == 0 {
		return v.Settings.MarshalJSON()
	}
	for _, d := range line.Table {
		switch _, found := hidden[d.Name]; {
		case d.Secret:
			hidden[d.Name], hidden[d.Name+"_set"] = nil, d.Get(v.Settings) != ""
		case !found:
			hidden[d.Name] = d.Get(v.Settings)
		}
	}
	return json.Marshal(hidden)
}

// shownValue is a value that was given as an answer may repeat it.
func shownValue(v any) any {
	if text, isText := v.(string); isText {
		return secret.Mask(text)
	}
	return v
}

// unmasked are the settings that were given for a line with the stored passwords in the places of their masks. A mask never replaces a
// secret (IM-04): where it does not stand for what is stored, the error says so.
func unmasked(old line.Settings, values map[string]any) (map[string]any, error) {
	next := maps.Clone(values)
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		d, known := line.ByName(name)
		text, isText := values[name].(string)
		switch {
		case !known || !isText || !secret.HasMask(text) || text == d.Text(old):
		case d.Secret && secret.IsMask(text):
			faults = append(faults, &line.FieldError{Name: name, Message: "is a mask and no password"})
		case !d.Secret:
			restored, ok := secret.Restore(text, d.Text(old))
			if !ok {
				faults = append(faults, &line.FieldError{Name: name, Message: "has a mask where a password was: give the password again"})
			}
			next[name] = restored
		}
	}
	return next, errors.Join(faults...)
}
