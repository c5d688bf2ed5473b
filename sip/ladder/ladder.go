// Package ladder is SIP messages as a ladder: who said what to whom, from top to bottom.
//
// A lane for each that sends or receives, an arrow for each message; what was sent again is faint, a failover is a line over the
// full width, silence has its length. The drawing is SVG, for a page that has a style sheet or as a file that stands alone. Text keeps
// its size and lengths across are in percent, so it fits any width.
package ladder

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Lane is the upright line of one that sends and receives.
type Lane struct {
	Name    string // as From and To of messages have it
	Title   string // as it is shown; empty: the name
	Address string // below it
	Dashed  bool   // the backup is dashed, as everywhere
	Faint   bool   // neither the phone nor one of its servers
}

// Message is a SIP message, an arrow from one lane to another.
type Message struct {
	Time     time.Time
	From, To string // names of lanes; a message of a lane that is not drawn is left out
	Start    string // request or status line; empty: no SIP message
	Label    string // what it is, where it is no SIP message but a packet of the network: "ICMP port unreachable"; empty: Start says it
	Note     string // beside Label
	Fault    string // why it, or a part of it, could not be read; empty: all could
	Raw      []byte // the whole message; empty: of no account. The same bytes between the same lanes were sent again
	Beside   bool   // seen by a server alone and not by the phone: dotted
	ID       string // of the element; empty: none
	Link     string // what is behind the message; empty: nothing
	Current  bool   // the one that is looked at
}

// Mark is something that happened between messages.
type Mark struct {
	Time   time.Time
	Text   string // in bold
	Note   string // after it
	Change bool   // the active server changed: a bar over the full width; otherwise a diamond on the first lane
	Silent string // the lane that did not answer: how long it was waited for is drawn to its side; empty: none
}

// Ladder is what is drawn.
type Ladder struct {
	Title    string // empty: "SIP messages"
	Lanes    []Lane // from left to right; the first one is the phone's
	Messages []Message
	Marks    []Mark
	Zero     time.Time     // times are seconds since then; the zero time: they are times of day
	Silence  time.Duration // from which on a silence is drawn; zero: a second
	Words    Words
}

// Words are those that the drawing adds. Those not given are English.
type Words struct {
	Again  string // "again": what was sent a second time
	To     string // "%s to %s": two lanes, the sender first
	NoSIP  string // "no SIP": what is no SIP message
	Octets string // "%d octets": its size
}

func (l Ladder) complete() Ladder {
	l.Title = cmp.Or(l.Title, "SIP messages")
	l.Silence = cmp.Or(l.Silence, time.Second)
	l.Words.Again = cmp.Or(l.Words.Again, "again")
	l.Words.To = cmp.Or(l.Words.To, "%s to %s")
	l.Words.NoSIP = cmp.Or(l.Words.NoSIP, "no SIP")
	l.Words.Octets = cmp.Or(l.Words.Octets, "%d octets")
	return l
}

// Heights in pixels.
const (
	top      = 40 // of the lanes
	rowStep  = 28
	barStep  = 32
	waitStep = 30
)

// row is a message, a mark or a time in which nothing was sent, at its place from the top.
type row struct {
	message *Message
	mark    *Mark
	silence time.Duration
	at      time.Time
	y       int
	again   int // how often these bytes were sent before
}

// rows puts messages and marks in the order of their times, with the silences between them.
func (l Ladder) rows() (rows []row, foot int) {
	for i := range l.Messages {
		if m := &l.Messages[i]; l.lane(m.From) >= 0 && l.lane(m.To) >= 0 && m.From != m.To {
			rows = append(rows, row{message: m, at: m.Time})
		}
	}
	for i := range l.Marks {
		rows = append(rows, row{mark: &l.Marks[i], at: l.Marks[i].Time})
	}
	// At the same instant a change comes before the message that it sends.
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank(), b.rank()))
	})
	sent := map[string]int{}
	var all []row
	foot = top
	for i, r := range rows {
		if i > 0 {
			if length := r.at.Sub(rows[i-1].at); length >= l.Silence {
				foot += waitStep
				all = append(all, row{silence: length, at: r.at, y: foot - waitStep/2})
			}
		}
		switch {
		case r.message != nil:
			foot += rowStep
			r.y = foot
			if key := r.message.From + "\x00" + r.message.To + "\x00" + string(r.message.Raw); len(r.message.Raw) > 0 {
				r.again = sent[key]
				sent[key]++
			}
		case r.mark.Change:
			foot += barStep
			r.y = foot
			foot += 6
		default:
			foot += rowStep
			r.y = foot
		}
		all = append(all, r)
	}
	return all, foot + 14
}

func (r row) rank() int {
	if r.mark != nil && r.mark.Change {
		return 0
	}
	return 1
}

func (l Ladder) lane(name string) int {
	return slices.IndexFunc(l.Lanes, func(lane Lane) bool { return lane.Name == name })
}

// x is where a lane stands, in percent of the width. The times are left of the first.
func (l Ladder) x(lane int) float64 {
	const first, last = 22, 93
	if len(l.Lanes) < 2 {
		return first
	}
	return first + float64(lane)*(last-first)/float64(len(l.Lanes)-1)
}

// clock writes the time of a row.
func (l Ladder) clock(t time.Time) string {
	if l.Zero.IsZero() {
		return t.Local().Format("15:04:05.000")
	}
	return fmt.Sprintf("%+.3f", t.Sub(l.Zero).Seconds())
}

// waited returns where the wait for a server that did not answer begins: at the first send of the request that a mark gave up.
// ok is false where the server did answer, or nothing was sent.
func (l Ladder) waited(rows []row, mark int) (from row, ok bool) {
	silent := rows[mark].mark.Silent
	if silent == "" {
		return row{}, false
	}
	for _, r := range slices.Backward(rows[:mark]) {
		m := r.message
		switch {
		case m == nil && r.mark != nil && r.mark.Change, m != nil && m.From == silent && m.To == l.Lanes[0].Name:
			return from, ok
		case m == nil || m.To != silent || m.From != l.Lanes[0].Name:
			continue
		case ok && string(m.Raw) != string(from.message.Raw):
			return from, ok
		}
		from, ok = r, true
	}
	return from, ok
}

// turned returns the first message that the phone sent to another lane after it had begun to wait.
func (l Ladder) turned(rows []row, from row) (next row, ok bool) {
	for _, r := range rows {
		if m := r.message; m != nil && r.y > from.y && m.From == l.Lanes[0].Name && m.To != from.message.To {
			return r, true
		}
	}
	return row{}, false
}

// length writes a duration as a person says it, milliseconds always three below a minute.
func length(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d < time.Minute:
		return fmt.Sprintf("%.3f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
