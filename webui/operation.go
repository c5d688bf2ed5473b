package webui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
)

const base = "/api/v1"

// registerOperations puts the REST interface on the router. The OpenAPI document of it is made when it is first asked for: it takes longer than the rest of the start of the server.
func (s *Server) registerOperations() {
	s.api = humaecho.NewWithGroup(s.echo, s.echo.Group(base), huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "hilphone", Version: s.version(),
				Description: "A desk phone that registers with a primary and a backup SIP server. Nothing is changed by a request that fails."},
			Servers: []*huma.Server{{URL: base}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":    {Type: "http", Scheme: "bearer", Description: "made by `hilphone token new` or POST /system/tokens"},
					"password": {Type: "http", Scheme: "basic", Description: "a token as the password, with any user name: for tools that know nothing else"},
					"session":  {Type: "apiKey", In: "cookie", Name: "hilphone", Description: "a login on the pages; the name of the cookie ends in _PORT, and begins with __Host- over HTTPS"},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{s.suggest, conceal},
	})
	s.registerLines()
	s.registerPlan()
	s.registerPhone()
	s.registerCalls()
	s.registerEvents()
	s.registerEventFiles()
	s.registerTimeline()
	s.registerTrace()
	s.registerLab()
	s.registerLabPhone()
	s.registerIO()
	s.registerWaves()
	s.registerBoard()
	s.registerTokens()
	s.registerSystem()
	s.registerAudit()
	s.registerDevice()
	s.registerNumbers()
	s.registerConfiguration()
	s.registerClock()
	s.registerLock()
	for _, schema := range s.api.OpenAPI().Components.Schemas.Map() {
		for _, p := range schema.Properties {
			p.PatternDescription = "" // no word of JSON Schema; the error texts are made of it already
		}
	}
	s.collectPatchKinds()
	s.openapi = sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.api.OpenAPI()) })
}

func (s *Server) version() string {
	if s.Version == "" {
		return "0"
	}
	return s.Version
}

func (s *Server) serveOpenAPI(c echo.Context) error {
	document, err := s.openapi()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/openapi+json", document)
}

// bodyReader is the key in an operation's metadata of what reads its body instead of bodyOf.
const bodyReader = "body"

// operate registers one operation for those who have the scope. The operation names the errors that are its own.
func operate[I, O any](s *Server, needed Scope, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	op.Description = describe(op.Description, "Scope: "+string(needed.ofToken())+".")
	if needed == Setup {
		op.Description = describe(op.Description, "On the pages the account user may do it too.")
	}
	op.Security = []map[string][]string{{"token": {}}, {"password": {}}, {"session": {}}}
	op.BodyReadTimeout = -1 // readAll has one; huma's would stay on and end the request while its handler works
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusInternalServerError)
	if op.Method != http.MethodGet && op.Method != http.MethodDelete {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	_, tagged := reflect.TypeFor[O]().FieldByName("ETag")
	documentConditions(&op, tagged)
	slices.Sort(op.Errors)
	op.Errors = slices.Compact(op.Errors)
	read, ok := op.Metadata[bodyReader].(func(echo.Context) error)
	if !ok {
		kinds := []string{jsonKind}
		if op.Method == http.MethodPatch {
			kinds = append(kinds, mergePatch)
		}
		lines, _ := op.Metadata[multiLine].(bool)
		read = bodyOf(lines, kinds...)
	}
	if writes(op) {
		op.Errors = slices.Compact(slices.Sorted(slices.Values(append(op.Errors, http.StatusConflict)))) // the lock
	}
	op.Middlewares = append(op.Middlewares, s.admit(needed, writes(op)), s.checkParameters, s.readWith(read))
	if !op.SkipValidateBody { // the settings of a line know themselves what may be null
		op.Middlewares = append(op.Middlewares, s.refuseNulls(op.Method, op.Path))
	}
	op.Middlewares = append(op.Middlewares, s.checkConditions)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err == nil {
			return out, nil
		}
		p, known := problemOf(err)
		if !known {
			s.Log.Error("operation failed", "operation", op.OperationID, "err", err)
			return nil, p
		}
		var withHeaders huma.HeadersError
		if errors.As(err, &withHeaders) {
			return nil, huma.ErrorWithHeaders(p, withHeaders.GetHeaders())
		}
		return nil, p
	})
}

func describe(text, more string) string {
	if text == "" {
		return more
	}
	return text + " " + more
}

// admit lets a request through to its operation: first who asks, then whether somebody else has the phone for itself.
func (s *Server) admit(needed Scope, writes bool) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(ctx)
		who, err := s.authorise(c, needed)
		if err == nil && writes {
			err = s.mayWrite(who)
		}
		if err != nil {
			s.answerError(err, c)
			return
		}
		next(huma.WithValue(ctx, visitorKey{}, who))
	}
}

// readWith reads the body of a request.
func (s *Server) readWith(read func(echo.Context) error) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.Unwrap(ctx)
		err := read(c)
		if err == nil && ctx.Operation().RequestBody == nil {
			err = refuseBody(c)
		}
		if err != nil {
			s.answerError(err, c)
			return
		}
		next(ctx)
	}
}

// refuseNulls refuses null where the document does not know it.
func (s *Server) refuseNulls(method, path string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if body := s.bodySchema(method, path); body != nil {
			c := humaecho.Unwrap(ctx)
			if err := checkNulls(c, body); err != nil {
				s.answerError(err, c)
				return
			}
		}
		next(ctx)
	}
}

// bodySchema returns what the document says of an operation's JSON body; nil if it has none.
func (s *Server) bodySchema(method, path string) *huma.Schema {
	item := s.api.OpenAPI().Paths[path]
	for _, op := range operationsOf(item) {
		if op.Method != method || op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
			continue
		}
		schema := op.RequestBody.Content["application/json"].Schema
		if schema != nil && schema.Ref != "" {
			schema = s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
		}
		return schema
	}
	return nil
}

// refuseWith is a problem with header fields.
func refuseWith(p *huma.ErrorModel, header, value string) error {
	return huma.ErrorWithHeaders(p, http.Header{header: {value}})
}

// list makes a list that is never null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
