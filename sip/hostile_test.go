package sip_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

var stranger = netip.MustParseAddrPort("127.0.0.66:6000")

// message joins lines to a SIP message; the last lines are written as they are.
func message(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// hostile are datagrams that must change nothing. Where one is a fault of the sender's, an answer may tell it so.
var hostile = map[string]string{
	"empty":                    "",
	"one octet":                "I",
	"NUL":                      strings.Repeat("\x00", 100),
	"keep-alive":               "\r\n\r\n",
	"STUN":                     "\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl",
	"no SIP":                   "GET / HTTP/1.1\r\nHost: phone\r\n\r\n",
	"binary":                   "\x80\xff\xfe\r\n\x00:\x01\r\n\r\n",
	"request line only":        "INVITE sip:1001@127.0.0.1 SIP/2.0",
	"no header fields":         "INVITE sip:1001@127.0.0.1 SIP/2.0\r\n\r\n",
	"answer without any":       "SIP/2.0 200 OK\r\n\r\n",
	"answer, no reason":        "SIP/2.0 200\r\n\r\n",
	"answer, status not there": "SIP/2.0 \r\n\r\n",
	"answer 999":               message("SIP/2.0 999999999999999999999 x", "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1", "CSeq: 1 INVITE"),
	"negative status":          message("SIP/2.0 -1 x", "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1", "CSeq: 1 INVITE"),
	"answer of nobody's": message("SIP/2.0 200 OK", "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKnone", "From: <sip:1001@127.0.0.2>;tag=a",
		"To: <sip:1001@127.0.0.2>;tag=b", "Call-ID: x", "CSeq: 1 REGISTER", "Content-Length: 0"),
	"500 of nobody's": message("SIP/2.0 500 x", "Via: SIP/2.0/UDP 127.0.0.1:5070", "From: <sip:a@b>;tag=a", "To: <sip:a@b>", "Call-ID: x", "CSeq: 2 REGISTER"),
	"BYE of another dialog": message("BYE sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKa", "From: <sip:1002@127.0.0.2>;tag=a",
		"To: <sip:1001@127.0.0.2>;tag=b", "Call-ID: x", "CSeq: 9 BYE", "Max-Forwards: 70"),
	"BYE without tags":   request("BYE"),
	"CANCEL of nothing":  request("CANCEL"),
	"ACK of nothing":     request("ACK"),
	"REGISTER":           request("REGISTER"),
	"unknown method":     request("!interesting-Method0123456789_*+`.%indeed'~"),
	"PRACK":              request("PRACK"),
	"no Via":             strings.Replace(request("OPTIONS"), "Via", "Vio", 1),
	"no CSeq":            strings.Replace(request("INVITE"), "CSeq", "CSoq", 1),
	"no Call-ID":         strings.Replace(request("INVITE"), "Call-ID", "Call-OD", 1),
	"no From":            strings.Replace(request("INVITE"), "From", "Frim", 1),
	"no To":              strings.Replace(request("INVITE"), "To", "Ti", 1),
	"no Contact":         strings.Replace(request("INVITE"), "Contact", "Contract", 1),
	"CSeq of another":    strings.Replace(request("INVITE"), "1 INVITE", "1 OPTIONS", 1),
	"CSeq overflow":      strings.Replace(request("INVITE"), "1 INVITE", "36893488147419103232 INVITE", 1), // RFC 4475 3.1.2.5
	"negative length":    strings.Replace(request("INVITE"), "Content-Length: 0", "Content-Length: -999", 1),
	"length too large":   strings.Replace(request("INVITE"), "Content-Length: 0", "Content-Length: 9999999999", 1),
	"Via without host":   strings.Replace(request("OPTIONS"), "127.0.0.66:6000", "", 1),
	"Via port 0":         strings.Replace(request("OPTIONS"), ":6000", ":0", 1),
	"Via port too large": strings.Replace(request("OPTIONS"), ":6000", ":99999", 1),
	"unclosed quote":     strings.Replace(request("INVITE"), "From: <", `From: "unclosed <`, 1), // RFC 4475 3.1.2.6
	"unclosed bracket":   strings.Replace(request("INVITE"), "From: <sip:1002@127.0.0.2>", "From: <sip:1002@127.0.0.2", 1),
	"escaped NUL":        strings.Replace(request("OPTIONS"), "sip:1001", "sip:null-%00-null", 1), // RFC 4475 3.1.1.4
	"spaces in the URI":  strings.Replace(request("OPTIONS"), "sip:1001@", "sip:1001 x@", 1),
	"no URI":             strings.Replace(request("OPTIONS"), "sip:1001@127.0.0.1:5070", "", 1),
	"unknown scheme":     strings.Replace(request("OPTIONS"), "sip:", "nobodyKnowsThisScheme:", 1), // RFC 4475 3.1.2.12
	"tel URI":            strings.Replace(request("INVITE"), "sip:1001@127.0.0.1:5070", "tel:+81312345678", 1),
	"version 7":          strings.Replace(request("OPTIONS"), "SIP/2.0\r", "SIP/7.0\r", 1), // RFC 4475 3.1.2.16
	"IPv6 half open":     strings.Replace(request("OPTIONS"), "127.0.0.1:5070", "[2001:db8::10", 1),
	"folded":             strings.Replace(request("OPTIONS"), "Max-Forwards:", "Subject: a\r\n b\r\n\tc\r\nMax-Forwards:", 1),
	"folded at once":     "OPTIONS sip:a@b SIP/2.0\r\n folded\r\n\r\n",
	"lone CR and LF":     strings.ReplaceAll(request("OPTIONS"), "\r\n", "\n"),
	"a header of 60 kB":  strings.Replace(request("OPTIONS"), "Max-Forwards:", "X: "+strings.Repeat("x", 60000)+"\r\nMax-Forwards:", 1),
	"10000 Vias":         strings.Replace(request("OPTIONS"), "Max-Forwards:", strings.Repeat("v: x\r\n", 10000)+"Max-Forwards:", 1),
	"10000 parameters":   strings.Replace(request("OPTIONS"), ";branch", strings.Repeat(";a", 10000)+";branch", 1),
	"SDP of nonsense":    strings.Replace(request("INVITE"), "Content-Length: 0\r\n\r\n", "Content-Type: application/sdp\r\nContent-Length: 9\r\n\r\nm=audio x", 1),
	"another body":       strings.Replace(request("INVITE"), "Content-Length: 0\r\n\r\n", "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi", 1),
}

// request is a well-formed request of a stranger's, to an unknown number.
func request(method string) string {
	return message(method+" sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKstranger", "Max-Forwards: 70",
		"From: <sip:1002@127.0.0.2>;tag=stranger", "To: <sip:9999@127.0.0.2>", "Call-ID: stranger", "CSeq: 1 "+method, "Contact: <sip:1002@127.0.0.66:6000>", "Content-Length: 0")
}

// Datagrams from anywhere leave the registration, the call and its sound as they were, and the line goes on working.
func TestHostileDatagrams(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, false, "register_ttl=120")
		x.net.BlackHole(stranger)
		before := x.call(id)
		for _, what := range slices.Sorted(maps.Keys(hostile)) {
			raw := strings.Replace(hostile[what], "z9hG4bKstranger", fmt.Sprintf("z9hG4bK%x", what), 1)
			known := len(x.sent(noAddr))
			x.inject(stranger, raw)
			if c := x.call(id); c != before {
				t.Fatalf("%s: the call is %+v", what, c)
			}
			for _, d := range x.sent(noAddr)[known:] {
				if n := d.status(); d.to != stranger && d.to.Port() != 5060 && d.to.Port() != 0 || n != 180 && n != 200 && n != 603 && (n < 400 || n >= 600) {
					t.Errorf("%s: sent to %s\n%s", what, d.to, d.raw)
				}
			}
			x.mu.Lock()
			for id := range x.calls {
				if id != before.ID {
					x.mu.Unlock()
					x.post(line.Reject{Call: id}) // an INVITE that was only odd
					x.mu.Lock()
				}
			}
			x.mu.Unlock()
		}
		x.phase(line.OnPrimary)
		x.zero()
		x.until(100 * time.Second) // the refresh is due, and 64*T1 has ended what strangers began
		if n := len(x.sound(peerMedia)); n != 5000 {
			t.Errorf("%d RTP packets in 100 s", n)
		}
		x.zero()
		x.post(line.HangUp{Call: id})
		x.until(2 * time.Second)
		x.want("BYE 0", "")
		x.wantPeer(server.CallOver)
	})
}

