package webui

import (
	"context"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/journal"
	"hilphone/sip/ladder"
)

const (
	maxShownMessages = 100
	maxShownDialogs  = 30
	maxReadMessages  = 2000 // of the newest, among which those shown and the calls are looked for
)

// methodKinds are the methods in the groups by which a person looks for them; the last one has all the others.
var methodKinds = []struct {
	Name    string
	Methods []string
	On      bool // shown unless chosen otherwise
}{
	{"REGISTER", []string{"REGISTER"}, true},
	{"INVITE", []string{"INVITE", "ACK", "CANCEL", "PRACK", "UPDATE"}, true},
	{"BYE", []string{"BYE"}, true},
	{"OPTIONS", []string{"OPTIONS"}, false},
	{"other", nil, true},
}

// methodKind is the group of a method.
func methodKind(method string) string {
	for _, k := range methodKinds {
		if slices.Contains(k.Methods, method) {
			return k.Name
		}
	}
	return methodKinds[len(methodKinds)-1].Name
}

type traceData struct {
	frame
	Choices  []lineChoice
	N        int // line, 0: all
	Calls    []dialogChoice
	Methods  []kindChoice
	Count    string
	Span     string
	Ladder   template.HTML
	Chosen   *readMessage
	Previous string // links to the messages beside it
	Next     string
	Older    string // links to the messages before those shown, and back to the newest; empty: there are none, and they are shown
	Live     string
	Capture  string // links to files that hold the same
	Drawing  string
}

// dialogChoice is a call in the list of those that can be looked at.
type dialogChoice struct {
	CallID, Text string
	Current      bool
}

// readMessage is the one message that is looked at.
type readMessage struct {
	Seq         int64
	Time, Micro string
	Way         string // in words
	Out         bool
	Ends        string
	Answer      string // what came of a request
	Fault       string // why it, or a part of it, could not be read
	Size        string
	Raw         string
}

func (s *Server) tracePage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	f, cards, err := s.frame(c, who, l, "/trace", "trace.title", "GET /api/v1/trace", "GET /api/v1/trace.svg", "GET /api/v1/trace.pcapng")
	if err != nil {
		return err
	}
	q := c.QueryParams()
	n, _ := strconv.Atoi(q.Get("line")) // 0: of all lines
	if !lineExists(n) {
		n = 0
	}
	recent, all, err := s.messagesOfPage(c.Request().Context(), n, q)
	if err != nil {
		return err
	}
	d := traceData{frame: f, Choices: lineChoices(cards, n), N: n, Calls: dialogChoices(l, recent, q.Get("call"))}
	kinds := d.chooseMethods(l, q["method"])
	oldest := int64(0) // 0: there are none before those shown
	if len(all) == maxReadMessages {
		oldest = all[0].Seq
	}
	hidden := map[string]int{}
	shown := slices.DeleteFunc(all, func(m journal.Message) bool {
		kind := methodKind(ladder.Method(m.Start, m.Raw))
		if !slices.Contains(kinds, kind) {
			hidden[kind]++
			return true
		}
		return false
	})
	chosen := numberIn(q, "message")
	at := slices.IndexFunc(shown, func(m journal.Message) bool { return m.Seq == chosen })
	from := max(0, len(shown)-maxShownMessages)
	if at >= 0 {
		from = min(from, at)
		d.choose(l, shown, at, q)
	}
	shown = shown[from:min(len(shown), from+3*maxShownMessages)]
	if from > 0 {
		oldest = shown[0].Seq
	}
	d.Count = shownCount(l, len(shown), hidden)
	d.link(q, oldest, kinds)
	among := (&traceFilter{Line: n}).events(shown)
	if from > 0 || at >= 0 || q.Get("call") != "" || numberIn(q, "before") > 0 {
		among = eventsDuring(shown, n)
	}
	events, err := s.ladderEvents(c.Request().Context(), among)
	if err != nil {
		return err
	}
	net, err := s.netItems(c.Request().Context(), among)
	if err != nil {
		return err
	}
	if len(shown) > 0 {
		d.Span = l.say("trace.span", l.clockTime(shown[0].Time), l.clockTime(shown[len(shown)-1].Time))
	}
	if len(shown) > 0 || len(net) > 0 {
		d.Ladder = template.HTML(newLadder(ladderData{lang: l, messages: shown, events: events, beside: s.besideThese(shown), net: net, // escaped there
			link: func(seq int64) string { return traceLink(q, seq) }, current: chosen}).Inline())
	}
	return s.show(c, http.StatusOK, "trace", d)
}

