package server

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const sdpOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\n"

var (
	primaryAt = netip.MustParseAddrPort("127.0.0.2:5060")
	backupAt  = netip.MustParseAddrPort("127.0.0.3:5060")
)

// establish calls 1002 through a server and gives the 200; the client must be known to nobody.
func establish(c *client, at netip.AddrPort) wire {
	c.t.Helper()
	c.write(at, c.request("INVITE", "sip:1002@"+at.String(), "1001", "To: <sip:1002@test>",
		"Contact: <sip:1001@"+c.addr()+">", sdpOffer))
	c.expect("SIP/2.0 100")
	c.expect("SIP/2.0 180")
	return c.expect("SIP/2.0 200")
}

// inside is a request within the call that ok answered.
func inside(c *client, ok wire, method string, cseq string) string {
	target := strings.Trim(strings.Split(ok.get("Contact"), ">")[0], "<")
	extra := []string{"To: " + ok.get("To"), "CSeq: " + cseq + " " + method}
	for _, rr := range ok.fields["record-route"] {
		extra = append(extra, "Route: "+rr)
	}
	return c.request(method, target, "1001", extra...)
}

func TestCallThroughLab(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		ok := establish(c, primaryAt)
		if rr := ok.get("Record-Route"); rr != "<sip:127.0.0.2:5060;lr>" {
			t.Errorf("Record-Route %q", rr)
		}
		if !strings.Contains(ok.body, "m=audio ") || !strings.Contains(ok.body, " RTP/AVP 8 101\r\n") {
			t.Errorf("SDP answer:\n%s", ok.body)
		}
		c.write(primaryAt, inside(c, ok, "ACK", "1"))
		c.quiet(40 * time.Second) // the ACK has stopped the 200
		calls := l.Phone.Calls()
		if len(calls) != 1 || calls[0].Info().State != CallUp || calls[0].Info().Via != primaryAt {
			t.Fatalf("calls %+v", calls)
		}
		c.write(primaryAt, inside(c, ok, "BYE", "2"))
		c.expect("SIP/2.0 200")
		if info := calls[0].Info(); info.State != CallOver || info.End.By != "peer" {
			t.Errorf("after BYE %+v", info)
		}
	})
}

func TestByeOfAPrimaryCallThroughTheBackup(t *testing.T) {
	bubble(t, func(w *world) {
		l := w.lab(LabConfig{Open: true})
		c := w.client("127.0.0.1:5070")
		ok := establish(c, primaryAt)
		c.write(primaryAt, inside(c, ok, "ACK", "1"))
		synctest.Wait()
		if err := l.SetBehaviour(Primary, Behaviour{Mode: Silent}); err != nil {
			t.Fatal(err)
		}
		c.write(primaryAt, inside(c, ok, "BYE", "2"))
		c.quiet(time.Second)
		c.write(backupAt, inside(c, ok, "BYE", "2")) // its Route still names the primary
		c.expect("SIP/2.0 200")
		if info := l.Phone.Calls()[0].Info(); info.State != CallOver {
			t.Errorf("call %+v", info)
		}
	})
}
