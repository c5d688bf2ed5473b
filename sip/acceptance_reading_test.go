package sip_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// inviteOf is an INVITE of a stranger's for 1001; more replace header fields of the same name, or are added.
func inviteOf(branch string, more ...string) string { return asked("INVITE", branch, more...) }

// asked is a request that begins a dialog or stands alone, with the header fields of more.
func asked(method, branch string, more ...string) string {
	heads := []string{"Via: SIP/2.0/UDP 127.0.0.66:6000;branch=" + branch, "Max-Forwards: 70", "From: <sip:1002@127.0.0.66>;tag=f" + branch, "To: <sip:1001@127.0.0.1>",
		"Call-ID: " + branch, "CSeq: 1 " + method, "Contact: <sip:1002@127.0.0.66:6000>"}
	start := method + " sip:1001@127.0.0.1:5070 SIP/2.0"
	for _, m := range more {
		name, _, ok := strings.Cut(m, ":")
		if !ok || strings.Contains(name, " ") { // a start line
			start = m
			continue
		}
		i := slices.IndexFunc(heads, func(h string) bool { return strings.HasPrefix(h, name+":") })
		if i < 0 {
			heads = append(heads, m)
		} else {
			heads[i] = m
		}
	}
	return message(append([]string{start}, append(heads, "Content-Length: 0")...)...)
}

// answers are the statuses that the stranger got, in order, and the newest answer.
func answers(x *stack, since int) (codes string, newest datagram) {
	var list []string
	for _, d := range x.sent(stranger)[since:] {
		list = append(list, d.name())
		newest = d
	}
	return strings.Join(list, " "), newest
}

// WR-01, WR-03, WR-05, WR-07: a request whose header fields are odd is served, or refused with the reason where the phone needs the field.
func TestOddRequests(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want string // statuses
	}{
		"Max-Forwards":        {"Max-Forwards: abc", "180"},
		"no Max-Forwards":     {"Max-Forwards: ", "180"},
		"Expires":             {"Expires: 45abc", "180"},
		"Date":                {"Date: yesterday", "180"},
		"no colon":            {"INVITE sip:1001@127.0.0.1:5070 SIP/2.0\r\nthis is no header field", "180"},
		"lower case version":  {"INVITE sip:1001@127.0.0.1:5070 sip/2.0", "180"},
		"spaces":              {"From: <sip:1002@127.0.0.66> ; tag = f11", "180"},
		"folded":              {"From:\r\n <sip:1002@127.0.0.66>\r\n\t;tag=f11", "180"},
		"CSeq spaces":         {"CSeq: 1  INVITE", "180"},
		"escaped user":        {"INVITE sip:%31001@127.0.0.1:5070 SIP/2.0", "180"}, // WR-41
		"tel From":            {"From: <tel:+4912345>;tag=f11", "180"},
		"Contact":             {"Contact: <sip:1002@127.0.0.66:6000transport=udp>", "400"},
		"Record-Route":        {"Record-Route: nonsense", "400"},
		"CSeq":                {"CSeq: 2147483648 INVITE", "400"},
		"CSeq of BYE":         {"CSeq: 1 BYE", "400"},
		"Content-Length":      {"Content-Length: -1", "400"},
		"From":                {"From: nonsense", "400"},
		"To":                  {"To: <sip:1001@127.0.0.1", "400"},
		"two Call-IDs":        {"Subject: x\r\nCall-ID: other", "400"},
		"version 3":           {"INVITE sip:1001@127.0.0.1:5070 SIP/3.0", "505"},
		"tel Request-URI":     {"INVITE tel:1001 SIP/2.0", "416"}, // WR-41
		"unknown scheme":      {"INVITE x-y:1001 SIP/2.0", "416"},
		"another number":      {"INVITE sip:1009@127.0.0.1:5070 SIP/2.0", "404"},
		"brackets in the URI": {"INVITE <sip:1001@127.0.0.1:5070> SIP/2.0", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				registered(x)
				x.net.BlackHole(stranger)
				x.inject(stranger, inviteOf("z9hG4bKodd", c.head))
				codes, newest := answers(x, 0)
				if codes != c.want {
					t.Errorf("answered %q, want %s\n%s", codes, c.want, newest.raw)
				}
				if c.want == "180" {
					x.post(line.Reject{Call: "in1", Code: 486})
				}
				if c.want == "400" && strings.HasSuffix(newest.start(), "Bad Request") {
					t.Errorf("no reason: %s", newest.start())
				}
			})
		})
	}
}

// WR-11: the remote party of a call from a tel URI is the number.
func TestTelephoneNumberOfCaller(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		x.inject(stranger, inviteOf("z9hG4bKtel", "From: \"A\" <tel:+4912345;phone-context=example.com>;tag=t"))
		if c := x.call("in1"); c.Remote != "+4912345" {
			t.Errorf("remote %q", c.Remote)
		}
		x.post(line.Reject{Call: "in1"})
	})
}

