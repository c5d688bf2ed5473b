package server

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/hil/behaviour"
)

// text reads the next datagram as lines, unfolded.
func (c *client) text(within time.Duration) (t text, raw []byte, ok bool) {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(within))
	buffer := make([]byte, 65536)
	n, _, err := c.conn.ReadFrom(buffer)
	if err != nil {
		return t, nil, false
	}
	raw = slices.Clone(buffer[:n])
	return readText(raw), raw, true
}

// echo answers a request with what it said in Via, From, To, Call-ID, CSeq and Record-Route, as it was written.
func (c *client) echo(to netip.AddrPort, req text, status string, extra ...string) {
	c.t.Helper()
	answer := text{start: "SIP/2.0 " + status}
	for _, f := range req.fields {
		for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq", "Record-Route"} {
			if f.is(name) {
				if name == "To" && !strings.Contains(strings.ToLower(f.value), "tag") {
					f.value += ";tag=phone"
				}
				answer.fields = append(answer.fields, f)
			}
		}
	}
	var body string
	for _, line := range extra {
		if strings.HasPrefix(line, "v=0") {
			body = line
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		answer.fields = append(answer.fields, fieldLine{name: name, value: value})
	}
	answer.body = []byte(body)
	answer.add("Content-Length", "0")
	answer.fields[len(answer.fields)-1].value = strconv.Itoa(len(body))
	c.write(to, string(answer.bytes()))
}

// TestOddCall calls a phone that returns everything as it was written, with each spelling: the call comes up and is ended by the phone, and the
// caller sees none of it (WR-03 to WR-06, WR-20).
func TestOddCall(t *testing.T) {
	refused := []string{"bad-cseq", "bad-length", "negative-length", "tel-uri"}
	try := func(name string, b Behaviour) {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				l := w.lab(LabConfig{Open: true})
				c := w.client("127.0.0.1:5070")
				register(c, primaryAt)
				if err := l.SetBehaviour(Primary, b); err != nil {
					t.Fatal(err)
				}
				call, err := l.Phone.Start(w.ctx, primaryAt, behaviour.Request{To: "1001"})
				if err != nil {
					t.Fatal(err)
				}
				invite, raw, ok := c.text(time.Second)
				if !ok || invite.method() != "INVITE" {
					t.Fatalf("%q", raw)
				}
				c.echo(primaryAt, invite, "180 Ringing", "Contact: <sip:1001@127.0.0.1:5070>")
				c.echo(primaryAt, invite, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>", "Content-Type: application/sdp", sdpOffer)
				ack, raw, ok := c.text(time.Second)
				if !ok || ack.method() != "ACK" {
					t.Fatalf("no ACK: %q", raw)
				}
				synctest.Wait()
				if call.state() != CallUp {
					t.Fatalf("%+v", call.Info())
				}
				received := 0
				for _, m := range l.Phone.Messages() {
					if !m.Sent {
						received++
					}
					if !m.Sent && (m.Malformed || bytes.Contains(m.Raw, []byte(padMark)) || bytes.Contains(m.Raw, []byte("x=")) || bytes.Contains(m.Raw, []byte(oddHost+":"))) {
						t.Errorf("the caller has got\n%s", m.Raw)
					}
				}
				if received != 3 {
					t.Errorf("the caller has got %d messages", received)
				}
				c.quiet(5 * time.Second) // nothing is repeated: each answer has found its request
				if err := l.Send(w.ctx, behaviour.Request{Method: "BYE"}); err != nil {
					t.Fatal(err)
				}
				bye, raw, ok := c.text(time.Second)
				if !ok || bye.method() != "BYE" {
					t.Fatalf("%q", raw)
				}
				c.echo(primaryAt, bye, "200 OK")
				synctest.Wait()
				if call.state() != CallOver {
					t.Errorf("%+v", call.Info())
				}
			})
		})
	}
	for _, s := range behaviour.Spellings {
		if !slices.Contains(refused, s.Name) {
			try(s.Name, Behaviour{Spelling: []string{s.Name}})
		}
	}
	for _, r := range behaviour.RecordRoutes {
		try("record-route "+r.Name, Behaviour{RecordRoute: []string{r.Name}})
	}
	try("all", Behaviour{Spelling: []string{"spaces", "folded", "quoted", "upper-case", "one-line", "reordered", "unknown-headers", "no-colon", "numbers"},
		RecordRoute: []string{"strict", "params"}, Pad: 20000})
	try("pad", Behaviour{Pad: 60000})
}

// TestRefusedOddCall: an answer to a request that cannot be read finds its caller too (WR-07, WR-41).
func TestRefusedOddCall(t *testing.T) {
	for name, status := range map[string]int{"bad-cseq": 400, "bad-length": 400, "negative-length": 400, "tel-uri": 416} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(w *world) {
				l := w.lab(LabConfig{Open: true})
				c := w.client("127.0.0.1:5070")
				register(c, primaryAt)
				if err := l.SetBehaviour(Primary, Behaviour{Spelling: []string{name}}); err != nil {
					t.Fatal(err)
				}
				call, err := l.Phone.Dial(w.ctx, primaryAt, "1001")
				if err != nil {
					t.Fatal(err)
				}
				invite, _, _ := c.text(time.Second)
				c.echo(primaryAt, invite, strconv.Itoa(status)+" No")
				ack, raw, ok := c.text(time.Second)
				if !ok || ack.method() != "ACK" {
					t.Fatalf("%q", raw)
				}
				synctest.Wait()
				if i := call.Info(); i.State != CallOver || i.End.Status != status {
					t.Errorf("%+v", i)
				}
			})
		})
	}
}

