package webui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hilphone/sip/line"
)

// The words of scripts for the vendor's phones and those of its sister brands, each with what this phone does (RS-16).
var (
	// plainKeys are keys of this phone.
	plainKeys = map[string]string{
		"OK": "ok", "ENTER": "ok", "SPEAKER": "speaker", "F_SPEAKER": "speaker", "HANDFREE": "speaker", "F_HANDFREE": "speaker",
		"POUND": "#", "STAR": "*", "#": "#", "X": "release", "CANCEL": "release", "MSG": "message", "F_MWI": "message",
	}

	// callKeys are what happens to a call.
	callKeys = map[string]string{
		"F_ACCEPT": "answer", "F_REJECT": "reject", "RELEASE": "end", "CALLEND": "end", "F_HOLD": "hold", "HOLD": "hold", "MUTE": "mute", "F_MUTE": "mute",
		"RD": "redial", "F_REDIAL": "redial",
	}

	// transferKeys stand before and after the number that a call is transferred to.
	transferKeys = []string{"F_TRANSFER", "F_XFER", "TRANSFER"}

	// idleKeys are keys of features that this phone does not have.
	idleKeys = []string{
		"DNDON", "DNDOFF", "F_DND", "DND", "UP", "DOWN", "LEFT", "RIGHT", "VOLUME_UP", "VOLUME_DOWN", "HEADSET", "F_HEADSET", "F_REBOOT", "REBOOT", "F_LOCK",
		"F_CONFERENCE", "F_CONF", "CONFERENCE", "AUTOP", "F_FWD", "F_CFWD", "F_PBOOK", "F_PICKUP", "F_JOIN", "F_INTERCOM", "F_CALLPARK", "F_FLASH", "F1", "F2", "F3", "F4",
	}

	// idleFamilies begin keys of such features.
	idleFamilies = []string{"DSS", "ASW:"}
)

func isIdle(word string) bool {
	return slices.Contains(idleKeys, word) || slices.ContainsFunc(idleFamilies, func(begin string) bool { return strings.HasPrefix(word, begin) })
}

// keysThere lists what there is.
func keysThere() string {
	words := slices.Concat(slices.Collect(maps.Keys(callKeys)), slices.Collect(maps.Keys(plainKeys)))
	slices.Sort(words)
	words = slices.DeleteFunc(words, func(w string) bool { return w == "#" })
	return fmt.Sprintf("there are 0 to 9, *, #, L1 to L%d, %s, %s;NUMBER;OK, SPEAKER;NUMBER;OK and F_REBOOT;OK", line.MaxLines, strings.Join(words, ", "), strings.Join(transferKeys, " or "))
}
