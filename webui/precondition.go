package webui

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
)

const (
	ifMatchHeader     = "If-Match"
	ifNoneMatchHeader = "If-None-Match"
)

// conditions are the preconditions of a request (RFC 9110 13.1.1 and 13.1.2); the zero value has none.
type conditions struct {
	match, noneMatch *tagList // nil: not given
}

// tagList is a list of entity tags as they are written, or * for any.
type tagList struct {
	any  bool
	tags []string
}

var errTags = errors.New(`must be * or entity tags in quotes, separated by commas, such as "1a2b"`)

// readTags reads the field values of If-Match or If-None-Match; nil if there are none.
func readTags(values []string) (*tagList, error) {
	if len(values) == 0 {
		return nil, nil
	}
	text := strings.Trim(strings.Join(values, ","), " \t,")
	if text == "*" {
		return &tagList{any: true}, nil
	}
	l := &tagList{}
	for text != "" {
		weak := strings.HasPrefix(text, `W/"`)
		rest, ok := strings.CutPrefix(strings.TrimPrefix(text, "W/"), `"`)
		end := strings.IndexByte(rest, '"')
		if !ok || end < 0 {
			return nil, errTags
		}
		tag := rest[:end]
		if strings.ContainsFunc(tag, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return nil, errTags
		}
		tag = `"` + tag + `"`
		if weak {
			tag = "W/" + tag
		}
		l.tags = append(l.tags, tag)
		text = strings.TrimLeft(rest[end+1:], " \t")
		if text != "" && text[0] != ',' {
			return nil, errTags
		}
		text = strings.TrimLeft(text, " \t,")
	}
	if l.tags == nil {
		return nil, errTags
	}
	return l, nil
}

// strong reports whether the list has the tag by the strong comparison (RFC 9110 8.8.3.2).
func (l *tagList) strong(tag string) bool {
	return l.any || !strings.HasPrefix(tag, "W/") && slices.Contains(l.tags, tag)
}

// weak reports whether the list has the tag by the weak comparison.
func (l *tagList) weak(tag string) bool {
	opaque := func(t string) string { return strings.TrimPrefix(t, "W/") }
	return l.any || tag != "" && slices.ContainsFunc(l.tags, func(t string) bool { return opaque(t) == opaque(tag) })
}

func readConditions(h http.Header) (c conditions, err error) {
	for _, one := range []struct {
		name string
		list **tagList
	}{{ifMatchHeader, &c.match}, {ifNoneMatchHeader, &c.noneMatch}} {
		if *one.list, err = readTags(h.Values(one.name)); err != nil {
			return c, problem(http.StatusUnprocessableEntity, "nothing was done", fault("header."+one.name, err.Error(), printable(h.Get(one.name))))
		}
	}
	return c, nil
}

// check answers nil, or 412 where something that exists and has the tag, or none, is not what the request expects.
func (c conditions) check(tag string) error {
	switch {
	case c.match != nil && !c.match.strong(tag):
		return problem(http.StatusPreconditionFailed, "this is not what If-Match names: it was changed since it was read; read it again")
	case c.noneMatch != nil && c.noneMatch.weak(tag):
		return problem(http.StatusPreconditionFailed, "this exists, and If-None-Match asks for a change only where it does not")
	}
	return nil
}

// formConditions are those of a form that was drawn when the settings had the tag.
func formConditions(tag string) conditions {
	if tag == "" {
		return conditions{}
	}
	return conditions{match: &tagList{tags: []string{tag}}}
}

type conditionsKey struct{}

// conditionsOf returns the preconditions that the handler of an operation has to check itself, while nothing else changes the settings.
func conditionsOf(ctx context.Context) conditions {
	c, _ := ctx.Value(conditionsKey{}).(conditions)
	return c
}

// ownConditions is the key in an operation's metadata that says that its handler checks the preconditions.
const ownConditions = "conditions"

