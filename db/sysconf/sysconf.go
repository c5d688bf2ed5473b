// Package sysconf is the configuration file of a phone of this family: what one exports on its page, edits, and gives to the next one.
//
// The real phones know it in several spellings, which are read and written here: their text file and their XML file (sysConf), each
// in the current and in the legacy form, besides a JSON file of this phone's own. All of them are lists of keys with values. Those
// that this phone has a setting for go through line.Table; all others are kept as they are, byte for byte, for the next export.
package sysconf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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
	Entries []Entry // in the file's order
}

// Entry is a key with its value.
type Entry struct {
	Line   int    // n of a SIPn key; 0: of the device
	Path   string // what all spellings have in common: FailbackInterval of a line, sip.SIPPort of the device
	Key    string // as the text file spells it, without SIPn: "Failback Interval"
	Module string // of the device: the text file's module, "SIP CONFIG MODULE"; may be empty
	List   string // of the device: the separator before it in the text file, "--Port Config--"; may be empty
	Value  string
	At     int // line of the file, from 1; 0: not from a file
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

// setting returns the setting of a line that the entry is for, if this phone has it.
func (e Entry) setting() (line.Setting, bool) {
	if e.Line < 1 || e.Line > line.MaxLines {
		return line.Setting{}, false
	}
	if name, own := strings.CutPrefix(e.Path, ownPrefix); own {
		d, ok := line.ByName(name)
		return d, ok && d.Key == ""
	}
	k, ok := keysByTag()[e.Path]
	if !ok {
		return line.Setting{}, false
	}
	return line.ByKey(k.Name)
}

// Fault is something wrong in a file. A file with a fault changes nothing.
type Fault struct {
	At      int    // line of the file; 0: of no line
	Key     string // as the text file spells it; may be empty
	Path    string // as Entry.FullPath; may be empty
	Message string // for the user
	Value   any    // what was given; nil for a secret, and where it does not matter
}

func (f *Fault) Error() string {
	var parts []string
	if f.At > 0 {
		parts = append(parts, "line "+strconv.Itoa(f.At))
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

func faultAt(at int, format string, args ...any) error {
	return &Fault{At: at, Message: fmt.Sprintf(format, args...)}
}

const textHeader = "<<VOIP CONFIG FILE>>"

// Parse reads a file in whatever format it is. An error is a *Fault.
func Parse(data []byte) (*File, error) {
	if len(data) > MaxSize {
		return nil, faultAt(0, "a configuration file must not have more than %d bytes", MaxSize)
	}
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, faultAt(1, "is UTF-16; it must be saved as UTF-8")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if i := firstBroken(data); i >= 0 {
		return nil, faultAt(1+bytes.Count(data[:i], []byte("\n")), "is not UTF-8")
	}
	start := bytes.TrimLeft(data, " \t\r\n")
	skipped := bytes.Count(data[:len(data)-len(start)], []byte("\n"))
	switch {
	case len(start) == 0:
		return nil, faultAt(0, "the file is empty")
	case bytes.HasPrefix(start, []byte(textHeader)):
		// Phones that read XML want this line before it, too.
		first, rest, _ := bytes.Cut(start, []byte("\n"))
		body := bytes.TrimLeft(rest, " \t\r\n")
		if bytes.HasPrefix(body, []byte("<?xml")) || bytes.HasPrefix(body, []byte("<sysConf")) || bytes.HasPrefix(body, []byte("<VOIP_CONFIG_FILE")) {
			return parseXML(body, skipped+1+bytes.Count(rest[:len(rest)-len(body)], []byte("\n")))
		}
		return parseText(string(first), string(rest), skipped)
	case start[0] == '<':
		return parseXML(start, skipped)
	case start[0] == '{':
		return parseJSON(start, skipped)
	}
	return nil, faultAt(skipped+1, "is no configuration file: it must begin with %s, <sysConf>, <VOIP_CONFIG_FILE> or {", textHeader)
}

// pastLimit is the fault of a text that goes past a limit and begins after some lines of the file; nil if it does not.
func pastLimit(err error, before int) error {
	if past := (*limit.Error)(nil); errors.As(err, &past) {
		return faultAt(before+past.Line, "%s", past.Where())
	}
	return nil
}

func firstBroken(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// add appends an entry that a file of any format can hold.
func (f *File) add(e Entry) error {
	fault := func(format string, args ...any) error {
		return &Fault{At: e.At, Key: shorten(e.Name()), Message: fmt.Sprintf(format, args...)}
	}
	if strings.Contains(e.Value, "\n") {
		e.Value = strings.TrimSpace(e.Value) // an element that was broken over lines
	}
	if found := linePath.FindStringSubmatch(e.Path); found != nil && e.Line == 0 {
		e.Line, _ = strconv.Atoi(found[1]) // three digits at most
		e.Path, e.Key, e.Module, e.List = found[2], found[2], "", ""
	}
	e = e.agreed()
	switch {
	case e.Path == "" || e.Key == "":
		return fault("a key without a name")
	case strings.Contains(e.Key, ":") || e.Key[0] == '<' || e.Key[0] == '#' || strings.HasPrefix(e.Key, "--") || strings.TrimSpace(e.Key) != e.Key:
		return fault("the key must not contain a colon, begin with < # or -- or have spaces around it")
	case len(e.Key) > maxKey || len(e.Path) > maxKey || len(e.Module) > maxKey || len(e.List) > maxKey:
		return fault("the key is longer than %d bytes", maxKey)
	case strings.ContainsFunc(e.Key+e.Path+e.Module+e.List, unicode.IsControl):
		return fault("the key must not contain control characters")
	case len(e.Value) > maxValue:
		return fault("the value is longer than %d bytes", maxValue)
	case strings.ContainsFunc(e.Value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' || r == '\ufffe' || r == '\uffff' }):
		return fault("the value must not contain control characters")
	case e.Line > maxLine:
		return fault("there are no more than %d lines", maxLine)
	case len(f.Entries) == maxKeys:
		return fault("the file has more than %d keys", maxKeys)
	}
	f.Entries = append(f.Entries, e)
	return nil
}

// agreed is the entry with a text key and a module that lead to its path, as those of a text file do.
func (e Entry) agreed() Entry {
	below := e.Path
	if group, rest, ok := strings.Cut(e.Path, "."); ok && e.Line == 0 {
		below = rest
		if e.Module != "" && groupOf(e.Module) != group {
			e.Module = ""
		}
	} else {
		e.Module = ""
	}
	if tagOf(e.Key) != below && below != "" {
		e.Key = below
	}
	if e.Module == "" || !strings.HasPrefix(e.List, "--") || !strings.HasSuffix(e.List, "--") || len(e.List) < 5 || strings.Contains(e.List, ":") {
		e.List = ""
	}
	return e
}

var linePath = regexp.MustCompile(`^sip\.line\.([1-9][0-9]{0,2})\.(.+)$`)

func shorten(text string) string {
	if len(text) <= 60 {
		return text
	}
	return strings.ToValidUTF8(text[:60], "") + "…"
}
