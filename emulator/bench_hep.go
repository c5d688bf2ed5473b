package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hilphone/hil/evidence"
	"hilphone/hil/hep"
)

// hepAgents are the numbers that capture servers know those by who saw a message in a run of the bench.
var hepAgents = map[string]uint32{evidence.FromPhone: hepAgent, evidence.FromPrimary: hepAgent + 1, evidence.FromBackup: hepAgent + 2, evidence.FromPeer: hepAgent + 3}

// shownTo is the capture server that the bench shows messages to; without a sender nobody is.
type shownTo struct{ sender *hep.Sender }

func benchCapture(address string, log *slog.Logger) (shownTo, error) {
	if address == "" {
		return shownTo{}, nil
	}
	s, err := hep.New(address, log)
	if err != nil {
		return shownTo{}, usage("--hep: %v", err)
	}
	return shownTo{s}, nil
}

// show is what the evidence hands messages to.
func (s shownTo) show() func(time.Time, evidence.Message) {
	if s.sender == nil {
		return nil
	}
	return func(at time.Time, m evidence.Message) {
		shown := hep.Message{Time: at, From: m.Remote, To: m.Local, Transport: m.Transport, CallID: m.CallID, Agent: hepAgents[m.Seen], Raw: m.Raw}
		if m.Out {
			shown.From, shown.To = shown.To, shown.From
		}
		s.sender.Send(shown)
	}
}

// run sends until stop is called, which waits for the last message to have left. A run that was interrupted has a last one too.
func (s shownTo) run(ctx context.Context) (stop func()) {
	if s.sender == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var sending sync.WaitGroup
	sending.Go(func() { _ = s.sender.Run(ctx) }) // returns nil
	return func() {
		cancel()
		sending.Wait()
	}
}
