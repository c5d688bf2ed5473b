package webui

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

// lineBody is settings of a line as a request gives them, by JSON name; nil if the body was no object. What may stand in it is
// said by line.Table alone.
type lineBody map[string]any

// UnmarshalJSON keeps numbers as they are written, for the error text, but for those with a point or an exponent.
func (b *lineBody) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	values, ok := v.(map[string]any)
	if !ok {
		*b = nil
		return nil
	}
	for name, v := range values {
		if n, ok := v.(json.Number); ok && strings.ContainsAny(string(n), ".eE") {
			if f, err := n.Float64(); err == nil && !math.IsInf(f, 0) {
				values[name] = f
			}
		}
	}
	*b = values
	return nil
}

// nullsToDefaults gives each setting that is null its default, as a merge patch means it (RFC 7396 1). What was read and is sent back has null
// for a secret and says beside it that it is set: that is no wish to remove it.
func (b lineBody) nullsToDefaults() {
	factory := line.Default()
	for _, d := range line.Table {
		if v, given := b[d.Name]; given && v == nil && !(d.Secret && b[d.Name+"_set"] == true) {
			b[d.Name] = d.Get(factory)
		}
	}
}

// Schema describes the settings of a line in a request.
func (lineBody) Schema(r huma.Registry) *huma.Schema {
	return component(r, "LineSettings", func() *huma.Schema { return lineSchema(false) })
}

// settingsView is the settings of a line in an answer.
type settingsView struct{ line.Settings }

// Schema describes the settings of a line in an answer.
func (settingsView) Schema(r huma.Registry) *huma.Schema {
	return component(r, "LineSettingsView", func() *huma.Schema { return lineSchema(true) })
}

// component puts a schema under its name in the document, once, and returns a reference to it.
func component(r huma.Registry, name string, build func() *huma.Schema) *huma.Schema {
	if r.Map()[name] == nil {
		s := build()
		s.PrecomputeMessages()
		r.Map()[name] = s
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// lineSchema is line.Table as JSON Schema: of an answer, where secrets read as null, or of a request.
func lineSchema(answer bool) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Description: "the page Line > SIP of one line", Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, d := range line.Table {
		p := settingSchema(d)
		if d.Secret {
			p.Nullable, p.Default, p.WriteOnly = true, nil, !answer
			set := &huma.Schema{Type: huma.TypeBoolean, ReadOnly: true, Description: "whether " + d.Name + " is set"}
			s.Properties[d.Name+"_set"] = set
			if answer {
				p = &huma.Schema{Type: "null", Description: "always null: " + d.Name + " is never shown"}
				s.Required = append(s.Required, d.Name+"_set")
			}
		}
		s.Properties[d.Name] = p
		if answer {
			s.Required = append(s.Required, d.Name)
		}
	}
	return s
}

func settingSchema(d line.Setting) *huma.Schema { return schemaOf(d, d.Get(line.Default())) }

// schemaOf is a setting with its default as JSON Schema.
func schemaOf(d line.Setting, standard any) *huma.Schema {
	p := &huma.Schema{Type: huma.TypeString, Title: d.Label.EN, Description: description(d, "SIPn ")}
	switch d.Kind {
	case line.Number:
		p.Type = huma.TypeInteger
		low, high := float64(d.Min), float64(d.Max)
		p.Minimum, p.Maximum = &low, &high
	case line.Switch:
		p.Type = huma.TypeBoolean
	case line.Choice:
		for _, o := range d.Choices {
			p.Enum = append(p.Enum, o.Name)
		}
	default:
		if d.Max > 0 {
			p.MaxLength = &d.Max
		}
	}
	p.Default = standard
	return p
}

// description says what a setting is, with its key in the vendor's files, before which there is a prefix.
func description(d line.Setting, prefix string) string {
	var parts []string
	if d.Hint.EN != "" {
		parts = append(parts, d.Hint.EN)
	}
	switch {
	case d.Unit != "":
		parts = append(parts, "in "+map[string]string{"s": "seconds", "ms": "milliseconds"}[d.Unit])
	case d.Kind == line.Source:
		parts = append(parts, "servers, anyone, or IP addresses and networks such as 192.0.2.0/24, separated by commas")
	case d.Kind == line.List:
		parts = append(parts, "response codes separated by commas, 5?? for all that begin with 5")
	}
	if d.Key != "" {
		parts = append(parts, "in the vendor's files "+prefix+d.Key)
	}
	if d.Wide != "" {
		parts = append(parts, "in the vendor's files "+d.Wide+", which sets all lines")
	}
	if d.File {
		parts = append(parts, "the absolute path of a regular file of 1 MiB at most, read when it is set; the account user does not set it")
	}
	if d.Secret {
		parts = append(parts, "null or absent leaves it as it is, "+strconv.Quote("")+" takes it away")
	}
	return strings.Join(parts, "; ")
}
