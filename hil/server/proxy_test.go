package server

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pair is a caller at 127.0.0.1:5070 and a callee at 127.0.0.4:5060, which the server knows as 1002.
func pair(w *world, c Config) (s *Server, caller, callee *client) {
	c.Registrations = NewRegistrations()
	c.Registrations.Bind("1002", "sip:1002@127.0.0.4:5060;x=y", time.Hour)
	return w.server(c), w.client("127.0.0.1:5070"), w.client("127.0.0.4:5060")
}

// reply writes the answer to a request as the client saw it.
func reply(c *client, req wire, status string, extra ...string) {
	c.t.Helper()
	lines := []string{"SIP/2.0 " + status}
	for _, name := range []string{"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"} {
		for _, v := range req.fields[strings.ToLower(name)] {
			if name == "To" && !strings.Contains(v, "tag=") {
				v += ";tag=callee"
			}
			lines = append(lines, name+": "+v)
		}
	}
	lines = append(append(lines, extra...), "Content-Length: 0")
	c.write(netip.MustParseAddrPort(req.from), strings.Join(lines, "\r\n")+"\r\n\r\n")
}

func TestProxyForwards(t *testing.T) {
	bubble(t, func(w *world) {
		_, caller, callee := pair(w, Config{})
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001", "Contact: <sip:1001@127.0.0.1:5070>",
			"X-Lab: kept", "Proxy-Authorization: Digest username=\"1001\"", sdpOffer))
		got := callee.expect("INVITE sip:1002@127.0.0.4:5060;x=y SIP/2.0")
		vias := got.fields["via"]
		if len(vias) != 2 || !strings.HasPrefix(vias[0], "SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK") ||
			!strings.Contains(vias[1], "rport=5070") || !strings.Contains(vias[1], "received=127.0.0.1") {
			t.Errorf("Via %q", vias)
		}
		for name, want := range map[string]string{"Max-Forwards": "69", "X-Lab": "kept", "Proxy-Authorization": "",
			"Record-Route": "<sip:127.0.0.2:5060;lr>", "Contact": "<sip:1001@127.0.0.1:5070>"} {
			if got.get(name) != want {
				t.Errorf("%s %q, want %q", name, got.get(name), want)
			}
		}
		if got.body != sdpOffer {
			t.Errorf("body %q", got.body)
		}
		reply(callee, got, "180 Ringing")
		if answer := caller.expect("SIP/2.0 180"); len(answer.fields["via"]) != 1 || answer.get("Record-Route") == "" {
			t.Errorf("180 %+v", answer)
		}
		reply(callee, got, "603 Decline")
		caller.expect("SIP/2.0 603")
	})
}

func TestProxyKeepsTransactionsTogether(t *testing.T) {
	bubble(t, func(w *world) {
		_, caller, callee := pair(w, Config{})
		invite := caller.request("INVITE", "sip:1002@127.0.0.2", "1001")
		branch := func(text, start string) string {
			caller.write(primaryAt, text)
			return callee.expect(start).fields["via"][0]
		}
		first := branch(invite, "INVITE")
		if again := branch(invite, "INVITE"); again != first {
			t.Errorf("retransmission under %s, first %s", again, first)
		}
		for _, method := range []string{"CANCEL", "ACK"} {
			caller.made = 0
			if got := branch(caller.request(method, "sip:1002@127.0.0.2", "1001"), method); got != first {
				t.Errorf("%s under %s, INVITE %s", method, got, first)
			}
		}
		caller.made = 1
		if other := branch(caller.request("INVITE", "sip:1002@127.0.0.2", "1001"), "INVITE"); other == first {
			t.Error("two transactions under one branch")
		}
	})
}

