package webui

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/sip/line"
)

// LabPhoneView is how the phone 1002 of the embedded lab treats calls.
type LabPhoneView struct {
	Answering     string `json:"answering" enum:"answer,busy,decline,ring,ignore,status" doc:"answer: rings and answers; busy: 486; decline: 603; ring: rings and no more; ignore: does nothing at all; status: answers with the status"`
	AfterMS       int    `json:"after_ms" required:"false" minimum:"0" maximum:"86400000" doc:"rings so long before it answers or refuses"`
	Status        int    `json:"status,omitempty" required:"false" minimum:"300" maximum:"699" default:"480" doc:"the SIP status of answering status"`
	HangUpAfterMS int    `json:"hang_up_after_ms" required:"false" minimum:"0" maximum:"86400000" doc:"hangs up so long after it has answered; 0: never"`
}

// plain leaves out what the way of answering does not use.
func (v LabPhoneView) plain() LabPhoneView {
	if v.Answering != "status" {
		v.Status = 0
	}
	return v
}

// LabCallView is a call of the phone 1002. How long ago something was needs no clock in common.
type LabCallView struct {
	CallID        string `json:"call_id" doc:"Call-ID"`
	Direction     string `json:"direction" enum:"incoming,outgoing" doc:"as the phone 1002 sees it"`
	Remote        string `json:"remote" doc:"number at the other end"`
	State         string `json:"state" enum:"ringing,up,over"`
	BeganAgoUS    int64  `json:"began_ago_us" minimum:"0" doc:"microseconds"`
	AnsweredAgoUS *int64 `json:"answered_ago_us,omitempty" minimum:"0" doc:"missing: it was not answered"`
	EndedAgoUS    *int64 `json:"ended_ago_us,omitempty" minimum:"0" doc:"missing: it is not over"`
	EndStatus     int    `json:"end_status,omitempty" doc:"the status by which the call was refused"`
}

// LabCallInput is a call that the phone 1002 shall make.
type LabCallInput struct {
	To  string    `json:"to" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9+._-]+$" doc:"number" example:"1001"`
	Via line.Slot `json:"via" required:"false" enum:"primary,backup" default:"primary" doc:"server that it calls through"`
}

// LabPhone is the phone 1002 of an embedded lab.
type LabPhone interface {
	Answering() LabPhoneView
	SetAnswering(v LabPhoneView) error
	Calls() []LabCallView                           // the last, oldest first
	Call(ctx context.Context, c LabCallInput) error // does not wait for an answer
	HangUp(ctx context.Context) error               // the last call that is not over; ErrNotFound without one
}

type labPhoneOutput struct{ Body LabPhoneView }

type labCallsOutput struct {
	Body []LabCallView `nullable:"false"`
}

func (s *Server) registerLabPhone() {
	op := func(id, method, path, summary string, more ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/lab/phone" + path, Tags: []string{"lab"}, Summary: summary, Errors: append(more, http.StatusNotFound)}
	}
	operate(s, Read, op("get-lab-phone", http.MethodGet, "", "How the phone 1002 of the embedded lab treats calls"), func(context.Context, *struct{}) (*labPhoneOutput, error) {
		p, err := s.labPhone()
		if err != nil {
			return nil, err
		}
		return &labPhoneOutput{p.Answering().plain()}, nil
	})
	operate(s, Control, op("put-lab-phone", http.MethodPut, "", "Make the phone 1002 treat calls so, from the next on"), func(_ context.Context, in *struct{ Body LabPhoneView }) (*labPhoneOutput, error) {
		if err := s.setLabPhone(in.Body); err != nil {
			return nil, err
		}
		return &labPhoneOutput{in.Body.plain()}, nil
	})
	operate(s, Read, op("list-lab-calls", http.MethodGet, "/calls", "The last calls of the phone 1002"), func(context.Context, *struct{}) (*labCallsOutput, error) { return s.labCalls(nil) })
	operate(s, Control, op("lab-call", http.MethodPost, "/calls", "Have the phone 1002 call somebody"), func(ctx context.Context, in *struct{ Body LabCallInput }) (*labCallsOutput, error) {
		return s.labCalls(func(p LabPhone) error { return p.Call(ctx, in.Body) })
	})
	operate(s, Control, op("lab-hang-up", http.MethodDelete, "/calls", "Have the phone 1002 hang up", http.StatusConflict), func(ctx context.Context, _ *struct{}) (*labCallsOutput, error) {
		return s.labCalls(func(p LabPhone) error { return hangUpLab(ctx, p) })
	})
}

// labPhone is the phone of the lab.
func (s *Server) labPhone() (LabPhone, error) {
	if s.Lab == nil {
		return nil, noLab()
	}
	return s.Lab.Phone1002(), nil
}

func (s *Server) setLabPhone(v LabPhoneView) error {
	p, err := s.labPhone()
	if err != nil {
		return err
	}
	return p.SetAnswering(v.plain())
}

// labCalls does something and tells what calls there are then.
func (s *Server) labCalls(do func(LabPhone) error) (*labCallsOutput, error) {
	p, err := s.labPhone()
	if err == nil && do != nil {
		err = do(p)
	}
	if err != nil {
		return nil, err
	}
	return &labCallsOutput{list(p.Calls())}, nil
}

func hangUpLab(ctx context.Context, p LabPhone) error {
	err := p.HangUp(ctx)
	if errors.Is(err, ErrNotFound) {
		return problem(http.StatusConflict, "the phone 1002 has no call")
	}
	return err
}
