package webui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

type labData struct {
	frame
	Servers []labPanel
	Phone   labPhonePanel
	MaySet  bool
}

// labPanel is a server of the lab with all its controls.
type labPanel struct {
	Slot  line.Slot
	Name  string
	Modes []formOption
	labForm
}

func (s *Server) labPage(c echo.Context, who Visitor) error {
	return s.showLab(c, who, http.StatusOK, "", nil, nil)
}

// showLab shows the page; after a form with a fault with what was typed for that server.
func (s *Server) showLab(c echo.Context, who Visitor, status int, typedFor line.Slot, typed url.Values, faults []*line.FieldError) error {
	if s.Lab == nil {
		return noLab()
	}
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/lab", "lab.title", "GET PUT /api/v1/lab/servers/primary", "GET PUT /api/v1/lab/servers/backup", "GET PUT /api/v1/lab/phone", "GET POST DELETE /api/v1/lab/phone/calls", "POST /api/v1/lab/phone/requests")
	if err != nil {
		return err
	}
	d := labData{frame: f, MaySet: who.May(Control), Phone: newLabPhonePanel(l, s.Lab.Phone1002(), typedFor, typed, faults)}
	for _, slot := range []line.Slot{line.Primary, line.Backup} {
		b, err := s.Lab.Server(slot)
		if err != nil {
			return err
		}
		if slot == typedFor {
			d.Servers = append(d.Servers, newLabPanel(l, slot, b, typed, faults))
		} else {
			d.Servers = append(d.Servers, newLabPanel(l, slot, b.Clean(), nil, nil))
		}
	}
	return s.show(c, status, "lab", d)
}

func newLabPanel(l language, slot line.Slot, b behaviour.Server, typed url.Values, faults []*line.FieldError) labPanel {
	p := labPanel{Slot: slot, Name: l.say("server." + string(slot))}
	mode := string(b.Mode)
	if typed != nil {
		mode = typed.Get("behaviour")
	}
	for _, m := range behaviour.Names(behaviour.Modes) {
		text := l.word("lab", m)
		if m == string(behaviour.Status) {
			text = l.say("lab.answer")
		}
		p.Modes = append(p.Modes, formOption{m, text, m == mode})
	}
	p.labForm = newLabForm(l, behaviour.ServerFields[1:], b, string(slot), "lab.field.", typed, faults)
	return p
}

// labServerForm answers the form of one server, with all that it does.
func (s *Server) labServerForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control, labRules(behaviour.ServerFields)); err != nil {
		return err
	}
	if s.Lab == nil {
		return noLab()
	}
	slot, form := line.Slot(c.FormValue("server")), c.Request().PostForm
	if slot != line.Primary && slot != line.Backup {
		return &line.FieldError{Name: "server", Message: "must be primary or backup", Value: string(slot)}
	}
	b := behaviour.Server{Mode: behaviour.Mode(form.Get("behaviour"))}
	if modes := behaviour.Names(behaviour.Modes); !slices.Contains(modes, string(b.Mode)) {
		return &line.FieldError{Name: "behaviour", Message: "must be one of " + strings.Join(modes, ", "), Value: string(b.Mode)}
	}
	err := readLabForm(behaviour.ServerFields[1:], &b, form)
	if err == nil {
		_, err = s.setLab(slot, b)
	}
	return s.afterLab(c, who, slot, err)
}
