package webui

import (
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// accountsPageData is the page System > Accounts.
type accountsPageData struct {
	frame
	Accounts []accountPart
}

// accountPart is one account: what it may do, and the form that changes its password.
type accountPart struct {
	Account, May, Password, Title string
	Fields                        []passwordField
}

type passwordField struct{ ID, Name, Label, Hint, Complete, Error string }

// passwordFault is what is wrong with a password that was sent: the account, the field, and what to say.
type passwordFault struct{ account, field, text string }

// accountsPage answers GET /system/accounts.
func (s *Server) accountsPage(c echo.Context, who Visitor) error {
	return s.renderAccounts(c, who, http.StatusOK, passwordFault{})
}

// passwordForm answers POST /system/accounts: it changes one password.
func (s *Server) passwordForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Read); err != nil {
		return err
	}
	form, l := c.Request().PostForm, languageOf(c.Request())
	b := passwordBody{Account: form.Get("account"), Current: form.Get("current_password"), Password: form.Get("password")}
	if form.Get("again") != b.Password {
		return s.renderAccounts(c, who, http.StatusUnprocessableEntity, passwordFault{b.Account, "again", l.say("accounts.differ")})
	}
	err := s.changePassword(c.Request().Context(), who, b)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/system/accounts?done=password")
	}
	var p *huma.ErrorModel
	switch {
	case errors.As(err, &p) && p.Status == http.StatusTooManyRequests:
		return s.renderAccounts(c, who, p.Status, passwordFault{b.Account, "current_password", l.say("accounts.locked")})
	case errors.As(err, &p) && len(p.Errors) > 0: // the current one is wrong
		return s.renderAccounts(c, who, p.Status, passwordFault{b.Account, "current_password", l.say("accounts.wrong")})
	case line.FieldErrors(err) != nil:
		return s.renderAccounts(c, who, http.StatusUnprocessableEntity, passwordFault{b.Account, "password", l.passwordRefused(b.Password)})
	}
	return err
}

func (s *Server) renderAccounts(c echo.Context, who Visitor, status int, bad passwordFault) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/system/accounts", "nav.accounts", "GET PUT "+base+"/system/accounts")
	if err != nil {
		return err
	}
	f.Back = "/system/accounts"
	d := accountsPageData{frame: f}
	accounts, err := s.accountsFor(c.Request().Context(), who)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		part := accountPart{Account: a.Account, May: l.word("role", string(a.Role)), Password: l.say("accounts.unset"), Title: l.say("accounts.other", a.Account)}
		if a.PasswordSet {
			part.Password = l.say("accounts.set", l.at(a.PasswordChanged.Time).Format("2006-01-02 15:04"))
		}
		field := func(name, word, hint, complete string) {
			p := passwordField{ID: a.Account + "-" + name, Name: name, Label: l.say(word), Hint: hint, Complete: complete}
			if bad.account == a.Account && bad.field == name {
				p.Error = bad.text
			}
			part.Fields = append(part.Fields, p)
		}
		if a.Account == who.Account {
			part.Title = l.say("accounts.own")
			if a.PasswordSet {
				field("current_password", "accounts.current", "", "current-password")
			}
		}
		field("password", "accounts.new", l.say("accounts.length", minPassword, maxPassword), "new-password")
		field("again", "accounts.again", "", "new-password")
		d.Accounts = append(d.Accounts, part)
	}
	return s.show(c, status, "accounts", d)
}
