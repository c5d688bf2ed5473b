package webui

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

type labInput struct {
	Server line.Slot `path:"server" enum:"primary,backup"`
}

type labOutput struct{ Body LabView }

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
	v, err := s.Lab.Server(in.Server)
	return &labOutput{v}, err
}

func (s *Server) putLab(_ context.Context, in *struct {
	Server line.Slot `path:"server" enum:"primary,backup"`
	Body   LabView
}) (*labOutput, error) {
	if err := s.setLab(in.Server, in.Body); err != nil {
		return nil, err
	}
	return &labOutput{in.Body.plain()}, nil
}

// setLab makes a server of the lab behave and records it. The behaviour it has already changes nothing.
func (s *Server) setLab(server line.Slot, v LabView) error {
	if s.Lab == nil {
		return noLab()
	}
	old, err := s.Lab.Server(server)
	if err != nil {
		return err
	}
	if v, old = v.plain(), old.plain(); v.same(old) && !v.counts() {
		return nil
	}
	if err := s.Lab.SetServer(server, v); err != nil {
		return err
	}
	s.Journal.Event("lab", 0, "", map[string]any{"server": server, "behaviour": v.Behaviour})
	return nil
}

func noLab() error {
	return problem(http.StatusNotFound, "this phone has no embedded lab; `hilphone demo` has one")
}
