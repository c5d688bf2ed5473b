package scenario

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hilphone/db/nearest"
	"hilphone/hal/press"
	"hilphone/hil/behaviour"
)

// What can be said of the phone; the names are those of its REST interface.
var (
	needs = []behaviour.Choice{
		{Name: string(NeedServers), Doc: "a primary and a backup server that can be made to fail: the lab of the phone, servers of the bench, or your own with their commands"},
		{Name: string(NeedPeer), Doc: "a phone at the far end that does what the scenario says"},
		{Name: string(NeedRig), Doc: "a rig: outputs that press the keys of a real phone, sensors that look at its lamps"},
		{Name: string(NeedSeparate), Doc: "the servers do not know each other's registrations"},
		{Name: string(NeedShared), Doc: "the servers share their registrations"},
		{Name: string(NeedRoute), Doc: "`server primary down` removes the phone's route to the primary"},
		{Name: string(NeedUDP), Doc: "the line uses UDP"},
		{Name: string(NeedTCP), Doc: "the line uses TCP"},
		{Name: string(NeedTLS), Doc: "the line uses TLS"},
	}
	functionKeys = []behaviour.Choice{{Name: "ok", Doc: "OK: dials what was entered"}, {Name: "release", Doc: "ends the call"}, {Name: "end", Doc: "the soft key END, the same as release"},
		{Name: "speaker", Doc: "the loudspeaker key"}, {Name: "hold", Doc: "puts the call on hold and takes it back"}, {Name: "transfer", Doc: "transfers the call"}, {Name: "conf", Doc: "conference"},
		{Name: "mute", Doc: "switches the microphone off and on"}, {Name: "message", Doc: "calls the mailbox"}}
	lamps    = []behaviour.Choice{{Name: "power", Doc: "the power lamp"}, {Name: "message", Doc: "the message lamp"}, {Name: "speaker", Doc: "the lamp of the loudspeaker key"}}
	patterns = []behaviour.Choice{{Name: "off", Doc: "dark"}, {Name: "on", Doc: "lit steadily"}, {Name: "slow", Doc: "blinks slowly"}, {Name: "fast", Doc: "blinks fast"}}
	switched = []behaviour.Choice{{Name: "on"}, {Name: "off"}}

	phoneStates = []behaviour.Choice{{Name: "idle", Doc: "nothing is under way"}, {Name: "dial_tone", Doc: "the handset is lifted, no digit yet"}, {Name: "dialling", Doc: "digits are entered"},
		{Name: "calling", Doc: "the call has been handed to its line"}, {Name: "ringback", Doc: "the other phone rings"}, {Name: "ringing", Doc: "this phone rings"}, {Name: "talking", Doc: "in a call"},
		{Name: "held", Doc: "the call is on hold, at either end"}, {Name: "busy_tone", Doc: "the other side has hung up, or no digit came"}, {Name: "failed", Doc: "the call could not be made; the display says why"}}
	callStates = []behaviour.Choice{{Name: "calling", Doc: "the INVITE has been sent"}, {Name: "ringback", Doc: "the other phone rings"}, {Name: "ringing", Doc: "a call comes in"}, {Name: "talking", Doc: "was answered"},
		{Name: "held", Doc: "is on hold, at either end"}, {Name: "ended", Doc: "is over"}}
	lineStates = []behaviour.Choice{{Name: "registered", Doc: "state: a server has accepted the registration"}, {Name: "unapplied", Doc: "state: not activated, or cannot be used as it is set up"},
		{Name: "trying", Doc: "state: registers just now"}, {Name: "timeout", Doc: "state: no server answers"}, {Name: "unregistered", Doc: "phase: the registration was removed"},
		{Name: "try_primary", Doc: "phase: the primary is tried"}, {Name: "on_primary", Doc: "phase: the primary serves"}, {Name: "try_backup", Doc: "phase: the backup is tried"},
		{Name: "on_backup", Doc: "phase: the backup serves"}, {Name: "all_failed", Doc: "phase: every server was tried and none could be reached"}}
	activeServers = []behaviour.Choice{{Name: "none", Doc: "no server is in use"}, {Name: "primary", Doc: "the primary is"}, {Name: "backup", Doc: "the backup is"}}
	peerStates    = []behaviour.Choice{{Name: "ringing", Doc: "it rings"}, {Name: "up", Doc: "it is in a call"}, {Name: "over", Doc: "its call is over"}}
	slots         = behaviour.Names(behaviour.Slots)
	methods       = []string{"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "UPDATE", "PRACK", "NOTIFY", "SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH"}
)

const maxLines = 20

//go:embed requirements.txt
var requirements string

// Requirements are the numbers a scenario may prove.
func Requirements() []string { return strings.Fields(requirements) }

// IsLamp tells whether a phone may have a lamp of that name.
func IsLamp(name string) bool { return slices.Contains(LampNames(), name) }

// LampNames are the lamps that a phone may have: power, message, speaker, line1 to line20.
func LampNames() []string { return append(behaviour.Names(lamps), lineNames()...) }

// IsKey tells whether a phone may have a key of that name.
func IsKey(name string) bool { return slices.Contains(KeyNames(), name) }

// KeyNames are the keys that a phone may have: 0 to 9, *, #, ok ... message, line1 to line20.
func KeyNames() []string {
	names := append(strings.Split(digitKeys, ""), keyNames()...)
	return slices.DeleteFunc(names, func(name string) bool { return name == "end" })
}

// keyNames are what may stand in braces.
func keyNames() []string { return append(behaviour.Names(functionKeys), lineNames()...) }

func lineNames() []string {
	names := make([]string, maxLines)
	for i := range names {
		names[i] = "line" + strconv.Itoa(i+1)
	}
	return names
}

const digitKeys = "0123456789*#"

// Names are the keys of a Press one by one, by their names; the soft key end is release.
func (p Press) Names() (names []string) {
	for text := p.Keys; text != ""; {
		name := text[:1]
		if end := strings.IndexByte(text, '}'); name == "{" && end > 0 {
			name, text = text[1:end], text[end:]
		}
		if text = text[1:]; name == "end" {
			name = "release"
		}
		names = append(names, name)
	}
	return names
}

// checkKeys refuses what is not keys as 1002#{release}.
func checkKeys(text string) error {
	if text == "" {
		return refuse("press", "no key")
	}
	whole := text
	for n := 1; text != ""; n++ {
		if n > press.MaxKeys {
			return refuse("press", "more than %d keys", press.MaxKeys)
		}
		size := 1
		if text[0] == '{' {
			end := strings.IndexByte(text, '}')
			if end < 0 {
				return refuse("press", "a { is not closed")
			}
			if name := text[1:end]; !slices.Contains(keyNames(), name) {
				return refuse("press", "there is no key %q: {%s} or {line1} to {line%d}%s", name, strings.Join(behaviour.Names(functionKeys), "}, {"), maxLines, nearest.Hint("{"+name+"}", bracedNames()))
			}
			size = end + 1
		} else if !strings.ContainsRune(digitKeys, rune(text[0])) {
			return refuse("press", "%q is not a key: 0 to 9, *, #, or a name in braces, as {release}%s", firstRune(text), nearest.Hint("{"+whole+"}", bracedNames()))
		}
		text = text[size:]
	}
	return nil
}

// checkSeries refuses keys that all together take longer than the phone presses for.
func checkSeries(a Press) error {
	var limit *press.Error
	if errors.As(press.Check(len(a.Names()), cmp.Or(a.Hold, press.Usual), press.Usual), &limit) {
		return refuse("press", "%s", limit.Message)
	}
	return nil
}

// bracedNames are the keys with a name as they are written.
func bracedNames() []string {
	names := keyNames()
	for i, name := range names {
		names[i] = "{" + name + "}"
	}
	return names
}

func firstRune(text string) string {
	for _, r := range text {
		return fmt.Sprintf("%c", r)
	}
	return ""
}
