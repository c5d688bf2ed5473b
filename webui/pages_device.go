package webui

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/device"
	"hilphone/sip/line"
)

func (s *Server) registerDevicePages(e *echo.Echo) {
	e.GET("/system/action-urls", s.page(s.actionsPage))
	e.POST("/system/action-urls", s.page(s.actionsForm))
	e.POST("/system/action-urls/test", s.page(s.actionTestForm))
	e.GET("/system/action-urls/test", s.page(s.actionsPage)) // the page asks again for itself
	e.GET("/system/remote-control", s.page(s.remotePage))
	e.POST("/system/remote-control", s.page(s.remoteForm))
}

// actionsPageData is the page System > Action URLs.
type actionsPageData struct {
	frame
	ETag      string
	Conflict  bool
	Groups    []actionGroup
	Variables []string
}

type actionGroup struct {
	ID, Title string
	Fields    []actionField
}

// actionField is one address.
type actionField struct {
	Name, Label, Hint, Value, Error, Test string
	Stored                                bool
	Result                                string
	ResultBad                             bool
}

// actionGroups are where the actions stand on the page: each group begins with that action.
var actionGroups = []struct{ id, first string }{{"line", "reg_on"}, {"phone", "boot_completed"}, {"call", "incoming_call"}}

func (s *Server) actionsPage(c echo.Context, who Visitor) error {
	return s.renderActions(c, who, http.StatusOK, nil, nil, ActionTestView{})
}

// actionsForm answers POST /system/action-urls, the button Submit.
func (s *Server) actionsForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	typed, given := c.Request().PostForm, map[string]string{}
	for _, a := range device.Actions {
		given[a.Name] = narrow(strings.TrimSpace(typed.Get(a.Name)))
	}
	before := s.actionURLsNow().ETag
	err := s.changeActionURLs(c.Request().Context(), who, given, formConditions(typed.Get("if_match")))
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/system/action-urls?done="+doneWord(before, s.actionURLsNow().ETag))
	}
	if status := formStatus(err); status != 0 {
		return s.renderActions(c, who, status, typed, err, ActionTestView{})
	}
	return err
}

// doneWord is what a form has done to the settings with those tags.
func doneWord(before, after string) string {
	if before == after {
		return "same"
	}
	return "device"
}

// formStatus is that of the page which shows what was wrong with a form; 0: it is nothing of the form.
func formStatus(err error) int {
	var p *huma.ErrorModel
	switch {
	case errors.As(err, &p) && p.Status == http.StatusPreconditionFailed:
		return p.Status
	case line.FieldErrors(err) != nil:
		return http.StatusUnprocessableEntity
	}
	return 0
}

// actionTestForm answers POST /system/action-urls/test, the button beside an address.
func (s *Server) actionTestForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	ctx, cancel := s.untilShutdown(c.Request().Context())
	defer cancel()
	event := c.Request().PostForm.Get("event")
	v, err := s.testActionURL(ctx, who, event)
	if errors.Is(err, ErrConflict) {
		v, err = ActionTestView{Event: event, Error: err.Error()}, nil
	}
	if err != nil {
		return err
	}
	return s.renderActions(c, who, http.StatusOK, nil, nil, v)
}

