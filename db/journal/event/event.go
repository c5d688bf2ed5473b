// Package event defines the events of the phone: one struct for the data of each type, and one table of all types.
//
// Everything that lists events reads the table: the Events page and its filters, the front panel, the stream of server-sent events,
// the OpenAPI document, the README, and the words after "expect event" in a scenario. To add a type, add a struct and its row in All, record it
// where it happens, and give it words in the languages of the pages; tests name every list that lacks it.
package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Data is what an event of one type says. It marshals to the JSON object "data" of the REST contract.
type Data interface {
	// EventType is the type word of the event, such as "failover".
	EventType() string
}

// A Group is a set of types that a person looks for together: one check box of the Events page.
type Group string

// The groups, in the order of the page.
const (
	GroupFailover Group = "failover" // changes of the active server
	GroupLine     Group = "line"     // registrations
	GroupAttempt  Group = "attempt"  // single messages and attempts
	GroupCall     Group = "call"
	GroupBoard    Group = "board" // hook, keys, lamps
	GroupSettings Group = "settings"
)

// Groups are all groups, in the order of the page.
var Groups = []Group{GroupFailover, GroupLine, GroupAttempt, GroupCall, GroupBoard, GroupSettings}

// Shown reports whether the Events page shows a group unless chosen otherwise. Hook, keys and lamps are too many.
func (g Group) Shown() bool { return g != GroupBoard }

// Info describes a type of event.
type Info struct {
	Zero  Data   // without values: says the type and its fields
	Group Group  // empty for Dropped, which belongs to all
	Panel bool   // listed on the front panel
	Doc   string // when it is recorded, one phrase
}

// Type returns the type word.
func (i Info) Type() string { return i.Zero.EventType() }

// Field describes a field of the data.
type Field struct {
	Name string // in JSON; a field of an object in the data is written end-cause
	Doc  string
}

// Fields returns the fields of the data in their order, those of objects in it too.
func (i Info) Fields() []Field { return fields(reflect.TypeOf(i.Zero), "") }

func fields(t reflect.Type, before string) (all []Field) {
	for f := range visible(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inside := f.Type
		if inside.Kind() == reflect.Pointer {
			inside = inside.Elem()
		}
		if inside.Kind() == reflect.Struct {
			all = append(all, fields(inside, before+name+"-")...)
			continue
		}
		all = append(all, Field{before + name, f.Tag.Get("doc")})
	}
	return all
}

func visible(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// Types returns the type words of the table, in its order.
func Types() []string { return types(func(Info) bool { return true }) }

// OfGroup returns the type words of a group.
func OfGroup(g Group) []string { return types(func(i Info) bool { return i.Group == g }) }

// PanelTypes returns the type words that the front panel lists.
func PanelTypes() []string { return types(func(i Info) bool { return i.Panel }) }

func types(wanted func(Info) bool) (words []string) {
	for _, i := range All {
		if wanted(i) {
			words = append(words, i.Type())
		}
	}
	return words
}

// Names returns the type words of some types.
func Names(all ...Data) []string {
	words := make([]string, len(all))
	for i, d := range all {
		words[i] = d.EventType()
	}
	return words
}

// Lookup returns the row of a type word.
func Lookup(word string) (Info, bool) {
	i := slices.IndexFunc(All, func(i Info) bool { return i.Type() == word })
	if i < 0 {
		return Info{}, false
	}
	return All[i], true
}

// Decode reads the data of an event of a type from JSON. Fields that the type does not have are ignored, as an older history has them.
func Decode(word string, data []byte) (Data, error) {
	i, ok := Lookup(word)
	if !ok {
		return nil, fmt.Errorf("there is no event %q", word)
	}
	v := reflect.New(reflect.TypeOf(i.Zero))
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, fmt.Errorf("data of an event %s: %w", word, err)
	}
	return v.Elem().Interface().(Data), nil
}
