package webui

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// configurationData is the page System > Configuration.
type configurationData struct {
	frame
	Formats    []formatChoice
	Faults     []string
	Difference *difference // of a file or a copy, before it is applied
	Copies     []copyRow
	Clock      ClockView
	Zone       string // as typed
	ZoneError  string
	ResetError string
}

type formatChoice struct {
	Name sysconf.Format
	Text string
}

// difference is what a file or a copy would change.
type difference struct {
	Pending string // of a file
	Copy    int64  // of a copy
	Count   string
	Changes []changeRow
	More    string
	Unknown []UnknownView
	Notes   []NoteView
}

type changeRow struct {
	Line, Key, Old, New string
	Used                bool
}

type copyRow struct {
	ID     int64
	Made   string
	Before string
}

// maxShown bounds the rows of a difference on the page; REST has all of them.
const maxShown = 300

// registerConfigurationPage adds the page System > Configuration.
func (s *Server) registerConfigurationPage(e *echo.Echo) {
	const at = "/system/configuration"
	e.GET(at, s.page(s.configurationPage))
	e.POST(at+"/import", s.page(s.importForm))
	e.POST(at+"/restore", s.page(s.restoreForm))
	e.POST(at+"/apply", s.page(s.applyForm))
	e.POST(at+"/time", s.page(s.timeForm))
	e.POST(at+"/restart", s.page(s.restartForm))
	e.POST(at+"/reset", s.page(s.resetForm))
}

func (s *Server) configurationPage(c echo.Context, who Visitor) error {
	return s.renderConfiguration(c, who, http.StatusOK, configurationData{})
}

// importForm answers POST …/import: the difference that the file makes, and nothing is changed yet.
func (s *Server) importForm(c echo.Context, who Visitor) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "this account may not do that")
	}
	data, err := uploaded(c)
	if err != nil {
		return err
	}
	view, err := s.importFile(c.Request().Context(), who, data, true)
	var p *huma.ErrorModel
	if errors.As(err, &p) && p.Status == http.StatusUnprocessableEntity {
		d := configurationData{}
		for _, f := range p.Errors {
			d.Faults = append(d.Faults, f.Message)
		}
		return s.renderConfiguration(c, who, p.Status, d)
	}
	if err != nil {
		return err
	}
	d := differenceOf(languageOf(c.Request()), view)
	d.Pending = s.pending.keep(who.key, data)
	return s.renderConfiguration(c, who, http.StatusOK, configurationData{Difference: d})
}

// uploaded is the file of a form, or what was pasted where there is none.
func uploaded(c echo.Context) ([]byte, error) {
	r := c.Request()
	limitBody(c, sysconf.MaxSize+maxForm, uploadTimeout)
	if err := r.ParseMultipartForm(sysconf.MaxSize + maxForm); err != nil {
		return nil, bodyProblem(err, "the form cannot be read")
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return []byte(r.PostFormValue("text")), nil // no file: what was pasted
	}
	data, err := io.ReadAll(file)
	if err := errors.Join(err, file.Close(), r.MultipartForm.RemoveAll()); err != nil {
		return nil, problem(http.StatusBadRequest, "the file cannot be read")
	}
	if len(data) == 0 {
		return []byte(r.PostFormValue("text")), nil
	}
	return data, nil
}

// restoreForm answers POST …/restore: the difference that a copy makes.
func (s *Server) restoreForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	id, err := strconv.ParseInt(c.Request().PostForm.Get("copy"), 10, 64)
	if err != nil {
		return problem(http.StatusUnprocessableEntity, "there is no such copy")
	}
	view, err := s.restoreCopy(c.Request().Context(), who, id, true)
	if err != nil {
		return err
	}
	d := differenceOf(languageOf(c.Request()), view)
	d.Copy = id
	return s.renderConfiguration(c, who, http.StatusOK, configurationData{Difference: d})
}

