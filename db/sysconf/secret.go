package sysconf

import (
	"regexp"

	"hilphone/db/secret"
)

// Secret tells whether the entry's value must not be shown (IM-05).
func (e Entry) Secret() bool { return e.secretWith(e.Value) }

// secretWith tells whether the value would be a secret as the entry's.
func (e Entry) secretWith(value string) bool {
	if d, used := e.setting(); used {
		return d.Secret
	}
	return secret.Is(e.Key, value) || secret.Is(e.Path, value)
}

// masked are the entries without secrets: without the keys that are named so, and with masks for passwords in other values.
func masked(entries []Entry) []Entry {
	var all []Entry
	for _, e := range entries {
		if !e.Secret() {
			e.Value = secret.Mask(e.Value)
			all = append(all, e)
		}
	}
	return all
}

// masked is the change as it may be shown. Where nothing but a password in a value differs, all of it is a secret.
func (c Change) masked() Change {
	before, after := secret.Mask(c.Old), secret.Mask(c.New)
	if c.Secret || before == after {
		c.Secret, c.Set, c.Old, c.New = true, c.New != "", "", ""
		return c
	}
	c.Old, c.New = before, after
	return c
}

var quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// masked is the fault without what must not be shown of the entry's value.
func (f *Fault) masked(e Entry) *Fault {
	if secret.Mask(e.Value) != e.Value {
		f.Message = quotation.ReplaceAllString(f.Message, `"`+secret.Stars+`"`) // a part of the value
	}
	switch text, isText := f.Value.(string); {
	case e.Secret():
		f.Value = nil
	case isText:
		f.Value = secret.Mask(text)
	}
	return f
}

// unmasked is an entry of a file with the stored secrets in the places of its masks (IM-04). The note says that there were any. Stays says
// that the entry changes nothing: it is a mask alone, or its masks do not stand for what is stored.
func (c Configuration) unmasked(e Entry, foreign map[place]int) (_ Entry, note string, stays bool) {
	if !secret.HasMask(e.Value) {
		return e, "", false
	}
	stored := c.stored(e, foreign)
	switch {
	case stored == e.Value:
		return e, "", false
	case e.Secret() || e.secretWith(stored):
		return e, "is a mask, not a value: what is set stays", true
	}
	value, ok := secret.Restore(e.Value, stored)
	switch {
	case !ok:
		return e, "has a mask in the place of a password that is not known here: what is set stays", true
	case value == e.Value: // no mask of a password
		return e, "", false
	}
	_, ofDevice := e.deviceSetting()
	e.Value = value
	return e, "has a mask in the place of its password, which stays", ofDevice && value == stored
}

// stored is the value that the configuration has for an entry of a file. Foreign are the places of the foreign entries.
func (c Configuration) stored(e Entry, foreign map[place]int) string {
	if d, used := e.deviceSetting(); used {
		return c.Device.Value(d.Name)
	}
	if d, used := e.wideSetting(); used {
		return c.wideText(d)
	}
	if d, used := e.setting(); used {
		return d.Text(c.Lines[e.Line])
	}
	if i, held := foreign[place{e.Line, e.Path}]; held {
		return c.Foreign[i].Value
	}
	return e.standard()
}
