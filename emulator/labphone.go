package main

import (
	"context"
	"errors"

	"hilphone/hil/behaviour"
	"hilphone/hil/server"
	"hilphone/webui"
)

// labPhone is the phone 1002 of the embedded lab.
type labPhone struct{ lab *server.Lab }

// Phone1002 is the answering phone of the lab.
func (l labServers) Phone1002() webui.LabPhone { return labPhone{l.Lab} }

func (p labPhone) Answering() behaviour.Answering { return p.lab.Phone.Answering() }

func (p labPhone) SetAnswering(a behaviour.Answering) error { return p.lab.Phone.SetAnswering(a) }

func (p labPhone) Calls() (all []webui.LabCallView) {
	for _, c := range p.lab.Phone.Ages() {
		all = append(all, webui.LabCallView{CallID: c.CallID, Direction: c.Direction, Remote: c.Remote, State: string(c.State),
			BeganAgoUS: c.BeganAgo, AnsweredAgoUS: c.AnsweredAgo, EndedAgoUS: c.EndedAgo, EndStatus: c.EndStatus})
	}
	return all
}

func (p labPhone) Call(ctx context.Context, r behaviour.Request) error { return p.lab.Call(ctx, r) }

func (p labPhone) Send(ctx context.Context, r behaviour.Request) error { return p.lab.Send(ctx, r) }

func (p labPhone) HangUp(ctx context.Context) error {
	err := p.lab.Phone.HangUpLast(ctx)
	if errors.Is(err, server.ErrNoCall) {
		return webui.ErrNotFound
	}
	return err
}
