package server

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// register sends one REGISTER of user 1001 and gives the answer.
func register(c *client, at netip.AddrPort, extra ...string) wire {
	c.t.Helper()
	if !slices.ContainsFunc(extra, func(s string) bool { return strings.HasPrefix(s, "Contact:") }) {
		extra = append(extra, "Contact: <sip:1001@"+c.addr()+">")
	}
	c.write(at, c.request("REGISTER", "sip:"+at.String(), "1001", extra...))
	return c.expect("SIP/2.0 ")
}

func starts(messages []Message) string {
	var list []string
	for _, m := range messages {
		word, _, _ := strings.Cut(strings.TrimPrefix(m.Start, "SIP/2.0 "), " ")
		list = append(list, word)
	}
	return strings.Join(list, " ")
}

func TestModes(t *testing.T) {
	for _, tc := range []struct {
		name      string
		behaviour Behaviour
		register  string // answers to REGISTER, OPTIONS and ACK within a second
		options   string
	}{
		{"serve", Behaviour{Mode: Serve}, "200", "200"},
		{"zero", Behaviour{}, "200", "200"},
		{"silent", Behaviour{Mode: Silent}, "", ""},
		{"hang", Behaviour{Mode: Hang}, "100", "100"},
		{"status", Behaviour{Mode: Status, Status: 503}, "503", "503"},
		{"only REGISTER", Behaviour{Mode: Status, Status: 403, Methods: []string{"REGISTER"}}, "403", "200"},
		{"only OPTIONS silent", Behaviour{Mode: Silent, Methods: []string{"OPTIONS"}}, "200", ""},
		{"drop all", Behaviour{Drop: 1}, "", ""},
		{"drop first", Behaviour{DropFirst: 1}, "", "200"},
		{"refuse", Behaviour{Mode: Refuse}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(w *world) {
				s := w.server(Config{Behaviour: tc.behaviour})
				c := w.client("127.0.0.1:5070")
				for _, x := range []struct{ method, want string }{
					{"REGISTER", tc.register}, {"OPTIONS", tc.options}, {"ACK", ""},
				} {
					c.write(primaryAt, c.request(x.method, "sip:127.0.0.2", "1001", "Contact: <sip:1001@127.0.0.1:5070>"))
					var got []string
					for {
						answer, ok := c.read(time.Second)
						if !ok {
							break
						}
						got = append(got, strings.Fields(answer.start)[1])
					}
					if strings.Join(got, " ") != x.want {
						t.Errorf("%s answered by %v, want %q", x.method, got, x.want)
					}
				}
				want := 3
				if tc.behaviour.Mode == Refuse {
					want = 0
				}
				if got := len(s.Received()); got != want {
					t.Errorf("%d received, want %d", got, want)
				}
			})
		})
	}
}

func TestBehaviourChangesAtTheNextMessage(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{})
		c := w.client("127.0.0.1:5070")
		for _, step := range []struct {
			b    Behaviour
			want string
		}{
			{Behaviour{Mode: Status, Status: 500}, "SIP/2.0 500"},
			{Behaviour{Mode: Serve}, "SIP/2.0 200"},
			{Behaviour{Mode: Status, Status: 404, RetryAfter: 7 * time.Second}, "SIP/2.0 404"},
			{Behaviour{}, "SIP/2.0 200"},
		} {
			if err := s.SetBehaviour(step.b); err != nil {
				t.Fatal(err)
			}
			answer := register(c, primaryAt)
			if !strings.HasPrefix(answer.start, step.want) {
				t.Errorf("%+v answered %q", step.b, answer.start)
			}
			if step.b.RetryAfter > 0 && answer.get("Retry-After") != "7" {
				t.Errorf("Retry-After %q", answer.get("Retry-After"))
			}
		}
	})
}

