package server

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var phoneAt = netip.MustParseAddrPort("127.0.0.4:5060")

func (w *world) phone(c PhoneConfig) *Phone {
	w.t.Helper()
	if c.User == "" {
		c.User = "1002"
	}
	if c.Listen == nil {
		c.Listen = w.listen("127.0.0.4:5060")
	}
	p, err := NewPhone(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(p.Run)
	return p
}

// invite sends an INVITE straight to the phone.
func invite(c *client, extra ...string) {
	c.t.Helper()
	c.write(phoneAt, c.request("INVITE", "sip:1002@127.0.0.4", "1001", append([]string{"To: <sip:1002@test>",
		"Contact: <sip:1001@" + c.addr() + ">", sdpOffer}, extra...)...))
}

func TestAnswering(t *testing.T) {
	for _, tc := range []struct {
		name string
		how  Answering
		want string // status@seconds until the answer
	}{
		{"answer", Answering{}, "180@0 200@0"},
		{"answer late", Answering{After: 3 * time.Second}, "180@0 200@3"},
		{"busy", Answering{Mode: Busy}, "486@0"},
		{"busy late", Answering{Mode: Busy, After: 2 * time.Second}, "180@0 486@2"},
		{"decline", Answering{Mode: Decline}, "603@0"},
		{"ring", Answering{Mode: Ring}, "180@0"},
		{"ignore", Answering{Mode: Ignore}, ""},
		{"status", Answering{Mode: Reject, Status: 480}, "480@0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(w *world) {
				w.phone(PhoneConfig{Answering: tc.how})
				c := w.client("127.0.0.1:5070")
				start := time.Now()
				invite(c)
				var got []string
				for len(got) < 3 {
					answer, ok := c.read(time.Minute)
					if !ok {
						break
					}
					got = append(got, strings.Fields(answer.start)[1]+"@"+seconds(answer.at.Sub(start)))
					if answer.status() >= 200 {
						method, seq := "ACK", "1 ACK"
						c.made--
						c.write(phoneAt, c.request(method, "sip:1002@127.0.0.4:5060", "1001", "To: "+answer.get("To"), "CSeq: "+seq))
					}
				}
				if strings.Join(got, " ") != tc.want {
					t.Errorf("answered %v, want %s", got, tc.want)
				}
			})
		})
	}
}

func TestPhoneRepeatsItsAnswerAndGivesUp(t *testing.T) {
	bubble(t, func(w *world) {
		p := w.phone(PhoneConfig{})
		c := w.client("127.0.0.1:5070")
		start := time.Now()
		invite(c)
		c.expect("SIP/2.0 180")
		var at []string
		for {
			m, ok := c.read(time.Minute)
			if !ok {
				break
			}
			word, _, _ := strings.Cut(strings.TrimPrefix(m.start, "SIP/2.0 "), " ")
			at = append(at, word+"@"+m.at.Sub(start).String())
			if word == "BYE" {
				reply(c, m, "200 OK")
				break
			}
		}
		want := "200@0s 200@500ms 200@1.5s 200@3.5s 200@7.5s 200@11.5s 200@15.5s 200@19.5s 200@23.5s 200@27.5s 200@31.5s BYE@32s"
		if got := strings.Join(at, " "); got != want {
			t.Errorf("sent\n%s, want\n%s", got, want)
		}
		synctest.Wait()
		if info := p.Calls()[0].Info(); info.State != CallOver || info.End.By != "phone" || info.End.Lost {
			t.Errorf("call %+v", info)
		}
	})
}

func TestPhoneIsCancelled(t *testing.T) {
	bubble(t, func(w *world) {
		p := w.phone(PhoneConfig{Answering: Answering{Mode: Ring}})
		c := w.client("127.0.0.1:5070")
		invite(c)
		ringing := c.expect("SIP/2.0 180")
		c.made--
		c.write(phoneAt, c.request("CANCEL", "sip:1002@127.0.0.4", "1001", "To: <sip:1002@test>"))
		c.expect("SIP/2.0 200")
		if got := c.expect("SIP/2.0 487"); got.get("To") != ringing.get("To") || got.get("CSeq") != "1 INVITE" {
			t.Errorf("487 to %s, CSeq %s", got.get("To"), got.get("CSeq"))
		}
		if info := p.Calls()[0].Info(); info.State != CallOver || info.End.Method != "CANCEL" {
			t.Errorf("call %+v", info)
		}
		c.made = 5
		c.write(phoneAt, c.request("CANCEL", "sip:1002@127.0.0.4", "1001"))
		for {
			if got, ok := c.read(time.Second); !ok {
				t.Fatal("no answer to a CANCEL of nothing")
			} else if got.status() == 481 {
				break
			}
		}
	})
}