// Answers that know the branch of a request but are otherwise wrong do no harm.
func TestHostileAnswers(t *testing.T) {
	for name, spoil := range map[string]func(answer string) string{
		"method":  func(a string) string { return strings.Replace(a, "1 REGISTER", "1 INVITE", 1) },
		"no Via":  func(a string) string { return strings.Replace(a, "Via", "X", 1) },
		"cut off": func(a string) string { return a[:40] },
	} {
		run(t, open, func(x *stack) {
			x.script(primaryAddr, func(d datagram) []string { return []string{spoil(grant(d, 3600))} })
			x.start()
			x.until(30 * time.Second)
			x.want(fourSends, "REGISTER 7500")
			if t.Failed() {
				x.t.Fatal(name)
			}
		})
	}
}

// FO-16: what a registrar grants is believed, and however odd the number is, the line does not register in a frenzy.
func TestOddGrants(t *testing.T) {
	for grant, want := range map[string]string{
		"99999999999999999999": "REGISTER 0", "99999999999": "REGISTER 0", "4294967296": "REGISTER 0", "2147483647": "REGISTER 0", "-1": "REGISTER 0", "0": "REGISTER 0", "x": "REGISTER 0", "": "REGISTER 0",
		`"60"`: "REGISTER 0 30000 60000 90000",
		"60":   "REGISTER 0 30000 60000 90000",
	} {
		run(t, open, func(x *stack) {
			x.script(primaryAddr, func(d datagram) []string {
				return []string{reply(d, "200 OK", fmt.Sprintf("Contact: %s;expires=%s", d.header("Contact"), grant))}
			})
			x.start()
			x.until(100 * time.Second)
			x.want(want, "")
			x.phase(line.OnPrimary)
			if t.Failed() {
				x.t.Fatalf("expires=%s", grant)
			}
		})
	}
}

// The torture messages of RFC 4475, which the SIP library carries, valid and invalid: they too leave everything as it was.
func TestTortureMessages(t *testing.T) {
	all := tortureMessages(t)
	run(t, open, func(x *stack) {
		id := talking(x, false)
		x.net.BlackHole(stranger)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			x.inject(stranger, all[name])
			if x.call(id).State != line.Talking {
				t.Fatalf("%s ended the call", name)
			}
		}
		x.phase(line.OnPrimary)
		x.until(40 * time.Second)
		x.zero()
		x.post(line.HangUp{Call: id})
		x.until(time.Second)
		x.want("BYE 0", "")
	})
	if len(all) != 50 { // the 49 of RFC 4475, and one more
		t.Errorf("%d messages", len(all))
	}
}
