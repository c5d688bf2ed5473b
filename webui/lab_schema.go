package webui

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/hil/behaviour"
)

// labSchema enters the schema of a table of properties under a name, and returns a reference to it. Properties that are not required may be missing.
func labSchema[T any](r huma.Registry, name string, fields []behaviour.Field[T], required ...string) *huma.Schema {
	no := false
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: no, Properties: map[string]*huma.Schema{}, Required: required}
	for _, f := range fields {
		p := propertySchema(f)
		p.PrecomputeMessages()
		s.Properties[f.Name] = p
	}
	s.PrecomputeMessages()
	r.Map()[name] = s
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

func propertySchema[T any](f behaviour.Field[T]) *huma.Schema {
	var v T
	s := &huma.Schema{Description: f.Doc}
	text := func(s *huma.Schema) {
		s.Type = huma.TypeString
		for _, c := range f.Choices {
			s.Enum = append(s.Enum, c.Name)
		}
		s.Pattern, s.PatternDescription = f.Pattern, f.PatternText
	}
	switch f.At(&v).(type) {
	case *bool:
		s.Type = huma.TypeBoolean
	case *string:
		text(s)
	case *[]string:
		s.Type, s.Items = huma.TypeArray, &huma.Schema{}
		text(s.Items)
		s.Items.PrecomputeMessages()
		s.Items.PatternDescription = "" // no word of JSON Schema; the error texts are made of it by now
		most := f.Most
		s.MaxItems, s.UniqueItems = &most, f.Choices != nil
	default:
		low, high := f.Min, f.Max
		s.Type, s.Minimum, s.Maximum = huma.TypeNumber, &low, &high
		if f.Integer() {
			s.Type = huma.TypeInteger
		}
		if f.Default != 0 {
			s.Default = f.Default
		}
	}
	if len(f.Choices) > 0 {
		var docs []string
		for _, c := range f.Choices {
			docs = append(docs, c.Name+": "+c.Doc)
		}
		s.Description += ". " + strings.Join(docs, "; ")
	}
	return s
}
