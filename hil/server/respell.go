package server

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Exempt names the addresses to which the server writes as usual, whatever its behaviour: the phones of its lab and the other server.
func (s *Server) Exempt(others ...netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exempt = append(s.exempt, others...)
}

func (s *Server) exempts(at netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.exempt, at) || slices.Contains(s.aliases, at)
}

// respell writes a message the way the behaviour says, and says how it is put on the wire.
func (s *Server) respell(to hop, data []byte) ([]byte, writing) {
	if s.exempts(to.at) {
		return data, writing{}
	}
	m := &outgoing{text: readText(data), stream: to.transport != overUDP, at: s.station.at}
	b := s.mood.get()
	if !b.Covers(m.method()) {
		return data, writing{}
	}
	w := writing{ping: b.Ping, cut: b.Cut}
	for _, name := range b.Noise {
		w.noise = append(w.noise, noises[name](b.Seed)...)
	}
	if m.isRequest() && m.method() != "ACK" {
		w.batch = b.Batch
	}
	if len(b.Spelling) == 0 && b.Pad == 0 && len(b.Add) == 0 && len(b.RecordRoute) == 0 {
		return data, w
	}
	if p := s.station.port(to.transport); p != nil {
		m.at = p.at
	}
	m.length = strconv.Itoa(len(m.body))
	for _, name := range b.RecordRoute {
		m.recordRoute(name)
	}
	for _, line := range b.Add {
		name, value, ok := strings.Cut(line, ":")
		m.insert(m.end(), fieldLine{strings.TrimSpace(name), strings.TrimSpace(value), !ok})
	}
	m.pad(b.Pad, len(data))
	for _, way := range spellings {
		if slices.Contains(b.Spelling, way.name) {
			way.apply(m)
		}
	}
	m.each("Content-Length", func(string) string { return m.length })
	if m.length == "" {
		m.remove(func(f fieldLine) bool { return f.is("Content-Length") })
	}
	return m.bytes(), w
}

// end is where a line is put that has no place: before Content-Length.
func (t *text) end() int {
	if at := t.index("Content-Length"); at >= 0 {
		return at
	}
	return len(t.fields)
}

// recordRoute changes the server's own Record-Routes, as hil/behaviour's RecordRoutes says.
func (m *outgoing) recordRoute(way string) {
	switch way {
	case "none":
		m.remove(func(f fieldLine) bool { return f.is("Record-Route") })
	case "strict":
		m.each("Record-Route", func(v string) string { return strings.Replace(v, ";lr", "", 1) })
	case "tcp":
		m.each("Record-Route", func(v string) string {
			if strings.Contains(v, ";transport=") {
				return v
			}
			if before, after, ok := strings.Cut(v, ";lr"); ok {
				return before + ";transport=tcp;lr" + after
			}
			return strings.Replace(v, ">", ";transport=tcp>", 1)
		})
	case "params":
		m.each("Record-Route", func(v string) string { return v + `;x=1;y="a;b, c"` })
	case "unresolvable":
		m.each("Record-Route", func(string) string { return "<sip:nowhere.invalid;lr>" })
	}
}

// restore takes away what respell has added and a phone has returned, so that no other peer receives it.
func (s *Server) restore(data []byte) []byte {
	data = canonical(data)
	if !bytes.Contains(data, []byte("\r\n\r\n")) {
		return data
	}
	t := readText(data)
	t.remove(func(f fieldLine) bool {
		return strings.Contains(f.value, padMark) && (f.is("Via") || f.is("Record-Route"))
	})
	marks := strings.NewReplacer(oddVia, "", oddFrom, "", oddName, "", "<tel:"+oddUser+">", "<sip:"+oddUser+"@"+oddHost+">", `;x=1;y="a;b, c"`, "")
	for _, name := range structuredFields {
		t.each(name, marks.Replace)
	}
	t.each("Via", func(v string) string {
		return strings.Replace(v, " "+oddHost+":", " "+s.station.at.Addr().String()+":", 1)
	})
	if !t.isRequest() {
		t.first("CSeq", shiftCSeq(-cseqShift))
	}
	return t.bytes()
}
