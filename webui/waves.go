package webui

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (s *Server) registerWaves() {
	operate(s, Read, huma.Operation{OperationID: "dump-waves", Method: http.MethodGet, Path: "/gpio.vcd", Tags: []string{"board"},
		Summary: "Every input and output over time, and what the phone was doing, as a Value Change Dump",
		Description: "For PulseView, sigrok-cli and GTKWave. Time is mono_us, names are those of GET /io; lamps and ringer are at the level that shines and sounds; " +
			"of the wires state_... the one of the phone's state is 1. " +
			"The newest 16384 changes are kept, and of what blinks 131072 edges are drawn: the dump begins where these begin.",
		Responses: map[string]*huma.Response{"200": {Description: "A Value Change Dump", Content: map[string]*huma.MediaType{
			"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}, s.dumpWaves)
}

func (s *Server) dumpWaves(_ context.Context, in *struct {
	Since int64 `query:"since" minimum:"0" doc:"leave out what was before, in microseconds since start"`
}) (*captureOutput, error) {
	dump, err := s.Waves.VCD(in.Since)
	return &captureOutput{"text/plain; charset=utf-8", `attachment; filename="gpio.vcd"`, dump}, err
}
