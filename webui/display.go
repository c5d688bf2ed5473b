package webui

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hilphone/sip/line"
)

// displayView is the display of the phone: line and server, number or reason, what is going on.
type displayView struct {
	Top, Server string
	Main        string
	Long        bool // Main is a sentence, not a number
	Foot, State string
	Since       *time.Time // when the call was answered
	Talked      string
}

func newDisplay(l language, v PhoneView, now time.Time) displayView {
	lines := append(slices.Clone(v.Display), "", "", "")
	d := displayView{Top: lines[0], Main: lines[1], Foot: lines[2], State: l.word("phone", v.State)}
	if i := strings.LastIndex(d.Top, " "); i >= 0 { // "1 1001 backup", "1 1001 Trying"
		last := d.Top[i+1:]
		if d.Top = d.Top[:i]; last == string(line.Backup) {
			d.Server = l.word("active", last)
		} else {
			d.Top += " " + serverShown(l, last)
		}
	}
	if d.Foot == english.word("phone", v.State) {
		d.Foot = d.State
	}
	d.Main, d.Foot = l.displayed(d.Main), l.displayed(d.Foot)
	if v.State == "idle" && d.Main == "" {
		d.Main = l.at(now).Format("15:04")
	}
	d.Long = utf8.RuneCountInString(d.Main) > 16
	if strings.EqualFold(d.State, d.Foot) {
		d.State = ""
	}
	for _, call := range v.Calls {
		if call.State == line.Talking || call.State == line.Held {
			d.Since, d.Talked = &call.Answered.Time, countdown(now.Sub(call.Answered.Time))
		}
	}
	return d
}

// serverShown is the server that serves a line, or the vendor's word for why none does, in the language of the page.
func serverShown(l language, word string) string {
	if name := strings.ToLower(word); l.word("state", name) != name {
		return l.word("state", name)
	}
	return l.word("active", word)
}

// displayed is a text of the display in the language of the page; what it adds, a status and a time, stays, and so does what others
// wrote.
func (l language) displayed(text string) string {
	if n, ok := strings.CutSuffix(text, strings.TrimPrefix(words["display.missed.many"].EN, "%s")); ok {
		return l.say("display.missed.many", n)
	}
	bare, _, _ := strings.Cut(text, " (")
	bare, _, _ = strings.Cut(bare, ", ")
	for _, label := range displayWords {
		if label.EN == bare {
			return label.In(l.tag) + text[len(bare):]
		}
	}
	return text
}
