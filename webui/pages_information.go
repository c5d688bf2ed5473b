package webui

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// registerSystemPages adds the pages of the tab System that are about the phone itself and who may use it.
func (s *Server) registerSystemPages(e *echo.Echo) {
	e.GET("/system", s.page(s.informationPage))
	e.GET("/system/information", s.page(s.informationPage))
	e.POST("/system/lock", s.page(s.lockForm))
	e.GET("/system/accounts", s.page(s.accountsPage))
	e.POST("/system/accounts", s.page(s.passwordForm))
	e.GET("/system/tokens", s.page(s.tokensPage))
	e.POST("/system/tokens", s.page(s.tokenForm))
	e.POST("/system/tokens/revoke", s.page(s.revokeForm))
}

// informationPageData is the page System > Information.
type informationPageData struct {
	frame
	Info   InformationView
	Used   informationLines
	Unused informationLines // folded away
	Commit string
	Uptime string
	Time   string
	Memory string
	Lamps  string
	Ringer string
}

// informationLines is a table of lines; between them the two have every line of the phone.
type informationLines struct {
	frame
	Rows []informationLine
}

// informationLine is a line of the table.
type informationLine struct {
	lineCard
	Until string
}

const mib = 1 << 20

// informationPage answers GET /system/information.
func (s *Server) informationPage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	f, cards, err := s.frame(c, who, l, "/system/information", "info.title", "GET "+base+"/system/information", "GET "+base+"/lines")
	if err != nil {
		return err
	}
	v, seen := s.information(), s.Phone.View()
	d := informationPageData{frame: f, Info: v, Commit: v.Commit[:min(len(v.Commit), 12)], Ringer: l.word("ringer", seen.Ringer),
		Uptime: countdown(time.Duration(v.UptimeS * float64(time.Second))), Time: l.at(v.Time.Time).Format("2006-01-02 15:04:05 -07:00")}
	d.Memory = l.say("info.mib", float64(max(v.ResidentBytes, 0))/mib, float64(v.TotalBytes)/mib)
	d.Lamps = shownLamps(l, seen.Lamps, cards)
	for _, card := range cards {
		table := &d.Unused
		if card.inUse() {
			table = &d.Used
		}
		table.Rows = append(table.Rows, informationLine{card, registeredUntil(l, card.Status)})
	}
	d.Used.frame, d.Unused.frame = f, f
	return s.show(c, http.StatusOK, "information", d)
}

// shownLamps says of each lamp what it does, but for those of lines that are not set up while they are off.
func shownLamps(l language, lamps map[string]string, cards []lineCard) string {
	ofLine := map[string]bool{}
	var shown []string
	say := func(name, called string) { shown = append(shown, called+" "+l.word("lamp", lamps[name])) }
	for _, card := range cards {
		name := "line" + strconv.Itoa(card.N)
		ofLine[name] = true
		if pattern, ok := lamps[name]; ok && (card.inUse() || pattern != "off") {
			say(name, l.say("line.n", card.N))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lamps)) {
		if !ofLine[name] {
			say(name, cmp.Or(words["lampname."+name].In(l.tag), l.word("key", name)))
		}
	}
	return strings.Join(shown, l.say("list"))
}

// registeredUntil is when the registration in use ends, as a time of day.
func registeredUntil(l language, v StatusView) string {
	until := v.Servers.Primary.RegisteredUntil
	if v.Active == line.Backup {
		until = v.Servers.Backup.RegisteredUntil
	}
	if until.IsZero() || v.Active == "" || v.Active == line.None {
		return "–"
	}
	return l.at(until.Time).Format("15:04:05")
}
