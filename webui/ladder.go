package webui

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/sip/ladder"
	"hilphone/sip/line"
	"hilphone/sip/netlog"
)

const (
	phoneLane, otherLane, peerLane, networkLane = "phone", "other", "peer", "network"
)

// The events that a ladder has between its messages: changes of the active server, and what else is worth a mark.
var (
	changeTypes = event.Names(event.Failover{}, event.Failback{})
	markTypes   = slices.Concat(changeTypes, event.Names(event.Registered{}, event.AllFailed{}))
)

// ladderData is what a ladder is made of.
type ladderData struct {
	lang     language
	messages []journal.Message // oldest first
	events   []journal.Event   // oldest first
	net      []netlog.Item     // oldest first
	beside   []SeenMessage     // by the lab, oldest first
	link     func(seq int64) string
	current  int64
}

func newLadder(d ladderData) ladder.Ladder {
	l := d.lang
	lanes := []ladder.Lane{
		{Name: phoneLane, Title: l.say("trace.phone")}, {Name: string(line.Primary), Title: l.say("active.primary")},
		{Name: string(line.Backup), Title: l.say("active.backup"), Dashed: true},
	}
	drawn := ladder.Ladder{Title: l.say("trace.title"), Words: ladder.Words{
		Again: l.say("trace.again"), To: l.say("trace.fromlaneto"), NoSIP: l.say("trace.nosip"), Octets: l.say("trace.bytes")}}
	others := false
	for i, m := range d.messages {
		if i > 0 && m.Began != d.messages[i-1].Began { // the phone was started between them
			started := m.Time.Add(-time.Duration(m.MonoUS) * time.Microsecond)
			drawn.Marks = append(drawn.Marks, ladder.Mark{Time: started, Text: l.say("trace.started")})
		}
		far := m.Slot
		if far != string(line.Primary) && far != string(line.Backup) {
			far, others = otherLane, true
		}
		for i := range lanes {
			if lanes[i].Address == "" && lanes[i].Name == far {
				lanes[i].Address, lanes[0].Address = m.Remote, m.Local
				if m.Proxy {
					lanes[i].Address = l.say("trace.proxy", m.Remote)
				}
			}
		}
		arrow := ladder.Message{Time: m.Time, From: phoneLane, To: far, Start: m.Start, Fault: m.Fault, Raw: m.Raw, ID: "m" + strconv.FormatInt(m.Seq, 10), Current: m.Seq == d.current}
		if !m.Out {
			arrow.From, arrow.To = arrow.To, arrow.From
		}
		if d.link != nil {
			arrow.Link = d.link(m.Seq)
		}
		drawn.Messages = append(drawn.Messages, arrow)
	}
	for _, m := range d.beside {
		drawn.Messages = append(drawn.Messages, ladder.Message{Time: m.Time, From: m.From, To: m.To, Start: m.Start, Beside: true})
	}
	if len(d.beside) > 0 {
		lanes = append(lanes, ladder.Lane{Name: peerLane, Title: l.say("trace.peer"), Address: d.beside[0].Peer, Faint: true})
	}
	if others {
		lanes = append(lanes, ladder.Lane{Name: otherLane, Title: l.say("trace.other"), Faint: true})
	}
	network := false
	for _, i := range d.net {
		network = drawItem(l, &drawn, lanes, i) || network
	}
	if network {
		lanes = append(lanes, ladder.Lane{Name: networkLane, Title: l.say("trace.network"), Faint: true})
	}
	drawn.Lanes = lanes
	for _, e := range d.events {
		drawn.Marks = append(drawn.Marks, newLadderMark(l, e))
	}
	return drawn
}

func newLadderMark(l language, e journal.Event) ladder.Mark {
	m := ladder.Mark{Time: e.Time, Text: newEventRow(l, e, nil).Text, Change: slices.Contains(changeTypes, e.Type)}
	if m.Change {
		m.Text = l.say("trace." + e.Type)
	}
	if d, ok := journal.As[event.Failover](e); ok {
		m.Note = strings.Trim(l.failure(d.Cause, d.Reason)+", "+l.word("trigger", d.Trigger), ", ")
		if d.Cause == string(line.CauseNoResponse) {
			m.Silent = d.From
		}
	}
	return m
}

// ladderEvents returns the events of a ladder's marks, oldest first.
func (s *Server) ladderEvents(ctx context.Context, p journal.Past) ([]journal.Event, error) {
	p.Types, p.Newest, p.Limit = markTypes, true, ladderEventLimit
	events, err := s.past(ctx, p)
	slices.Reverse(events)
	return events, err
}

// besideThese returns what the lab saw of what the messages are about.
func (s *Server) besideThese(messages []journal.Message) []SeenMessage {
	if s.Lab == nil || len(messages) == 0 {
		return nil
	}
	type part struct{ call, kind string }
	shown := map[part]bool{}
	for _, m := range messages {
		shown[part{m.CallID, methodKind(ladder.Method(m.Start, m.Raw))}] = true
	}
	first, last := messages[0].Time, messages[len(messages)-1].Time.Add(time.Second)
	return slices.DeleteFunc(s.Lab.Beside(first, last), func(m SeenMessage) bool { return !shown[part{m.CallID, methodKind(m.Method)}] })
}

// traceLink is where a message of the page is looked at.
func traceLink(q url.Values, seq int64) string {
	v := url.Values{}
	for key, values := range q {
		if key != "message" && key != "lang" && key != "done" {
			v[key] = values
		}
	}
	v.Set("message", fmt.Sprint(seq))
	return "/trace?" + v.Encode()
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

func (s *Server) drawMessages(ctx context.Context, in *traceFilter) (*drawingOutput, error) {
	messages, err := s.messages(ctx, in)
	if err != nil {
		return nil, err
	}
	p := in.events(messages)
	events, err := s.ladderEvents(ctx, p)
	if err != nil {
		return nil, err
	}
	net, err := s.netItems(ctx, p)
	if err != nil {
		return nil, err
	}
	d := ladderData{lang: english, messages: messages, events: events, beside: s.besideThese(messages), net: net}
	return &drawingOutput{"image/svg+xml", drawingPolicy, newLadder(d).File()}, nil
}
