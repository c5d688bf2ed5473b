package webui

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
	"hilphone/sip/line"
)

const (
	phoneLane, otherLane = "phone", "other"
)

// changeTypes are the events that a ladder has between its messages.
var changeTypes = []string{"failover", "failback"}

// newLadder draws messages, oldest first, and the changes of the active server among them.
func newLadder(messages []journal.Message, changes []journal.Event) ladder.Ladder {
	lanes := []ladder.Lane{{Name: phoneLane}, {Name: string(line.Primary)}, {Name: string(line.Backup), Dashed: true}, {Name: otherLane, Faint: true}}
	others := false
	var d ladder.Ladder
	for _, m := range messages {
		far := m.Slot
		if far != string(line.Primary) && far != string(line.Backup) {
			far, others = otherLane, true
		}
		for i := range lanes[:3] {
			if lanes[i].Address == "" && lanes[i].Name == far {
				lanes[i].Address, lanes[0].Address = m.Remote, m.Local
			}
		}
		drawn := ladder.Message{Time: m.Time, From: phoneLane, To: far, Start: m.Start, Raw: m.Raw}
		if !m.Out {
			drawn.From, drawn.To = drawn.To, drawn.From
		}
		d.Messages = append(d.Messages, drawn)
	}
	if !others {
		lanes = lanes[:3]
	}
	d.Lanes = lanes
	for _, e := range changes {
		d.Marks = append(d.Marks, newChangeMark(e))
	}
	return d
}

func newChangeMark(e journal.Event) ladder.Mark {
	var data struct{ From, To, Cause string }
	if json.Unmarshal(e.DataJSON(), &data) != nil {
		data.Cause = ""
	}
	m := ladder.Mark{Time: e.Time, Text: e.Type, Note: data.Cause, Change: true}
	if data.From != "" && data.To != "" {
		m.Text += ": " + data.From + " to " + data.To
	}
	if data.Cause == string(line.CauseNoResponse) {
		m.Silent = data.From
	}
	return m
}

// changesAmong returns the changes of the active server while the messages were sent.
func (s *Server) changesAmong(messages []journal.Message, n int) (changes []journal.Event) {
	if len(messages) == 0 {
		return nil
	}
	first, last := messages[0].MonoUS, messages[len(messages)-1].MonoUS
	for _, e := range s.Journal.Events(journal.Query{Line: n, Types: changeTypes}) {
		if e.MonoUS >= first && e.MonoUS <= last {
			changes = append(changes, e)
		}
	}
	return changes
}

type drawingOutput struct {
	ContentType string `header:"Content-Type"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

// drawingPolicy lets the drawing, looked at by itself, use the style sheet that is in it and nothing else.
var drawingPolicy = func() string {
	sum := sha256.Sum256([]byte(ladder.Style))
	return "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

func (s *Server) drawMessages(_ context.Context, in *traceFilter) (*drawingOutput, error) {
	messages := s.Journal.Messages(in.Since, in.Line, in.CallID, in.Limit)
	return &drawingOutput{"image/svg+xml", drawingPolicy, newLadder(messages, s.changesAmong(messages, in.Line)).File()}, nil
}
