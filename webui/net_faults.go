package webui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
	"hilphone/sip/netfault"
	"hilphone/sip/netlog"
)

const (
	netBefore        = 5 * time.Minute // before the first message: what failed without any
	netAfter         = time.Second     // after a message that the network says something about
	netAttempts      = time.Minute     // no attempt that ended in a time began earlier than so before it
	netEvents        = 5000            // the newest that are read
	ladderEventLimit = 1000
)

// events are those that belong to the messages of the filter: of a line as a whole all in its bounds, otherwise those while the messages were sent.
func (in *traceFilter) events(messages []journal.Message) journal.Past {
	if in.CallID != "" || in.Since > 0 || in.Before > 0 || len(messages) > 0 && len(messages) == in.Limit {
		return eventsDuring(messages, in.Line)
	}
	p := journal.Past{Query: journal.Query{Line: in.Line, Since: in.SinceEvent}, Before: in.UntilEvent, From: in.SinceTime, Until: in.UntilTime}
	if p.From.IsZero() && len(messages) > 0 {
		p.From = messages[0].Time.Add(-netBefore)
	}
	return p
}

// eventsDuring are those while the messages were sent, and a moment after; without messages none.
func eventsDuring(messages []journal.Message, n int) journal.Past {
	if len(messages) == 0 {
		return journal.Past{Query: journal.Query{Line: n}, From: time.Unix(1, 0), Until: time.Unix(1, 0)}
	}
	return journal.Past{Query: journal.Query{Line: n}, From: messages[0].Time, Until: messages[len(messages)-1].Time.Add(netAfter)}
}

// netItems returns what the network said besides SIP messages, oldest first.
func (s *Server) netItems(ctx context.Context, p journal.Past) (items []netlog.Item, err error) {
	from := p.From
	if !from.IsZero() {
		p.From = from.Add(-netAttempts) // the beginnings of attempts say what they were
	}
	p.Types, p.Newest, p.Limit = netlog.Types, true, netEvents
	events, err := s.past(ctx, p)
	if err != nil {
		return nil, err
	}
	var reader netlog.Reader
	for _, e := range slices.Backward(events) {
		data, err := e.Typed()
		if err != nil {
			continue // of another version of the phone
		}
		if i, ok := reader.Read(e.Time, data); ok && !e.Time.Before(from) {
			items = append(items, i)
		}
	}
	return items, nil
}

// drawItem adds what the network said: an arrow from the server, or from the network where a router or somebody unknown sent it, or a mark. It
// reports whether the arrow is from the network.
func drawItem(l language, to *ladder.Ladder, lanes []ladder.Lane, i netlog.Item) (network bool) {
	row := eventWordsOf{lang: l, data: dataOf(journal.Event{Data: i.Data})}
	a := ladder.Message{Time: i.Time, From: i.Slot, To: phoneLane, Note: i.Method}
	switch i.Kind {
	case netlog.ICMP:
		a.Label = "ICMP " + cmp.Or(l.word("fault", string(netfault.OfICMP(i.Type, i.Code).Reason)), netfault.ICMPName(i.Type, i.Code))
		a.Note = fmt.Sprintf("%d/%d, %s", i.Type, i.Code, i.Method)
	case netlog.Reset:
		a.Label, a.Note = "TCP RST", l.word("fault", string(netfault.Reset))
	case netlog.Closed:
		a.Label, a.Note = "TCP FIN", l.word("fault", string(netfault.Closed))
	case netlog.Refused:
		a.Label, a.Note = "TCP RST", l.word("fault", string(netfault.Refused))+", "+i.Method
	case netlog.Change:
		return false // has its mark already
	default:
		to.Marks = append(to.Marks, ladder.Mark{Time: i.Time, Text: strings.TrimSpace(i.Method + " " + l.word("slot", i.Slot)), Note: row.fault()})
		return false
	}
	if network = !i.FromServer(); network {
		a.From = networkLane
		if i.Sender != "" {
			a.Note += ", " + i.Sender
		}
	}
	for n := range lanes {
		if host := i.Remote; lanes[n].Name == a.From && lanes[n].Address == "" {
			lanes[n].Address = host
		}
	}
	to.Messages = append(to.Messages, a)
	return network
}
