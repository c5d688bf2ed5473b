package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
	"hilphone/webui"
)

// labPhone is the phone 1002 of the embedded lab.
type labPhone struct{ lab *server.Lab }

// Phone1002 is the answering phone of the lab.
func (l labServers) Phone1002() webui.LabPhone { return labPhone{l.Lab} }

func (p labPhone) Answering() webui.LabPhoneView {
	a := p.lab.Phone.Answering()
	return webui.LabPhoneView{Answering: string(cmp.Or(a.Mode, server.Answer)), AfterMS: int(a.After / time.Millisecond), Status: a.Status, HangUpAfterMS: int(a.HangUpAfter / time.Millisecond)}
}

func (p labPhone) SetAnswering(v webui.LabPhoneView) error {
	return ofTheLab(p.lab.Phone.SetAnswering(server.Answering{Mode: server.AnswerMode(v.Answering), After: time.Duration(v.AfterMS) * time.Millisecond,
		Status: v.Status, HangUpAfter: time.Duration(v.HangUpAfterMS) * time.Millisecond}))
}

func (p labPhone) Calls() (all []webui.LabCallView) {
	for _, c := range p.lab.Phone.Ages() {
		all = append(all, webui.LabCallView{CallID: c.CallID, Direction: c.Direction, Remote: c.Remote, State: string(c.State),
			BeganAgoUS: c.BeganAgo, AnsweredAgoUS: c.AnsweredAgo, EndedAgoUS: c.EndedAgo, EndStatus: c.EndStatus})
	}
	return all
}

func (p labPhone) Call(ctx context.Context, c webui.LabCallInput) error {
	return ofTheLab(p.lab.Call(ctx, string(c.Via), c.To))
}

func (p labPhone) HangUp(ctx context.Context) error {
	err := p.lab.Phone.HangUpLast(ctx)
	if errors.Is(err, server.ErrNoCall) {
		return webui.ErrNotFound
	}
	return err
}

// ofTheLab gives an error of the lab the name of its field, as the pages know it.
func ofTheLab(err error) error {
	var field *server.FieldError
	if errors.As(err, &field) {
		return &line.FieldError{Name: field.Field, Message: field.Message}
	}
	return err
}
