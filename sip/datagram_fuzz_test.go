package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// FuzzDatagram: no datagram from anywhere stops a line or blocks it. In it $CALLID, $OURS, $PEERS and $BRANCH stand for what the call
// that is up has, and $REGISTER for the branch of the last REGISTER; without them it can change neither call nor registration.
func FuzzDatagram(f *testing.F) {
	for _, raw := range hostile {
		if len(raw) < 2000 {
			f.Add([]byte(raw))
		}
	}
	for _, raw := range append(spelled(), live()...) { // as peers write, see WIRE 1
		f.Add([]byte(raw))
	}
	inDialog := func(method string, more ...string) string {
		return message(append([]string{method + " sip:1001@127.0.0.1:5070 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKf", "Max-Forwards: 70",
			"From: <sip:1002@127.0.0.2>;tag=$PEERS", "To: <sip:1001@127.0.0.2>;tag=$OURS", "Call-ID: $CALLID", "CSeq: 7 " + method}, more...)...)
	}
	for _, method := range []string{"BYE", "INVITE", "ACK", "CANCEL", "INFO", "NOTIFY", "UPDATE"} {
		f.Add([]byte(inDialog(method)))
	}
	f.Add([]byte(inDialog("INVITE", "Contact: <sip:x@[::1]:99999;lr>", "Content-Type: application/sdp") + strings.Join(answerSDP, "\r\n") + "\r\n"))
	for _, answer := range []string{"100", "180", "200", "302", "401", "407", "423", "481", "482", "500", "503", "600"} {
		for _, of := range []string{"$BRANCH;CSeq: 1 INVITE", "$REGISTER;CSeq: 1 REGISTER"} {
			branch, cseq, _ := strings.Cut(of, ";")
			f.Add([]byte(message("SIP/2.0 "+answer+" x", "Via: SIP/2.0/UDP 127.0.0.1:5070;branch="+branch, "From: <sip:1001@127.0.0.2>;tag=$OURS",
				"To: <sip:1002@127.0.0.2>;tag=fork", "Call-ID: $CALLID", cseq, "Contact: <sip:b@127.0.0.66>", "Record-Route: <sip:127.0.0.66;lr>", "Retry-After: 5", "Min-Expires: 9")))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		run(t, open, func(x *stack) {
			x.unruled = true // what a server's own answer makes the phone send is not held against it here
			id := talking(x, false)
			before := x.call(id)
			var invite, register datagram
			for _, d := range x.wire {
				switch {
				case d.from == phoneAddr && d.method() == "INVITE":
					invite = d
				case d.from == phoneAddr && d.method() == "REGISTER":
					register = d
				}
			}
			x.net.BlackHole(stranger)
			text := strings.NewReplacer("$CALLID", invite.header("Call-ID"), "$OURS", invite.tag("From"), "$PEERS", x.peerTag(), "$BRANCH", invite.branch(),
				"$REGISTER", register.branch()).Replace(string(raw))
			x.inject(stranger, text)
			x.wait(time.Second)
			if text == string(raw) {
				if after := x.call(id); after != before || x.lines[1].Snapshot().Phase != line.OnPrimary {
					t.Errorf("%q\nmade the call %+v and the line %s", raw, after, x.lines[1].Snapshot().Phase)
				}
			}
			x.post(line.HangUp{Call: id})
			x.answering(server.Answering{Mode: server.Busy})
			x.dial("after", "1002")
			x.wait(40 * time.Second)
			if c := x.call("after"); c.State != line.Ended {
				t.Errorf("%q\nleft a new call %s", raw, c.State)
			}
		})
	})
}

// peerTag is the tag of 1002 in the call.
func (x *stack) peerTag() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range x.wire {
		if d.to == phoneAddr && d.status() == 200 && d.method() == "INVITE" {
			return d.tag("To")
		}
	}
	return ""
}
