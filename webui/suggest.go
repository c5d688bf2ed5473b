package webui

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"hilphone/db/nearest"
)

// suggest says in the answer to a body that its schema refuses what an unknown name or value may be, and which one is the nearest (UX-11).
func (s *Server) suggest(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok || ctx == nil || ctx.Operation() == nil || ctx.Operation().RequestBody == nil {
		return v, nil
	}
	oneOf, _, _ := strings.Cut(validation.MsgExpectedOneOf, "%")
	for _, e := range p.Errors {
		place, inBody := strings.CutPrefix(e.Location, "body")
		if !inBody {
			continue
		}
		switch {
		case e.Message == validation.MsgUnexpectedProperty:
			dot := strings.LastIndexByte(place, '.')
			if object := s.schemaOf(ctx.Operation(), place[:max(0, dot)]); object != nil && len(object.Properties) > 0 {
				all := slices.Sorted(maps.Keys(object.Properties))
				e.Message = "is not known: there are " + strings.Join(all, ", ") + nearest.Hint(place[dot+1:], all)
			}
		case strings.HasPrefix(e.Message, oneOf):
			given, isText := e.Value.(string)
			if at := s.schemaOf(ctx.Operation(), place); at != nil && isText {
				e.Message += nearest.Hint(given, names(at.Enum))
			}
		}
	}
	return p, nil
}

// index is the place of a member of an array.
var index = regexp.MustCompile(`\[[0-9]+\]`)

// schemaOf is the schema of a part of the body; nil if it has none of its own.
func (s *Server) schemaOf(op *huma.Operation, place string) *huma.Schema {
	schema := s.resolved(bodySchema(op))
	for name := range strings.SplitSeq(index.ReplaceAllString(place, ".[]"), ".") {
		switch {
		case schema == nil:
			return nil
		case name == "":
		case name == "[]":
			schema = s.resolved(schema.Items)
		default:
			schema = s.resolved(schema.Properties[name])
		}
	}
	return schema
}

func bodySchema(op *huma.Operation) *huma.Schema {
	for _, media := range op.RequestBody.Content {
		if media.Schema != nil {
			return media.Schema
		}
	}
	return nil
}

func (s *Server) resolved(schema *huma.Schema) *huma.Schema {
	if schema != nil && schema.Ref != "" {
		return s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}
