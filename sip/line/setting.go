package line

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hilphone/db/nearest"
)

// Kind is what a setting holds; it decides how it is read, checked, drawn and described.
type Kind string

// The kinds of setting.
const (
	Text   Kind = "text"
	Host   Kind = "host"   // IP address or domain name, or empty
	Source Kind = "source" // Sources
	Number Kind = "number" // whole number from Min to Max
	Switch Kind = "switch" // 0 or 1 in the files, false or true in REST
	Choice Kind = "choice" // one of Choices
	List   Kind = "codes"  // response codes, patterns such as 5?? allowed
)

// Page is the part of the page Line > SIP on which a setting stands.
type Page string

// The parts of the page, in their order (vendor document, user interface, steps 3 to 5).
const (
	Registration  Page = "registration"
	Server1       Page = "server1"
	Server2       Page = "server2"
	BasicSettings Page = "basic"
	Advanced      Page = "advanced"
)

// Label is a text in the phone's three languages.
type Label struct{ EN, JA, ZH string }

// In returns the text in the language with the given tag (en, ja or zh); English where there is none.
func (l Label) In(lang string) string {
	switch {
	case lang == "ja" && l.JA != "":
		return l.JA
	case lang == "zh" && l.ZH != "":
		return l.ZH
	}
	return l.EN
}

// Option is one value of a Choice: what the files keep and what REST and the page show.
type Option struct {
	File string
	Name string
}

// Setting is the one definition of a setting. Validation, the form, REST, OpenAPI, import and export and the table in the
// README all follow from it.
type Setting struct {
	Name     string // JSON name and form field
	Key      string // the vendor's text key without "SIPn ", empty where the vendor has none
	Wide     string // the vendor's text key of the phone as a whole, which sets all lines; empty where it has none
	Kind     Kind
	Default  string // as the vendor's files write it
	Min, Max int    // Number: range; Text: Max characters
	Unit     string // "s", "ms" or empty
	Choices  []Option
	Secret   bool
	File     bool // Text: the absolute path of a file that is read when it is set; only the administrator may set it (SE-02)
	Page     Page
	Label    Label
	Hint     Label // what it does, one line
	field    func(*Settings) any
}

// Get returns the setting's value as REST shows it: string, int or bool.
func (d Setting) Get(s Settings) any { return d.value(&s) }

func (d Setting) value(s *Settings) any {
	switch p := d.field(s).(type) {
	case *string:
		return *p
	case *int:
		return *p
	case *bool:
		return *p
	case *Transport:
		return string(*p)
	case *Codes:
		return string(*p)
	case *Sources:
		return string(*p)
	}
	panic("line: " + d.Name + " has no known type")
}

// Set stores a value as REST gives it (string, bool, float64, int or json.Number) after checking it.
func (d Setting) Set(s *Settings, v any) error {
	old := *s
	err := d.assign(s, v)
	if err == nil {
		err = d.check(s)
	}
	if err != nil {
		*s = old
	}
	return err
}

func (d Setting) assign(s *Settings, v any) error {
	switch p := d.field(s).(type) {
	case *int:
		n, ok := wholeNumber(v)
		if !ok {
			return d.fault("must be a whole number", v)
		}
		*p = n
	case *bool:
		b, ok := v.(bool)
		if !ok {
			return d.fault("must be true or false", v)
		}
		*p = b
	default:
		text, ok := v.(string)
		if !ok {
			return d.fault("must be a text", v)
		}
		switch p := p.(type) {
		case *string:
			if d.Kind == Host {
				text = withoutBrackets(text)
			}
			*p = text
		case *Transport:
			*p = Transport(text)
		case *Codes:
			*p = Codes(text)
		case *Sources:
			*p = Sources(text)
		}
	}
	return nil
}

// withoutBrackets is an IPv6 address that was written as in a URI, [2001:db8::1], as such (WR-11). All else stays as it is.
func withoutBrackets(host string) string {
	inner, ok := strings.CutPrefix(strings.TrimSpace(host), "[")
	if inner, closed := strings.CutSuffix(inner, "]"); ok && closed {
		if a, err := netip.ParseAddr(inner); err == nil && a.Is6() {
			return inner
		}
	}
	return host
}

