package server

import (
	"net/netip"
	"strings"
	"testing"
)

// An outbound proxy keeps no registrations: what phones send goes on to its registrar, credentials with it, and what the registrar sends goes to the
// phones.
func TestOutboundProxy(t *testing.T) {
	bubble(t, func(w *world) {
		const registrarAt = "127.0.0.7:5060"
		s := w.server(Config{Registrar: netip.MustParseAddrPort(registrarAt)})
		phone, registrar := w.client("127.0.0.1:5070"), w.client(registrarAt)
		phone.write(primaryAt, phone.request("REGISTER", "sip:pbx.example.test", "1001", "Contact: <sip:1001@127.0.0.1:5070>", "Authorization: Digest username=\"1001\""))
		got := registrar.expect("REGISTER sip:pbx.example.test SIP/2.0")
		if len(got.fields["via"]) != 2 || got.get("Record-Route") != "" || got.get("Authorization") == "" || got.get("Contact") != "<sip:1001@127.0.0.1:5070>" {
			t.Errorf("%+v", got)
		}
		reply(registrar, got, "200 OK")
		phone.expect("SIP/2.0 200")
		if n := len(s.Registrations().Bindings("1001")); n != 0 {
			t.Errorf("%d bindings at the proxy", n)
		}
		phone.write(primaryAt, phone.request("INVITE", "sip:1002@"+registrarAt, "1001", "Route: <sip:127.0.0.2;lr>", "Proxy-Authorization: Digest username=\"1001\"", sdpOffer))
		got = registrar.expect("INVITE sip:1002@127.0.0.7:5060 SIP/2.0")
		if got.get("Route") != "" || got.get("Record-Route") != "<sip:127.0.0.2:5060;lr>" || got.get("Proxy-Authorization") == "" {
			t.Errorf("%+v", got)
		}
		registrar.write(primaryAt, strings.Replace(registrar.request("BYE", "sip:1001@127.0.0.1:5070", "1002", "Route: <sip:127.0.0.2;lr>"), "To: <sip:1001@127.0.0.1:5070>", "To: <sip:1001@127.0.0.1:5070>;tag=a", 1))
		phone.expect("BYE sip:1001@127.0.0.1:5070 SIP/2.0")
	})
}
