package webui

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// boardPath is where the page System > Board and its forms are.
const boardPath = "/system/board"

// registerBoardPage adds the page System > Board.
func (s *Server) registerBoardPage(e *echo.Echo) {
	e.GET(boardPath, s.page(s.boardPage))
	e.POST(boardPath, s.page(s.boardForm))
	e.POST(boardPath+"/show", s.page(s.showForm))
	e.POST(boardPath+"/walk", s.page(s.walkForm))
}

// Choices of the form for the board; a file is neither of the first two.
const (
	boardAuto    = "auto"
	boardVirtual = "virtual"
	boardFile    = "file"
)

// boardPageData is the page System > Board.
type boardPageData struct {
	frame
	View     BoardPageView
	MayUse   bool // the hands of the page
	MaySet   bool
	Pins     []pinRow
	Parts    []partRow
	Unseen   int
	Choices  []boardChoice
	Examples []boardExample
	Text     string // of the file, as set or as typed
	Problems []string
	ETag     string
}

// boardExample is a link that puts an example into the form.
type boardExample struct{ Name, Link string }

type boardChoice struct {
	Value, Text string
	Chosen      bool
}

// pinRow is a real pin in words.
type pinRow struct {
	PinView
	Header, Line, Direction, Level string
}

// partRow is a part of the self-test in words.
type partRow struct {
	PartView
	Text, State, Seen string
	On                bool
}

func (s *Server) boardPage(c echo.Context, who Visitor) error {
	d := boardPageData{}
	for _, e := range s.Board.BoardExamples() {
		if e.Name == c.QueryParam("example") {
			d.Text = e.Text
		}
	}
	return s.renderBoard(c, who, http.StatusOK, d)
}

// boardForm answers POST /system/board: it stores the board for the next start, or shows what was typed again with what is wrong with it.
func (s *Server) boardForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Admin); err != nil {
		return err
	}
	form := c.Request().PostForm
	typed := form.Get("text")
	set := typed
	if kind := form.Get("board"); kind != boardFile {
		set = cmp.Or(kind, boardAuto)
	}
	err := s.setBoard(c.Request().Context(), who, set, formConditions(form.Get("if_match")))
	faults := line.FieldErrors(err)
	if err == nil {
		return c.Redirect(http.StatusSeeOther, boardPath+"?done=board")
	}
	p, known := problemOf(err)
	if !known {
		return err
	}
	d := boardPageData{Text: typed, Choices: boardChoices(languageOf(c.Request()), set), ETag: form.Get("if_match")}
	for _, f := range faults {
		d.Problems = append(d.Problems, f.Message)
	}
	if len(faults) == 0 {
		d.Problems = []string{p.Detail}
	}
	return s.renderBoard(c, who, p.Status, d)
}

// showForm answers POST /system/board/show.
func (s *Server) showForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	ctx, cancel := s.untilShutdown(c.Request().Context())
	defer cancel()
	if err := s.Board.Show(ctx, c.FormValue("name")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, boardPath)
}

// walkForm answers POST /system/board/walk.
func (s *Server) walkForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	if err := s.Board.Walk(c.FormValue("walk") == "begin"); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, boardPath)
}

// renderBoard answers with the page; d has what was typed, if anything was.
func (s *Server) renderBoard(c echo.Context, who Visitor, status int, d boardPageData) error {
	l := languageOf(c.Request())
	f, _, err := s.frame(c, who, l, boardPath, "board.title", "GET PUT "+base+boardPath, "POST "+base+boardPath+"/show", "POST DELETE "+base+boardPath+"/walk")
	if err != nil {
		return err
	}
	f.Back = boardPath
	v, err := s.boardView(c.Request().Context())
	if err != nil {
		return err
	}
	d.frame, d.View, d.MayUse, d.MaySet, d.Unseen = f, v, who.May(Control), who.May(Admin), len(v.Missing)
	if d.Choices == nil {
		set := v.Board
		if d.Text != "" {
			set = boardFile // an example was chosen
		}
		d.Choices, d.ETag = boardChoices(l, set), s.tag("board", v.Board)
		if d.Text == "" && v.Board != boardAuto && v.Board != boardVirtual {
			d.Text = v.Board
		}
	}
	for i, e := range s.Board.BoardExamples() {
		if i == 0 && d.Text == "" {
			d.Text = e.Text // something to start from
		}
		d.Examples = append(d.Examples, boardExample{e.Name, boardPath + "?example=" + url.QueryEscape(e.Name) + "#set"})
	}
	for _, p := range v.Pins {
		d.Pins = append(d.Pins, newPinRow(l, p))
	}
	for _, p := range v.Parts {
		d.Parts = append(d.Parts, newPartRow(l, p))
	}
	return s.show(c, status, "board", d)
}

func boardChoices(l language, set string) []boardChoice {
	if set != boardAuto && set != boardVirtual {
		set = boardFile
	}
	var all []boardChoice
	for _, value := range []string{boardAuto, boardVirtual, boardFile} {
		all = append(all, boardChoice{value, l.word("board.choice", value), value == set})
	}
	return all
}

func newPinRow(l language, p PinView) pinRow {
	number := func(n, none int) string {
		if n == none {
			return "–"
		}
		return strconv.Itoa(n)
	}
	return pinRow{p, number(p.Header, 0), number(p.Line, -1), l.word("board.direction", p.Direction), number(p.Level, -1)}
}

func newPartRow(l language, p PartView) partRow {
	r := partRow{PartView: p, Text: partName(l, p.Name), On: p.Level == 1, State: l.say("board.rest"), Seen: "–"}
	switch {
	case p.Name == "ringer":
		r.State = l.word("ringer", onOff(r.On))
	case p.Output && r.On:
		r.State = l.word("lamp", "on")
	case p.Output:
		r.State = l.word("lamp", "off")
	case r.On && p.Name == "hook":
		r.State = l.word("hook", "off")
	case r.On:
		r.State = l.word("updown", "down")
	}
	if !p.Seen.IsZero() {
		r.Seen = l.at(p.Seen.Time).Format("15:04:05")
	}
	return r
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// partName is a part in words: its name in GET /io with a word before it.
func partName(l language, name string) string {
	kind, rest, found := strings.Cut(name, "_")
	if !found {
		return l.word("board.part", name)
	}
	rest = strings.NewReplacer("star", "*", "pound", "#").Replace(rest)
	if kind == "lamp" {
		rest = l.word("lampname", rest)
	}
	return l.word("board.part", kind) + " " + rest
}