func TestPhoneWithinACall(t *testing.T) {
	bubble(t, func(w *world) {
		w.phone(PhoneConfig{})
		c := w.client("127.0.0.1:5070")
		invite(c)
		c.expect("SIP/2.0 180")
		ok := c.expect("SIP/2.0 200")
		c.write(phoneAt, inside(c, ok, "ACK", "1"))
		invite(c, "Call-ID: another", "From: <sip:1003@test>;tag=z")
		c.expect("SIP/2.0 180")
		other := c.expect("SIP/2.0 200")
		c.write(phoneAt, c.request("ACK", "sip:1002@127.0.0.4:5060", "1001", "To: "+other.get("To"), "Call-ID: another",
			"From: <sip:1003@test>;tag=z", "CSeq: 2 ACK"))

		hold := strings.Replace(sdpOffer, "m=audio", "a=x\r\nm=audio", 1) + "a=sendonly\r\nm=video 5000 RTP/AVP 96\r\n"
		c.write(phoneAt, c.request("INVITE", "sip:1002@127.0.0.4", "1001", "To: "+ok.get("To"), "CSeq: 2 INVITE",
			"Contact: <sip:1001@"+c.addr()+">", hold))
		held := c.expect("SIP/2.0 200")
		if !strings.Contains(held.body, "a=recvonly\r\n") || !strings.Contains(held.body, "m=video 0 RTP/AVP 96\r\n") {
			t.Errorf("answer to hold:\n%s", held.body)
		}
		c.write(phoneAt, inside(c, ok, "ACK", "2"))
		for _, x := range []struct{ method, to, want string }{
			{"OPTIONS", "<sip:1002@test>", "200"}, {"INFO", ok.get("To"), "200"}, {"INFO", "<sip:1002@test>;tag=no", "481"},
			{"BYE", "<sip:1002@test>;tag=no", "481"}, {"INVITE", "<sip:1002@test>;tag=no", "481"},
			{"SUBSCRIBE", "<sip:1002@test>", "405"}, {"BYE", ok.get("To"), "200"}, {"BYE", ok.get("To"), "481"},
		} {
			c.write(phoneAt, c.request(x.method, "sip:1002@127.0.0.4", "1001", "To: "+x.to))
			c.expect("SIP/2.0 " + x.want)
		}
	})
}

func TestPhoneRefusesWhatItCannotHear(t *testing.T) {
	bubble(t, func(w *world) {
		w.phone(PhoneConfig{})
		c := w.client("127.0.0.1:5070")
		c.write(phoneAt, c.request("INVITE", "sip:1002@127.0.0.4", "1001", "Contact: <sip:1001@127.0.0.1:5070>",
			strings.Replace(sdpOffer, "RTP/AVP 8 0 101", "RTP/AVP 9 18", 1)))
		c.expect("SIP/2.0 180")
		c.expect("SIP/2.0 488")
	})
}

// The same INVITE by two ways, as after a failover, is answered once (RFC 3261 8.2.2.2).
func TestPhoneMeetsTheSameInviteTwice(t *testing.T) {
	bubble(t, func(w *world) {
		w.phone(PhoneConfig{Answering: Answering{Mode: Ring}})
		c := w.client("127.0.0.1:5070")
		invite(c)
		c.expect("SIP/2.0 180")
		invite(c, "CSeq: 1 INVITE") // another branch
		c.expect("SIP/2.0 482")
	})
}

