package webui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// lineFormData is the page Line > SIP: the settings of one line, each drawn from its definition in line.Table.
type lineFormData struct {
	frame
	N            int
	Choices      []lineChoice
	Line         lineCard
	ETag         string
	Faults       []formFault
	FaultCount   string
	Conflict     bool
	Registration []formField
	Server1      []formField
	Server2      []formField
	Basic        []formField
	Advanced     []formGroup
	Plan         planPanel
	AdvancedNote string
	OpenBasic    bool
	OpenAdvanced bool

	advanced []formField
}

// formFault is an entry of the list of faults at the head of the form.
type formFault struct{ Name, Label, Text string }

// linePage answers GET /line/sip.
func (s *Server) linePage(c echo.Context, who Visitor) error {
	return s.renderLine(c, who, http.StatusOK, lineNumber(c.QueryParam("line")), nil, nil)
}

// lineForm answers POST /line/sip, the button Submit: it stores and applies the settings and goes back to the page. With a fault
// nothing is stored and the page comes back with everything that was typed.
func (s *Server) lineForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Setup, lineRules()); err != nil {
		return err
	}
	ctx, typed := c.Request().Context(), c.Request().PostForm
	n, err := chosenLine(c.QueryParams())
	if err != nil {
		return err
	}
	before, _, err := s.lineSettings(ctx, n)
	if err != nil {
		return err
	}
	done, err := s.saveForm(ctx, who, n, before, typed)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/line/sip?"+url.Values{"line": {strconv.Itoa(n)}, "done": {done}}.Encode())
	}
	var p *huma.ErrorModel
	switch {
	case errors.As(err, &p) && p.Status == http.StatusPreconditionFailed:
		return s.renderLine(c, who, p.Status, n, typed, err)
	case line.FieldErrors(err) != nil:
		return s.renderLine(c, who, http.StatusUnprocessableEntity, n, typed, err)
	}
	return err
}

// saveForm stores and applies what was typed. Done is "same" where nothing has changed, neither settings nor a file that they name. A file that
// cannot be read again is an error only where nothing else was changed.
func (s *Server) saveForm(ctx context.Context, who Visitor, n int, before line.Settings, typed url.Values) (done string, err error) {
	after, err := s.changeLine(ctx, who, n, withoutFiles(before, formValues(typed)), formConditions(typed.Get("if_match")))
	if err != nil {
		return "", err
	}
	again, err := s.filesOfForm(who, n, before, formValues(typed))
	switch {
	case len(line.Changed(before, after)) > 0:
		if err != nil {
			s.Log.Warn("a file that a setting names was not read again", "line", n, "err", err)
		}
		return "saved", nil
	case err != nil:
		return "", err
	case again:
		return "saved", nil
	}
	return "same", nil
}

// formValues reads a form as REST would have sent it. What cannot be read goes on as it was typed, so that the one validation
// answers for it. A field that was not sent stays what it is: half a form switches nothing off.
func formValues(typed url.Values) map[string]any {
	values := map[string]any{}
	for _, d := range line.Table {
		sent, ok := typed[d.Name]
		if !ok || len(sent) == 0 {
			continue
		}
		text := sent[len(sent)-1] // a check box comes after its hidden 0
		switch {
		case d.Secret:
			if typed.Get(d.Name+"_remove") == "1" && text == "" {
				values[d.Name] = ""
			} else if text != "" {
				values[d.Name] = text
			}
		case d.Kind == line.Switch && (text == "0" || text == "1"):
			values[d.Name] = text == "1"
		case d.Kind == line.Number:
			values[d.Name] = number(text)
		case d.Kind == line.Choice:
			values[d.Name] = choice(d, text)
		case d.Kind == line.Text:
			values[d.Name] = text
		default:
			values[d.Name] = narrow(strings.TrimSpace(text))
		}
	}
	return values
}

// choice returns the name REST has for a choice that the form sends as the vendor's files write it.
func choice(d line.Setting, text string) string {
	for _, o := range d.Choices {
		if o.File == text {
			return o.Name
		}
	}
	return text
}

// number reads a whole number as people type it, wide digits of an input method included; else it is the text.
func number(text string) any {
	if n, err := strconv.Atoi(narrow(strings.TrimSpace(text))); err == nil {
		return n
	}
	return text
}

// narrow turns the wide forms of ASCII, which Japanese and Chinese input methods type, into ASCII.
func narrow(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '。' || r == '．':
			return '.'
		case r == '\u3000':
			return ' '
		}
		return r
	}, text)
}

// renderLine draws the page with what is stored or, after a fault, with what was typed.
func (s *Server) renderLine(c echo.Context, who Visitor, status, n int, typed url.Values, failure error) error {
	l := languageOf(c.Request())
	rest := "/api/v1/lines/" + strconv.Itoa(n)
	f, cards, err := s.frame(c, who, l, "/line/sip", "form.title", "GET PUT PATCH "+rest+"/sip", "GET POST "+rest+"/plan", "GET "+rest+"/status", "POST "+rest+"/register")
	if err != nil {
		return err
	}
	stored, tag, err := s.lineSettings(c.Request().Context(), n)
	if err != nil {
		return err
	}
	f.Back = "/line/sip?line=" + strconv.Itoa(n)
	f.Scripts = append(f.Scripts, "form.js")
	faults := map[string]*line.FieldError{}
	for _, e := range line.FieldErrors(failure) {
		faults[e.Name] = e
	}
	d := lineFormData{frame: f, N: n, Choices: lineChoices(cards, n), Line: cards[n-1], ETag: tag}
	d.Conflict = failure != nil && len(faults) == 0
	if len(faults) > 0 {
		d.ETag = typed.Get("if_match") // still the settings that were read before typing
	}
	custom := 0
	for _, def := range line.Table {
		field := newFormField(l, def, stored, typed, faults[def.Name])
		if def.File && !who.May(Admin) {
			field.Fixed = true
			field.Hint += l.say("form.join") + l.say("form.admin")
		}
		if field.Error != "" {
			d.Faults = append(d.Faults, formFault{def.Name, field.Group + field.Label, field.Error})
		}
		d.place(def.Page, field)
		if def.Page == line.Advanced && def.Text(stored) != def.Default {
			custom++
		}
	}
	d.Advanced = grouped(l, d.advanced)
	d.Plan = s.typedPlan(c.Request().Context(), l, n, stored, formValues(typed))
	d.AdvancedNote = l.say("form.advanced.note", custom, len(d.advanced))
	d.FaultCount = l.say("form.faults.one")
	if len(d.Faults) > 1 {
		d.FaultCount = l.say("form.faults", len(d.Faults))
	}
	d.Registration = leading(d.Registration, "phone_number", "auth_user", "auth_password", "display_name", "domain", "enabled")
	return s.show(c, status, "line", d)
}

// leading brings the named fields to the front in that order, as the vendor's page has them.
func leading(fields []formField, names ...string) []formField {
	place := func(f formField) int {
		if i := slices.Index(names, f.Name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(fields, func(a, b formField) int { return place(a) - place(b) })
	return fields
}
