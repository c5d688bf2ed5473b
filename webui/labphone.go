package webui

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"hilphone/hil/behaviour"
)

// LabPhoneView is how the phone 1002 of the embedded lab treats calls, in JSON.
type LabPhoneView behaviour.Answering

// Schema is made of the table of properties.
func (LabPhoneView) Schema(r huma.Registry) *huma.Schema {
	return labSchema(r, "LabPhoneView", behaviour.AnsweringFields, "answering")
}

// MarshalJSON writes the properties of the table.
func (v LabPhoneView) MarshalJSON() ([]byte, error) {
	return behaviour.Marshal(behaviour.AnsweringFields, behaviour.Answering(v))
}

// UnmarshalJSON reads them; whether they go together is looked at when they are set.
func (v *LabPhoneView) UnmarshalJSON(data []byte) error {
	return behaviour.Unmarshal(behaviour.AnsweringFields, data, (*behaviour.Answering)(v))
}

// LabCallInput is a call that the phone 1002 makes.
type LabCallInput behaviour.Request

// Schema is made of the table of properties.
func (LabCallInput) Schema(r huma.Registry) *huma.Schema {
	return labSchema(r, "LabCallInput", behaviour.CallFields, "to")
}

// UnmarshalJSON reads the properties of the table.
func (v *LabCallInput) UnmarshalJSON(data []byte) error {
	return behaviour.Unmarshal(behaviour.CallFields, data, (*behaviour.Request)(v))
}

// LabRequestInput is another request that the phone 1002 sends.
type LabRequestInput behaviour.Request

// Schema is made of the table of properties.
func (LabRequestInput) Schema(r huma.Registry) *huma.Schema {
	return labSchema(r, "LabRequestInput", behaviour.RequestFields, "method", "to")
}

// UnmarshalJSON reads the properties of the table.
func (v *LabRequestInput) UnmarshalJSON(data []byte) error {
	return behaviour.Unmarshal(behaviour.RequestFields, data, (*behaviour.Request)(v))
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

// LabPhone is the phone 1002 of an embedded lab. What is wrong is a *behaviour.FieldError.
type LabPhone interface {
	Answering() behaviour.Answering
	SetAnswering(a behaviour.Answering) error
	Calls() []LabCallView                                // the last, oldest first
	Call(ctx context.Context, r behaviour.Request) error // does not wait for an answer
	Send(ctx context.Context, r behaviour.Request) error // any other request; does not wait for an answer
	HangUp(ctx context.Context) error                    // the last call that is not over; ErrNotFound without one
}

type labPhoneOutput struct {
	ETag string `header:"ETag" doc:"names this behaviour, for If-Match"`
	Body LabPhoneView
}

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
		return s.labPhoneAnswer(p.Answering().Clean()), nil
	})
	operate(s, Control, op("put-lab-phone", http.MethodPut, "", "Make the phone 1002 treat calls so, from the next on"), func(_ context.Context, in *struct{ Body LabPhoneView }) (*labPhoneOutput, error) {
		a, err := s.setLabPhone(behaviour.Answering(in.Body))
		if err != nil {
			return nil, err
		}
		return s.labPhoneAnswer(a), nil
	})
	operate(s, Read, op("list-lab-calls", http.MethodGet, "/calls", "The last calls of the phone 1002"), func(context.Context, *struct{}) (*labCallsOutput, error) { return s.labCalls(nil) })
	operate(s, Control, op("lab-call", http.MethodPost, "/calls", "Have the phone 1002 call somebody"), func(ctx context.Context, in *struct{ Body LabCallInput }) (*labCallsOutput, error) {
		return s.labCalls(func(p LabPhone) error { return p.Call(ctx, behaviour.Request(in.Body)) })
	})
	operate(s, Control, op("lab-request", http.MethodPost, "/requests", "Have the phone 1002 send a request: within the call that is up, else to a number"),
		func(ctx context.Context, in *struct{ Body LabRequestInput }) (*labCallsOutput, error) {
			return s.labCalls(func(p LabPhone) error { return p.Send(ctx, behaviour.Request(in.Body)) })
		})
	operate(s, Control, op("lab-hang-up", http.MethodDelete, "/calls", "Have the phone 1002 hang up", http.StatusConflict), func(ctx context.Context, _ *struct{}) (*labCallsOutput, error) {
		return s.labCalls(func(p LabPhone) error { return hangUpLab(ctx, p) })
	})
}

func (s *Server) labPhoneAnswer(a behaviour.Answering) *labPhoneOutput {
	return &labPhoneOutput{s.tagOf("phone", LabPhoneView(a)), LabPhoneView(a)}
}

// labPhone is the phone of the lab.
func (s *Server) labPhone() (LabPhone, error) {
	if s.Lab == nil {
		return nil, noLab()
	}
	return s.Lab.Phone1002(), nil
}

// setLabPhone makes the phone treat calls so, and returns how that is.
func (s *Server) setLabPhone(a behaviour.Answering) (behaviour.Answering, error) {
	a = a.WithDefaults().Clean()
	p, err := s.labPhone()
	if err == nil {
		err = labFault(a.Check())
	}
	if err == nil {
		err = labFault(p.SetAnswering(a))
	}
	return a, err
}

// labCalls does something and returns what calls there are then.
func (s *Server) labCalls(do func(LabPhone) error) (*labCallsOutput, error) {
	p, err := s.labPhone()
	if err == nil && do != nil {
		err = labFault(do(p))
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