func TestRefuseClosesThePort(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{})
		c := w.client("127.0.0.1:5070")
		icmp := c.conn.(interface {
			ReadICMP([]byte) (int, net.Addr, net.Addr, int, int, error)
		})
		for range 3 {
			if err := s.SetBehaviour(Behaviour{Mode: Refuse}); err != nil {
				t.Fatal(err)
			}
			c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
			if _, to, _, typ, code, err := icmp.ReadICMP(make([]byte, 2000)); err != nil || typ != 3 || code != 3 || to.String() != "127.0.0.2:5060" {
				t.Errorf("ICMP %d/%d from %v, %v", typ, code, to, err)
			}
			if err := s.SetBehaviour(Behaviour{Mode: Serve}); err != nil {
				t.Fatal(err)
			}
			c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
			c.expect("SIP/2.0 200")
		}
		// A port that somebody else has taken meanwhile is an error, and the server stays refusing.
		if err := s.SetBehaviour(Behaviour{Mode: Refuse}); err != nil {
			t.Fatal(err)
		}
		thief := w.client("127.0.0.2:5060")
		if err := s.SetBehaviour(Behaviour{Mode: Serve}); err == nil || s.Behaviour().Mode != Refuse {
			t.Errorf("reopened a taken port: %v, mode %s", err, s.Behaviour().Mode)
		}
		thief.conn.Close()
		if err := s.SetBehaviour(Behaviour{Mode: Serve}); err != nil {
			t.Error(err)
		}
	})
}

func TestDelay(t *testing.T) {
	bubble(t, func(w *world) {
		w.server(Config{Behaviour: Behaviour{Mode: Hang, Delay: 50 * time.Millisecond}})
		c := w.client("127.0.0.1:5070")
		start := time.Now()
		c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		if took := c.expect("SIP/2.0 100").at.Sub(start); took != 50*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
		c.quiet(time.Minute)
	})
}

func TestDropIsSeeded(t *testing.T) {
	pattern := func(seed uint64) (lost string) {
		bubble(t, func(w *world) {
			s := w.server(Config{Behaviour: Behaviour{Drop: 0.5, Seed: seed}})
			c := w.client("127.0.0.1:5070")
			for range 64 {
				c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
			}
			synctest.Wait()
			for _, m := range s.Received() {
				if m.Dropped {
					lost += "x"
				} else {
					lost += "."
				}
			}
		})
		return lost
	}
	a, again, b := pattern(1), pattern(1), pattern(2)
	if a != again || a == b || strings.Count(a, "x") < 16 || strings.Count(a, "x") > 48 {
		t.Errorf("seed 1 twice and 2 lost\n%s\n%s\n%s", a, again, b)
	}
}

func TestRetransmissionGetsTheSameAnswer(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{Auth: &Auth{Users: map[string]string{"1001": "x"}}})
		c := w.client("127.0.0.1:5070")
		text := c.request("REGISTER", "sip:127.0.0.2", "1001", "Contact: <sip:1001@127.0.0.1:5070>")
		c.write(primaryAt, text)
		first := c.expect("SIP/2.0 401")
		c.write(primaryAt, text)
		if again := c.expect("SIP/2.0 401"); again.get("WWW-Authenticate") != first.get("WWW-Authenticate") || again.get("To") != first.get("To") {
			t.Errorf("answers differ:\n%v\n%v", first, again)
		}
		// The transaction has its answer, whatever the behaviour is by then.
		s.SetBehaviour(Behaviour{Mode: Status, Status: 500})
		c.write(primaryAt, text)
		c.expect("SIP/2.0 401")
	})
}

func TestRefusedInviteIsRepeatedUntilAck(t *testing.T) {
	bubble(t, func(w *world) {
		w.server(Config{Behaviour: Behaviour{Mode: Status, Status: 503}})
		c := w.client("127.0.0.1:5070")
		start := time.Now()
		c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		var at []time.Duration
		var last wire
		for range 4 {
			last = c.expect("SIP/2.0 503")
			at = append(at, last.at.Sub(start))
		}
		want := []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond}
		if !slices.Equal(at, want) {
			t.Errorf("503 at %v, want %v", at, want)
		}
		c.made--
		c.write(primaryAt, c.request("ACK", "sip:1002@127.0.0.2", "1001", "To: "+last.get("To"), "CSeq: 1 ACK"))
		c.quiet(time.Minute)
	})
}

