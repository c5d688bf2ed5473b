package server

import (
	"net"
	"strings"
	"testing"
	"time"

	"hilphone/hil/memnet"
)

// FuzzDatagram gives one datagram to a server and a phone of every kind: neither may fall, and both serve afterwards.
func FuzzDatagram(f *testing.F) {
	c := &client{conn: fakeConn{}}
	for _, method := range []string{"REGISTER", "INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "SUBSCRIBE", "INFO"} {
		f.Add([]byte(c.request(method, "sip:1002@127.0.0.2", "1001", "Contact: <sip:1001@127.0.0.1:5070>;expires=60", sdpOffer)))
	}
	for _, extra := range []string{"Contact: *", "Contact: \"a\\\" <sip:x>", "Route: <sip:127.0.0.2;lr>,,<sip:[::1]>", "Expires: -1",
		"Authorization: Digest username=\"1001\", nonce=, qop", "Max-Forwards: 0", "To: <tel:1>", "Content-Length: 99999",
		"Via: SIP/2.0/UDP [::1", "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1;rport=99999;received=::1", "From: ;tag=", "CSeq: 1  INVITE"} {
		f.Add([]byte(c.request("REGISTER", "sip:127.0.0.2", "1001", extra)))
		f.Add([]byte(c.request("INVITE", "sip:1002@127.0.0.2:0;lr?x=y", "1001", extra)))
	}
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP x;received=127.0.0.1;rport\r\n" +
		"From: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n"))
	f.Add([]byte("SIP/2.0 99999 x\r\n\r\n"))
	f.Add([]byte("\r\n\r\n"))
	f.Add([]byte{0, 0xff, '\r'})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 65507 {
			return
		}
		w := memnet.New()
		listen := func(addr string) func() (net.PacketConn, error) {
			return func() (net.PacketConn, error) { return w.ListenPacket("udp", addr) }
		}
		lab, err := NewLab(LabConfig{Primary: listen("127.0.0.2:5060"), Backup: listen("127.0.0.3:5060"),
			Phone: listen("127.0.0.4:5060"), Media: listen("127.0.0.4:4000"), Calls: true})
		if err != nil {
			t.Fatal(err)
		}
		open, err := New(Config{Listen: listen("127.0.0.5:5060"), Registrations: lab.Primary.Registrations(), Trying: true})
		if err != nil {
			t.Fatal(err)
		}
		defer lab.Close()
		defer open.Close()
		sender := listen("127.0.0.1:5070")
		from, err := sender()
		if err != nil {
			t.Fatal(err)
		}
		at := datagram{at: time.Now(), from: udp(primaryAt), data: data}
		for _, s := range []*station{lab.Primary.station, lab.Backup.station, lab.Phone.station, open.station} {
			s.receive(at)
			s.agenda.run(time.Now().Add(600 * time.Millisecond)) // what is due at once, and the first repetition
			before := s.record.totals().Sent
			probe := &client{t: t, conn: from}
			s.receive(datagram{at: time.Now(), from: udp(primaryAt), data: []byte(probe.request("OPTIONS", "sip:"+s.at.String(), "1001", "Call-ID: probe", "Via: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKprobe"))})
			if s.record.totals().Sent == before {
				t.Fatalf("%s is dead after %q", s.at, data)
			}
		}
	})
}

// FuzzOffer reads any body as an offer.
func FuzzOffer(f *testing.F) {
	f.Add([]byte(sdpOffer))
	f.Add([]byte(strings.ReplaceAll(sdpOffer, "\r\n", "\n")))
	f.Add([]byte("m=audio 1 x"))
	f.Add([]byte("m=audio 0 RTP/AVP 0\r\nm=\r\na=rtpmap:"))
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, ok := answerTo(body, "1002", primaryAt, 1)
		if !ok {
			return
		}
		if len(body) > 0 && strings.Count("\n"+answer, "\nm=") != len(readOffer(body).lines) {
			t.Errorf("%q answered with another number of streams:\n%s", body, answer)
		}
	})
}

// fakeConn is a socket that only has an address.
type fakeConn struct{ net.PacketConn }

func (fakeConn) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5070} }

// FuzzCanonical reads any octets in a tolerant way: what comes out is read as the same again, and can be written in each odd way.
func FuzzCanonical(f *testing.F) {
	for _, m := range outgoingMessages {
		f.Add([]byte(m))
		f.Add([]byte(strings.NewReplacer(";", "\r\n ; ", "=", " =\t", ",", " , ", ": ", " :").Replace(m)))
	}
	f.Add([]byte("\r\nA sip:b sip/2.0\r\n X\r\nVia : \"a,b\\\" ; C=D ,<;E=F>,\r\n\t;G\r\nno colon\r\nm:,\r\n\r\nx"))
	f.Add([]byte("SIP/2.0\r\n:\r\n\r\n"))
	var all Behaviour
	for _, s := range spellings {
		all.Spelling = append(all.Spelling, s.name)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		once := canonical(data)
		if again := canonical(once); string(again) != string(once) {
			t.Fatalf("%q becomes %q and then %q", data, once, again)
		}
		s := &Server{station: &station{at: primaryAt}}
		s.mood.set(Behaviour{Spelling: all.Spelling, Pad: 100, Add: []string{"x", "y: z"}, RecordRoute: []string{"strict", "tcp", "params"}})
		s.respell(udp(backupAt), once)
		s.restore(data)
	})
}
