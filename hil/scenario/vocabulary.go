package scenario

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hilphone/hal/press"
)

// Verbs are the words a step may begin with.
func Verbs() []string {
	return []string{"press", "hook", "call", "line", "peer", "server", "setting", "wait", "note", "expect"}
}

// headers are the words that stand before the first step.
var headers = []string{"scenario", "asks", "proves", "needs", "timeout"}

// What can be said of the phone; the names are those of its REST interface.
var (
	functionKeys = []string{"ok", "release", "end", "speaker", "hold", "transfer", "conf", "mute", "message"}
	lamps        = []string{"power", "message", "speaker"}
	patterns     = []string{"off", "on", "slow", "fast"}
	phoneStates  = []string{"idle", "dial_tone", "dialling", "calling", "ringback", "ringing", "talking", "held", "busy_tone", "failed"}
	callStates   = []string{"calling", "ringback", "ringing", "talking", "held", "ended"}
	lineStates   = []string{"registered", "unapplied", "trying", "timeout", "unregistered", "try_primary", "on_primary", "try_backup", "on_backup", "all_failed"}
	peerStates   = []string{"ringing", "up", "over"}
	slots        = []string{"primary", "backup"}
	methods      = []string{"INVITE", "ACK", "BYE", "CANCEL", "REGISTER", "OPTIONS", "INFO", "UPDATE", "PRACK", "NOTIFY", "SUBSCRIBE", "MESSAGE", "REFER", "PUBLISH"}
)

const maxLines = 20

//go:embed requirements.txt
var requirements string

// Requirements are the numbers a scenario may prove.
func Requirements() []string { return strings.Fields(requirements) }

// IsLamp tells whether a phone may have a lamp of that name.
func IsLamp(name string) bool { return slices.Contains(lamps, name) || isLineName(name) }

// IsKey tells whether a phone may have a key of that name: 0 to 9, *, #, ok ... message, line1 to line20.
func IsKey(name string) bool {
	return len(name) == 1 && strings.Contains(digitKeys, name) || slices.Contains(functionKeys, name) && name != "end" || isLineName(name)
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

func isLineName(name string) bool {
	digits, ok := strings.CutPrefix(name, "line")
	n, err := strconv.Atoi(digits)
	return ok && err == nil && n >= 1 && n <= maxLines && strconv.Itoa(n) == digits
}

// checkKeys refuses what is not keys as 1002#{release}.
func checkKeys(text string) error {
	if text == "" {
		return refuse("press", "no key")
	}
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
			if name := text[1:end]; !slices.Contains(functionKeys, name) && !isLineName(name) {
				return refuse("press", "there is no key %q: {%s} or {line1} to {line%d}", name, strings.Join(functionKeys, "}, {"), maxLines)
			}
			size = end + 1
		} else if !strings.ContainsRune(digitKeys, rune(text[0])) {
			return refuse("press", "%q is not a key: 0 to 9, *, #, or a name in braces, as {release}", firstRune(text))
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

func firstRune(text string) string {
	for _, r := range text {
		return fmt.Sprintf("%c", r)
	}
	return ""
}