func TestHangUpAfter(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true, Answering: Answering{HangUpAfter: 10 * time.Second}})
		c := w.client("127.0.0.1:5070")
		ok := establish(c, primaryAt)
		c.write(primaryAt, inside(c, ok, "ACK", "1"))
		start := time.Now()
		bye, _ := c.read(time.Minute)
		if !strings.HasPrefix(bye.start, "BYE sip:1001@127.0.0.1:5070 ") || bye.from != "127.0.0.2:5060" || bye.get("Route") != "" ||
			bye.at.Sub(start) != 10*time.Second || bye.get("From") != ok.get("To") {
			t.Errorf("%s from %s after %v: %+v", bye.start, bye.from, bye.at.Sub(start), bye.fields)
		}
		reply(c, bye, "200 OK")
		synctest.Wait()
		if info := l.Phone.Calls()[0].Info(); info.State != CallOver || info.End.By != "phone" || info.End.Lost {
			t.Errorf("call %+v", info)
		}
	})
}

// dialled registers a caller's client as 1001 at the lab's primary and has 1002 call it.
func dialled(w *world, l *Lab, at netip.AddrPort) (*client, *Call, wire) {
	w.t.Helper()
	c := w.client("127.0.0.1:5070")
	l.Primary.Registrations().Bind("1001", "sip:1001@127.0.0.1:5070", time.Hour)
	call, err := l.Phone.Dial(w.ctx, at, "1001")
	if err != nil {
		w.t.Fatal(err)
	}
	return c, call, c.expect("INVITE sip:1001@127.0.0.1:5070 ")
}

func TestPhoneCallsOut(t *testing.T) {
	for _, at := range []netip.AddrPort{primaryAt, backupAt} {
		bubble(t, func(w *world) {
			l := w.lab(LabConfig{Calls: true}) // the phone answers the 407
			c, call, in := dialled(w, l, at)
			if in.from != at.String() || !strings.Contains(in.body, "m=audio") {
				t.Errorf("INVITE from %s with %s", in.from, in.body)
			}
			reply(c, in, "180 Ringing")
			reply(c, in, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>")
			if err := call.Answered(w.ctx); err != nil {
				t.Fatal(err)
			}
			ack := c.expect("ACK sip:1001@127.0.0.1:5070 ")
			if ack.from != at.String() || ack.get("CSeq") != strings.Replace(in.get("CSeq"), "INVITE", "ACK", 1) {
				t.Errorf("ACK from %s, CSeq %s for %s", ack.from, ack.get("CSeq"), in.get("CSeq"))
			}
			reply(c, in, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>")
			c.expect("ACK") // a repeated 200 gets its ACK again
			done := make(chan error, 1)
			go func() { done <- call.HangUp(w.ctx) }()
			bye := c.expect("BYE sip:1001@127.0.0.1:5070 ")
			if bye.from != at.String() {
				t.Errorf("BYE from %s", bye.from)
			}
			reply(c, bye, "200 OK")
			if err := <-done; err != nil || call.Info().State != CallOver {
				t.Errorf("HangUp: %v, %+v", err, call.Info())
			}
		})
	}
}

func TestPhoneIsRefused(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c, call, in := dialled(w, l, primaryAt)
		reply(c, in, "486 Busy Here")
		c.expect("ACK")
		var refused *StatusError
		if err := call.Answered(w.ctx); !errors.As(err, &refused) || refused.Status != 486 {
			t.Errorf("Answered: %v", err)
		}
		if _, err := l.Phone.Call(w.ctx, primaryAt, "9999"); !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("call to nobody: %v", err)
		}
	})
}

func TestPhoneCancels(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c, call, in := dialled(w, l, primaryAt)
		reply(c, in, "180 Ringing")
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- call.HangUp(w.ctx) }()
		cancel := c.expect("CANCEL sip:1001@127.0.0.1:5070 ")
		if cancel.get("Via") != in.get("Via") {
			t.Errorf("CANCEL under %s, INVITE %s", cancel.get("Via"), in.get("Via"))
		}
		reply(c, cancel, "200 OK")
		reply(c, in, "487 Request Terminated")
		c.expect("ACK")
		if err := <-done; err != nil {
			t.Error(err)
		}
		if info := call.Info(); info.End.Method != "CANCEL" || info.End.Status != 487 {
			t.Errorf("call %+v", info)
		}
		if err := call.Answered(w.ctx); err == nil {
			t.Error("a cancelled call was answered")
		}
	})
}

