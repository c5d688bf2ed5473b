package webui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// ladder is SIP messages as arrows between the phone and the servers, with the failovers among them; lengths are in pixels.
type ladder struct {
	Title        string
	Height, Foot int
	Ends         []ladderEnd
	Rows         []ladderRow
}

// ladderEnd is the upright line of one that sends and receives.
type ladderEnd struct {
	Name, Address  string
	X              int
	Colour, Dashes string
}

// ladderRow is a message, a failover or a time in which nothing was sent.
type ladderRow struct {
	Kind           string // message, change, silence
	Top, Y         int
	Time           string
	Label          string
	Again          bool
	From, To       string
	X              int
	Colour, Dashes string
}

// Text is where the base line of the row's text is.
func (r ladderRow) Text() int {
	if r.Kind == "silence" {
		return (r.Top+r.Y)/2 + 4
	}
	return r.Y - 5
}

// Arrow is the head of a message's arrow.
func (r ladderRow) Arrow() string {
	if r.To == phoneEnd {
		return fmt.Sprintf("M%d %dl-7 4 7 4", 187, r.Y-4)
	}
	return fmt.Sprintf("M%d %dl7 4-7 4", r.X-7, r.Y-4)
}

const (
	phoneEnd, otherEnd = "phone", "other"

	inkColour, accentColour, edgeColour = "#1a1916", "#b9440a", "#858176"

	ladderTop, ladderStep = 50, 26
	ladderSilence         = time.Second // from which on a silence is drawn
)

// ladderPlaces are the ends from left to right. The backup is dashed, as everywhere.
var ladderPlaces = []ladderEnd{
	{Name: phoneEnd, X: 180, Colour: inkColour},
	{Name: string(line.Primary), X: 500, Colour: inkColour},
	{Name: string(line.Backup), X: 680, Colour: accentColour, Dashes: "6 4"},
	{Name: otherEnd, X: 840, Colour: edgeColour, Dashes: "2 3"},
}

// drawLadder draws messages, oldest first, and the changes of the active server.
func drawLadder(messages []journal.Message, changes []journal.Event) ladder {
	d := ladder{Title: "SIP messages", Foot: ladderTop}
	addresses, others := map[string]string{}, false
	var before time.Time
	silence := func(until time.Time) {
		if length := until.Sub(before); !before.IsZero() && length >= ladderSilence {
			d.Rows = append(d.Rows, ladderRow{Kind: "silence", Top: d.Foot + 2, Y: d.Foot + ladderStep - 4, Label: fmt.Sprintf("%.3f s", length.Seconds())})
			d.Foot += ladderStep
		}
		before = until
	}
	for i, m := range messages {
		for len(changes) > 0 && changes[0].MonoUS <= m.MonoUS {
			silence(changes[0].Time)
			d.change(changes[0])
			changes = changes[1:]
		}
		silence(m.Time)
		far := endOf(m)
		if _, known := addresses[far.Name]; !known && far.Name != otherEnd {
			addresses[far.Name], addresses[phoneEnd] = m.Remote, m.Local
		}
		others = others || far.Name == otherEnd
		d.Foot += ladderStep
		r := ladderRow{Kind: "message", Y: d.Foot, Label: printable(strings.TrimSuffix(m.Start, " SIP/2.0")), X: far.X, Colour: far.Colour, Dashes: far.Dashes,
			Again: m.Out && string(m.Raw) == string(lastFrom(messages[max(0, i-maxShownMessages):i], m).Raw)}
		r.Time, _ = clock(m.Time)
		r.From, r.To = phoneEnd, far.Name
		if !m.Out {
			r.From, r.To = r.To, r.From
		}
		d.Rows = append(d.Rows, r)
	}
	for _, e := range ladderPlaces {
		if others || e.Name != otherEnd {
			e.Address = printable(addresses[e.Name])
			d.Ends = append(d.Ends, e)
		}
	}
	d.Foot += 12
	d.Height = d.Foot + 8
	return d
}

func (d *ladder) change(e journal.Event) {
	var data struct{ From, To, Cause string }
	if json.Unmarshal(e.DataJSON(), &data) != nil {
		return
	}
	d.Foot += ladderStep
	label := e.Type
	if data.From != "" && data.To != "" {
		label += ": " + data.From + " to " + data.To
	}
	if data.Cause != "" {
		label += ", " + data.Cause
	}
	r := ladderRow{Kind: "change", Y: d.Foot, Label: printable(label)}
	r.Time, _ = clock(e.Time)
	d.Rows = append(d.Rows, r)
}

func endOf(m journal.Message) ladderEnd {
	for _, e := range ladderPlaces[1:] {
		if e.Name == m.Slot {
			return e
		}
	}
	return ladderPlaces[len(ladderPlaces)-1]
}

// printable keeps a text within XML and within its place in the drawing.
func printable(text string) string {
	return shorten(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.MaxRune || r&0xfffe == 0xfffe {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar))))
}

type drawingOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (s *Server) ladder(_ context.Context, in *traceFilter) (*drawingOutput, error) {
	messages := s.Journal.Messages(in.Since, in.Line, in.CallID, in.Limit)
	var changes []journal.Event
	if len(messages) > 0 {
		first, last := messages[0].MonoUS, messages[len(messages)-1].MonoUS
		for _, e := range s.Journal.Events(journal.Query{Line: in.Line, Types: []string{"failover", "failback"}}) {
			if e.MonoUS >= first && e.MonoUS <= last {
				changes = append(changes, e)
			}
		}
	}
	var b bytes.Buffer
	if err := pages().byName["ladder"].Execute(&b, drawLadder(messages, changes)); err != nil {
		return nil, fmt.Errorf("ladder: %w", err)
	}
	return &drawingOutput{"image/svg+xml", b.Bytes()}, nil
}
