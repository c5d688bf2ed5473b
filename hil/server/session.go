package server

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// describeSession puts a session description into a message: the ordinary one, or another way, see behaviour.SDPs.
func describeSession(msg sip.Message, ordinary, way string) {
	kind, body := "application/sdp", []byte(ordinary)
	switch way {
	case "":
	case "none":
		return
	case "text":
		kind = "text/plain"
	case "multipart":
		kind, body = multipart(ordinary, "Content-Type: text/plain\r\n\r\nhello\r\n")
	case "multipart-optional":
		kind, body = multipart(ordinary, "Content-Type: application/x-unknown\r\nContent-Disposition: x-unknown;handling=optional\r\n\r\n?\r\n")
	case "multipart-required":
		kind, body = multipart(ordinary, "Content-Type: application/x-unknown\r\nContent-Disposition: x-unknown;handling=required\r\n\r\n?\r\n")
	case "encoded":
		msg.AppendHeader(sip.NewHeader("Content-Encoding", "gzip"))
		body = zipped(body)
	default:
		body = []byte(otherSession(ordinary, way))
	}
	msg.AppendHeader(sip.NewHeader("Content-Type", kind))
	msg.SetBody(body)
}

// multipart is a body of a part, and then the session (RFC 2046 5.1.3).
func multipart(sdp, part string) (kind string, body []byte) {
	const boundary = "next-part"
	return "multipart/mixed;boundary=" + boundary, []byte("--" + boundary + "\r\n" + part + "--" + boundary + "\r\nContent-Type: application/sdp\r\n\r\n" + sdp +
		"\r\n--" + boundary + "--\r\n")
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data) // into memory
	w.Close()
	return b.Bytes()
}

// otherSession makes another session of the ordinary one, whose audio is a block of lines from its m= on.
func otherSession(sdp, way string) string {
	head, audio := sdp, ""
	if i := strings.Index(sdp, "m=audio "); i >= 0 {
		head, audio = sdp[:i], sdp[i:]
	}
	port := "9"
	if fields := strings.Fields(audio); len(fields) > 1 {
		port = fields[1]
	}
	const video = "m=video %s RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
	direction := func(to string) string {
		for _, way := range []string{"sendrecv", "sendonly", "recvonly", "inactive"} {
			audio = strings.Replace(audio, "a="+way+"\r\n", "a="+to+"\r\n", 1)
		}
		return head + audio
	}
	switch way {
	case "g729":
		return head + "m=audio " + port + " RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\na=sendrecv\r\n"
	case "video":
		return head + fmt.Sprintf(video, port)
	case "audio-zero":
		return head + strings.Replace(audio, "m=audio "+port+" ", "m=audio 0 ", 1)
	case "no-listener":
		return head + strings.Replace(audio, "m=audio "+port+" ", "m=audio 9 ", 1)
	case "many":
		return head + "m=application 9 TCP/BFCP *\r\na=setup:active\r\n" + audio + fmt.Sprintf(video, "4") + "m=audio 6 RTP/AVP 0\r\n"
	case "broken-video":
		return head + audio + "m=video RTP/AVP\r\nm=\r\n"
	case "ipv6":
		if strings.Contains(head, "c=IN IP6 ") {
			return withAddress(head, "IP4 192.0.2.1") + audio
		}
		return withAddress(head, "IP6 2001:db8::1") + audio
	case "name":
		return withAddress(head, "IP4 localhost") + audio
	}
	return direction(way)
}

// withAddress changes the c= line.
func withAddress(sdp, address string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "c=IN ") {
			line = "c=IN " + address + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
