package webui

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

type callInput struct {
	ID line.CallID `path:"id" maxLength:"32" doc:"call of the phone" example:"1"`
}

type callOutput struct {
	Location string `header:"Location"`
	Body     CallView
}

type callsInput struct {
	State  string `query:"state" enum:"current,ended" default:"current" doc:"current: those that are not over, oldest first; ended: the call log, newest first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Before int64  `query:"before" minimum:"0" doc:"of the call log only calls with a smaller key: page by page backwards"`
	CallFilter
}

type callsOutput struct {
	Body []CallView `nullable:"false"`
}

func (s *Server) registerCalls() {
	operate(s, Read, huma.Operation{OperationID: "list-calls", Method: http.MethodGet, Path: "/calls", Tags: []string{"calls"},
		Summary: "The calls there are, or the call log"}, s.listCalls)
	operate(s, Control, huma.Operation{OperationID: "dial", Method: http.MethodPost, Path: "/calls", Tags: []string{"calls"}, Summary: "Call somebody",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict}}, s.dial)
	operate(s, Read, huma.Operation{OperationID: "get-call", Method: http.MethodGet, Path: "/calls/{id}", Tags: []string{"calls"},
		Summary: "A call since the phone was started", Errors: []int{http.StatusNotFound}}, s.getCall)
	act := func(op huma.Operation) huma.Operation {
		op.Tags, op.DefaultStatus = []string{"calls"}, http.StatusAccepted
		op.Description = "Answers at once; the call and the events tell what came of it."
		op.Errors = []int{http.StatusNotFound, http.StatusConflict}
		return op
	}
	operate(s, Control, act(huma.Operation{OperationID: "hang-up", Method: http.MethodDelete, Path: "/calls/{id}", Summary: "Hang up"}),
		func(ctx context.Context, in *callInput) (*struct{}, error) {
			return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: HangUp})
		})
	operate(s, Control, act(huma.Operation{OperationID: "answer-call", Method: http.MethodPost, Path: "/calls/{id}/answer", Summary: "Answer"}),
		func(ctx context.Context, in *callInput) (*struct{}, error) {
			return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: Answer})
		})
	operate(s, Control, act(huma.Operation{OperationID: "reject-call", Method: http.MethodPost, Path: "/calls/{id}/reject", Summary: "Reject"}), s.rejectCall)
	operate(s, Control, act(huma.Operation{OperationID: "hold-call", Method: http.MethodPost, Path: "/calls/{id}/hold", Summary: "Put the other side on hold"}),
		func(ctx context.Context, in *callInput) (*struct{}, error) {
			return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: Hold})
		})
	operate(s, Control, act(huma.Operation{OperationID: "resume-call", Method: http.MethodPost, Path: "/calls/{id}/resume", Summary: "Take the other side back"}),
		func(ctx context.Context, in *callInput) (*struct{}, error) {
			return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: Resume})
		})
	transfer := act(huma.Operation{OperationID: "transfer-call", Method: http.MethodPost, Path: "/calls/{id}/transfer", Summary: "Have the other side call somebody else"})
	transfer.Description += " The events transfer do: accepted, progress, and succeeded, after which this call ends, or failed, after which it goes on."
	operate(s, Control, transfer, s.transferCall)
	operate(s, Control, act(huma.Operation{OperationID: "send-dtmf", Method: http.MethodPost, Path: "/calls/{id}/dtmf", Summary: "Send digits"}), s.sendDTMF)
	operate(s, Control, act(huma.Operation{OperationID: "mute-call", Method: http.MethodPost, Path: "/calls/{id}/mute", Summary: "Switch the microphone off or on"}), s.muteCall)
}

func (s *Server) listCalls(ctx context.Context, in *callsInput) (*callsOutput, error) {
	if in.State == "ended" {
		calls, err := s.callLog(ctx, in.CallFilter, in.Limit, in.Before)
		return &callsOutput{list(calls)}, err
	}
	calls := list(s.currentCalls(in.CallFilter))
	return &callsOutput{calls[:min(len(calls), in.Limit)]}, nil
}

func (s *Server) getCall(_ context.Context, in *callInput) (*struct{ Body CallView }, error) {
	call, err := s.Calls.Find(in.ID)
	return &struct{ Body CallView }{call}, err
}

func (s *Server) dial(ctx context.Context, in *struct {
	Body struct {
		Line int    `json:"line" minimum:"1" maximum:"20" default:"1" required:"false"`
		To   string `json:"to" minLength:"1" maxLength:"128" pattern:"^[^\\s<>\"\\\\]+$" patternDescription:"a number or name without spaces, quotes, < or >" example:"1002"`
	}
}) (*callOutput, error) {
	call, err := s.Calls.Dial(ctx, in.Body.Line, in.Body.To)
	if err != nil {
		return nil, err
	}
	return &callOutput{fmt.Sprintf("%s/calls/%s", base, call.ID), call}, nil
}

func (s *Server) rejectCall(ctx context.Context, in *struct {
	ID   line.CallID `path:"id" maxLength:"32"`
	Body *struct {
		Code int `json:"code" minimum:"400" maximum:"699" required:"false" doc:"SIP status; absent: the setting reject_return_code"`
	}
}) (*struct{}, error) {
	a := CallAction{Do: Reject}
	if in.Body != nil {
		a.Code = in.Body.Code
	}
	return nil, s.Calls.Act(ctx, in.ID, a)
}

func (s *Server) sendDTMF(ctx context.Context, in *struct {
	ID   line.CallID `path:"id" maxLength:"32"`
	Body struct {
		Digits string `json:"digits" minLength:"1" maxLength:"64" pattern:"^[0-9A-D*#]+$" patternDescription:"0 to 9, A to D, * and #" example:"1#"`
	}
}) (*struct{}, error) {
	return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: DTMF, Digits: in.Body.Digits})
}

func (s *Server) transferCall(ctx context.Context, in *struct {
	ID   line.CallID `path:"id" maxLength:"32"`
	Body struct {
		To string `json:"to" minLength:"1" maxLength:"128" pattern:"^[^\\s<>\"\\\\]+$" patternDescription:"a number or name without spaces, quotes, < or >" example:"1003"`
	}
}) (*struct{}, error) {
	return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: Transfer, To: in.Body.To})
}

func (s *Server) muteCall(ctx context.Context, in *struct {
	ID   line.CallID `path:"id" maxLength:"32"`
	Body struct {
		Muted bool `json:"muted"`
	}
}) (*struct{}, error) {
	return nil, s.Calls.Act(ctx, in.ID, CallAction{Do: Mute, Muted: in.Body.Muted})
}