func TestUnansweredAckEndsAfter64T1(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{Behaviour: Behaviour{Mode: Status, Status: 486}})
		c := w.client("127.0.0.1:5070")
		c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		time.Sleep(2 * time.Minute)
		// 0, 0.5, 1.5, 3.5, 7.5, then every 4 s to 31.5 s (RFC 3261 17.2.1, Timers G and H)
		if got := s.Counts().Sent; got != 11 {
			t.Errorf("486 sent %d times, want 11", got)
		}
	})
}

func TestSilenceStopsRetransmissionsToo(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{Behaviour: Behaviour{Mode: Status, Status: 486}})
		c := w.client("127.0.0.1:5070")
		c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		c.expect("SIP/2.0 486")
		s.SetBehaviour(Behaviour{Mode: Silent})
		c.quiet(time.Minute)
	})
}

func TestBadBehaviour(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{Behaviour: Behaviour{Mode: Hang}})
		for _, tc := range []struct {
			b     Behaviour
			field string
		}{
			{Behaviour{Mode: "dead"}, "behaviour"},
			{Behaviour{Mode: Status}, "status"},
			{Behaviour{Mode: Status, Status: 299}, "status"},
			{Behaviour{Mode: Status, Status: 700}, "status"},
			{Behaviour{Mode: Serve, Status: 200}, "status"},
			{Behaviour{Drop: 1.1}, "drop"},
			{Behaviour{Drop: -0.1}, "drop"},
			{Behaviour{DropFirst: -1}, "drop_first"},
			{Behaviour{Delay: -1}, "delay_ms"},
			{Behaviour{RetryAfter: -1}, "retry_after_s"},
			{Behaviour{Methods: []string{"invite"}}, "methods"},
			{Behaviour{Mode: Refuse, Methods: []string{"INVITE"}}, "methods"},
			{Behaviour{Then: Refuse, Methods: []string{"INVITE"}}, "methods"},
			{Behaviour{Then: "dead"}, "then"},
			{Behaviour{Then: Status}, "status"},
			{Behaviour{CloseAfter: -1}, "close_after"},
			{Behaviour{NoHandshake: true, BadHandshake: true}, "bad_handshake"},
		} {
			var field *FieldError
			if err := s.SetBehaviour(tc.b); !errors.As(err, &field) || field.Field != tc.field {
				t.Errorf("SetBehaviour(%+v) = %v, want an error of %s", tc.b, err, tc.field)
			}
			if _, err := New(Config{Listen: w.listen("127.0.0.9:1"), Behaviour: tc.b}); err == nil {
				t.Errorf("New with %+v succeeded", tc.b)
			}
		}
		if s.Behaviour().Mode != Hang {
			t.Errorf("a bad behaviour changed it to %+v", s.Behaviour())
		}
	})
}

func TestBehaviourJSON(t *testing.T) {
	for text, want := range map[string]Behaviour{
		`{"behaviour":"status","status":503,"retry_after_s":30,"delay_ms":12.5,"drop":0.25}`: {Mode: Status, Status: 503,
			RetryAfter: 30 * time.Second, Delay: 12500 * time.Microsecond, Drop: 0.25},
		`{"behaviour":"serve","retry_after_s":0,"delay_ms":0,"drop":0}`: {Mode: Serve},
		`{"behaviour":"silent","retry_after_s":0,"delay_ms":0,"drop":0,"drop_first":3,"methods":["REGISTER"]}`: {
			Mode: Silent, DropFirst: 3, Methods: []string{"REGISTER"}},
		`{"behaviour":"close","retry_after_s":0,"delay_ms":0,"drop":0,"close_after":2,"then":"refuse","no_handshake":true}`: {
			Mode: Close, CloseAfter: 2, Then: Refuse, NoHandshake: true},
		`{"behaviour":"serve","retry_after_s":0,"delay_ms":0,"drop":0,"bad_handshake":true}`: {Mode: Serve, BadHandshake: true},
	} {
		var got Behaviour
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		back, err := json.Marshal(got)
		wanted, _ := json.Marshal(want)
		if err != nil || string(back) != text || string(wanted) != text {
			t.Errorf("%s became %s", text, back)
		}
	}
	for _, text := range []string{`{"behaviour":"x"}`, `{"behaviour":"status","status":200}`, `{"mode":"serve"}`, `{"drop":2}`, `{"delay_ms":1e300}`, `{"delay_ms":-1}`} {
		var b Behaviour
		if err := json.Unmarshal([]byte(text), &b); err == nil {
			t.Errorf("%s accepted as %+v", text, b)
		}
	}
}

