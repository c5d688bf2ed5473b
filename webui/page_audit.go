package webui

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/audit"
)

const (
	auditPath     = "/system/audit"
	maxShownAudit = 200
)

// auditPageData is the page System > Audit.
type auditPageData struct {
	frame
	Groups  []kindChoice
	Entries []auditRow
	Older   string
	Newest  string
}

// auditRow is an entry in words.
type auditRow struct {
	ID            int64
	Time          string
	Who, How      string
	From          string
	Action        audit.Action
	Text, Changed string
}

// auditPage answers GET /system/audit.
func (s *Server) auditPage(c echo.Context, who Visitor) error {
	l, asked := languageOf(c.Request()), c.QueryParams()
	f, _, err := s.frame(c, who, l, auditPath, "nav.audit", "GET "+base+auditPath)
	if err != nil {
		return err
	}
	d := auditPageData{frame: f}
	q := audit.Query{Limit: maxShownAudit + 1}
	if before, err := strconv.ParseInt(asked.Get("before"), 10, 64); err == nil && before > 0 {
		q.Before = before
		d.Newest = linkWith(auditPath, asked, "before", 0)
	}
	for _, g := range audit.Groups {
		on := len(asked["group"]) == 0 || slices.Contains(asked["group"], string(g.Name))
		if on {
			q.Groups = append(q.Groups, g.Name)
		}
		d.Groups = append(d.Groups, kindChoice{string(g.Name), l.say("audit.group." + string(g.Name)), on})
	}
	entries, err := s.Audit.AuditHistory(c.Request().Context(), q)
	if err != nil {
		return err
	}
	if len(entries) > maxShownAudit {
		entries = entries[:maxShownAudit]
		d.Older = linkWith(auditPath, asked, "before", entries[maxShownAudit-1].ID)
	}
	for _, e := range entries {
		d.Entries = append(d.Entries, newAuditRow(l, e))
	}
	return s.show(c, http.StatusOK, "audit", d)
}

func newAuditRow(l language, e audit.Entry) auditRow {
	data := eventWordsOf{lang: l, data: e.Data}
	row := auditRow{ID: e.ID, Time: l.at(e.Time).Format(time.DateTime), Who: e.Name, How: l.word("audit.kind", string(e.Kind)), From: e.From, Action: e.Action}
	done := string(e.Action)
	if e.Action == audit.Settings && data.number("line") == 0 {
		done += "_phone"
	}
	row.Text = placeholder.ReplaceAllStringFunc(l.word("audit.do", done), func(name string) string {
		return data.text(strings.Trim(name, "{}"))
	})
	for _, more := range []string{"first_run", "once", "remote_control", "erase"} {
		if e.Data[more] == true {
			row.Text += ", " + l.say("audit.more."+more)
		}
	}
	if account := data.text("account"); account != "" && (e.Action == audit.LoginFailed || e.Action == audit.LoginLocked) {
		row.Text += ", " + account
	}
	if missed := data.number("missed"); missed > 0 {
		row.Text += ", " + l.say("audit.more.missed", int(missed))
	}
	if e.Data["changed"] != nil {
		row.Changed = data.settings()
	}
	return row
}
