package server

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hilphone/hil/behaviour"
)

var update = flag.Bool("update", false, "write the golden files again")

// outgoingMessages are what a spelling is shown with: an INVITE and a BYE to the phone, the answer to its REGISTER and one to its INVITE.
var outgoingMessages = []string{
	"INVITE sip:1001@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKa;rport\r\nVia: SIP/2.0/UDP 127.0.0.4:5060;branch=z9hG4bKb;rport=5060;received=127.0.0.4\r\n" +
		"Record-Route: <sip:127.0.0.2:5060;lr>\r\nMax-Forwards: 69\r\nFrom: <sip:1002@127.0.0.2:5060>;tag=f11\r\nTo: <sip:1001@127.0.0.2:5060>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n" +
		"Contact: <sip:1002@127.0.0.4:5060>\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n",
	"ACK sip:1001@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKc;rport\r\nMax-Forwards: 69\r\nFrom: <sip:1002@127.0.0.2:5060>;tag=f11\r\n" +
		"To: <sip:1001@127.0.0.2:5060>;tag=t22\r\nCall-ID: c1\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKd;rport=5070;received=127.0.0.1\r\nFrom: <sip:1001@127.0.0.2>;tag=f33\r\nTo: <sip:1001@127.0.0.2>;tag=t44\r\n" +
		"Call-ID: c2\r\nCSeq: 2 REGISTER\r\nContact: <sip:1001@127.0.0.1:5070>;expires=60\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKe;rport=5070;received=127.0.0.1\r\nRecord-Route: <sip:127.0.0.2:5060;lr>\r\n" +
		"From: <sip:1001@127.0.0.2>;tag=f55\r\nTo: <sip:1002@127.0.0.2>;tag=t66\r\nCall-ID: c3\r\nCSeq: 1 INVITE\r\nContact: <sip:1002@127.0.0.4:5060>\r\nContent-Length: 0\r\n\r\n",
}

// respelled is what a server with this behaviour sends to a phone for each of the messages.
func respelled(t *testing.T, b Behaviour, stream bool) (all []string) {
	t.Helper()
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	bubble(t, func(w *world) {
		s := w.server(Config{Behaviour: b})
		to := udp(primaryAt)
		if stream {
			to.transport = overTCP
		}
		for _, m := range outgoingMessages {
			data, _ := s.respell(to, []byte(m))
			all = append(all, string(data))
		}
	})
	return all
}

// TestSpellings shows exactly what leaves the wire for each spelling and each Record-Route (WR-01 to WR-07, WR-11, WR-23, WR-32, WR-40, WR-41):
// testdata/spelling has the messages that differ.
func TestSpellings(t *testing.T) {
	check := func(name string, b Behaviour) {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for i, m := range respelled(t, b, false) {
				if m != outgoingMessages[i] {
					out.WriteString(visible(m) + "----\n")
				}
			}
			if out.Len() == 0 {
				t.Fatal("nothing is another")
			}
			golden(t, filepath.Join("testdata", "spelling", name+".txt"), out.String())
		})
	}
	for _, c := range behaviour.Spellings {
		check(c.Name, Behaviour{Spelling: []string{c.Name}})
	}
	for _, c := range behaviour.RecordRoutes {
		check("record-route-"+c.Name, Behaviour{RecordRoute: []string{c.Name}})
	}
	check("add", Behaviour{Add: []string{"Require: foo", "no colon", "X:y"}})
	check("several", Behaviour{Spelling: []string{"spaces", "folded", "quoted", "compact", "one-line", "unknown-headers"}, RecordRoute: []string{"params", "tcp"}, Pad: 800})
}

// visible writes the ends of lines and tabs as they can be seen.
func visible(message string) string {
	return strings.NewReplacer("\r\n", "\\r\\n\n", "\t", "\\t").Replace(message)
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