func TestObservation(t *testing.T) {
	bubble(t, func(w *world) {
		var tapped []Message
		s := w.server(Config{Tap: func(m Message) { tapped = append(tapped, m) }})
		c := w.client("127.0.0.1:5070")
		register(c, primaryAt)
		c.write(primaryAt, "not SIP at all")
		synctest.Wait()
		if got := starts(s.Messages()); got != "REGISTER 200 not" || starts(tapped) != got {
			t.Errorf("messages %s, tapped %s", got, starts(tapped))
		}
		m := s.Received()[0]
		if m.Method != "REGISTER" || m.CSeq != 1 || m.CallID != "call-127.0.0.1:5070" || m.From.String() != c.addr() ||
			!strings.HasPrefix(m.Branch, "z9hG4bK-") || !strings.HasPrefix(string(m.Raw), "REGISTER ") || !m.IsRequest() {
			t.Errorf("message %+v", m)
		}
		if got := s.Counts(); got != (Counts{Received: 2, Sent: 1, Malformed: 1}) {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestNewRefusesWildcardAndMissingListen(t *testing.T) {
	bubble(t, func(w *world) {
		var field *FieldError
		if _, err := New(Config{Listen: w.listen("0.0.0.0:5060")}); !errors.As(err, &field) {
			t.Errorf("wildcard: %v", err)
		}
		if _, err := New(Config{}); !errors.As(err, &field) {
			t.Errorf("no Listen: %v", err)
		}
		// A failed New has freed the port; so does Close without Run.
		s, err := New(Config{Listen: w.listen("0.0.0.1:5060")})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		s.Close()
		if err := s.SetBehaviour(Behaviour{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetBehaviour after Close: %v", err)
		}
	})
}

func TestBehaviourMayChangeUnderTraffic(t *testing.T) {
	bubble(t, func(w *world) {
		s := w.server(Config{})
		c := w.client("127.0.0.1:5070")
		modes := []Behaviour{{Mode: Serve}, {Mode: Silent}, {Mode: Refuse}, {Mode: Hang}, {Mode: Status, Status: 500}}
		changed := make(chan struct{})
		go func() {
			defer close(changed)
			for i := range 200 {
				if err := s.SetBehaviour(modes[i%len(modes)]); err != nil {
					t.Error(err)
				}
				s.Behaviour()
				s.Messages()
			}
		}()
		for range 200 {
			c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
		}
		<-changed
		if err := s.SetBehaviour(Behaviour{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for {
			if _, more := c.read(time.Second); !more {
				break
			}
		}
		c.write(primaryAt, c.request("OPTIONS", "sip:127.0.0.2", "1001"))
		c.expect("SIP/2.0 200")
	})
}

func TestRunEndsByContextAndByClose(t *testing.T) {
	bubble(t, func(w *world) {
		for _, end := range []func(*Server, func()){
			func(_ *Server, cancel func()) { cancel() },
			func(s *Server, _ func()) { s.Close() },
		} {
			s, err := New(Config{Listen: w.listen("127.0.0.2:5060"), Behaviour: Behaviour{Mode: Status, Status: 503}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(w.ctx)
			done := make(chan error)
			go func() { done <- s.Run(ctx) }()
			c := w.client("127.0.0.1:0")
			c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2", "1001"))
			c.expect("SIP/2.0 503") // and a transaction with timers is left behind
			start := time.Now()
			end(s, cancel)
			if err := <-done; err != nil || time.Since(start) != 0 {
				t.Errorf("Run ended with %v after %v", err, time.Since(start))
			}
			cancel()
		}
	})
}
