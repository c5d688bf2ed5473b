package evidence

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"hilphone/db/journal/event"
	"hilphone/sip/ladder"
	"hilphone/sip/netfault"
	"hilphone/sip/netlog"
	"hilphone/sip/pcapng"
)

// messagesOf reads the SIP messages among entries back, and the number of the entry that each was.
func messagesOf(entries []Entry) (all []Message, numbers []int) {
	for i, e := range entries {
		m := Message{At: e.At}
		if e.Kind == MessageKind && json.Unmarshal(e.Data, &m) == nil {
			all, numbers = append(all, m), append(numbers, i+1)
		}
	}
	return all, numbers
}

// capture is sip.pcapng.
func capture(r Run, entries []Entry) []byte {
	messages, _ := messagesOf(entries)
	w := newWire(messages)
	var all []pcapng.Message
	for i, m := range messages {
		if w.twice[i] {
			continue
		}
		from, to := m.Remote, m.Local
		if m.Out {
			from, to = to, from
		}
		all = append(all, pcapng.Message{Time: r.Started.Add(m.At), From: from, To: to, Transport: m.Transport, Raw: m.Raw})
	}
	return netlog.Capture(all, netItems(r, entries)).File()
}

// netItems are what the network said to the phone besides SIP messages, as its events have it.
func netItems(r Run, entries []Entry) (items []netlog.Item) {
	var reader netlog.Reader
	for _, n := range order(entries) {
		var e struct {
			Type string
			Data json.RawMessage
		}
		if entries[n].Kind != EventKind || json.Unmarshal(entries[n].Data, &e) != nil || !slices.Contains(netlog.Types, e.Type) {
			continue
		}
		data, err := event.Decode(e.Type, e.Data)
		if err != nil {
			continue
		}
		if i, ok := reader.Read(r.Started.Add(entries[n].At), data); ok {
			items = append(items, i)
		}
	}
	return items
}

// network is the lane of routers and of what has no address.
const network = "network"

// draw adds an item to the ladder: an arrow from who sent it, or a mark.
func draw(d *ladder.Ladder, i netlog.Item) (from string) {
	a := ladder.Message{Time: i.Time, From: i.Slot, To: FromPhone, Note: i.Method}
	switch i.Kind {
	case netlog.ICMP:
		a.Label = "ICMP " + netfault.ICMPName(i.Type, i.Code)
		a.Note = fmt.Sprintf("%d/%d, %s", i.Type, i.Code, i.Method)
	case netlog.Reset:
		a.Label, a.Note = "TCP RST", "connection reset"
	case netlog.Closed:
		a.Label, a.Note = "TCP FIN", "closed by the server"
	case netlog.Refused:
		a.Label, a.Note = "TCP RST", "connection refused, "+i.Method
	case netlog.Failed:
		d.Marks = append(d.Marks, ladder.Mark{Time: i.Time, Text: "failed", Note: i.Text})
		return ""
	default:
		return "" // has its mark
	}
	if !i.FromServer() {
		a.From = network
		if i.Sender != "" {
			a.Note += ", " + i.Sender
		}
	}
	d.Messages = append(d.Messages, a)
	return a.From
}

// wire knows who is where, and which messages two have seen.
type wire struct {
	names map[string]string // address to who has it
	proxy map[string]bool   // the address is that of an outbound proxy
	twice []bool            // the message has been told by the other end, whose word counts
}

// stranger has an address of its own, but no name.
const stranger = "other"

func newWire(messages []Message) wire {
	w := wire{map[string]string{}, map[string]bool{}, make([]bool, len(messages))}
	for _, m := range messages {
		if m.Local != "" {
			w.names[m.Local] = m.Seen
		}
		if m.Slot != "" && m.Slot != m.Seen && m.Remote != "" {
			w.names[m.Remote] = m.Slot
			w.proxy[m.Remote] = w.proxy[m.Remote] || m.Proxy
		}
	}
	// The phone's own word comes first, then that of whoever has seen it earliest.
	told := map[string]map[string]int{}
	for _, phones := range []bool{true, false} {
		for i, m := range messages {
			if (m.Seen == FromPhone) != phones {
				continue
			}
			from, to := w.ends(m)
			key := from + "\x00" + to + "\x00" + string(m.Raw)
			by := told[key]
			if by == nil {
				by = map[string]int{}
				told[key] = by
			}
			by[m.Seen]++
			w.twice[i] = by[m.Seen] <= by["drawn"]
			if !w.twice[i] {
				by["drawn"]++
			}
		}
	}
	return w
}

// ends are who sent a message and who got it.
func (w wire) ends(m Message) (from, to string) {
	far := w.names[m.Remote]
	if m.Seen == FromPhone && m.Slot != "" {
		far = m.Slot
	}
	if far == "" {
		far = stranger
	}
	if m.Out {
		return m.Seen, far
	}
	return far, m.Seen
}

// maxDrawn is how many messages the ladder has room for. All are in the entries and in the capture file.
const maxDrawn = 600

