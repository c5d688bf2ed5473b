package webui

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/audit"
	"hilphone/db/journal/event"
)

// Board is the front of the phone as the page System > Board has it.
type Board interface {
	// Board tells what the front is made of and how each part is. It answers within a second whatever the hardware does.
	Board(ctx context.Context) (BoardPageView, error)
	// BoardExamples returns the board files that come with the program, the usual one first.
	BoardExamples() []BoardExample
	// SetBoard stores the board for the next start: auto, virtual, or the text of a board file. The error is a *line.FieldError for each
	// fault, named board, or ErrConflict if it cannot be set here.
	SetBoard(ctx context.Context, board string) error
	// Show lights a lamp, or rings, for a second and returns when that is over. Name is that of GET /io; ErrNotFound.
	Show(ctx context.Context, name string) error
	// Walk begins or ends a walk through the real keys, in which they do not reach the phone: ErrConflict while it is in use.
	Walk(on bool) error
}

type boardOutput struct {
	ETag string `header:"ETag" doc:"names what is set, for If-Match"`
	Body BoardPageView
}

type boardInput struct {
	Body struct {
		Board string `json:"board" minLength:"1" maxLength:"65536" doc:"auto, virtual, or the text of a board file" example:"auto"`
	}
}

type showInput struct {
	Body struct {
		Name string `json:"name" maxLength:"64" doc:"of a lamp or of the ringer, as in GET /io" example:"lamp_power"`
	}
}

func (s *Server) registerBoard() {
	tags := []string{"board"}
	operate(s, Read, huma.Operation{OperationID: "get-board", Method: http.MethodGet, Path: "/system/board", Tags: tags,
		Summary: "What the phone's front is made of, and how every pin and part of it is"}, s.getBoard)
	operate(s, Admin, huma.Operation{OperationID: "put-board", Method: http.MethodPut, Path: "/system/board", Tags: tags,
		Summary: "Set the board", Description: "It is stored in the data directory and used when the phone starts again. 422 names line and field of a board file that cannot be meant. " +
			"409: the phone was started with --board.", Errors: []int{http.StatusConflict}, Metadata: map[string]any{ownConditions: true, multiLine: true}}, s.putBoard)
	operate(s, Control, huma.Operation{OperationID: "show-part", Method: http.MethodPost, Path: "/system/board/show", Tags: tags, DefaultStatus: http.StatusOK,
		Summary: "Light a lamp, or ring, for a second", Description: "Answers when it is over; then the part does again what the phone wants.",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable}}, s.showPart)
	operate(s, Control, huma.Operation{OperationID: "begin-walk", Method: http.MethodPost, Path: "/system/board/walk", Tags: tags, DefaultStatus: http.StatusOK,
		Summary: "Begin a walk through the real keys", Description: "They and the real handset do not reach the phone until the walk is ended, or nothing has been moved for two minutes. " +
			"The page's own still do. 409: the phone is in use, or has no real keys.", Errors: []int{http.StatusConflict}}, s.beginWalk)
	operate(s, Control, huma.Operation{OperationID: "end-walk", Method: http.MethodDelete, Path: "/system/board/walk", Tags: tags, DefaultStatus: http.StatusOK,
		Summary: "End the walk", Errors: []int{http.StatusConflict}}, s.endWalk)
}

func (s *Server) getBoard(ctx context.Context, _ *struct{}) (*boardOutput, error) {
	return s.boardNow(ctx)
}

func (s *Server) boardNow(ctx context.Context) (*boardOutput, error) {
	v, err := s.boardView(ctx)
	return &boardOutput{s.tag("board", v.Board), v}, err
}

func (s *Server) boardView(ctx context.Context) (BoardPageView, error) {
	v, err := s.Board.Board(ctx)
	v.Faults, v.Pins, v.Parts, v.Missing = list(v.Faults), list(v.Pins), list(v.Parts), list(v.Missing)
	return v, err
}

func (s *Server) putBoard(ctx context.Context, in *boardInput) (*boardOutput, error) {
	if err := s.setBoard(ctx, visitorOf(ctx), in.Body.Board, conditionsOf(ctx)); err != nil {
		return nil, err
	}
	return s.boardNow(ctx)
}

// setBoard stores a board for the next start; the page and REST both come here. What is set already changes nothing.
func (s *Server) setBoard(ctx context.Context, who Visitor, board string, given conditions) error {
	if !who.May(Admin) {
		return problem(http.StatusForbidden, "the board is set by the admin only")
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	old, err := s.boardView(ctx)
	if err != nil {
		return err
	}
	if err := given.check(s.tag("board", old.Board)); err != nil {
		return err
	}
	if err := s.Board.SetBoard(context.WithoutCancel(ctx), board); err != nil {
		return err
	}
	now, err := s.boardView(ctx)
	if err != nil || now.Board == old.Board {
		return err
	}
	by := who.author()
	s.Journal.Record(0, "", event.Settings{Changed: []string{"board"}, By: by.Name, Source: by.Source})
	s.Log.Info("board set, for the next start", "by", by.Name, "source", by.Source)
	s.audits.record(ctx, by, audit.Settings, map[string]any{"changed": []string{"board"}})
	return nil
}

func (s *Server) showPart(ctx context.Context, in *showInput) (*boardOutput, error) {
	ctx, cancel := s.untilShutdown(ctx)
	defer cancel()
	if err := s.Board.Show(ctx, in.Body.Name); err != nil {
		return nil, err
	}
	return s.boardNow(ctx)
}

func (s *Server) beginWalk(ctx context.Context, _ *struct{}) (*boardOutput, error) {
	return s.setWalk(ctx, true)
}

func (s *Server) endWalk(ctx context.Context, _ *struct{}) (*boardOutput, error) {
	return s.setWalk(ctx, false)
}

func (s *Server) setWalk(ctx context.Context, on bool) (*boardOutput, error) {
	if err := s.Board.Walk(on); err != nil {
		return nil, err
	}
	return s.boardNow(ctx)
}

// tag is an ETag for a value of that name, from which it cannot be guessed.
func (s *Server) tag(name, value string) string {
	return s.etagOf(fmt.Appendf(nil, "%s %s", name, value))
}
