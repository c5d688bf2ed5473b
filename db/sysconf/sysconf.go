// Package sysconf is the configuration file of a phone of this family: what one exports on its page, edits, and gives to the next one.
//
// The real phones know it in several spellings, which are read and written here: their text file and their XML file (sysConf), each
// in the current and in the legacy form, besides a JSON file of this phone's own. All of them are lists of keys with values. Those
// that this phone has a setting for go through line.Table; all others are kept as they are, byte for byte, for the next export.
package sysconf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"hilphone/db/limit"
	"hilphone/sip/line"
)

// Format is a spelling of the configuration file.
type Format string

// The formats.
const (
	Text       Format = "text"        // <<VOIP CONFIG FILE>>Version:2.0000000000
	LegacyText Format = "legacy-text" // <<VOIP CONFIG FILE>>Version:2.0002, keys cut to 19 columns
	XML        Format = "xml"         // sysConf
	LegacyXML  Format = "legacy-xml"  // VOIP_CONFIG_FILE
	JSON       Format = "json"        // this phone's own
)

// Formats are all of them, the usual ones first.
var Formats = []Format{Text, XML, JSON, LegacyText, LegacyXML}

// The bounds of a file.
const (
	MaxSize  = 4 << 20 // bytes; the dump of a phone with 20 lines has some 200 kB
	maxKeys  = 30_000
	maxKey   = 200  // bytes
	maxValue = 8192 // bytes
	maxDepth = 12   // elements or objects in one another
	maxLine  = 999  // SIPn; this phone has line.MaxLines of them
)

// File is what a configuration file says.
type File struct {
	Format  Format
	Version string
	Entries []Entry           // in the file's order
	Notes   []Note            // on how it was read
	faults  []error           // of single keys: to merge the file reports them with those of the values
	lists   map[string]string // of known keys: the first sub-list that they stand in
}

// Entry is a key with its value.
type Entry struct {
	Line   int    // n of a SIPn key; 0: of the device
	Path   string // what all spellings have in common: FailbackInterval of a line, sip.SIPPort of the device
	Key    string // as the text file spells it, without SIPn: "Failback Interval"
	Module string // of the device: the text file's module, "SIP CONFIG MODULE"; may be empty
	List   string // of the device: the sub-list in the text file, "--Port Config--"; may be empty
	Value  string
	Unset  bool // null in JSON: the file has the key and says nothing of its value
	At     int  // line of the file, from 1; 0: not from a file
	Column int  // of the value
	// Spelled is the key as the file has it, where that is another spelling than the current one.
	Spelled string
}

// Name is the entry's key as the text file has it: "SIP1 Failback Interval".
func (e Entry) Name() string {
	if e.Line > 0 {
		return "SIP" + strconv.Itoa(e.Line) + " " + e.Key
	}
	return e.Key
}

// FullPath is the entry's path from the root, as the phones' XML service writes it: sip.line.1.FailbackInterval.
func (e Entry) FullPath() string {
	if e.Line > 0 {
		return "sip.line." + strconv.Itoa(e.Line) + "." + e.Path
	}
	return e.Path
}

// lineSettings are the settings of a line by their path.
var lineSettings = sync.OnceValue(func() map[string]line.Setting {
	byPath := map[string]line.Setting{}
	for _, d := range line.Table {
		byPath[entryOf(1, d, line.Settings{}).Path] = d
	}
	return byPath
})

// setting returns the setting of a line that the entry is for, if this phone has it.
func (e Entry) setting() (line.Setting, bool) {
	if e.Line < 1 || e.Line > line.MaxLines {
		return line.Setting{}, false
	}
	d, ok := lineSettings()[e.Path]
	return d, ok
}

// Fault is something wrong in a file. A file with a fault changes nothing.
type Fault struct {
	At      int    // line of the file; 0: of no line
	Column  int    // in characters from 1; 0: of the whole line
	Key     string // as the text file spells it; may be empty
	Path    string // as Entry.FullPath; may be empty
	Message string // for the user
	Value   any    // what was given; nil for a secret, and where it does not matter
}