func TestProxyAnswersItself(t *testing.T) {
	known := &Auth{Users: map[string]string{"1005": "x"}}
	for _, tc := range []struct {
		name, method, uri string
		extra             []string
		config            Config
		want              string
	}{
		{"unknown user", "INVITE", "sip:9999@127.0.0.2", nil, Config{}, "404"},
		{"no user", "INVITE", "sip:127.0.0.2", nil, Config{}, "404"},
		{"known, not registered", "INVITE", "sip:1005@127.0.0.2", nil, Config{Auth: known}, "480"},
		{"too many hops", "INVITE", "sip:1002@127.0.0.2", []string{"Max-Forwards: 0"}, Config{}, "483"},
		{"OPTIONS", "OPTIONS", "sip:127.0.0.2", nil, Config{}, "200"},
		{"OPTIONS of a user", "OPTIONS", "sip:1001@127.0.0.2", nil, Config{}, "200"},
		{"Route to a name", "BYE", "sip:1002@127.0.0.4", []string{"Route: <sip:127.0.0.2;lr>", "Route: <sip:127.0.0.9:99999;lr>"}, Config{}, "404"},
		{"call without password", "INVITE", "sip:1002@127.0.0.2", nil, Config{Auth: &Auth{Users: known.Users, Calls: true}}, "407"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(w *world) {
				_, caller, callee := pair(w, tc.config)
				caller.write(primaryAt, caller.request(tc.method, tc.uri, "1001", tc.extra...))
				caller.expect("SIP/2.0 " + tc.want)
				callee.quiet(time.Millisecond)
			})
		})
	}
}

func TestProxyRouting(t *testing.T) {
	other := netip.MustParseAddrPort("127.0.0.3:5060")
	for _, tc := range []struct {
		name, uri string
		routes    []string
		startLine string // at the callee
		route     string // left in it
	}{
		{"to where the user is", "sip:1002@127.0.0.2", nil, "sip:1002@127.0.0.4:5060;x=y", ""},
		{"by any name", "sip:1002@example.test", nil, "sip:1002@127.0.0.4:5060;x=y", ""},
		{"by the other server's name", "sip:1002@127.0.0.3:5060", nil, "sip:1002@127.0.0.4:5060;x=y", ""},
		{"our Route", "sip:me@127.0.0.4:5060", []string{"<sip:127.0.0.2:5060;lr>"}, "sip:me@127.0.0.4:5060", ""},
		{"the other server's Route", "sip:me@127.0.0.4:5060", []string{"<sip:127.0.0.3:5060;lr>"}, "sip:me@127.0.0.4:5060", ""},
		{"both", "sip:me@127.0.0.4:5060", []string{"<sip:127.0.0.3:5060;lr>,<sip:127.0.0.2;lr>"}, "sip:me@127.0.0.4:5060", ""},
		{"a third hop", "sip:me@127.0.0.9:5060", []string{"<sip:127.0.0.2;lr>", "<sip:127.0.0.4;lr>"}, "sip:me@127.0.0.9:5060", "<sip:127.0.0.4;lr>"},
		{"no Route", "sip:me@127.0.0.4:5060", nil, "sip:me@127.0.0.4:5060", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(w *world) {
				_, caller, callee := pair(w, Config{Aliases: []netip.AddrPort{other}})
				extra := []string{"To: <sip:1002@test>;tag=x"}
				for _, r := range tc.routes {
					extra = append(extra, "Route: "+r)
				}
				caller.write(primaryAt, caller.request("BYE", tc.uri, "1001", extra...))
				got := callee.expect("BYE " + tc.startLine + " SIP/2.0")
				if got.get("Route") != tc.route || got.get("Record-Route") != "" {
					t.Errorf("Route %q, Record-Route %q", got.get("Route"), got.get("Record-Route"))
				}
				reply(callee, got, "200 OK")
				caller.expect("SIP/2.0 200")
			})
		})
	}
}

func TestProxyStopsLoops(t *testing.T) {
	bubble(t, func(w *world) {
		a := w.server(Config{})
		b := w.server(Config{Listen: w.listen("127.0.0.3:5060")})
		// Each believes the user is at the other.
		a.Registrations().Bind("1002", "sip:1002@127.0.0.3:5060", time.Hour)
		b.Registrations().Bind("1002", "sip:1002@127.0.0.2:5060", time.Hour)
		c := w.client("127.0.0.1:5070")
		c.write(primaryAt, c.request("INVITE", "sip:1002@127.0.0.2:5060", "1001"))
		c.expect("SIP/2.0 482")
		if n := a.Counts().Received + b.Counts().Received; n > 20 {
			t.Errorf("%d messages for one INVITE", n)
		}
	})
}

