package webui

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"hilphone/sip/line"
)

// How the panel presses a key.
const (
	webPress = 80 * time.Millisecond
	webGap   = 40 * time.Millisecond
)

// The function keys on the panel, by their names on the board.
const (
	keyOK      = "ok"
	keyRelease = "release"
	keySpeaker = "speaker"
	keyMute    = "mute"
	keyMessage = "message"
	keyHold    = "hold"
)

type panelData struct {
	frame
	Lifted   bool
	Display  displayView
	Soft     []panelKey
	LineKeys []panelKey
	Pad      []panelKey
	Lamps    []panelKey
	Faults   []string // of the board
	Line     linePanel
	Events   []eventRow
}

// panelKey is a key or a lamp, or a key with a lamp.
type panelKey struct {
	Key            string // name on the board; empty: a place without a key
	Text           string
	Digit, Letters string
	Toggle, Down   bool
	Go             bool // the key that stands out
	Idle           bool // does nothing now
	Pattern        string
	PatternWord    string
	Red            bool
	Label          string
}

func (s *Server) panelPage(c echo.Context, who Visitor) error {
	l := languageOf(c.Request())
	f, cards, err := s.frame(c, who, l, "/", "panel.title", "GET /api/v1/phone", "PUT /api/v1/phone/hook", "POST /api/v1/phone/keys", "GET /api/v1/lines/1/status")
	if err != nil {
		return err
	}
	f.Scripts = append(f.Scripts, "keys.js")
	v := s.phoneView()
	card := panelLine(c, cards, v)
	f.Rest[3] = "GET /api/v1/lines/" + strconv.Itoa(card.N) + "/status"
	newest, err := s.newestEvents(c.Request().Context(), l)
	if err != nil {
		return err
	}
	d := panelData{
		frame:    f,
		Lifted:   v.Handset == "off",
		Display:  newDisplay(l, v, f.Now),
		Soft:     softKeys(l, v),
		LineKeys: lineKeys(l, v, cards),
		Pad:      padKeys(l, v),
		Lamps:    panelLamps(l, v),
		Faults:   v.Board.Faults,
		Line:     s.linePanel(l, card, f.Now),
		Events:   newest,
	}
	return s.show(c, http.StatusOK, "panel", d)
}

// panelLine chooses the line of the panel: the one asked for, else that of the call, else that of the strip.
func panelLine(c echo.Context, cards []lineCard, v PhoneView) lineCard {
	if n := c.QueryParam("line"); n != "" {
		return cards[lineNumber(n)-1]
	}
	for _, call := range v.Calls {
		if lineExists(call.Line) {
			return cards[call.Line-1]
		}
	}
	return *worst(cards)
}

// softKeys are the four keys under the display; what they do depends on what the phone is doing.
func softKeys(l language, v PhoneView) []panelKey {
	keys := make([]panelKey, 4)
	first := panelKey{Key: keyOK}
	last := panelKey{Key: keyRelease, Text: l.say("key.end")}
	switch v.State {
	case "idle":
		return keys
	case "dialling":
		first.Text, last.Text = l.say("key.dial"), l.say("key.clear")
		keys[0] = first
	case "ringing":
		first.Text, last.Text = l.say("key.answer"), l.say("key.reject")
		keys[0] = first
	case "talking":
		keys[0] = panelKey{Key: keyHold, Text: l.say("key.hold")}
	case "held":
		keys[0] = panelKey{Key: keyHold, Text: l.say("key.resume")}
	}
	keys[3] = last
	return keys
}

func lineKeys(l language, v PhoneView, cards []lineCard) []panelKey {
	var keys []panelKey
	for _, c := range cards {
		if c.N > 1 && !c.inUse() {
			continue
		}
		name := "line" + strconv.Itoa(c.N)
		text := c.StateWord()
		for _, call := range v.Calls {
			if call.Line == c.N {
				text = l.word("phone", string(call.State)) + " " + named(call.Remote, call.RemoteName)
			}
		}
		keys = append(keys, lampKey(l, v, panelKey{Key: name, Label: cmp.Or(c.Settings.PhoneNumber, l.say("line.n", c.N)), Text: text}, name))
	}
	return keys
}