// drawLadder draws the messages, with the changes of the active server, and says what is to be known of the drawing.
func drawLadder(r Run, entries []Entry) (template.HTML, string) {
	messages, numbers := messagesOf(entries)
	items := netItems(r, entries)
	if len(messages) == 0 && len(items) == 0 {
		return "", ""
	}
	w := newWire(messages)
	d := ladder.Ladder{Title: "SIP messages of the run", Zero: r.Started}
	phones := slices.ContainsFunc(messages, func(m Message) bool { return m.Seen == FromPhone })
	named := map[string]bool{}
	for i, m := range messages {
		if w.twice[i] {
			continue
		}
		from, to := w.ends(m)
		named[from], named[to] = true, true
		d.Messages = append(d.Messages, ladder.Message{Time: r.Started.Add(m.At), From: from, To: to, Start: m.Start, Raw: m.Raw,
			Beside: phones && m.Seen != FromPhone, Link: fmt.Sprintf("#e%d", numbers[i])})
	}
	for _, i := range items {
		if from := draw(&d, i); from != "" {
			named[from] = true
		}
	}
	for _, l := range []ladder.Lane{{Name: FromPhone}, {Name: FromPrimary}, {Name: FromBackup, Dashed: true}, {Name: FromPeer, Faint: true},
		{Name: network, Faint: true}, {Name: stranger, Faint: true}} {
		if !named[l.Name] && l.Name != FromPhone {
			continue
		}
		l.Address = w.address(l.Name)
		d.Lanes = append(d.Lanes, l)
	}
	slices.SortStableFunc(d.Messages, func(a, b ladder.Message) int { return a.Time.Compare(b.Time) })
	note := "Faint: sent again. Dotted: seen by a server, not by the phone. Seconds since the run began."
	if total := len(d.Messages); total > maxDrawn {
		begin, end := around(d.Messages, r)
		d.Messages = d.Messages[begin:end]
		note += fmt.Sprintf(" %d of %d messages are drawn, from number %d on; all are among the entries and in %s.", end-begin, total, begin+1, CaptureFile)
	}
	var first, last time.Time
	if len(d.Messages) > 0 {
		first, last = d.Messages[0].Time, d.Messages[len(d.Messages)-1].Time
	}
	if len(d.Messages) < maxDrawn { // all are drawn: so are the marks before and after them
		first, last = time.Time{}, r.Started.Add(max(r.Duration, last.Sub(r.Started))+time.Hour)
	}
	d.Marks = slices.DeleteFunc(d.Marks, func(m ladder.Mark) bool { return m.Time.Before(first) || m.Time.After(last) })
	for _, e := range entries {
		if at := r.Started.Add(e.At); !at.Before(first) && !at.After(last) {
			d.Marks = append(d.Marks, e.marks(at)...)
		}
	}
	return template.HTML(d.Inline()), note // the ladder escapes what it is given
}

// marks are what stands between the messages: a failover, a failback, a registration, that nobody answers.
func (e Entry) marks(at time.Time) []ladder.Mark {
	var event struct {
		Type string
		Data struct{ From, To, Cause, Trigger, Slot, Method string }
	}
	if e.Kind != EventKind || json.Unmarshal(e.Data, &event) != nil {
		return nil
	}
	m := ladder.Mark{Time: at, Text: strings.ReplaceAll(event.Type, "_", " ")}
	switch d := event.Data; event.Type {
	case "failover", "failback":
		m.Change = true
		if d.From != "" && d.To != "" {
			m.Note = d.From + " to " + d.To
		}
		if why := cmp.Or(d.Cause, d.Trigger); why != "" {
			m.Note += ", " + strings.ReplaceAll(why, "_", " ")
		}
	case "registered":
		m.Note = "with the " + cmp.Or(d.Slot, "server")
	case "all_failed":
		m.Note = d.Method
	default:
		return nil
	}
	m.Note = strings.TrimPrefix(m.Note, ", ")
	return []ladder.Mark{m}
}

// address is the first of those that a name has, in the order of the alphabet; that of an outbound proxy before others.
func (w wire) address(name string) string {
	var all, proxies []string
	for address, of := range w.names {
		switch {
		case of != name:
		case w.proxy[address]:
			proxies = append(proxies, address)
		default:
			all = append(all, address)
		}
	}
	switch {
	case len(proxies) > 0:
		return "proxy " + slices.Min(proxies)
	case len(all) > 0:
		return slices.Min(all)
	}
	return ""
}

// around chooses maxDrawn messages: those that end a moment after the first cause, or the first ones.
func around(messages []ladder.Message, r Run) (begin, end int) {
	end = maxDrawn
	for _, s := range r.Steps {
		if s.Verdict != Failed && s.Verdict != Broken {
			continue
		}
		cause := r.Started.Add(s.Ended + time.Second)
		end = max(end, slices.IndexFunc(messages, func(m ladder.Message) bool { return m.Time.After(cause) }))
		if !messages[len(messages)-1].Time.After(cause) {
			end = len(messages)
		}
		break
	}
	return end - maxDrawn, end
}
