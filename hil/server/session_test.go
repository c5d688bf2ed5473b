package server

import (
	"bytes"
	"compress/gzip"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/hil/behaviour"
)

// TestSessions shows what is said and described in each way, of an offer and of an answer (WR-36 to WR-39).
func TestSessions(t *testing.T) {
	offer, _ := answerTo(nil, "1002", primaryAt, 1)
	answer, ok := answerTo([]byte(sdpOffer), "1002", primaryAt, 2)
	if !ok {
		t.Fatal("no answer")
	}
	for _, way := range append([]behaviour.Choice{{Name: "ordinary"}}, behaviour.SDPs...) {
		var out strings.Builder
		for _, sdp := range []string{offer, answer} {
			req := sip.NewRequest(sip.INVITE, sip.Uri{Scheme: "sip", User: "1001", Host: "127.0.0.1"})
			describeSession(req, sdp, strings.TrimPrefix(way.Name, "ordinary"))
			body := req.Body()
			if way.Name == "encoded" {
				r, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(r); err != nil {
					t.Fatal(err)
				}
			}
			for _, h := range req.Headers() {
				if h.Name() != "Content-Length" {
					out.WriteString(h.String() + "\n")
				}
			}
			out.WriteString("\n" + visible(string(body)) + "----\n")
		}
		t.Run(way.Name, func(t *testing.T) { golden(t, filepath.Join("testdata", "session", way.Name+".txt"), out.String()) })
	}
}

// incoming has 1002 call the client, which answers with its offer or its answer, and gives the ACK.
func (w *world) incoming(l *Lab, c *client, r behaviour.Request) (call *Call, invite, ack text) {
	w.t.Helper()
	r.To = "1001"
	call, err := l.Phone.Start(w.ctx, primaryAt, r)
	if err != nil {
		w.t.Fatal(err)
	}
	invite, _, _ = c.text(time.Second)
	c.echo(primaryAt, invite, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>", "Content-Type: application/sdp", sdpOffer)
	ack, _, _ = c.text(time.Second)
	synctest.Wait()
	return call, invite, ack
}

// TestCallsOfOddPeers: an offer in the ACK, no ACK, and a call with the Call-ID of the one before (WR-35, WR-38).
func TestCallsOfOddPeers(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		_, invite, ack := w.incoming(l, c, behaviour.Request{SDP: "none", ACK: "sendonly", Add: []string{"X-One: 1", "Supported: two"}})
		if len(invite.body) > 0 || invite.has("Content-Type") || invite.get("X-One") != "1" || invite.get("Supported") != "two" {
			w.t.Errorf("INVITE\n%s", invite.bytes())
		}
		if !strings.Contains(string(ack.body), "a=sendonly") || ack.get("Content-Type") != "application/sdp" || ack.get("CSeq") != "1 ACK" {
			w.t.Errorf("ACK\n%s", ack.bytes())
		}
		_, _, ack = w.incoming(l, c, behaviour.Request{SDP: "none"})
		if !strings.Contains(string(ack.body), "m=audio ") {
			w.t.Errorf("an offer in a 200 is not answered:\n%s", ack.bytes())
		}
		_, first, ack := w.incoming(l, c, behaviour.Request{})
		if len(ack.body) > 0 {
			w.t.Errorf("ACK\n%s", ack.bytes())
		}
		_, again, _ := w.incoming(l, c, behaviour.Request{Again: true})
		if first.get("Call-ID") != again.get("Call-ID") || first.get("From") != again.get("From") || again.get("CSeq") != "2 INVITE" || strings.Contains(again.get("To"), "tag=") || first.get("Via") == again.get("Via") {
			w.t.Errorf("first\n%s\nagain\n%s", first.bytes(), again.bytes())
		}
		if _, _, ack = w.incoming(l, c, behaviour.Request{ACK: "missing"}); ack.start != "" {
			w.t.Errorf("an ACK comes: %s", ack.start)
		}
	})
}