// TestPad makes each message longer by what was asked for, and no longer than a datagram (WR-08, WR-20, WR-21).
func TestPad(t *testing.T) {
	for _, c := range []struct {
		pad    int
		stream bool
		most   int // octets of a message
	}{{300, false, 65507}, {1300, false, 65507}, {4000, false, 65507}, {60000, false, 65507}, {2000000, false, 62000}, {1000000, true, 1001000}} {
		all := respelled(t, Behaviour{Pad: c.pad}, c.stream)
		if len(all) != len(outgoingMessages) || len(all) != 4 {
			t.Fatalf("%d messages", len(all))
		}
		for i, m := range all {
			longer := len(m) - len(outgoingMessages[i])
			if len(m) > c.most || len(m) < c.most-200 && (longer < c.pad-20 || longer > c.pad) {
				t.Errorf("pad %d makes message %d %d octets longer, %d in all", c.pad, i, longer, len(m))
			}
		}
	}
}

// TestNoise: datagrams that are no messages come before each message, and not over a stream (WR-10).
func TestNoise(t *testing.T) {
	if n := len(behaviour.Noises); n != 7 {
		t.Errorf("%d kinds of noise", n)
	}
	for _, n := range behaviour.Noises {
		bubble(t, func(w *world) {
			l := w.lab(LabConfig{Open: true})
			if err := l.SetBehaviour(Primary, Behaviour{Noise: []string{n.Name}, Seed: 7}); err != nil {
				t.Fatal(err)
			}
			c := w.client("127.0.0.1:5070")
			c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
			want := noises[n.Name](7)
			if len(want) == 0 {
				t.Fatalf("%s makes no noise", n.Name)
			}
			for _, data := range want {
				if _, raw, ok := c.text(time.Second); !ok || !bytes.Equal(raw, data) {
					t.Errorf("%s: %x, want %x", n.Name, raw, data)
				}
			}
			c.expect("SIP/2.0 200")
			c.quiet(time.Second)
		})
	}
}

// TestCancelRightBehind: INVITE and CANCEL come in one go, and the caller hears of the end (WR-30).
func TestCancelRightBehind(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		if err := l.SetBehaviour(Primary, Behaviour{Cancel: true}); err != nil {
			t.Fatal(err)
		}
		call, err := l.Phone.Dial(w.ctx, primaryAt, "1001")
		if err != nil {
			t.Fatal(err)
		}
		invite, _, _ := c.text(time.Second)
		cancel, _, ok := c.text(time.Millisecond)
		if !ok || cancel.method() != "CANCEL" || cancel.get("Via") != invite.get("Via") || cancel.get("CSeq") != "1 CANCEL" || strings.Fields(cancel.start)[1] != strings.Fields(invite.start)[1] {
			t.Fatalf("%+v behind %+v", cancel, invite)
		}
		c.echo(primaryAt, cancel, "200 OK")
		c.echo(primaryAt, invite, "487 Request Terminated")
		if ack, raw, _ := c.text(time.Second); ack.method() != "ACK" {
			t.Errorf("%q", raw)
		}
		synctest.Wait()
		if i := call.Info(); i.State != CallOver || i.End.Status != 487 {
			t.Errorf("%+v", i)
		}
		c.quiet(40 * time.Second)
	})
}

// TestFork: an INVITE comes twice, each time with another branch; the refusal of the second gets its ACK and is not passed on (WR-35).
func TestFork(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		if err := l.SetBehaviour(Primary, Behaviour{Fork: true}); err != nil {
			t.Fatal(err)
		}
		call, err := l.Phone.Dial(w.ctx, primaryAt, "1001")
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := c.text(time.Second)
		second, _, _ := c.text(time.Second)
		if first.get("Call-ID") != second.get("Call-ID") || first.get("CSeq") != second.get("CSeq") || first.get("From") != second.get("From") || first.get("Via") == second.get("Via") ||
			strings.Count(second.get("Via"), "branch=") != 1 {
			t.Fatalf("%+v\n%+v", first, second)
		}
		c.echo(primaryAt, first, "180 Ringing")
		c.echo(primaryAt, second, "482 Merged")
		if ack, raw, _ := c.text(time.Second); ack.method() != "ACK" || ack.get("Via") != second.get("Via") {
			t.Errorf("%q", raw)
		}
		c.echo(primaryAt, first, "200 OK", "Contact: <sip:1001@127.0.0.1:5070>", "Content-Type: application/sdp", sdpOffer)
		if ack, raw, _ := c.text(time.Second); ack.method() != "ACK" {
			t.Errorf("%q", raw)
		}
		synctest.Wait()
		if call.state() != CallUp {
			t.Errorf("%+v", call.Info())
		}
	})
}

// TestBatch: requests are gathered and come together; one that stays alone comes after a second (WR-30).
func TestBatch(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		if err := l.SetBehaviour(Primary, Behaviour{Batch: 2}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		for i, method := range []string{"OPTIONS", "NOTIFY", "INFO"} {
			if i > 0 {
				time.Sleep(100 * time.Millisecond)
			}
			if err := l.Send(w.ctx, behaviour.Request{Method: method, To: "1001"}); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for len(got) < 3 {
			req, _, ok := c.text(5 * time.Second)
			if !ok {
				break
			}
			got = append(got, req.method()+"@"+time.Since(start).String())
			c.echo(primaryAt, req, "200 OK")
		}
		if text := strings.Join(got, " "); text != "OPTIONS@200ms NOTIFY@200ms INFO@1.2s" {
			t.Errorf("came %s", text)
		}
	})
}
