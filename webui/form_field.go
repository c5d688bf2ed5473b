package webui

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// formField is a setting as the form draws it.
type formField struct {
	Name    string
	Group   string // goes before the label where the label alone is not clear: "SIP Server 2, "
	Label   string
	Hint    string
	Control string // checkbox, select, password, number or text
	Value   string
	Stored  string // to compare with; empty for a secret
	On      bool   // the box is checked; a secret is set
	Options []formOption
	Error   string
	Fixed   bool   // shown and not to be changed by this account
	Remove  string // label of the box that removes a secret
}

type formOption struct {
	Value, Text string
	Selected    bool
}

// Typed reports whether the field holds something other than what is stored.
func (f formField) Typed() bool { return f.Value != f.Stored }

func newFormField(l language, d line.Setting, stored line.Settings, typed url.Values, fault *line.FieldError) formField {
	return fieldOf(l, d, d.Text(stored), typed, fault)
}

// fieldOf is a setting with what is stored, as the files write it.
func fieldOf(l language, d line.Setting, stored string, typed url.Values, fault *line.FieldError) formField {
	f := formField{Name: d.Name, Label: d.Label.In(l.tag), Hint: hint(l, d), Stored: stored, Control: "text"}
	f.Value = f.Stored
	if sent := typed[d.Name]; len(sent) > 0 {
		f.Value = sent[len(sent)-1]
	}
	f.Value, f.Stored = secret.Mask(f.Value), secret.Mask(f.Stored)
	f.Group = groupOf(l, d)
	switch {
	case d.Secret: // never leaves the phone, not even as the value that was typed
		f.Control, f.On = "password", stored != ""
		f.Value, f.Stored = "", ""
		f.Hint, f.Remove = l.say("form.secret.unset"), l.say("form.secret.remove")
		if f.On {
			f.Hint = l.say("form.secret.set")
		}
	case d.Kind == line.Switch:
		f.Control, f.On = "checkbox", f.Value == "1"
	case d.Kind == line.Choice:
		f.Control = "select"
		for _, o := range d.Choices {
			f.Options = append(f.Options, formOption{o.File, choiceName(o.Name), o.File == f.Value || o.Name == f.Value})
		}
	case d.Kind == line.Number:
		f.Control = "number"
	}
	if fault != nil {
		f.Error = faultText(l, d, fault)
	}
	return f
}

// groupOf is what goes before the label of a setting that both servers have.
func groupOf(l language, d line.Setting) string {
	switch d.Page {
	case line.Server1:
		return l.say("form.server1") + " "
	case line.Server2:
		return l.say("form.server2") + " "
	}
	return ""
}

// choiceName writes a transport in capitals, as the vendor does.
func choiceName(name string) string {
	switch line.Transport(name) {
	case line.UDP, line.TCP, line.TLS:
		return strings.ToUpper(name)
	}
	return name
}

// hint says what a setting is, its range and its default, from its definition.
func hint(l language, d line.Setting) string {
	parts := []string{d.Hint.In(l.tag)}
	if d.Kind == line.Number {
		unit := ""
		if d.Unit != "" {
			unit = l.say("unit." + d.Unit)
		}
		span := l.say("form.range", d.Min, d.Max, unit)
		if d.Max == math.MaxInt32 {
			span = l.say("form.from", d.Min, unit)
		}
		if d.Min == 0 && d.Max == 65535 {
			span = l.say("form.port")
		}
		span = strings.TrimSpace(span)
		parts = append(parts, span)
	}
	switch standard := d.Default; {
	case d.Kind == line.Switch:
		parts = append(parts, l.say("form.default", l.say(map[string]string{"0": "form.off", "1": "form.on"}[standard])))
	case standard != "":
		for _, o := range d.Choices {
			if o.File == standard {
				standard = choiceName(o.Name)
			}
		}
		parts = append(parts, l.say("form.default", standard))
	}
	return strings.Join(parts, l.say("form.join"))
}

// faultText says what is wrong with a value and, unless it is a secret, what was typed.
func faultText(l language, d line.Setting, fault *line.FieldError) string {
	text := fault.Message
	if l.tag != english.tag {
		text = translatedFault(l, d, fault)
	}
	if typed := fmt.Sprint(shownValue(fault.Value)); fault.Value != nil && typed != "" {
		text += l.say("error.typed", shorten(typed))
	}
	return text
}

// translatedFault finds out which rule of its definition a value breaks: line.FieldError speaks English only.
func translatedFault(l language, d line.Setting, fault *line.FieldError) string {
	value, isText := fault.Value.(string)
	switch n, isNumber := fault.Value.(int); {
	case d.Kind == line.Number && isNumber && n >= d.Min && n <= d.Max: // it breaks a rule with another setting
		if key, ok := faultsBetween[d.Name]; ok {
			return l.say(key)
		}
		return fault.Message
	case d.Kind == line.Number:
		return l.say("error.number", d.Min, d.Max)
	case d.File && fault.Message == adminOnly:
		return l.say("error.admin")
	case isText && strings.ContainsFunc(value, unicode.IsControl):
		return l.say("error.control")
	case d.Max > 0 && (utf8.RuneCountInString(value) > d.Max || d.Secret):
		return l.say("error.long", d.Max)
	case d.Kind == line.Host:
		return l.say("error.host")
	case d.Kind == line.Source:
		return l.say("error.sources")
	case d.Kind == line.List:
		return l.say("error.codes")
	case d.Kind == line.Choice:
		var names []string
		for _, o := range d.Choices {
			names = append(names, choiceName(o.Name))
		}
		return l.say("error.choice", strings.Join(names, l.say("list")))
	case d.Name == "phone_number" && value == "":
		return l.say("error.needed")
	case d.Name == "phone_number":
		return l.say("error.user")
	}
	return fault.Message
}

// faultsBetween are the words for values that are wrong only beside another.
var faultsBetween = map[string]string{
	"t2_ms": "error.t2", "failover_period_ms": "error.period", "register_port": "error.port", "backup_port": "error.port",
}

// shorten keeps a value readable in a message.
func shorten(text string) string {
	const most = 40
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "… (" + strconv.Itoa(len(runes)) + ")"
}
