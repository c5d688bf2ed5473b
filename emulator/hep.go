package main

import (
	"log/slog"

	"hilphone/hil/hep"
	"hilphone/sip"
)

// hepAgent is the number that capture servers know the phone by; the bench has those after it.
const hepAgent = 2001

// capture is the capture server of --hep, nil without one.
func (c *runFlags) capture(log *slog.Logger) (*hep.Sender, error) {
	if c.HEP == "" {
		return nil, nil
	}
	s, err := hep.New(c.HEP, log)
	if err != nil {
		return nil, usage("--hep: %v", err)
	}
	return s, nil
}

// trace takes a message that a line has sent or received, its secrets masked. It does not wait.
func (l *lines) trace(m sip.Message) {
	t := traced(m)
	l.journal.Message(t)
	if l.hep == nil {
		return
	}
	shown := hep.Message{Time: t.Time, From: t.Remote, To: t.Local, Transport: t.Transport, CallID: t.CallID, Agent: hepAgent, Raw: t.Raw}
	if t.Out {
		shown.From, shown.To = shown.To, shown.From
	}
	l.hep.Send(shown)
}
