package webui

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

const (
	maxShownMessages = 100
)

type traceData struct {
	frame
	Choices  []lineChoice
	Count    string
	Messages []messageRow
	Chosen   *messageRow
	N        int // line, 0: all
}

// messageRow is a SIP message: an arrow between the phone and the server, and its first line.
type messageRow struct {
	Seq         int64
	Time, Micro string
	Gap         string // since the message before it
	Way         string // in words
	Class       string // b: of the backup
	X, Head     string // where the arrow ends, where its head is
	Arrow       string
	Again       bool // sent again, the same bytes
	Start       string
	Link        string
	Current     bool
	Out         bool
	Ends        string
	Size        string
	Raw         string
}

func (s *Server) tracePage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	f, cards, err := s.frame(c, who, l, "/trace", "trace.title", "GET /api/v1/trace", "GET /api/v1/trace.svg", "GET /api/v1/trace.pcapng")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(c.QueryParam("line")) // 0: of all lines
	if !lineExists(n) {
		n = 0
	}
	chosen, _ := strconv.ParseInt(c.QueryParam("message"), 10, 64)
	messages := s.newestMessages(n, chosen)
	d := traceData{frame: f, Choices: lineChoices(cards, n), N: n}
	for i, m := range messages {
		row := newMessageRow(l, m, n, m.Seq == chosen)
		if i > 0 {
			row.Gap = sinceLast(m.Time.Sub(messages[i-1].Time))
			row.Again = m.Out && string(m.Raw) == string(lastFrom(messages[:i], m).Raw)
		}
		if row.Current {
			d.Chosen = &row
		}
		if i >= len(messages)-maxShownMessages {
			d.Messages = append(d.Messages, row)
		}
	}
	d.Count = l.say("trace.count", len(d.Messages))
	return s.show(c, http.StatusOK, "trace", d)
}

// newestMessages returns the newest messages of a line, and from the chosen one on.
func (s *Server) newestMessages(n int, chosen int64) []journal.Message {
	all := s.Journal.Messages(0, n, "", 0)
	from := max(0, len(all)-maxShownMessages-1)
	for i, m := range all {
		if m.Seq == chosen {
			return all[min(i, from):]
		}
	}
	return all[from:]
}

// lastFrom returns the newest of earlier messages in the same direction between the same ends.
func lastFrom(earlier []journal.Message, m journal.Message) journal.Message {
	for i := len(earlier) - 1; i >= 0; i-- {
		if e := earlier[i]; e.Out == m.Out && e.Remote == m.Remote && e.Start == m.Start && e.CallID == m.CallID {
			return e
		}
	}
	return journal.Message{}
}

// Where the lines of the two servers stand in the drawing of a message.
var serverPlaces = map[string]string{string(line.Primary): "58%", string(line.Backup): "98%"}

func newMessageRow(l language, m journal.Message, n int, current bool) messageRow {
	r := messageRow{Seq: m.Seq, Start: m.Start, Current: current, Out: m.Out, X: "78%", Raw: strings.TrimRight(string(m.Raw), "\r\n")}
	if x, ok := serverPlaces[m.Slot]; ok {
		r.X = x
	}
	if m.Slot == string(line.Backup) {
		r.Class = "b"
	}
	r.Time, r.Micro = clock(m.Time)
	server := l.word("slot", m.Slot)
	if m.Slot == "" {
		server = m.Remote
	}
	from, to := m.Local, m.Remote
	if m.Out {
		r.Way, r.Head, r.Arrow = l.say("trace.sent", server), r.X, "M-7-4 0 0-7 4"
	} else {
		from, to = to, from
		r.Way, r.Head, r.Arrow = l.say("trace.received", server), "6", "M7-4 0 0 7 4"
	}
	r.Ends = fmt.Sprintf("%s, %s, %s", from, to, strings.ToLower(m.Transport))
	r.Size = l.say("trace.bytes", len(m.Raw))
	q := url.Values{"message": {strconv.FormatInt(m.Seq, 10)}}
	if n != 0 {
		q.Set("line", strconv.Itoa(n))
	}
	r.Link = "/trace?" + q.Encode()
	return r
}

// clock writes a time of day to the millisecond and, apart, the microseconds.
func clock(t time.Time) (milli, micro string) {
	text := t.Local().Format("15:04:05.000000")
	return text[:12], text[12:]
}

func sinceLast(d time.Duration) string { return fmt.Sprintf("+%.3f", d.Seconds()) }