func (f *Fault) Error() string {
	var parts []string
	switch {
	case f.At > 0 && f.Column > 0:
		parts = append(parts, fmt.Sprintf("line %d, column %d", f.At, f.Column))
	case f.At > 0:
		parts = append(parts, fmt.Sprintf("line %d", f.At))
	}
	if f.Key != "" {
		parts = append(parts, f.Key)
	}
	return strings.Join(append(parts, f.Message), ": ")
}

// Faults returns the faults that err joins, in order.
func Faults(err error) []*Fault {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Fault
		for _, e := range joined.Unwrap() {
			all = append(all, Faults(e)...)
		}
		return all
	}
	var f *Fault
	if errors.As(err, &f) {
		return []*Fault{f}
	}
	return nil
}

const textHeader = "<<VOIP CONFIG FILE>>"

// Parse reads a file in whatever format and encoding it is. An error joins *Faults with line and column. Faults of single keys are left to Merge, which
// reports them with those of the values.
func Parse(data []byte) (*File, error) { return parse(data, false) }

// ParsePartial is Parse for a text file that may lack its last line <<END OF FILE>>: a part of one, or keys written by hand.
func ParsePartial(data []byte) (*File, error) { return parse(data, true) }

func parse(data []byte, partial bool) (*File, error) {
	if len(data) > MaxSize {
		return nil, newIndex(data).at(MaxSize).fault("a configuration file must not have more than %d bytes", MaxSize)
	}
	text, note, err := decode(data)
	if err != nil {
		return nil, err
	}
	f, err := parseDecoded(text, partial)
	if err != nil {
		return nil, err
	}
	if len(f.Entries)+len(f.faults) == 0 {
		return nil, newIndex(text).end().fault("the file has no key")
	}
	if note != "" {
		f.Notes = append([]Note{{Message: "the file " + note}}, f.Notes...)
	}
	return f, nil
}

// parseDecoded reads a file that is UTF-8.
func parseDecoded(text []byte, partial bool) (*File, error) {
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n\ufeff"))
	switch {
	case start == len(text):
		return nil, position{1, 1}.fault("the file is empty")
	case isText(text):
		return parseText(text, start, partial)
	case bytes.HasPrefix(text[start:], []byte(textHeader)): // phones that read XML accept this line before it
		first := bytes.IndexByte(text[start:], '\n') + 1
		rest := bytes.TrimLeft(text[start+first:], " \t\r\n\ufeff")
		return parseXML(text, len(text)-len(rest))
	case text[start] == '<':
		return parseXML(text, start)
	case text[start] == '{':
		return parseJSON(text, start)
	}
	x := newIndex(text)
	at := x.at(start)
	return nil, at.fault("%s", hint(fmt.Sprintf("is no configuration file: it must begin with %s, <sysConf>, <VOIP_CONFIG_FILE> or {", textHeader), x.row(at.line)))
}

// isText tells whether a file is one of text: it begins with the first line of one, and what follows is not XML.
func isText(data []byte) bool {
	start := bytes.TrimLeft(data, " \t\r\n")
	if !bytes.HasPrefix(start, []byte(textHeader)) {
		return false
	}
	_, rest, _ := bytes.Cut(start, []byte("\n"))
	body := bytes.TrimLeft(rest, " \t\r\n\ufeff")
	return !bytes.HasPrefix(body, []byte("<?xml")) && !bytes.HasPrefix(body, []byte("<"+currentRoot)) && !bytes.HasPrefix(body, []byte("<"+legacyRoot)) && !bytes.HasPrefix(body, []byte("<!--"))
}

