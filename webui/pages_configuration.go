package webui

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// configurationData is the page System > Configuration.
type configurationData struct {
	frame
	Formats    []formatChoice
	Fault      string       // of the form
	Refused    *refusedRows // of a file
	Partial    bool         // as checked
	Difference *difference  // of a file or a copy, before it is applied
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
	Changes bool // there are some
	Rows    []changeRow
	More    string
	Notes   []NoteView
}

// refusedRows are the faults of a file.
type refusedRows struct {
	Rows []changeRow
	More string
}

// changeRow is a row of the table of what a file does.
type changeRow struct {
	Outcome, Place, Line, Key, Where, Old, New string
	Used                                       bool
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
	l, file := languageOf(c.Request()), givenFile{data, c.Request().PostFormValue("partial") == "1"}
	view, err := s.importFile(c.Request().Context(), who, file, true)
	var refused refusedFile
	if errors.As(err, &refused) {
		rows, more := tableOf(l, refused.rows)
		return s.renderConfiguration(c, who, refused.Status, configurationData{Refused: &refusedRows{rows, more}, Partial: file.partial})
	}
	if err != nil {
		return err
	}
	d := differenceOf(l, view)
	d.Pending = s.pending.keep(who.key, file)
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
		file, held := s.pending.take(who.key, form.Get("pending"))
		if !held {
			return s.renderConfiguration(c, who, http.StatusConflict, configurationData{Fault: languageOf(c.Request()).say("conf.gone")})
		}
		view, err = s.importFile(ctx, who, file, false)
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
	if err := readForm(c, who, Admin, formRules{flags: []string{"erase"}}); err != nil {
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
	counts := map[sysconf.Outcome]int{}
	for _, r := range v.rows {
		counts[r.Outcome]++
	}
	d := &difference{Changes: len(v.Changes) > 0, Notes: v.Notes, Count: l.say("conf.count", v.Keys, counts[sysconf.Changed], counts[sysconf.NotObeyed], counts[sysconf.NotKnown])}
	d.Rows, d.More = tableOf(l, v.rows)
	if len(d.Notes) > maxShown {
		d.Notes = d.Notes[:maxShown]
	}
	return d
}

// tableOf is the table of what a file does.
func tableOf(l language, rows []sysconf.Row) (table []changeRow, more string) {
	for i, r := range rows {
		if i == maxShown {
			return table, l.say("conf.more", len(rows)-maxShown)
		}
		row := changeRow{Outcome: l.word("conf.outcome", string(r.Outcome)), Key: r.Key, Where: r.Place(), Used: r.Outcome == sysconf.Changed && r.Obeyed, Line: l.say("conf.device")}
		if r.Line > 0 {
			row.Line = strconv.Itoa(r.Line)
		}
		if r.At > 0 {
			row.Place = strconv.Itoa(r.At)
		}
		if r.Column > 0 {
			row.Place += ":" + strconv.Itoa(r.Column)
		}
		switch {
		case r.Outcome == sysconf.NotTaken:
			row.New = r.Message
		case r.Secret && r.Set:
			row.New = l.say("conf.secret.set")
		case r.Secret:
			row.New = l.say("conf.secret.removed")
		case r.Outcome == sysconf.NotObeyed && r.Default == "":
			row.Old, row.New = l.say("conf.usually.empty"), shorten(r.New)
		case r.Outcome == sysconf.NotObeyed:
			row.Old, row.New = l.say("conf.usually", shorten(r.Default)), shorten(r.New)
		default:
			row.Old, row.New = shorten(r.Old), shorten(r.New)
		}
		table = append(table, row)
	}
	return table, ""
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