// WR-04, WR-06: what Via, Record-Route, From and To carried is in the answer as it came and in order; white space around separators is not (WR-03).
func TestEcho(t *testing.T) {
	run(t, open, func(x *stack) {
		registered(x)
		x.net.BlackHole(stranger)
		vias := []string{`SIP/2.0/UDP 127.0.0.66:6000;x="a;b";branch=z9hG4bKecho;rport`, "SIP/2.0/TCP proxy.example.com;branch=z9hG4bKb;received=192.0.2.7", `SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bKc;y="p,q"`}
		routes := []string{`"first, one" <sip:127.0.0.67;lr>;param=1;quoted="x;y"`, "<sip:127.0.0.68;lr;ftag=abc>", "<sip:proxy.example.com;lr=on>"}
		x.inject(stranger, inviteOf("z9hG4bKecho", "Via: "+vias[0]+"\r\nVia: "+vias[1]+","+vias[2], "Record-Route: "+routes[0]+"\r\nRecord-Route: "+routes[1]+", "+routes[2],
			`From: "D \" J, x" <sip:1002@127.0.0.66> ; tag = f11 ; z="q r"`, `To: "T" <sip:1001@127.0.0.1;user=phone>;a=b`))
		_, d := answers(x, 0)
		vias[0] = `SIP/2.0/UDP 127.0.0.66:6000;x="a;b";branch=z9hG4bKecho;rport=6000;received=127.0.0.66`
		if got := d.headers("Via"); !slices.Equal(got, vias) {
			t.Errorf("Via\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(vias, "\n"))
		}
		if got := d.headers("Record-Route"); !slices.Equal(got, routes) {
			t.Errorf("Record-Route %q", got)
		}
		if got := d.header("From"); got != `"D \" J, x" <sip:1002@127.0.0.66>;tag=f11;z="q r"` {
			t.Errorf("From %s", got)
		}
		if got := d.header("To"); !strings.HasPrefix(got, `"T" <sip:1001@127.0.0.1;user=phone>;a=b;tag=`) {
			t.Errorf("To %s", got)
		}
		x.post(line.Answer{Call: "in1"})
		if _, ok := answers(x, 1); ok.name() != "200" || !slices.Equal(ok.headers("Record-Route"), routes) || ok.header("To") != d.header("To") {
			t.Errorf("the 200 has\n%s", ok.raw)
		}
		x.post(line.HangUp{Call: "in1"})
	})
}

// WR-40: received is added where sent-by is a name or another address; the answer to a sender that does not know its address goes where the
// request came from, else to the port of sent-by (RFC 3261 18.2.2, RFC 3581).
func TestReceived(t *testing.T) {
	for via, want := range map[string]struct{ to, received string }{
		"SIP/2.0/UDP 127.0.0.66:6000;branch=B":                        {"127.0.0.66:6000", ""},
		"SIP/2.0/UDP 127.0.0.66:6001;branch=B":                        {"127.0.0.66:6001", ""},
		"SIP/2.0/UDP 127.0.0.66;branch=B":                             {"127.0.0.66:5060", ""},
		"SIP/2.0/UDP 127.0.0.66:6001;branch=B;rport":                  {"127.0.0.66:6000", "127.0.0.66"},
		"SIP/2.0/UDP pc.example.com:5060;branch=B":                    {"127.0.0.66:6000", "127.0.0.66"},
		"SIP/2.0/UDP 192.168.1.9:5060;branch=B":                       {"127.0.0.66:6000", "127.0.0.66"},
		"SIP/2.0/UDP 192.168.1.9:5060;branch=B;received=203.0.113.99": {"127.0.0.66:6000", "127.0.0.66"},
		"SIP / 2.0 / UDP pc.example.com : 5060 ; branch = B ; rport":  {"127.0.0.66:6000", "127.0.0.66"},
	} {
		run(t, open, func(x *stack) {
			registered(x)
			for _, a := range []string{"127.0.0.66:6000", "127.0.0.66:6001", "127.0.0.66:5060"} {
				x.net.BlackHole(addrPortOf(a))
			}
			x.inject(stranger, asked("OPTIONS", "z9hG4bKx", "Via: "+strings.Replace(via, "B", "z9hG4bKx", 1)))
			d := x.sent(addrPortOf(want.to))
			if len(d) != 1 || after(d[0].header("Via"), "received=") != want.received || d[0].branch() != "z9hG4bKx" {
				t.Errorf("%s: want an answer at %s with received=%s\n%s", via, want.to, want.received, x.story())
			}
		})
	}
}

// WR-01, WR-02, WR-05, WR-07, WR-53: an answer is matched by branch and method, whatever else in it cannot be read, and the granted time is found.
func TestOddAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d datagram) string
		want   string // instants of REGISTER
	}{
		"unreadable Contact beside ours": {func(d datagram) string {
			return reply(d, "200 OK", "Contact: <sip:1003@192.0.2.10:5060transport=udp>;expires=20, "+d.header("Contact")+";expires=60")
		}, "0 30000 60000"},
		"list without brackets": {func(d datagram) string {
			return reply(d, "200 OK", "Contact: sip:1001@192.0.2.5;expires=20, sip:1001@127.0.0.1:5070;expires=60")
		}, "0 30000 60000"},
		"quoted name": {func(d datagram) string {
			return reply(d, "200 OK", `Contact: "D \" J, <x>" <sip:1001@192.0.2.5>;expires=20, `+d.header("Contact")+";EXPIRES = 60")
		}, "0 30000 60000"},
		"rewritten": {func(d datagram) string { return reply(d, "200 OK", "Contact: <sip:1001@203.0.113.9:40002>;expires=60") }, "0 30000 60000"},
		"rewritten, one of two": {func(d datagram) string {
			return reply(d, "200 OK", "Contact: <sip:1001@203.0.113.9:40002>;expires=60, <sip:1001@203.0.113.8>;expires=20")
		}, "0"},
		"no number": {func(d datagram) string {
			return reply(d, "200 OK", "Contact: "+d.header("Contact")+";expires=45abc", "Expires: 60")
		}, "0 30000 60000"},
		"Expires out of range": {func(d datagram) string { return reply(d, "200 OK", "Expires: 4294967296") }, "0"},
		"a line without colon": {func(d datagram) string { return reply(d, "200 OK", "nonsense", "Expires: 60") }, "0 30000 60000"},
		"lower case": {func(d datagram) string {
			return strings.NewReplacer("SIP/2.0 200", "sip/2.0 200", ";branch=", ";BRANCH=").Replace(reply(d, "200 OK", "EXPIRES: 60"))
		}, "0 30000 60000"},
		"white space": {func(d datagram) string {
			return strings.NewReplacer("Via: SIP/2.0/UDP ", "Via : SIP / 2.0 / UDP  ", ";branch=", " ; branch = ").Replace(reply(d, "200 OK", "Expires :\r\n 60"))
		}, "0 30000 60000"},
		"CSeq out of range": {func(d datagram) string {
			return strings.Replace(reply(d, "200 OK", "Expires: 60"), "CSeq: ", "CSeq: 99999999999", 1)
		}, "0 30000 60000"},
		"no CSeq": {func(d datagram) string { return strings.Replace(reply(d, "200 OK", "Expires: 60"), "CSeq", "X", 1) }, "0 30000 60000"},
		"Content-Length": {func(d datagram) string {
			return strings.Replace(reply(d, "200 OK", "Expires: 60"), "Content-Length: 0", "Content-Length: -1", 1)
		}, "0 30000 60000"},
		"longer than all": {func(d datagram) string {
			return strings.Replace(reply(d, "200 OK", "Expires: 60"), "Content-Length: 0", "Content-Length: 500", 1)
		}, "0 30000 60000"},
		"no From, To, Call-ID": {func(d datagram) string {
			return strings.NewReplacer("From: ", "From: \"", "To: ", "To: \"", "Call-ID", "Call ID").Replace(reply(d, "200 OK", "Expires: 60"))
		}, "0 30000 60000"},
		"60 000 octets": {func(d datagram) string { return reply(d, "200 OK", "X: "+strings.Repeat("x", 60000), "Expires: 60") }, "0 30000 60000"}, // WR-08
	} {
		t.Run(name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.script(primaryAddr, func(d datagram) []string { return []string{c.change(d)} })
				x.start()
				x.until(70 * time.Second)
				x.want("REGISTER "+c.want, "")
				x.phase(line.OnPrimary)
			})
		})
	}
}

// WR-01: a call goes on through answers and a BYE with header fields that cannot be read.
func TestOddCall(t *testing.T) {
	run(t, open, func(x *stack) {
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() == "REGISTER" {
				return []string{grant(d, 3600)}
			}
			if d.method() == "INVITE" {
				return []string{reply(d, "180 Ringing", "Contact: <sip:x", "Record-Route: <sip:"), accept(d, "Contact: <sip:1002@127.0.0.2:5060>", "P-Odd: \"", "Alert-Info: <")}
			}
			return nil
		})
		x.start()
		x.dial("1", "1002")
		x.wantCall("1", "talking")
		var ack datagram
		for _, d := range x.sent(primaryAddr) {
			if d.method() == "ACK" {
				ack = d
			}
		}
		x.inject(stranger, fmt.Sprintf("BYE sip:1001@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:6000;branch=z9hG4bKbye\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 5 BYE\r\nMax-Forwards: abc\r\nContact: <\r\n\r\n",
			ack.header("To"), ack.header("From"), ack.header("Call-ID")))
		x.wantCall("1", "ended peer")
	})
}

func addrPortOf(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
