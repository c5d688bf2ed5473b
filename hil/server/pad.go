package server

import (
	"fmt"
	"strings"
)

const (
	padMark     = ";pad="
	padPieces   = 4 // of each kind, or fewer where they would be short
	padShort    = 400
	mostInUDP   = 62000 // of a padded datagram; what the phone answers repeats the padding and has to fit into one too
	padFieldSum = len("X-Pad: a;pad=\r\n")
)

// pad makes a message bigger by so many octets: the Via of further hops and further Record-Routes of the server in what has such, an unknown
// header field in what has none. size is what the message has already.
func (m *outgoing) pad(octets, size int) {
	if !m.stream {
		octets = min(octets, mostInUDP-size)
	}
	if octets <= 0 {
		return
	}
	var vias, routes []fieldLine
	pieces := max(1, min(padPieces, octets/padShort))
	if m.isRequest() {
		vias = make([]fieldLine, pieces)
	}
	if m.has("Record-Route") {
		routes = make([]fieldLine, pieces)
	}
	if len(vias)+len(routes) == 0 {
		m.insert(m.end(), fieldLine{name: "X-Pad", value: "a" + padMark + strings.Repeat("p", max(1, octets-padFieldSum))})
		return
	}
	each := octets / (len(vias) + len(routes))
	fill := func(lines []fieldLine, name, before, after string) {
		for i := range lines {
			head := fmt.Sprintf(before, i+1)
			n := each - len(name) - len(": \r\n") - len(head) - len(padMark) - len(after)
			lines[i] = fieldLine{name: name, value: head + padMark + strings.Repeat("p", max(1, n)) + after}
		}
	}
	fill(vias, "Via", "SIP/2.0/UDP 192.0.2.%[1]d:5060;branch=z9hG4bKpad%[1]d", "")
	fill(routes, "Record-Route", "<sip:"+m.at.String()+";lr;n=%d", ">")
	m.insert(m.last("Via")+1, vias...)
	m.insert(m.last("Record-Route")+1, routes...)
}
