package server

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// offer is what an answering phone needs to know of an SDP body (RFC 8866, RFC 3264).
type offer struct {
	lines   []string // the m= lines without "m="
	audio   int      // index of the first audio line, or -1
	formats []string // payload types of that line
	events  string   // payload type of telephone-event, or ""
	way     string   // sendrecv, sendonly, recvonly, inactive
}

func readOffer(body []byte) offer {
	o := offer{audio: -1, way: "sendrecv"}
	hold := false
	for line := range strings.Lines(string(body)) {
		line = strings.TrimRight(line, "\r\n")
		inAudio := len(o.lines) == 0 || o.audio == len(o.lines)-1
		switch {
		case strings.HasPrefix(line, "m="):
			o.lines = append(o.lines, line[2:])
			fields := strings.Fields(line[2:])
			if o.audio < 0 && len(fields) > 3 && fields[0] == "audio" && fields[1] != "0" {
				o.audio, o.formats = len(o.lines)-1, fields[3:]
			}
		case strings.HasPrefix(line, "c=") && inAudio:
			hold = strings.HasSuffix(line, " 0.0.0.0") // the old way to hold (RFC 2543 B.5)
		case strings.HasPrefix(line, "a=rtpmap:") && inAudio:
			kind, name, _ := strings.Cut(line[len("a=rtpmap:"):], " ")
			if strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
				o.events = kind
			}
		case inAudio && slices.Contains([]string{"a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"}, line):
			o.way = line[2:]
		}
	}
	if hold && o.way == "sendrecv" {
		o.way = "sendonly"
	}
	return o
}

// answerTo makes the answer: the first of PCMU and PCMA that was offered, keypad digits if offered, every other stream
// refused. It reports false when nothing fits. Without an offer (body empty) it makes one.
func answerTo(body []byte, user string, media netip.AddrPort, version uint64) (string, bool) {
	audio := func(formats []string, events, way string) string {
		var b strings.Builder
		all := formats
		if events != "" {
			all = append(slices.Clone(formats), events)
		}
		fmt.Fprintf(&b, "m=audio %d RTP/AVP %s\r\n", media.Port(), strings.Join(all, " "))
		for _, f := range formats {
			fmt.Fprintf(&b, "a=rtpmap:%s %s/8000\r\n", f, map[string]string{"0": "PCMU", "8": "PCMA"}[f])
		}
		if events != "" {
			fmt.Fprintf(&b, "a=rtpmap:%s telephone-event/8000\r\na=fmtp:%s 0-15\r\n", events, events)
		}
		fmt.Fprintf(&b, "a=ptime:20\r\na=%s\r\n", way)
		return b.String()
	}
	family := "IP4"
	if media.Addr().Is6() {
		family = "IP6"
	}
	head := fmt.Sprintf("v=0\r\no=%s 1 %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
		user, version, family, media.Addr(), family, media.Addr())
	if len(body) == 0 {
		return head + audio([]string{"0", "8"}, "101", "sendrecv"), true
	}
	o := readOffer(body)
	at := slices.IndexFunc(o.formats, func(f string) bool { return f == "0" || f == "8" })
	if o.audio < 0 || at < 0 {
		return "", false
	}
	way := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[o.way]
	if way == "" {
		way = "sendrecv"
	}
	text := head
	for i, line := range o.lines {
		if i == o.audio {
			text += audio(o.formats[at:at+1], o.events, way)
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 4 {
			return "", false
		}
		text += fmt.Sprintf("m=%s 0 %s %s\r\n", fields[0], fields[2], strings.Join(fields[3:], " "))
	}
	return text, true
}