// messagesOfPage returns the newest messages of a line, and those that the page is about: of a call, before a number, around the one that is
// looked at.
func (s *Server) messagesOfPage(ctx context.Context, n int, q url.Values) (recent, all []journal.Message, err error) {
	read := func(m journal.MessageQuery) []journal.Message {
		if err != nil {
			return nil
		}
		var found []journal.Message
		m.Line, m.Limit = n, maxReadMessages
		found, err = s.pastMessages(ctx, m)
		if m.Newest {
			slices.Reverse(found)
		}
		return found
	}
	recent = read(journal.MessageQuery{Newest: true})
	all = slices.Clone(recent)
	before, call := numberIn(q, "before"), q.Get("call")
	if before > 0 || call != "" {
		all = read(journal.MessageQuery{CallID: call, Before: before, Newest: true})
	}
	if chosen := numberIn(q, "message"); chosen > 0 && len(all) > 0 && chosen < all[0].Seq {
		all = read(journal.MessageQuery{CallID: call, Before: before, Since: max(0, chosen-maxShownMessages)})
	}
	return recent, all, err
}

// numberIn is a number in the address of a page; 0: there is none.
func numberIn(q url.Values, name string) int64 {
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return max(0, n)
}

// link makes the links to older messages, to the newest, and to files.
func (d *traceData) link(q url.Values, oldest int64, kinds []string) {
	other := maps.Clone(q)
	other.Del("message")
	if oldest > 0 {
		d.Older = linkWith("/trace", other, "before", oldest)
	}
	file := url.Values{"limit": {"10000"}, "newest": {"true"}, "line": {strconv.Itoa(d.N)}, "method": {strings.Join(kinds, ",")}}
	if before := numberIn(q, "before"); before > 0 {
		d.Live = linkWith("/trace", other, "before", 0)
		file.Set("before", strconv.FormatInt(before, 10))
	}
	if call := q.Get("call"); call != "" {
		file.Set("call_id", call)
	}
	d.Capture, d.Drawing = base+"/trace.pcapng?"+file.Encode(), base+"/trace.svg?"+file.Encode()
}

// chooseMethods notes which groups of methods are wanted and returns their names.
func (d *traceData) chooseMethods(l language, chosen []string) (kinds []string) {
	for _, k := range methodKinds {
		on := slices.Contains(chosen, k.Name) || (len(chosen) == 0 && k.On)
		if on {
			kinds = append(kinds, k.Name)
		}
		d.Methods = append(d.Methods, kindChoice{k.Name, l.word("trace", k.Name), on})
	}
	return kinds
}

// choose notes the message that is looked at, and those beside it.
func (d *traceData) choose(l language, shown []journal.Message, at int, q url.Values) {
	m := shown[at]
	v := &readMessage{Seq: m.Seq, Out: m.Out, Raw: readable(m), Fault: m.Fault, Size: l.say("trace.bytes", len(m.Raw))}
	v.Time, v.Micro = l.clock(m.Time)
	server := l.word("slot", m.Slot)
	if m.Slot == "" {
		server = m.Remote
	}
	from, to := m.Local, m.Remote
	way := "trace.sent"
	if !m.Out {
		from, to, way = to, from, "trace.received"
	}
	label, _ := ladder.What(m.Start, nil)
	if m.Start == "" {
		label = l.say("trace.nosip") + ", " + v.Size
	}
	v.Way = fmt.Sprintf("%s, %s", shorten(ladder.Visible(label)), l.say(way, server))
	v.Ends = fmt.Sprintf("%s, %s, %s", from, to, strings.ToLower(m.Transport))
	v.Answer = answerTo(l, m, shown[at+1:])
	d.Chosen = v
	if at > 0 {
		d.Previous = traceLink(q, shown[at-1].Seq)
	}
	if at+1 < len(shown) {
		d.Next = traceLink(q, shown[at+1].Seq)
	}
}

// dialogChoices are the newest calls that there are messages of.
func dialogChoices(l language, messages []journal.Message, chosen string) (choices []dialogChoice) {
	seen := map[string]bool{}
	for _, m := range slices.Backward(messages) {
		if method, _, _ := strings.Cut(m.Start, " "); method != "INVITE" || seen[m.CallID] || len(choices) == maxShownDialogs {
			continue
		}
		seen[m.CallID] = true
		_, rest, _ := strings.Cut(m.Start, ":")
		user, _, _ := strings.Cut(rest, "@")
		choices = append(choices, dialogChoice{m.CallID, shorten(user) + ", " + l.at(m.Time).Format(time.TimeOnly), m.CallID == chosen})
	}
	if chosen != "" && !seen[chosen] {
		choices = append(choices, dialogChoice{chosen, shorten(chosen), true})
	}
	return choices
}

// shownCount says how many messages there are to see, and how many of which kind are not shown.
func shownCount(l language, shown int, hidden map[string]int) string {
	text := l.say("trace.count", shown)
	var kinds []string
	total := 0
	for _, k := range methodKinds {
		if hidden[k.Name] > 0 {
			kinds = append(kinds, l.word("trace", k.Name))
			total += hidden[k.Name]
		}
	}
	if total > 0 {
		text += l.say("trace.hidden", total, strings.Join(kinds, ", "))
	}
	return text
}

// clock writes a time of day to the millisecond and, apart, the microseconds.
func (l language) clock(t time.Time) (milli, micro string) {
	text := l.at(t).Format("15:04:05.000000")
	return text[:12], text[12:]
}

func (l language) clockTime(t time.Time) string {
	milli, _ := l.clock(t)
	return milli
}