func wholeNumber(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case float64:
		return int(n), n == math.Trunc(n) && math.Abs(n) <= math.MaxInt32
	case json.Number:
		i, err := strconv.ParseInt(string(n), 10, 32)
		return int(i), err == nil
	}
	return 0, false
}

// Text returns the setting's value as the vendor's files write it.
func (d Setting) Text(s Settings) string { return d.text(d.value(&s)) }

func (d Setting) text(value any) string {
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v)
	case bool:
		if v {
			return "1"
		}
		return "0"
	case string:
		for _, o := range d.Choices {
			if o.Name == v {
				return o.File
			}
		}
		return v
	}
	return ""
}

// SetText stores a value as the vendor's files and the form write it. A Choice may be given by either of its names.
func (d Setting) SetText(s *Settings, text string) error {
	switch d.Kind {
	case Number:
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		if err != nil {
			return d.fault("must be a whole number"+d.rangeText(), text)
		}
		return d.Set(s, int(n))
	case Switch:
		if text != "0" && text != "1" {
			return d.fault("must be 0 or 1", text)
		}
		return d.Set(s, text == "1")
	case Choice:
		for _, o := range d.Choices {
			if o.File == text {
				return d.Set(s, o.Name)
			}
		}
	}
	return d.Set(s, text)
}

var (
	hostName  = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$`)
	allDigits = regexp.MustCompile(`^[0-9.]+$`)
)

func (d Setting) check(s *Settings) error {
	switch v := d.value(s).(type) {
	case int:
		if v < d.Min || v > d.Max {
			return d.fault("must be a whole number"+d.rangeText(), v)
		}
	case string:
		return d.checkText(v)
	}
	return nil
}

func (d Setting) checkText(v string) error {
	if !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return d.fault("must not contain control characters", v)
	}
	if d.Max > 0 && utf8.RuneCountInString(v) > d.Max {
		return d.fault(fmt.Sprintf("must have %d characters at most", d.Max), v)
	}
	switch d.Kind {
	case Host:
		if v != "" && !isHost(v) {
			return d.fault("must be an IP address or a domain name", v)
		}
	case Choice:
		names := make([]string, 0, len(d.Choices))
		for _, o := range d.Choices {
			if o.Name == v {
				return nil
			}
			names = append(names, o.Name)
		}
		return d.fault("must be one of "+strings.Join(names, ", ")+nearest.Hint(v, names), v)
	case List:
		if err := Codes(v).check(); err != nil {
			return d.fault(err.Error(), v)
		}
	case Source:
		if err := Sources(v).check(); err != nil {
			return d.fault(err.Error(), v)
		}
	case Text:
		// Such characters would end the user part of a SIP URI early (RFC 3261 25.1).
		if d.Name == "phone_number" && strings.ContainsAny(v, " <>\"@:;?\\") {
			return d.fault("must not contain spaces or any of < > \" @ : ; ? \\", v)
		}
	}
	return nil
}

func isHost(v string) bool {
	if a, err := netip.ParseAddr(v); err == nil {
		return a.Zone() == ""
	}
	return len(v) <= 253 && hostName.MatchString(v) && !allDigits.MatchString(v)
}

func (d Setting) rangeText() string { return fmt.Sprintf(" from %d to %d", d.Min, d.Max) }

func (d Setting) fault(message string, v any) error {
	if d.Secret {
		v = nil
	}
	return &FieldError{d.Name, message, v}
}

// Names are the JSON names of all settings, in the order of Table.
func Names() []string {
	all := make([]string, len(Table))
	for i, d := range Table {
		all[i] = d.Name
	}
	return all
}

// ByName finds a setting by its JSON name.
func ByName(name string) (Setting, bool) {
	for _, d := range Table {
		if d.Name == name {
			return d, true
		}
	}
	return Setting{}, false
}

// ByKey finds a setting by the vendor's text key without the line prefix.
func ByKey(key string) (Setting, bool) {
	for _, d := range Table {
		if d.Key == key && key != "" {
			return d, true
		}
	}
	return Setting{}, false
}