// documentConditions enters the preconditions of an operation into the document. Answers that have an ETag take If-None-Match.
func documentConditions(op *huma.Operation, tagged bool) {
	parameter := func(name, text string) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "header", Description: text, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	switch op.Method {
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
		parameter(ifMatchHeader, "ETags or *: change only what has one of them")
		parameter(ifNoneMatchHeader, "ETags or *: change only what has none of them; with * nothing that exists")
		op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	case http.MethodPost:
		op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	case http.MethodGet:
		if tagged {
			parameter(ifNoneMatchHeader, "ETags: answer 304 if one of them is that of the answer")
			if op.Responses == nil {
				op.Responses = map[string]*huma.Response{}
			}
			op.Responses["304"] = &huma.Response{Description: "Not Modified"}
		}
	}
}

// checkConditions checks the preconditions of a request that changes something (RS-06), or leaves that to its handler.
func (s *Server) checkConditions(ctx huma.Context, next func(huma.Context)) {
	c, op := humaecho.Unwrap(ctx), ctx.Operation()
	if op.Method == http.MethodGet {
		next(ctx)
		return
	}
	given, err := readConditions(c.Request().Header)
	if _, own := op.Metadata[ownConditions]; err == nil && !own && given != (conditions{}) {
		err = s.checkCurrent(c, op, given)
	}
	if err != nil {
		s.answerError(err, c)
		return
	}
	if given != (conditions{}) {
		ctx = huma.WithValue(ctx, conditionsKey{}, given)
	}
	next(ctx)
}

// checkCurrent checks the preconditions against what GET answers at the same path. Where that is 404 the operation answers so too.
func (s *Server) checkCurrent(c echo.Context, op *huma.Operation, given conditions) error {
	if s.api.OpenAPI().Paths[op.Path].Get == nil {
		return given.check("")
	}
	r := c.Request().Clone(c.Request().Context())
	r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0
	r.URL.RawQuery = ""
	for _, name := range []string{ifMatchHeader, ifNoneMatchHeader, echo.HeaderContentType, echo.HeaderContentLength} {
		r.Header.Del(name)
	}
	answer := &answerHead{header: http.Header{}}
	s.entry().ServeHTTP(answer, r)
	switch answer.status {
	case http.StatusOK:
		return given.check(answer.header.Get("ETag"))
	case http.StatusNotFound:
		return nil
	}
	return problem(http.StatusServiceUnavailable, "whether the preconditions hold could not be found out")
}

// answerHead keeps the status and the header of an answer.
type answerHead struct {
	status int
	header http.Header
}

func (a *answerHead) Header() http.Header { return a.header }

// WriteHeader keeps the first status.
func (a *answerHead) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answerHead) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return len(p), nil
}

// notModified answers 304 instead of 200 where the client has what it asks for (RFC 9110 13.1.2).
func (s *Server) notModified(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method != http.MethodGet || r.Header.Get(ifNoneMatchHeader) == "" {
			return next(c)
		}
		if has, err := readTags(r.Header.Values(ifNoneMatchHeader)); err == nil {
			c.Response().Writer = &freshWriter{ResponseWriter: c.Response().Writer, has: has}
		}
		return next(c)
	}
}

// freshWriter leaves out the body of an answer that the client has.
type freshWriter struct {
	http.ResponseWriter
	has   *tagList
	fresh bool
}

// WriteHeader turns 200 into 304 where the ETag is one of those the client has. Without an ETag there is nothing to compare.
func (w *freshWriter) WriteHeader(status int) {
	if tag := w.Header().Get("ETag"); status == http.StatusOK && tag != "" && w.has.weak(tag) {
		w.fresh, status = true, http.StatusNotModified
		w.Header().Del(echo.HeaderContentType)
		w.Header().Del(echo.HeaderContentLength)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *freshWriter) Write(p []byte) (int, error) {
	if w.fresh {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *freshWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// tagOf is an ETag for what marshals to the same JSON.
func (s *Server) tagOf(name string, v any) string {
	var b bytes.Buffer
	b.WriteString(name + " " + asJSON(v))
	return s.etagOf(b.Bytes())
}
