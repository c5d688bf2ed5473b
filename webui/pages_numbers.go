package webui

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"hilphone/db/device"
	"hilphone/sip/line"
)

// numbersPageData is a page of numbers and switches.
type numbersPageData struct {
	frame
	ID, Path, Title, What, ETag string
	Conflict                    bool
	Fields                      []formField
}

func (s *Server) registerNumbersPages(e *echo.Echo) {
	for _, p := range []numbersPage{featuresPage, basicPage} {
		e.GET(p.path, s.page(func(c echo.Context, who Visitor) error { return s.renderNumbers(c, who, p, http.StatusOK, nil, nil) }))
		e.POST(p.path, s.page(func(c echo.Context, who Visitor) error { return s.numbersForm(c, who, p) }))
	}
}

// numbersForm answers the button Submit. A field that was not sent stays what it is.
func (s *Server) numbersForm(c echo.Context, who Visitor, p numbersPage) error {
	if err := readForm(c, who, Admin, formRules{settings: true}); err != nil {
		return err
	}
	typed, values := c.Request().PostForm, map[string]any{}
	for _, d := range device.NumbersOf(p.page) {
		sent := typed[d.Name]
		if len(sent) == 0 {
			continue
		}
		switch text := sent[len(sent)-1]; { // a check box comes after its hidden 0
		case d.Kind == line.Switch && (text == "0" || text == "1"):
			values[d.Name] = text == "1"
		default:
			values[d.Name] = number(text)
		}
	}
	_, before := s.numbersNow(p)
	err := s.changeNumbers(c.Request().Context(), who, p, values, formConditions(typed.Get("if_match")))
	if err == nil {
		_, after := s.numbersNow(p)
		return c.Redirect(http.StatusSeeOther, p.path+"?done="+doneWord(before, after))
	}
	if status := formStatus(err); status != 0 {
		return s.renderNumbers(c, who, p, status, typed, err)
	}
	return err
}

// renderNumbers draws a page with what is stored or, after a fault, with what was typed.
func (s *Server) renderNumbers(c echo.Context, who Visitor, p numbersPage, status int, typed url.Values, failure error) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, p.path, p.word, "GET PUT PATCH "+base+p.path)
	if err != nil {
		return err
	}
	f.Back = p.path
	set := s.Device.Device()
	_, tag := s.numbersNow(p)
	d := numbersPageData{frame: f, ID: string(p.page), Path: p.path, Title: l.say(p.word), What: l.say(p.word + ".what"), ETag: tag}
	faults := map[string]*line.FieldError{}
	for _, e := range line.FieldErrors(failure) {
		faults[e.Name] = e
	}
	if d.Conflict = failure != nil && len(faults) == 0; !d.Conflict && typed != nil {
		d.ETag = typed.Get("if_match")
	}
	for _, n := range device.NumbersOf(p.page) {
		d.Fields = append(d.Fields, fieldOf(l, n.Setting, strconv.Itoa(set.Number(n.Name)), typed, faults[n.Name]))
	}
	return s.show(c, status, "numbers", d)
}
