package sip

import (
	"net/netip"
	"testing"

	"github.com/emiago/sipgo/sip"

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