// renderActions draws the page with what is stored or, after a fault, with what was typed.
func (s *Server) renderActions(c echo.Context, who Visitor, status int, typed url.Values, failure error, tried ActionTestView) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/system/action-urls", "nav.actions", "GET PUT "+base+"/system/action-urls", "POST "+base+"/system/action-urls/test")
	if err != nil {
		return err
	}
	f.Back = "/system/action-urls"
	now := s.actionURLsNow()
	d := actionsPageData{frame: f, ETag: now.ETag}
	faults := line.FieldErrors(failure)
	if d.Conflict = failure != nil && faults == nil; !d.Conflict && typed != nil {
		d.ETag = typed.Get("if_match")
	}
	for _, v := range device.Variables {
		d.Variables = append(d.Variables, "$"+v)
	}
	for _, a := range device.Actions {
		for _, g := range actionGroups {
			if g.first == a.Name {
				d.Groups = append(d.Groups, actionGroup{ID: g.id, Title: l.say("actions.group." + g.id)})
			}
		}
		field := actionField{Name: a.Name, Label: a.Label.In(l.tag), Hint: cmp.Or(a.Key, l.say("actions.own")), Value: now.Body[a.Name], Stored: now.Body[a.Name] != ""}
		field.Test = l.say("actions.test.of", field.Label)
		if typed != nil {
			field.Value = device.Mask(typed.Get(a.Name)) // a password is shown to nobody, not even to who typed it
		}
		if i := slices.IndexFunc(faults, func(e *line.FieldError) bool { return e.Name == a.Name }); i >= 0 {
			field.Error = l.say("actions.wrong") + ": " + faults[i].Message
		}
		if tried.Event == a.Name {
			field.Result, field.ResultBad = tried.Error, tried.Error != "" || tried.Status >= 300
			if tried.Error == "" {
				field.Result = l.say("actions.answered", tried.Status, l.seconds(time.Duration(tried.ElapsedMS*float64(time.Millisecond)).Round(time.Millisecond)))
			}
		}
		group := &d.Groups[len(d.Groups)-1]
		group.Fields = append(group.Fields, field)
	}
	return s.show(c, status, "actions", d)
}

// remotePageData is the page System > Remote control.
type remotePageData struct {
	frame
	ETag              string
	Conflict          bool
	Enabled, Faithful bool
	Allow, Error      string
}

func (s *Server) remotePage(c echo.Context, who Visitor) error {
	return s.renderRemote(c, who, http.StatusOK, nil, nil)
}

// remoteForm answers POST /system/remote-control, the button Submit.
func (s *Server) remoteForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin, formRules{flags: []string{"enabled", "faithful"}}); err != nil {
		return err
	}
	typed := c.Request().PostForm
	v := RemoteControlView{Enabled: typed.Get("enabled") == "1", Faithful: typed.Get("faithful") == "1",
		Allow: strings.FieldsFunc(narrow(typed.Get("allow")), func(r rune) bool { return r == ',' || r == ' ' || r == '、' || r == ';' })}
	before := s.remoteControlNow().ETag
	err := s.changeRemoteControl(c.Request().Context(), who, v, formConditions(typed.Get("if_match")))
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/system/remote-control?done="+doneWord(before, s.remoteControlNow().ETag))
	}
	if status := formStatus(err); status != 0 {
		return s.renderRemote(c, who, status, typed, err)
	}
	return err
}

func (s *Server) renderRemote(c echo.Context, who Visitor, status int, typed url.Values, failure error) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/system/remote-control", "nav.remote", "GET PUT "+base+"/system/remote-control")
	if err != nil {
		return err
	}
	f.Back = "/system/remote-control"
	now := s.remoteControlNow()
	d := remotePageData{frame: f, ETag: now.ETag, Enabled: now.Body.Enabled, Faithful: now.Body.Faithful, Allow: strings.Join(now.Body.Allow, ", ")}
	faults := line.FieldErrors(failure)
	if typed != nil {
		d.Enabled, d.Faithful, d.Allow = typed.Get("enabled") == "1", typed.Get("faithful") == "1", typed.Get("allow")
	}
	if d.Conflict = failure != nil && faults == nil; !d.Conflict && typed != nil {
		d.ETag = typed.Get("if_match")
	}
	var wrong []string
	for _, e := range faults {
		if text, ok := e.Value.(string); ok {
			wrong = append(wrong, l.say("remote.wrong", text))
		} else {
			wrong = append(wrong, e.Message)
		}
	}
	d.Error = strings.Join(wrong, "; ")
	return s.show(c, status, "remote", d)
}
