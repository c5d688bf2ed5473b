package webui

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// tokensPageData is the page System > API tokens.
type tokensPageData struct {
	frame
	Tokens    []tokenRow
	Made      *newTokenView // with its secret; only in the answer to the form that made it
	Name      string        // as typed
	NameError string
	Scopes    []ScopeText
}

type tokenRow struct {
	Name          string
	Scope         Scope
	Created, Used string
}

// tokensPage answers GET /system/tokens.
func (s *Server) tokensPage(c echo.Context, who Visitor) error {
	return s.renderTokens(c, who, http.StatusOK, tokensPageData{})
}

// tokenForm answers POST /system/tokens: it makes a token and shows its secret in this answer alone, which no browser keeps.
func (s *Server) tokenForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	form, l := c.Request().PostForm, languageOf(c.Request())
	made, err := s.makeToken(c.Request().Context(), who, form.Get("name"), Scope(cmp.Or(form.Get("scope"), string(DefaultScope))))
	d := tokensPageData{Name: form.Get("name")}
	switch {
	case err == nil:
		return s.renderTokens(c, who, http.StatusCreated, tokensPageData{Made: &made})
	case errors.Is(err, ErrConflict):
		d.NameError = l.say("tokens.taken")
		return s.renderTokens(c, who, http.StatusConflict, d)
	case line.FieldErrors(err) != nil && line.FieldErrors(err)[0].Name == "name":
		d.NameError = l.say("tokens.hint")
		return s.renderTokens(c, who, http.StatusUnprocessableEntity, d)
	}
	return err
}

// revokeForm answers POST /system/tokens/revoke.
func (s *Server) revokeForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	if err := s.endToken(c.Request().Context(), who, c.Request().PostForm.Get("name")); err != nil && !errors.Is(err, ErrNotFound) {
		return err // one that is gone already is as it should be
	}
	return c.Redirect(http.StatusSeeOther, "/system/tokens?done=revoked")
}

func (s *Server) renderTokens(c echo.Context, who Visitor, status int, d tokensPageData) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/system/tokens", "tokens.title", "GET POST "+base+"/system/tokens", "DELETE "+base+"/system/tokens/NAME")
	if err != nil {
		return err
	}
	f.Back = "/system/tokens"
	if d.Made != nil {
		f.Scripts = []string{"menu.js"} // the page that makes itself anew would take the secret away
	}
	d.frame = f
	tokens, err := s.Tokens.Tokens(c.Request().Context())
	if err != nil {
		return err
	}
	for _, t := range tokens {
		row := tokenRow{Name: t.Name, Scope: t.Scope, Created: l.at(t.Created.Time).Format("2006-01-02 15:04")}
		if !t.Used.IsZero() {
			row.Used = l.at(t.Used.Time).Format("2006-01-02 15:04")
		}
		d.Tokens = append(d.Tokens, row)
	}
	d.Scopes = scopesIn(l)
	return s.show(c, status, "tokens", d)
}