// TestRequestsInACall: each method leaves as it was asked for, with the CSeq that was asked for; a refused BYE ends nothing (WR-31, WR-37, WR-42).
func TestRequestsInACall(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		call, _, _ := w.incoming(l, c, behaviour.Request{})
		send := func(r behaviour.Request, status string) text {
			w.t.Helper()
			if err := l.Send(w.ctx, r); err != nil {
				w.t.Fatal(err)
			}
			req, raw, ok := c.text(time.Second)
			if !ok || req.method() != r.Method || !strings.Contains(req.get("To"), "tag=phone") {
				w.t.Fatalf("%q", raw)
			}
			c.echo(primaryAt, req, status, "Contact: <sip:1001@127.0.0.1:5070>")
			synctest.Wait()
			return req
		}
		for _, step := range []struct {
			r     behaviour.Request
			field string
			want  string
		}{
			{behaviour.Request{Method: "OPTIONS"}, "CSeq", "2 OPTIONS"},
			{behaviour.Request{Method: "INFO", CSeq: "lower"}, "CSeq", "1 INFO"},
			{behaviour.Request{Method: "INFO", CSeq: "same"}, "CSeq", "2 INFO"},
			{behaviour.Request{Method: "NOTIFY", Event: "presence"}, "Event", "presence"},
			{behaviour.Request{Method: "NOTIFY"}, "Event", ""},
			{behaviour.Request{Method: "MESSAGE", Add: []string{"Require: foo"}}, "Require", "foo"},
			{behaviour.Request{Method: "UPDATE", SDP: "text"}, "Content-Type", "text/plain"},
			{behaviour.Request{Method: "PRACK"}, "RAck", "1 1 INVITE"},
			{behaviour.Request{Method: "SUBSCRIBE", Event: "dialog"}, "Expires", "60"},
			{behaviour.Request{Method: "PUBLISH", Event: "dialog"}, "Event", "dialog"},
			{behaviour.Request{Method: "REFER"}, "Refer-To", "<sip:1003@127.0.0.4:5060>"},
		} {
			if req := send(step.r, "200 OK"); req.get(step.field) != step.want {
				w.t.Errorf("%+v: %s is %q", step.r, step.field, req.get(step.field))
			}
		}
		send(behaviour.Request{Method: "INVITE", SDP: "g729"}, "488 No")
		if ack, _, _ := c.text(time.Second); ack.method() != "ACK" {
			w.t.Error("the refusal has got no ACK")
		}
		if req := send(behaviour.Request{Method: "INVITE", SDP: "none", ACK: "inactive"}, "200 OK"); len(req.body) > 0 {
			w.t.Errorf("%s", req.bytes())
		}
		if ack, _, _ := c.text(time.Second); ack.method() != "ACK" || !strings.Contains(string(ack.body), "a=inactive") {
			w.t.Errorf("%s", ack.bytes())
		}
		send(behaviour.Request{Method: "BYE", CSeq: "lower"}, "500 No")
		if call.state() != CallUp {
			w.t.Error("a refused BYE has ended the call")
		}
		send(behaviour.Request{Method: "BYE"}, "200 OK")
		if call.state() != CallOver {
			w.t.Errorf("%+v", call.Info())
		}
		// Outside of a call it goes to the number.
		if err := l.Send(w.ctx, behaviour.Request{Method: "BYE", To: "1001", Via: "backup"}); err != nil {
			w.t.Fatal(err)
		}
		if req, raw, ok := c.text(time.Second); !ok || req.method() != "BYE" || strings.Contains(req.get("To"), "tag=") {
			w.t.Errorf("%q", raw)
		}
	})
}

// TestAnswersOfOddPeers: a provisional answer with a session and a 200 without, or with another (WR-38).
func TestAnswersOfOddPeers(t *testing.T) {
	for _, c := range []struct {
		a           Answering
		status      int
		early, late string // in the bodies
	}{
		{Answering{Early: 183, SDP: "none"}, 183, "m=audio", ""},
		{Answering{Early: 180, SDP: "g729"}, 180, "m=audio", " 18\r\n"},
		{Answering{Mode: Ring, Early: 183}, 183, "m=audio", ""},
		{Answering{SDP: "multipart"}, 180, "", "--next-part"},
		{Answering{}, 180, "", "m=audio"},
	} {
		bubble(t, func(w *world) {
			w.lab(LabConfig{Open: true, Answering: c.a})
			client := w.client("127.0.0.1:5070")
			client.write(primaryAt, client.request("INVITE", "sip:1002@127.0.0.2", "1001", "To: <sip:1002@test>", "Contact: <sip:1001@127.0.0.1:5070>", sdpOffer))
			client.expect("SIP/2.0 100")
			early := client.expect("SIP/2.0 18")
			if early.status() != c.status || (early.body != "") != (c.early != "") || !strings.Contains(early.body, c.early) {
				w.t.Errorf("%+v: %s\n%s", c.a, early.start, early.body)
			}
			if c.a.Mode == Ring {
				client.quiet(time.Second)
				return
			}
			late := client.expect("SIP/2.0 200")
			if (late.body != "") != (c.late != "") || !strings.Contains(late.body, c.late) {
				w.t.Errorf("%+v: 200\n%s", c.a, late.body)
			}
		})
	}
}
