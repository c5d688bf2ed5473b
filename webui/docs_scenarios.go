package webui

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"hilphone/hil/scenario"
)

// scenariosPageData is the page /docs/scenarios: the reference of the language of scenarios, from the tables that the bench reads them by (UX-09).
// Like /docs it needs no script and no login.
type scenariosPageData struct {
	frame
	Topics         []scenario.Topic
	Headers, Verbs []scenario.Verb
}

// scenariosPage answers GET /docs/scenarios.
func (s *Server) scenariosPage(c echo.Context) error {
	keepLanguage(c)
	l := languageOf(c.Request())
	now, _ := s.Journal.Clock()
	return s.show(c, http.StatusOK, "scenarios", scenariosPageData{
		frame:  frame{Lang: l, Title: l.say("scenarios.title"), Scripts: []string{"menu.js"}, Now: now, Back: "/docs/scenarios", Insecure: s.insecureNotice(c.Request())},
		Topics: scenario.Topics, Headers: scenario.Headers, Verbs: scenario.Verbs})
}