// pastLimit is the fault of a text that goes past a limit and begins at a position of the file; nil if it does not.
func pastLimit(err error, begin position) error {
	past := (*limit.Error)(nil)
	if !errors.As(err, &past) {
		return nil
	}
	at := position{begin.line + past.Line - 1, past.Column}
	if past.Line == 1 {
		at.column += begin.column - 1
	}
	if past.Line == 0 {
		at = begin
	}
	return at.fault("%s", past.Why)
}

// maxFaults is how many faults of single keys are collected.
const maxFaults = 1000

// refuse adds the fault of a key or a row. The error, after too many, ends the reading.
func (f *File) refuse(fault error) error {
	if f.faults = append(f.faults, fault); len(f.faults) < maxFaults {
		return nil
	}
	var last *Fault
	errors.As(fault, &last)
	return joined(f.faults, position{last.At, last.Column}.fault("there are more faults; the rest of the file was not read"))
}

// joined are the faults of single keys with one of the file as a whole.
func joined(faults []error, last error) error {
	return errors.Join(append(slices.Clone(faults), last)...)
}

// add appends an entry, or the fault of a key that not every format can hold. The error, after too many, ends the reading.
func (f *File) add(e Entry) error {
	if strings.Contains(e.Value, "\n") {
		e.Value = strings.TrimSpace(e.Value) // an element that was broken over lines
	}
	e, why := e.Agreed().current()
	e = f.inList(e)
	why = cmp.Or(e.wrong(), e.unfilled(), why)
	if why != "" {
		return f.refuse(&Fault{At: e.At, Column: e.Column, Key: shorten(e.Name()), Path: shorten(e.FullPath()), Message: why})
	}
	if len(f.Entries) == maxKeys {
		return position{e.At, e.Column}.fault("the file has more than %d keys", maxKeys)
	}
	f.Entries = append(f.Entries, e)
	return nil
}

// wrong says what a format could not hold of an entry; empty if there is nothing.
func (e Entry) wrong() string {
	switch {
	case e.Path == "" || e.Key == "":
		return "a key without a name"
	case strings.Contains(e.Key, ":") || e.Key[0] == '<' || e.Key[0] == '#' || strings.HasPrefix(e.Key, "--") || strings.TrimSpace(e.Key) != e.Key:
		return "the key must not contain a colon, begin with < # or -- or have spaces around it"
	case e.Line == 0 && groupOf(strings.Trim(e.module(), "<> ")) != e.group():
		return "the module must not begin or end with < or >"
	case len(e.Key) > maxKey || len(e.Path) > 3*maxKey || len(e.Module) > maxKey || len(e.List) > maxKey:
		return fmt.Sprintf("the key is longer than %d bytes", maxKey)
	case strings.ContainsFunc(e.Key+e.Path+e.Module+e.List, func(r rune) bool { return unicode.IsControl(r) || notXML(r) }):
		return "the key must not contain control characters"
	case len(e.Value) > maxValue:
		return fmt.Sprintf("the value is longer than %d bytes", maxValue)
	case strings.ContainsFunc(e.Value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || notXML(r) }):
		return "the value must not contain control characters"
	case e.Line > maxLine:
		return fmt.Sprintf("there are no more than %d lines", maxLine)
	}
	return ""
}

// notXML tells whether XML 2.2 has not the character, of those that are no control characters.
func notXML(r rune) bool { return r == '\ufffe' || r == '\uffff' }

// inList makes the sub-list part of a known key's path where the file has the key in another sub-list, too.
func (f *File) inList(e Entry) Entry {
	if group, list, tag := splitPath(e.Path); e.Line == 0 && list == "" && e.known() {
		if f.lists == nil {
			f.lists = map[string]string{}
		}
		if first, ok := f.lists[e.Path]; ok && first != tagOf(e.List) && e.List != "" {
			e.Path = group + "." + listSegment(e.List) + "." + tag
		} else {
			f.lists[e.Path] = tagOf(e.List)
		}
	}
	return e
}

func shorten(text string) string {
	if len(text) <= 60 {
		return text
	}
	return strings.ToValidUTF8(text[:60], "") + "…"
}
