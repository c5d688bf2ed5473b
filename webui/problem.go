package webui

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// problem is an answer as RFC 9457 describes it.
func problem(status int, detail string, faults ...*huma.ErrorDetail) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail, Errors: faults}
}

// fault names a part of the request and says what is wrong with it.
func fault(location, message string, value any) *huma.ErrorDetail {
	return &huma.ErrorDetail{Location: location, Message: message, Value: value}
}

// problemOf is the one mapping of errors to HTTP. Known false: the error is internal, to be logged and not shown.
func problemOf(err error) (p *huma.ErrorModel, known bool) {
	var field *line.FieldError
	var web *echo.HTTPError
	switch {
	case errors.As(err, &p):
		return p, true
	case errors.As(err, &field):
		return fieldProblem(err), true
	case errors.Is(err, ErrNotFound):
		return problem(http.StatusNotFound, err.Error()), true
	case errors.Is(err, ErrConflict):
		return problem(http.StatusConflict, err.Error()), true
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem(http.StatusServiceUnavailable, "not done in time, or the phone is shutting down"), true
	case errors.As(err, &web) && web.Code < http.StatusInternalServerError:
		return webProblem(web), true
	}
	return problem(http.StatusInternalServerError, "internal error"), false
}

// fieldProblem names every wrong field, not the first alone, in the order of the page.
func fieldProblem(err error) *huma.ErrorModel {
	p := problem(http.StatusUnprocessableEntity, "nothing was changed")
	place := func(f *line.FieldError) int {
		return slices.IndexFunc(line.Table, func(d line.Setting) bool { return d.Name == f.Name })
	}
	faults := line.FieldErrors(err)
	slices.SortStableFunc(faults, func(a, b *line.FieldError) int { return cmp.Or(place(a)-place(b), strings.Compare(a.Name, b.Name)) })
	for _, f := range faults {
		value := shownValue(f.Value)
		if _, known := line.ByName(f.Name); !known {
			value = nil // may be a secret under a misspelt name
		}
		p.Errors = append(p.Errors, fault("body."+f.Name, f.Message, value))
	}
	return p
}

func webProblem(err *echo.HTTPError) *huma.ErrorModel {
	switch err.Code {
	case http.StatusNotFound:
		return problem(err.Code, "there is nothing at this path")
	case http.StatusMethodNotAllowed:
		return problem(err.Code, "this path does not take this method; the header Allow says which")
	}
	return problem(err.Code, http.StatusText(err.Code))
}

// answerError answers what a handler of Echo returned: as problem+json under /api, as a page to who asks for one, as plain text to a script.
func (s *Server) answerError(err error, c echo.Context) {
	p, known := problemOf(err)
	r := c.Request()
	if !known {
		s.Log.Error("web request failed", "method", r.Method, "path", c.Path(), "err", err)
	}
	if c.Response().Committed {
		return
	}
	if with := (huma.HeadersError)(nil); errors.As(err, &with) {
		maps.Copy(c.Response().Header(), with.GetHeaders())
	}
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		if strings.Contains(r.Header.Get(echo.HeaderAccept), echo.MIMETextHTML) && s.renderRefusal(c, p) == nil {
			return
		}
		s.ignore(c, c.String(p.Status, p.Title+": "+p.Detail+"\n"))
		return
	}
	body, err := json.Marshal(p)
	if err != nil {
		s.ignore(c, c.NoContent(http.StatusInternalServerError))
		return
	}
	s.ignore(c, c.Blob(p.Status, "application/problem+json", body))
}

// renderRefusal answers with a page that says why something was not done.
func (s *Server) renderRefusal(c echo.Context, p *huma.ErrorModel) error {
	l := languageOf(c.Request())
	title := l.say("refusal.other")
	switch p.Status {
	case http.StatusForbidden, http.StatusNotFound, http.StatusConflict:
		title = l.say(fmt.Sprint("refusal.", p.Status))
	}
	now, _ := s.Journal.Clock()
	d := struct {
		frame
		Detail string
	}{frame{Lang: l, Title: title, Scripts: []string{"menu.js"}, Now: now, Back: "/", Insecure: s.insecureNotice(c.Request())}, p.Detail}
	return s.show(c, p.Status, "refusal", d)
}

// ignore notes an answer that could not be written: the other side has gone.
func (s *Server) ignore(c echo.Context, err error) {
	if err != nil {
		s.Log.Debug("web answer not written", "path", c.Path(), "err", err)
	}
}

// conceal takes out of an answer what was sent in if it may hold a secret: whole bodies, objects and passwords.
func conceal(_ huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	for _, e := range p.Errors {
		if n, ok := e.Value.(json.Number); ok {
			if _, err := n.Float64(); err != nil {
				e.Value = n.String() // 1e400 is a number of JSON that hardly anybody can read
			}
		}
		switch text, isText := e.Value.(string); e.Value.(type) {
		case string, json.Number, float64, int, bool:
			if e.Location == "body" || strings.Contains(e.Location, "password") {
				e.Value = nil
			} else if isText {
				e.Value = secret.Mask(text)
			}
		default:
			e.Value = nil
		}
	}
	return p, nil
}
