package webui

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// labForm has the controls of a table of properties: those that are always shown, and those of peers that do what few do.
type labForm struct {
	Fields, Odd []labControl
	Open        bool // one of Odd is set, or wrong
	Faults      []labControl
}

// labControl is a control of a property.
type labControl struct {
	Name, ID, Label string
	Control         string // number, text, lines, select, several, checkbox
	Value, Hint     string
	Options         []labOption
	Error           string
}

// labOption is a choice, with what it does.
type labOption struct {
	formOption
	Doc string
}

// newLabForm makes the controls; with what was typed where a form came back. Labels are the texts under prefix.
func newLabForm[T any](l language, fields []behaviour.Field[T], v T, id, prefix string, typed url.Values, faults []*line.FieldError) labForm {
	var form labForm
	for _, f := range fields {
		c := newLabControl(l, f, v, typed)
		c.ID, c.Label = id+"_"+f.Name, l.say(prefix+f.Name)
		if i := slices.IndexFunc(faults, func(e *line.FieldError) bool { return e.Name == f.Name }); i >= 0 {
			c.Error = l.say("lab.wrong", faults[i].Message, shorten(c.Value))
			form.Faults = append(form.Faults, c)
		}
		if !f.Odd {
			form.Fields = append(form.Fields, c)
			continue
		}
		form.Odd = append(form.Odd, c)
		form.Open = form.Open || c.Value != "" || c.Error != ""
	}
	return form
}

func newLabControl[T any](l language, f behaviour.Field[T], v T, typed url.Values) labControl {
	c := labControl{Name: f.Name, Value: f.Text(v), Control: "number"}
	if typed != nil {
		c.Value = strings.Join(typed[f.Name], " ")
	}
	switch f.At(&v).(type) {
	case *bool:
		c.Control = "checkbox"
	case *string:
		c.Control = "text"
		if f.Choices != nil {
			c.Control = "select"
			c.Options = labOptions(l, f, []string{c.Value})
			c.Options = slices.Insert(c.Options, 0, labOption{formOption: formOption{"", l.say("lab.same"), c.Value == ""}})
		}
	case *[]string:
		switch {
		case f.Choices != nil:
			c.Control, c.Options = "several", labOptions(l, f, strings.Fields(c.Value))
		case f.Lines:
			c.Control, c.Hint = "lines", l.say("lab.hint.lines")
		default:
			c.Control, c.Hint = "text", l.say("lab.hint.methods")
		}
	case *float64:
		c.Control, c.Hint = "text", l.say("lab.hint.part")
	default:
		c.Hint = l.say("lab.hint.range", strconv.FormatFloat(f.Min, 'f', -1, 64), strconv.FormatFloat(f.Max, 'f', -1, 64))
	}
	return c
}

// labOptions are the choices of a property. Those that have a text of the page have it; the others are words of SIP.
func labOptions[T any](l language, f behaviour.Field[T], chosen []string) (options []labOption) {
	for _, choice := range f.Choices {
		text := choice.Name
		switch f.Name {
		case "then":
			text = l.word("lab", choice.Name)
		case "via":
			text = l.say("server." + choice.Name)
		}
		options = append(options, labOption{formOption{choice.Name, text, slices.Contains(chosen, choice.Name)}, choice.Doc})
	}
	return options
}

// readLabForm reads the properties that a form has. The error joins what is wrong, each a *line.FieldError.
func readLabForm[T any](fields []behaviour.Field[T], v *T, form url.Values) error {
	var faults []error
	for _, f := range fields {
		typed := strings.Join(form[f.Name], " ")
		if f.Upper {
			typed = strings.ToUpper(typed)
		}
		if err := labFault(f.Set(v, typed)); err != nil {
			var wrong *line.FieldError
			if errors.As(err, &wrong) {
				wrong.Value = typed
			}
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}