// lampKey puts the lamp of that name into a key.
func lampKey(l language, v PhoneView, k panelKey, lamp string) panelKey {
	k.Pattern = cmp.Or(v.Lamps[lamp], "off")
	k.PatternWord = l.word("lamp", k.Pattern)
	k.Red = k.Pattern == "fast" || (lamp == keyMessage && k.Pattern != "off")
	return k
}

var padDigits = []struct{ Digit, Letters string }{
	{"1", ""}, {"2", "ABC"}, {"3", "DEF"}, {"4", "GHI"}, {"5", "JKL"}, {"6", "MNO"},
	{"7", "PQRS"}, {"8", "TUV"}, {"9", "WXYZ"}, {"*", ""}, {"0", "+"}, {"#", ""},
}

func padKeys(l language, v PhoneView) []panelKey {
	message := lampKey(l, v, panelKey{Key: keyMessage, Text: l.say("lampname.message")}, keyMessage)
	call, muted := mutable(v)
	fourth := []panelKey{
		{Key: keySpeaker, Text: l.say("key.speaker"), Toggle: true, Down: v.Lamps[keySpeaker] == "on"},
		{Key: keyMute, Text: l.say("key.mute"), Toggle: true, Down: muted, Idle: call == ""},
		message,
		{Key: keyRelease, Text: l.say("key.release"), Go: true},
	}
	var keys []panelKey
	for i, d := range padDigits {
		keys = append(keys, panelKey{Key: d.Digit, Digit: d.Digit, Letters: d.Letters})
		if i%3 == 2 {
			keys = append(keys, fourth[i/3])
		}
	}
	return keys
}

// mutable returns the call whose microphone the mute key switches, and whether it is off.
func mutable(v PhoneView) (line.CallID, bool) {
	for _, call := range v.Calls {
		if call.State == line.Talking && call.Media != nil {
			return call.ID, call.Media.Muted
		}
	}
	return "", false
}

func panelLamps(l language, v PhoneView) []panelKey {
	power := lampKey(l, v, panelKey{Label: l.say("lampname.power")}, "power")
	power.Red = power.Pattern == "slow" || power.Pattern == "fast"
	ringer := panelKey{Label: l.say("ringer"), Pattern: "off"}
	if v.Ringer == "on" {
		ringer.Pattern, ringer.Red = "fast", true
	}
	ringer.PatternWord = l.word("ringer", cmp.Or(v.Ringer, "off"))
	return []panelKey{power, ringer}
}

// keysForm answers the forms of the keys.
func (s *Server) keysForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control, formRules{several: []string{"keys"}}); err != nil {
		return err
	}
	keys := c.Request().PostForm["keys"]
	ctx := c.Request().Context()
	if len(keys) == 1 && keys[0] == keyMute {
		if id, muted := mutable(s.phoneView()); id != "" {
			if err := s.Calls.Act(ctx, id, CallAction{Do: Mute, Muted: !muted}); err != nil {
				return err
			}
		}
	} else if _, err := s.press(ctx, who, keys, webPress, webGap); err != nil {
		return err
	}
	return back(c, "")
}

// hookForm answers the form of the handset.
func (s *Server) hookForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	if err := s.putHandset(c.Request().Context(), who, c.FormValue("state")); err != nil {
		return err
	}
	return back(c, "")
}

// registrationForm answers the buttons Register and Unregister of a line.
func (s *Server) registrationForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	var carryOut func(int)
	do := c.FormValue("do")
	switch do {
	case "register":
		carryOut = s.Lines.Register
	case "unregister":
		carryOut = s.Lines.Unregister
	default:
		return problem(http.StatusBadRequest, "do must be register or unregister")
	}
	n, err := chosenLine(c.Request().PostForm)
	if err != nil {
		return err
	}
	if err := s.byHand(c.Request().Context(), n, carryOut); err != nil {
		return err
	}
	return back(c, do)
}
