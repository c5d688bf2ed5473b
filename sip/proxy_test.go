package sip

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"hilphone/db/journal/event"
	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// OP-04: the Route of an outbound proxy names its address, its port where that is not the default one, and its transport where that is not UDP.
func TestRouteToProxy(t *testing.T) {
	for _, c := range []struct {
		hop  line.Hop
		want string
	}{
		{line.Hop{Addr: "192.0.2.7", Port: 5060, Transport: line.UDP}, "<sip:192.0.2.7;lr>"},
		{line.Hop{Addr: "192.0.2.7", Port: 5080, Transport: line.TCP}, "<sip:192.0.2.7:5080;transport=tcp;lr>"},
		{line.Hop{Addr: "sbc.example.test", Port: 5061, Transport: line.TLS}, "<sip:sbc.example.test:5061;transport=tls;lr>"},
		{line.Hop{Addr: "sbc.example.test", Port: 5060, Transport: line.TLS}, "<sip:sbc.example.test:5060;transport=tls;lr>"},
		{line.Hop{Addr: "sbc.example.test", Transport: line.UDP}, "<sip:sbc.example.test;lr>"}, // left to SRV
		{line.Hop{Addr: "2001:db8::7", Port: 5060, Transport: line.UDP}, "<sip:[2001:db8::7];lr>"},
	} {
		if got := routeTo(c.hop); got != c.want {
			t.Errorf("%+v: %s, want %s", c.hop, got, c.want)
		}
	}
}

// OP-01: which URIs name the server behind an outbound proxy.
func TestServerBehindProxy(t *testing.T) {
	named := &server{config: line.Hop{Addr: "pbx.example.test", Port: 5060}, known: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:5060")}}
	six := &server{config: line.Hop{Addr: "2001:db8::1", Port: 5070}, known: []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:5070")}}
	for _, c := range []struct {
		behind *server
		uri    string
		want   bool
	}{
		{named, "sip:pbx.example.test", true}, {named, "sip:PBX.example.test:5060;lr", true}, {named, "sip:pbx.example.test:5062", false}, {named, "sip:other.example.test", false},
		{named, "sip:192.0.2.1;transport=tcp", true}, {named, "sip:x@192.0.2.1:5060", true}, {named, "sip:192.0.2.1:5062", false}, {named, "sip:192.0.2.2", false},
		{six, "sip:[2001:db8::1]:5070", true}, {six, "sip:[2001:DB8:0::1]:5070;lr", true}, {six, "sip:[2001:db8::1]", false},
		{nil, "sip:192.0.2.1", false},
	} {
		var u sip.Uri
		if err := sip.ParseUri(c.uri, &u); err != nil {
			t.Fatal(err)
		}
		if got := (&target{server: &server{behind: c.behind}}).leadsTo(u); got != c.want {
			t.Errorf("%s: %v", c.uri, got)
		}
	}
}

// OP-01, OP-08, SE-01, FO-09: the next hop by TLS is the proxy, whose name the certificate must have; the account is that of the next hop, and no
// account goes to the server behind the proxy directly.
func TestNextHopIsTheProxy(t *testing.T) {
	l := &Line{settings: line.Default(), slots: make(map[line.Slot]*server), accounts: make(map[line.Slot]account), socket: &endpoint{}}
	l.socket.servers.Store(&map[place]far{})
	l.settings.RegisterAddr, l.settings.OutboundProxyAddr, l.settings.OutboundProxyPort = "192.0.2.1", "sbc.example.test", 5061
	l.settings.Transport, l.settings.BackupAddr = line.TLS, "192.0.2.2"
	l.settings.OutboundProxyUser, l.settings.OutboundProxyPassword, l.settings.PhoneNumber = "edge", "q", "1001"
	l.setAccounts()
	s := l.server(line.Primary)
	l.setAddrs(s, []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:5061")})
	h := s.at(0).hop()
	if h.name != "sbc.example.test" || h.to != netip.MustParseAddrPort("192.0.2.7:5061") || h.transport != line.TLS {
		t.Errorf("the next hop is %+v", h)
	}
	if a := l.accountAt(s.at(0), h); a == nil || a.Proxy != (digest.Login{User: "edge", Password: "q"}) {
		t.Errorf("the account is %+v", a)
	}
	if a := l.accountAt(s.at(0), hop{to: netip.MustParseAddrPort("192.0.2.1:5060"), transport: line.TLS}); a != nil {
		t.Errorf("the server itself is given %+v", a)
	}
	if a := l.accountAt(l.server(line.Backup).at(0), l.server(line.Backup).at(0).hop()); a == nil || a.Proxy != (digest.Login{}) {
		t.Errorf("a server without a proxy is given %+v", a)
	}
}

// OP-11: the log names the outbound proxy of the server in use.
func TestLogNamesProxy(t *testing.T) {
	var log bytes.Buffer
	settings := line.Default()
	settings.RegisterAddr, settings.BackupOutboundProxyAddr = "192.0.2.1", "192.0.2.8"
	l := New(Config{Number: 1, Settings: settings, Log: slog.New(slog.NewTextHandler(&log, nil)), Record: func(time.Time, int, line.CallID, event.Data) {}})
	l.note(line.Note{Data: event.LineState{From: string(line.TryPrimary), Phase: string(line.OnPrimary), Active: string(line.Primary)}})
	if strings.Contains(log.String(), "proxy") {
		t.Errorf("logged %q", log.String())
	}
	l.note(line.Note{Data: event.LineState{From: string(line.TryBackup), Phase: string(line.OnBackup), Active: string(line.Backup)}})
	if !strings.HasSuffix(log.String(), "active=backup cause=\"\" proxy=192.0.2.8:5060\n") {
		t.Errorf("logged %q", log.String())
	}
}
