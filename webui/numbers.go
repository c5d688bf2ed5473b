package webui

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// numbersPage is a page of settings of the phone as a whole that are numbers and switches.
type numbersPage struct {
	page line.Page
	path string // of the page and, below the base, of its twin
	word string // title
	tag  string
}

var (
	featuresPage = numbersPage{device.Features, "/phone/features", "nav.features", "phone"}
	basicPage    = numbersPage{device.BasicSettings, "/line/basic-settings", "nav.basic", "lines"}
)

// features and basicSettings are the settings of the two pages as REST has them.
type (
	features      map[string]any
	basicSettings map[string]any
)

// Schema describes the settings of the page Phone > Features, each by its definition.
func (features) Schema(r huma.Registry) *huma.Schema {
	return component(r, "Features", func() *huma.Schema { return numbersSchema(device.Features, "the page Phone > Features") })
}

// Schema describes the settings of the page Line > Basic settings, each by its definition.
func (basicSettings) Schema(r huma.Registry) *huma.Schema {
	return component(r, "BasicSettings", func() *huma.Schema { return numbersSchema(device.BasicSettings, "the page Line > Basic settings") })
}

func numbersSchema(page line.Page, what string) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}, Description: what}
	standard := device.Settings{}.Values(page)
	for _, d := range device.NumbersOf(page) {
		p := schemaOf(d.Setting, standard[d.Name])
		p.Description = description(d.Setting, "")
		s.Properties[d.Name] = p
	}
	return s
}

type numbersOutput[T any] struct {
	ETag string `header:"ETag" doc:"names this state of the settings, for If-Match"`
	Body T
}

type numbersInput[T any] struct {
	Body T
}

type numbersPatch[T any] struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Body        T
}

func (s *Server) registerNumbers() {
	registerNumbers[features](s, featuresPage, "features", "Times and answer codes of calls")
	registerNumbers[basicSettings](s, basicPage, "basic-settings", "Settings of all lines")
}

func registerNumbers[T ~map[string]any](s *Server, p numbersPage, name, summary string) {
	op := func(method, verb, text, more string) huma.Operation {
		o := huma.Operation{OperationID: verb + "-" + name, Method: method, Path: p.path, Tags: []string{p.tag}, Summary: text, Description: more}
		if method != http.MethodGet {
			o.Metadata = map[string]any{ownConditions: true}
		}
		o.SkipValidateBody = method == http.MethodPatch // null is a value there, and each setting has its own check
		return o
	}
	now := func() *numbersOutput[T] {
		values, tag := s.numbersNow(p)
		return &numbersOutput[T]{tag, T(values)}
	}
	operate(s, Read, op(http.MethodGet, "get", summary, ""), func(context.Context, *struct{}) (*numbersOutput[T], error) { return now(), nil })
	operate(s, Admin, op(http.MethodPut, "put", "Replace them", "What is absent gets its default."), func(ctx context.Context, in *numbersInput[T]) (*numbersOutput[T], error) {
		whole := device.Settings{}.Values(p.page)
		for name, v := range in.Body {
			whole[name] = v
		}
		if err := s.changeNumbers(ctx, visitorOf(ctx), p, whole, conditionsOf(ctx)); err != nil {
			return nil, err
		}
		return now(), nil
	})
	operate(s, Admin, op(http.MethodPatch, "patch", "Change some of them", "As a merge patch (RFC 7396) null gives a setting its default."), func(ctx context.Context, in *numbersPatch[T]) (*numbersOutput[T], error) {
		if in.Body == nil {
			return nil, problem(http.StatusUnprocessableEntity, "nothing was changed", fault("body", "must be an object", nil))
		}
		if kind, _, _ := mime.ParseMediaType(in.ContentType); kind == mergePatch {
			nullsToDefaults(in.Body, device.Settings{}.Values(p.page))
		}
		if err := s.changeNumbers(ctx, visitorOf(ctx), p, in.Body, conditionsOf(ctx)); err != nil {
			return nil, err
		}
		return now(), nil
	})
	content := s.api.OpenAPI().Paths[p.path].Patch.RequestBody.Content
	content[mergePatch] = content[jsonKind]
}

// nullsToDefaults gives each setting that is null its default, as a merge patch means it (RFC 7396 1).
func nullsToDefaults(body, standard map[string]any) {
	for name, v := range standard {
		if given, ok := body[name]; ok && given == nil {
			body[name] = v
		}
	}
}

// numbersNow are the settings of a page, and their ETag.
func (s *Server) numbersNow(p numbersPage) (map[string]any, string) {
	values := s.Device.Device().Values(p.page)
	return values, s.deviceTag(values)
}

// changeNumbers changes settings of a page; the page and REST both come here. Only the admin does.
func (s *Server) changeNumbers(ctx context.Context, who Visitor, p numbersPage, values map[string]any, cond conditions) error {
	return s.changeDevice(ctx, who, cond, func(set device.Settings) any { return set.Values(p.page) }, func(set *device.Settings) error {
		return set.SetValues(p.page, values)
	})
}