// applyForm answers POST …/apply: what was shown is stored and applied.
func (s *Server) applyForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	ctx, form := c.Request().Context(), c.Request().PostForm
	var view ImportView
	var err error
	if id := form.Get("copy"); id != "" && id != "0" {
		n, wrong := strconv.ParseInt(id, 10, 64)
		if wrong != nil {
			return problem(http.StatusUnprocessableEntity, "there is no such copy")
		}
		view, err = s.restoreCopy(ctx, who, n, false)
	} else {
		data, held := s.pending.take(who.key, form.Get("pending"))
		if !held {
			return s.renderConfiguration(c, who, http.StatusConflict, configurationData{Faults: []string{languageOf(c.Request()).say("conf.gone")}})
		}
		view, err = s.importFile(ctx, who, data, false)
	}
	if err != nil {
		return err
	}
	done := "imported"
	if !view.Applied {
		done = "same"
	}
	return c.Redirect(http.StatusSeeOther, "/system/configuration?done="+done)
}

func (s *Server) timeForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	name := strings.TrimSpace(c.Request().PostForm.Get("time_zone"))
	err := s.setTimeZone(c.Request().Context(), who, name)
	l := languageOf(c.Request())
	switch {
	case line.FieldErrors(err) != nil:
		return s.renderConfiguration(c, who, http.StatusUnprocessableEntity, configurationData{Zone: name, ZoneError: l.say("conf.zone.wrong")})
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/system/configuration?done=zone")
}

func (s *Server) restartForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	if err := s.restart(c.Request().Context(), who); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/system/configuration?done=restart")
}

func (s *Server) resetForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	form := c.Request().PostForm
	if strings.TrimSpace(narrow(form.Get("confirm"))) != resetWord {
		return s.renderConfiguration(c, who, http.StatusUnprocessableEntity, configurationData{ResetError: languageOf(c.Request()).say("conf.reset.wrong", resetWord)})
	}
	if err := s.factoryReset(c.Request().Context(), who, form.Get("erase") == "1"); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/system/configuration?done=reset")
}

// resetWord is typed to confirm a factory reset.
const resetWord = "factory-reset"

func differenceOf(l language, v ImportView) *difference {
	d := &difference{Count: l.say("conf.count", v.Keys, len(v.Changes)), Unknown: v.Unknown, Notes: v.Notes}
	for i, c := range v.Changes {
		if i == maxShown {
			d.More = l.say("conf.more", len(v.Changes)-maxShown)
			break
		}
		row := changeRow{Key: c.Key, Used: c.Used, Line: l.say("conf.device")}
		if c.Line > 0 {
			row.Line = strconv.Itoa(c.Line)
		}
		if c.Secret {
			row.Old, row.New = "", l.say("conf.secret.removed")
			if c.Set {
				row.New = l.say("conf.secret.set")
			}
		} else {
			row.Old, row.New = shorten(*c.Old), shorten(*c.New)
		}
		d.Changes = append(d.Changes, row)
	}
	if len(d.Unknown) > maxShown {
		d.Unknown = d.Unknown[:maxShown]
	}
	if len(d.Notes) > maxShown {
		d.Notes = d.Notes[:maxShown]
	}
	return d
}

func (s *Server) renderConfiguration(c echo.Context, who Visitor, status int, d configurationData) error {
	ctx, l := c.Request().Context(), languageOf(c.Request())
	f, _, err := s.frame(c, who, l, "/system/configuration", "conf.title", "GET "+base+"/config/export", "POST "+base+"/config/import", "GET "+base+"/config/copies",
		"GET PUT "+base+"/system/time", "POST "+base+"/system/restart", "POST "+base+"/system/factory-reset")
	if err != nil {
		return err
	}
	f.Back = "/system/configuration"
	if d.Difference != nil || status != http.StatusOK {
		f.Scripts = []string{"menu.js"} // the page that makes itself anew would take the answer away
	}
	d.frame = f
	for _, format := range sysconf.Formats {
		d.Formats = append(d.Formats, formatChoice{format, l.say("conf.format." + string(format))})
	}
	copies, err := s.Whole.Copies(ctx)
	if err != nil {
		return err
	}
	for _, k := range copies {
		d.Copies = append(d.Copies, copyRow{k.ID, l.at(k.Made.Time).Format("2006-01-02 15:04:05"), l.word("conf.before", k.Before)})
	}
	if d.Clock, err = s.clockView(ctx); err != nil {
		return err
	}
	if d.ZoneError == "" {
		d.Zone = d.Clock.TimeZone
	}
	return s.show(c, status, "configuration", d)
}
