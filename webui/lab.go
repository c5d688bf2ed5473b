package webui

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/db/journal/event"
	"hilphone/hil/behaviour"
	"hilphone/sip/line"
)

// Lab is the embedded servers of `hilphone demo` and their phone 1002; server is line.Primary or line.Backup.
type Lab interface {
	Server(server line.Slot) (behaviour.Server, error)
	SetServer(server line.Slot, b behaviour.Server) error // a *behaviour.FieldError where it is wrong
	Phone1002() LabPhone
	LabMessages
}

// LabView is how a server of the embedded lab behaves, in JSON.
type LabView behaviour.Server

// Schema is made of the table of properties.
func (LabView) Schema(r huma.Registry) *huma.Schema {
	return labSchema(r, "LabView", behaviour.ServerFields, "behaviour")
}

// MarshalJSON writes the properties of the table.
func (v LabView) MarshalJSON() ([]byte, error) {
	return behaviour.Marshal(behaviour.ServerFields, behaviour.Server(v))
}

// UnmarshalJSON reads them; whether they go together is looked at when they are set.
func (v *LabView) UnmarshalJSON(data []byte) error {
	return behaviour.Unmarshal(behaviour.ServerFields, data, (*behaviour.Server)(v))
}

type labInput struct {
	Server line.Slot `path:"server" enum:"primary,backup"`
}

type labOutput struct {
	ETag string `header:"ETag" doc:"names this behaviour, for If-Match"`
	Body LabView
}

func (s *Server) registerLab() {
	operate(s, Read, huma.Operation{OperationID: "get-lab-server", Method: http.MethodGet, Path: "/lab/servers/{server}", Tags: []string{"lab"},
		Summary: "How a server of the embedded lab behaves", Errors: []int{http.StatusNotFound}}, s.getLab)
	operate(s, Control, huma.Operation{OperationID: "put-lab-server", Method: http.MethodPut, Path: "/lab/servers/{server}", Tags: []string{"lab"},
		Summary: "Make a server of the embedded lab behave", Description: "Takes effect at the next message.",
		Errors: []int{http.StatusNotFound, http.StatusConflict}}, s.putLab)
}

func (s *Server) getLab(_ context.Context, in *labInput) (*labOutput, error) {
	if s.Lab == nil {
		return nil, noLab()
	}
	b, err := s.Lab.Server(in.Server)
	return s.labAnswer(in.Server, b), err
}

func (s *Server) putLab(_ context.Context, in *struct {
	Server line.Slot `path:"server" enum:"primary,backup"`
	Body   LabView
}) (*labOutput, error) {
	b, err := s.setLab(in.Server, behaviour.Server(in.Body))
	if err != nil {
		return nil, err
	}
	return s.labAnswer(in.Server, b), nil
}

func (s *Server) labAnswer(server line.Slot, b behaviour.Server) *labOutput {
	return &labOutput{s.tagOf(string(server), LabView(b)), LabView(b)}
}

// setLab makes a server of the lab behave, records it and returns the behaviour. The one it has already changes nothing.
func (s *Server) setLab(server line.Slot, b behaviour.Server) (behaviour.Server, error) {
	b = b.WithDefaults().Clean()
	if s.Lab == nil {
		return b, noLab()
	}
	if err := b.Check(); err != nil {
		return b, labFault(err)
	}
	old, err := s.Lab.Server(server)
	if err != nil {
		return b, err
	}
	if behaviour.Same(behaviour.ServerFields, b, old.Clean()) && !b.Counts() {
		return b, nil
	}
	if err := s.Lab.SetServer(server, b); err != nil {
		return b, labFault(err)
	}
	s.Journal.Record(0, "", event.Lab{Server: string(server), Behaviour: string(b.Mode)})
	return b, nil
}

func noLab() error {
	return problem(http.StatusNotFound, "this phone has no embedded lab; `hilphone demo` has one")
}

// labFault gives an error of the lab the form that pages and REST know.
func labFault(err error) error {
	var wrong *behaviour.FieldError
	if errors.As(err, &wrong) {
		return &line.FieldError{Name: wrong.Field, Message: wrong.Message}
	}
	return err
}