func TestPhoneHangsUpIntoSilence(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c, call, in := dialled(w, l, primaryAt)
		reply(c, in, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>")
		if err := call.Answered(w.ctx); err != nil {
			t.Fatal(err)
		}
		c.expect("ACK")
		l.SetBehaviour(Primary, Behaviour{Mode: Silent})
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		if err := call.HangUp(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("HangUp: %v", err)
		}
		<-call.Ended()
		if info := call.Info(); !info.End.Lost {
			t.Errorf("call %+v", info)
		}
		byes := 0
		for _, m := range l.Phone.Messages() {
			if m.Sent && m.Method == "BYE" {
				byes++
			}
		}
		if byes != 11 {
			t.Errorf("%d BYEs, want 11", byes)
		}
	})
}

func TestPhoneRegisters(t *testing.T) {
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		bubble(t, func(w *world) {
			s := w.server(Config{Auth: &Auth{Users: map[string]string{"1002": "secret"}, Algorithms: []string{algorithm}}})
			good := w.phone(PhoneConfig{Password: "secret"})
			bad := w.phone(PhoneConfig{Password: "wrong", Listen: w.listen("127.0.0.5:5060")})
			if err := good.Register(w.ctx, primaryAt, time.Hour); err != nil {
				t.Fatal(err)
			}
			if b := s.Registrations().Bindings("1002"); len(b) != 1 || b[0].Contact != good.Contact() {
				t.Errorf("bindings %+v", b)
			}
			var refused *StatusError
			if err := bad.Register(w.ctx, primaryAt, time.Hour); !errors.As(err, &refused) || refused.Status != 401 {
				t.Errorf("with a wrong password: %v", err)
			}
			if err := good.Register(w.ctx, primaryAt, 0); err != nil || len(s.Registrations().Bindings("1002")) != 0 {
				t.Errorf("removal: %v", err)
			}
			s.SetBehaviour(Behaviour{Mode: Silent})
			start := time.Now()
			if err := good.Register(w.ctx, primaryAt, time.Hour); err == nil || time.Since(start) != 32*time.Second {
				t.Errorf("into silence: %v after %v", err, time.Since(start))
			}
		})
	}
}

func TestPhoneEchoes(t *testing.T) {
	bubble(t, func(w *world) {
		p := w.phone(PhoneConfig{ListenMedia: w.listen("127.0.0.4:4000")})
		c := w.client("127.0.0.1:4000")
		media := netip.MustParseAddrPort("127.0.0.4:4000")
		rtp := "\x80\x08\x00\x01\x00\x00\x00\xa0\x11\x22\x33\x44sound"
		c.write(media, "too short")
		c.write(media, "\x00\x08 not RTP at all")
		c.write(media, rtp)
		buffer := make([]byte, 100)
		n, _, err := c.conn.ReadFrom(buffer)
		if err != nil || string(buffer[:8]) != rtp[:8] || string(buffer[12:n]) != "sound" || string(buffer[8:12]) == rtp[8:12] {
			t.Errorf("echo %q, %v", buffer[:n], err)
		}
		synctest.Wait()
		if got := p.Media(); got.Received != 1 || got.Echoed != 1 || got.Kind != 8 || got.From.String() != "127.0.0.1:4000" {
			t.Errorf("media %+v", got)
		}
	})
}

func TestBadPhone(t *testing.T) {
	bubble(t, func(w *world) {
		for _, c := range []PhoneConfig{
			{Listen: w.listen("127.0.0.4:5060")},
			{User: "1002"},
			{User: "1002", Listen: w.listen("0.0.0.0:5060")},
			{User: "1002", Listen: w.listen("127.0.0.4:5060"), ListenMedia: w.listen("0.0.0.0:4000")},
			{User: "1002", Listen: w.listen("127.0.0.4:5060"), Answering: Answering{Mode: "sing"}},
			{User: "1002", Listen: w.listen("127.0.0.4:5060"), Answering: Answering{Mode: Reject}},
			{User: "1002", Listen: w.listen("127.0.0.4:5060"), Answering: Answering{After: -1}},
		} {
			if p, err := NewPhone(c); err == nil {
				p.Close()
				t.Errorf("NewPhone(%+v) succeeded", c)
			}
		}
	})
}
