package webui

import (
	"context"
	"fmt"
	"time"

	"hilphone/sip/line"
)

// lineCard is a line as the strip, the panel and the drop-down list show it.
type lineCard struct {
	Lang     language
	N        int
	Settings line.Settings
	Status   StatusView
	Number   string // the number, or that none is set
	Lamp     string // class: off, on, slow red, fast
	Probe    *time.Time
	Left     string // to the probe
}

// lineCards returns all lines of the phone.
func (s *Server) lineCards(ctx context.Context, l language, now time.Time) ([]lineCard, error) {
	all, err := s.Settings.Lines(ctx)
	if err != nil {
		return nil, fmt.Errorf("settings of the lines: %w", err)
	}
	cards := make([]lineCard, 0, line.MaxLines)
	for n := 1; n <= line.MaxLines; n++ {
		cards = append(cards, newLineCard(l, n, all[n], s.Lines.Status(n), now))
	}
	return cards, nil
}

func newLineCard(l language, n int, settings line.Settings, status StatusView, now time.Time) lineCard {
	card := lineCard{Lang: l, N: n, Settings: settings, Status: status, Number: settings.PhoneNumber, Lamp: stateLamps[status.State]}
	if card.Number == "" {
		card.Number = l.say("line.unset")
	}
	if in := status.Failback.NextProbeInS; in != nil && status.Failback.State == line.FailbackWaiting {
		left := time.Duration(*in * float64(time.Second))
		at := now.Add(left)
		card.Probe, card.Left = &at, countdown(left)
	}
	return card
}

// stateLamps is the lamp beside the status word: a shape as well as a colour.
var stateLamps = map[line.State]string{
	line.StateRegistered: "on",
	line.StateTrying:     "fast",
	line.StateTimeout:    "slow red",
	line.StateUnapplied:  "off",
}

// T returns a text in the page's language.
func (c lineCard) T(key string, args ...any) string { return c.Lang.say(key, args...) }

// StateWord is the vendor's word for the status.
func (c lineCard) StateWord() string { return c.Lang.word("state", string(c.Status.State)) }

// ActiveWord is the server in use, in a word.
func (c lineCard) ActiveWord() string { return c.Lang.word("active", string(c.Status.Active)) }

// ActiveClass is the look of ActiveWord.
func (c lineCard) ActiveClass() string {
	if c.Status.Active == "" {
		return string(line.None)
	}
	return string(c.Status.Active)
}

// ActiveAddress is where the server in use is.
func (c lineCard) ActiveAddress() string {
	switch c.Status.Active {
	case line.Primary:
		return c.Status.Servers.Primary.where(c.Lang)
	case line.Backup:
		return c.Status.Servers.Backup.where(c.Lang)
	}
	return ""
}

// where is the server's address, with the outbound proxy by which it is reached.
func (v ServerView) where(l language) string {
	if v.Proxy == "" {
		return v.Address
	}
	return l.say("server.proxy", v.Address, v.Proxy)
}

// Blocked reports whether the line cannot open its SIP socket (UX-03). The reason is that of no server then.
func (c lineCard) Blocked() bool { return c.Status.Why.Word == socketReason }

// NoTCP is why no calls come in by TCP, as the port cannot be opened (UX-03); empty where it is open, or not wanted.
func (c lineCard) NoTCP() string {
	if c.Status.TCPPort == "" {
		return ""
	}
	return c.Lang.say("reason.detail", c.Lang.say("line.notcp"), c.Status.TCPPort)
}

// Reason is why the line is not registered, in a sentence; empty where it is, or is not to be.
func (c lineCard) Reason() string { return c.Status.Why.Text(c.Lang) }

// Remedy is what to do about Reason.
func (c lineCard) Remedy() string { return c.Status.Why.Remedy(c.Lang) }

// Probing reports whether the primary is asked right now whether it is back.
func (c lineCard) Probing() bool { return c.Status.Failback.State == line.FailbackProbing }

// inUse reports whether the line is set up.
func (c lineCard) inUse() bool { return c.Settings.PhoneNumber != "" || c.Settings.Enabled }

// trouble orders lines for the strip: it shows the one that most needs to be looked at.
func (c lineCard) trouble() int {
	switch {
	case !c.inUse():
		return 0
	case c.Status.State == line.StateTimeout:
		return 5
	case c.Status.State == line.StateTrying:
		return 4
	case c.Status.Active == line.Backup:
		return 3
	case c.Status.State == line.StateRegistered:
		return 2
	}
	return 1
}

// worst returns the card with the most trouble, the first of equals.
func worst(cards []lineCard) *lineCard {
	found := &cards[0]
	for i := range cards {
		if cards[i].trouble() > found.trouble() {
			found = &cards[i]
		}
	}
	return found
}

// lineChoice is an entry of a drop-down list of lines.
type lineChoice struct {
	N       int
	Text    string
	Current bool
}

func lineChoices(cards []lineCard, current int) []lineChoice {
	choices := make([]lineChoice, 0, len(cards))
	for _, c := range cards {
		choices = append(choices, lineChoice{c.N, c.Number, c.N == current})
	}
	return choices
}