func TestNoRecordRoute(t *testing.T) {
	bubble(t, func(w *world) {
		_, caller, callee := pair(w, Config{NoRecordRoute: true})
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		if got := callee.expect("INVITE"); got.get("Record-Route") != "" {
			t.Errorf("Record-Route %q", got.get("Record-Route"))
		}
	})
}

func TestStraysAreNotRelayed(t *testing.T) {
	bubble(t, func(w *world) {
		s, caller, callee := pair(w, Config{})
		callee.write(primaryAt, "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\n"+
			"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n\r\n")
		caller.quiet(time.Second)
		if got := s.Counts(); got.Received != 1 || got.Malformed != 0 || got.Sent != 0 {
			t.Errorf("counts %+v", got)
		}
	})
}

func TestTryingTakesOverTheRepetition(t *testing.T) {
	bubble(t, func(w *world) {
		_, caller, callee := pair(w, Config{Trying: true})
		start := time.Now()
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		caller.expect("SIP/2.0 100")
		var first wire
		for i, want := range []time.Duration{0, 500, 1500, 3500, 7500} {
			got, ok := callee.read(10 * time.Second)
			if !ok || got.at.Sub(start) != want*time.Millisecond {
				t.Fatalf("INVITE %d at %v, want %v ms", i, got.at.Sub(start), int(want))
			}
			first = got
		}
		reply(callee, first, "180 Ringing")
		caller.expect("SIP/2.0 180")
		callee.quiet(5 * time.Minute)
	})
}

func TestTryingGivesUpWith408(t *testing.T) {
	bubble(t, func(w *world) {
		s, caller, callee := pair(w, Config{Trying: true})
		start := time.Now()
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		caller.expect("SIP/2.0 100")
		answer, ok := caller.read(time.Minute)
		if !ok || !strings.HasPrefix(answer.start, "SIP/2.0 408") || answer.at.Sub(start) != 32*time.Second {
			t.Errorf("%q after %v", answer.start, answer.at.Sub(start))
		}
		invites := 0
		for {
			if _, ok := callee.read(time.Millisecond); !ok {
				break
			}
			invites++
		}
		if invites != 7 {
			t.Errorf("callee saw %d INVITEs, want 7", invites)
		}
		time.Sleep(5 * time.Minute)
		s.station.do(w.ctx, func() {
			if len(s.pursuits) != 0 || len(s.station.servers) != 0 {
				t.Errorf("%d pursuits and %d transactions left", len(s.pursuits), len(s.station.servers))
			}
		})
	})
}

func TestCancelBeforeTheCalleeAnswers(t *testing.T) {
	bubble(t, func(w *world) {
		_, caller, callee := pair(w, Config{Trying: true})
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		caller.expect("SIP/2.0 100")
		callee.expect("INVITE")
		caller.made--
		caller.write(primaryAt, caller.request("CANCEL", "sip:1002@127.0.0.2", "1001"))
		if got := caller.expect("SIP/2.0 200"); !strings.Contains(got.get("CSeq"), "CANCEL") {
			t.Errorf("200 to %s", got.get("CSeq"))
		}
		refused := caller.expect("SIP/2.0 487")
		caller.made--
		caller.write(primaryAt, caller.request("ACK", "sip:1002@127.0.0.2", "1001", "To: "+refused.get("To")))
		caller.quiet(time.Minute)
		callee.quiet(time.Minute)
	})
}

func TestHangAlsoStopsAnswersPassingThrough(t *testing.T) {
	bubble(t, func(w *world) {
		s, caller, callee := pair(w, Config{})
		caller.write(primaryAt, caller.request("INVITE", "sip:1002@127.0.0.2", "1001"))
		invite := callee.expect("INVITE")
		for _, mode := range []Mode{Hang, Silent} {
			s.SetBehaviour(Behaviour{Mode: mode})
			reply(callee, invite, "180 Ringing")
			caller.quiet(time.Second)
		}
		s.SetBehaviour(Behaviour{Mode: Status, Status: 503})
		reply(callee, invite, "180 Ringing")
		caller.expect("SIP/2.0 180") // not a request: it passes
		synctest.Wait()
	})
}
