package sip_test

import (
	"strings"
	"testing"
	"time"

	"hilphone/sip/line"
)

// FO-25, FAILOVER 3.3, WR-50: the backup takes the INVITE that was at the primary for a loop and answers 482: it is sent once more with a new Call-ID and
// From tag. The credentials that it is asked for then go with these, and so do ACK and BYE; another 482 ends the call.
func TestInviteTakenForALoop(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string // of the backup to INVITEs, one after the other
		wire    string
		call    string
	}{
		{"then it answers", []string{"482 Loop Detected", ""}, "REGISTER 0, INVITE 0, ACK 0, INVITE 0, ACK 0, BYE 1000", "talking"},
		{"then it asks for credentials", []string{"482 Loop Detected", "407", ""}, "REGISTER 0, INVITE 0, ACK 0, INVITE 0, ACK 0, INVITE 0, ACK 0, BYE 1000", "talking"},
		{"it asks for credentials first", []string{"407", "482 Loop Detected", ""}, "REGISTER 0, INVITE 0, ACK 0, INVITE 0, ACK 0, INVITE 0, ACK 0, BYE 1000", "talking"},
		{"twice", []string{"482 Loop Detected", "482 Loop Detected"}, "REGISTER 0, INVITE 0, ACK 0, INVITE 0, ACK 0", "ended peer 482"},
		{"again after credentials", []string{"482 Loop Detected", "407", "482 Loop Detected"}, "REGISTER 0, INVITE 0, ACK 0, INVITE 0, ACK 0, INVITE 0, ACK 0", "ended peer 482"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				n := 0
				x.script(backupAddr, func(d datagram) []string {
					switch d.method() {
					case "REGISTER":
						return []string{grant(d, 3600)}
					case "INVITE":
						n++
						switch status := c.answers[n-1]; status {
						case "":
							return []string{accept(d, "Contact: <sip:1002@127.0.0.3>")}
						case "407":
							return []string{challenge(d, 407, "home", "n")}
						default:
							return []string{reply(d, status)}
						}
					case "BYE":
						return []string{reply(d, "200 OK")}
					}
					return nil
				})
				registered(x)
				x.behave("primary", status(503, "INVITE"))
				x.dial("1", "1002")
				x.wantCall("1", c.call)
				x.until(time.Second)
				x.post(line.HangUp{Call: "1"})
				x.wait(time.Second)
				p, b := x.want("INVITE 0, ACK 0", c.wire)
				id, tag, cseq, credentials := p[0].header("Call-ID"), p[0].tag("From"), 1, 0
				for i, answers := 1, c.answers; i < len(b); i++ {
					d := b[i]
					if same := d.header("Call-ID") == id && d.tag("From") == tag; !same || d.cseq() != cseq || d.method() == "INVITE" && len(d.credentials()) != credentials {
						t.Errorf("message %d at the backup is not of Call-ID %s, tag %s, CSeq %d with %d credentials:\n%s", i, id, tag, cseq, credentials, d.raw)
					}
					if d.method() != "ACK" || len(answers) == 0 {
						continue
					}
					next := b[min(i+1, len(b)-1)]
					switch answers[0] {
					case "407":
						cseq++
						credentials = 1
					case "482 Loop Detected":
						if i+1 == len(b) {
							break
						}
						if next.header("Call-ID") == id || next.tag("From") == tag || !strings.HasSuffix(next.header("From"), next.tag("From")) {
							t.Errorf("the INVITE after 482 is\n%s", next.raw)
						}
						id, tag, credentials = next.header("Call-ID"), next.tag("From"), 0
					default:
						cseq++ // the BYE
					}
					answers = answers[1:]
				}
				if got := x.call("1").SIPCallID; got != id {
					t.Errorf("the call is known by Call-ID %s, and is %s on the wire", got, id)
				}
			})
		})
	}
}
