package sip_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// T13, FO-29, FAILOVER 3.3: the challenge of the backup is answered with the next CSeq number of the same Call-ID and a new budget.
func TestChallengeAtBackup(t *testing.T) {
	for algorithms, used := range map[string]string{"MD5": "MD5", "SHA-256": "SHA-256", "MD5,SHA-256": "SHA-256"} {
		t.Run(algorithms, func(t *testing.T) {
			run(t, server.LabConfig{Algorithms: strings.Split(algorithms, ",")}, func(x *stack) {
				x.behave("primary", silent)
				x.start()
				x.until(60 * time.Second)
				p, b := x.want(fourSends, "REGISTER 7500 7500")
				x.phase(line.OnBackup)
				x.same(b[0], b[1], "Call-ID", "From", "To", "Contact", "Expires")
				x.differ(b[0], b[1])
				if p[0].header("Authorization") != "" || b[0].header("Authorization") != "" {
					t.Error("credentials before a challenge")
				}
				if a := b[1].header("Authorization"); !strings.Contains(a, "algorithm="+used) || !strings.Contains(a, `uri="sip:127.0.0.3"`) {
					t.Errorf("Authorization: %s", a)
				}
				x.wantSecretsKept()
			})
		})
	}
}

// T47: a challenge of the call itself.
func TestInviteChallengedOnBackup(t *testing.T) {
	run(t, server.LabConfig{Calls: true}, func(x *stack) {
		onBackup(x)
		x.dial("1", "1002")
		x.until(60 * time.Second)
		_, b := x.want("", "INVITE 0, ACK 0, INVITE 0, ACK 0")
		if b[2].cseq() != b[0].cseq()+1 || b[3].cseq() != b[2].cseq() || b[2].body() != b[0].body() {
			t.Errorf("CSeq %d, then %d, ACK %d", b[0].cseq(), b[2].cseq(), b[3].cseq())
		}
		x.same(b[0], b[2], "Call-ID", "From", "To", "Contact")
		// RFC 3261 22.1: the ACK carries the INVITE's credentials.
		x.same(b[2], b[3], "Proxy-Authorization")
		if b[2].header("Proxy-Authorization") == "" {
			t.Error("no credentials")
		}
		x.wantCall("1", "talking")
		x.post(line.HangUp{Call: "1"})
		x.until(70 * time.Second)
		x.wantPeer(server.CallOver)
		x.wantSecretsKept()
	})
}

// FO-25: credentials for the primary are not shown to the backup. The primary challenges the INVITE, loses the one with credentials, and
// the call goes on at the backup, which has a challenge of its own; the CSeq number of the re-sent INVITE is the last one used.
func TestCredentialsStayWithTheirServer(t *testing.T) {
	run(t, server.LabConfig{Calls: true}, func(x *stack) {
		registered(x)
		challenge := `Proxy-Authenticate: Digest realm="primary", nonce="abc", qop="auth"`
		x.script(primaryAddr, func(d datagram) []string {
			if d.method() == "INVITE" && d.header("Proxy-Authorization") == "" {
				return []string{reply(d, "407 Proxy Authentication Required", challenge)}
			}
			return nil
		})
		x.zero()
		x.dial("1", "1002")
		x.until(60 * time.Second)
		p, b := x.want("INVITE 0, ACK 0, INVITE 0 500 1500 3500", "REGISTER 7500 7500, INVITE 7500, ACK 7500, INVITE 7500, ACK 7500")
		x.wantCall("1", "talking")
		for _, d := range b {
			if strings.Contains(d.raw, `realm="primary"`) {
				t.Errorf("the backup was shown\n%s", d.raw)
			}
		}
		if p[2].cseq() != 2 || b[2].cseq() != 2 || b[4].cseq() != 3 || b[4].header("Call-ID") != p[0].header("Call-ID") {
			t.Errorf("CSeq %d at the primary, %d and %d at the backup", p[2].cseq(), b[2].cseq(), b[4].cseq())
		}
		if b[2].header("Proxy-Authorization") != "" || b[2].body() != p[0].body() {
			t.Errorf("the INVITE at the backup is\n%s", b[2].raw)
		}
		x.wantSecretsKept()
	})
}

// FO-38: a challenge of the re-sent BYE gets CSeq+1.
func TestByeChallengedAtBackup(t *testing.T) {
	run(t, open, func(x *stack) {
		id := talking(x, false)
		x.behave("primary", silent)
		x.script(backupAddr, func(d datagram) []string {
			switch {
			case d.method() == "REGISTER":
				return []string{grant(d, 3600)}
			case d.header("Authorization") == "":
				return []string{reply(d, "401 Unauthorized", `WWW-Authenticate: Digest realm="b", nonce="n", algorithm=SHA-256`)}
			}
			return []string{reply(d, "200 OK")}
		})
		x.post(line.HangUp{Call: id})
		x.until(60 * time.Second)
		p, b := x.want("BYE 0 500 1500 3500", "REGISTER 7500, BYE 7500 7500")
		if b[1].cseq() != p[0].cseq() || b[2].cseq() != p[0].cseq()+1 {
			t.Errorf("CSeq %d at the primary, %d and %d at the backup", p[0].cseq(), b[1].cseq(), b[2].cseq())
		}
		x.wantEvents("bye_lost", "")
	})
}

// FAILOVER 3.3: a wrong password is no failure of the server, and is tried once per Reg Fail Interval.
func TestWrongPassword(t *testing.T) {
	for _, c := range []struct{ settings, atPrimary, refused string }{
		{"auth_password=wrong", "REGISTER 0 0 32000 32000", "REGISTER 127.0.0.2:5060 hilphone MD5 credentials_rejected"},
		{"auth_password=", "REGISTER 0 32000", "REGISTER 127.0.0.2:5060 hilphone MD5 no_password"},
		{"auth_user=1002", "REGISTER 0 0 32000 32000", "REGISTER 127.0.0.2:5060 hilphone MD5 credentials_rejected"}, // 1002 has another password
	} {
		run(t, server.LabConfig{}, func(x *stack) {
			x.start(strings.Fields(c.settings)...)
			x.until(60 * time.Second)
			x.want(c.atPrimary, "")
			x.phase(line.AllFailed)
			x.wantRefused(c.refused, c.refused)
		})
	}
	run(t, server.LabConfig{Calls: true}, func(x *stack) {
		registered(x)
		x.change("auth_password=wrong")
		x.zero()
		x.dial("1", "1002")
		x.until(30 * time.Second)
		x.want("INVITE 0, ACK 0, INVITE 0, ACK 0", "")
		x.wantCall("1", "ended peer 407")
	})
}

// FAILOVER 3.3: a nonce that is too old is replaced; a server that never accepts one does not make a loop.
func TestStaleNonce(t *testing.T) {
	for _, c := range []struct {
		stale int
		want  string
		phase line.Phase
	}{{1, "REGISTER 0 0 0", line.OnPrimary}, {2, "REGISTER 0 0 0 0", line.OnPrimary}, {99, "REGISTER 0 0 0 0", line.AllFailed}} {
		run(t, open, func(x *stack) {
			n := -1
			x.script(primaryAddr, func(d datagram) []string {
				if n++; n > c.stale {
					return []string{grant(d, 3600)}
				}
				more := ""
				if n > 0 {
					more = ", stale=true"
				}
				return []string{reply(d, "401 Unauthorized", `WWW-Authenticate: Digest realm="r", qop="auth", nonce="n`+strings.Repeat("x", n)+`"`+more)}
			})
			x.start()
			x.until(30 * time.Second)
			x.want(c.want, "")
			x.phase(c.phase)
		})
	}
}

// WR-52: algorithms this phone does not have are a refusal, not a dead server; the event names them and the realm, once for each attempt.
func TestUnknownAlgorithm(t *testing.T) {
	for _, c := range []struct{ challenge, refused string }{
		{`Digest realm="r", nonce="n", algorithm=AKAv1-MD5`, "r AKAv1-MD5 unknown_algorithm"},
		{`Digest realm="r", nonce="n", algorithm=AKAv1-MD5, Digest realm="r", nonce="n", algorithm=AKAv2-SHA-256`, "r AKAv1-MD5, AKAv2-SHA-256 unknown_algorithm"},
		{`Digest realm="r", nonce="n", algorithm=SHA-256, qop="token"`, "r SHA-256 unknown_algorithm"},
		{`Digest realm="r"`, "r MD5 no_challenge"},
		{`Basic realm="r"`, "  no_challenge"},
		{`Digest nonce="n"`, " MD5 unknown_realm"},
		{`Digest realm="` + strings.Repeat("r", 200) + `", nonce="n", algorithm=X`, strings.Repeat("r", 128) + " X unknown_algorithm"},
	} {
		run(t, open, func(x *stack) {
			x.script(primaryAddr, func(d datagram) []string {
				return []string{reply(d, "401 Unauthorized", "WWW-Authenticate: "+c.challenge)}
			})
			x.start()
			x.until(33 * time.Second)
			x.want("REGISTER 0 32000", "")
			x.phase(line.AllFailed)
			x.wantEvents("challenge_refused", "0 32000")
			x.wantRefused("REGISTER 127.0.0.2:5060 "+c.refused, "REGISTER 127.0.0.2:5060 "+c.refused)
		})
	}
}

var answerParameter = regexp.MustCompile(`\b(?:response|cnonce)="([^"]+)"`)

// wantSecretsKept checks that neither the traced messages nor the events hold the password or anything made of it.
func (x *stack) wantSecretsKept() {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	secrets := []string{x.lab.Password(server.Caller)}
	for _, d := range x.wire {
		for _, m := range answerParameter.FindAllStringSubmatch(d.raw, -1) {
			secrets = append(secrets, m[1])
		}
	}
	if len(secrets) < 3 {
		x.t.Fatal("no credentials were sent")
	}
	masked := false
	for _, m := range x.traced {
		masked = masked || bytes.Contains(m.Raw, []byte(`response="***"`))
		for _, s := range secrets {
			if bytes.Contains(m.Raw, []byte(s)) {
				x.t.Errorf("the trace holds %s:\n%s", s, m.Raw)
			}
		}
	}
	if !masked {
		x.t.Error("the trace has no masked answer")
	}
}

// A refresh answers the last challenge unasked, with the next nonce count: one request instead of two. When the nonce has become too old
// in the meantime it is asked anew.
func TestRefreshWithCredentials(t *testing.T) {
	run(t, server.LabConfig{}, func(x *stack) {
		registered(x, "register_ttl=120")
		x.until(61 * time.Second)
		p, _ := x.want("REGISTER 59999", "")
		if !strings.Contains(p[0].header("Authorization"), "nc=00000002") {
			t.Errorf("the refresh has %q", p[0].header("Authorization"))
		}
		x.zero()
		x.until(10 * time.Minute)                                                                                 // nonces live 5 minutes
		p, _ = x.want("REGISTER 58999 118999 178999 238999 298999 298999 358999 418999 478999 538999 598999", "") // at 299 s the nonce is 360 s old
		for _, d := range p {
			if d.header("Authorization") == "" {
				t.Errorf("a refresh without credentials:\n%s", d.raw)
			}
		}
		x.phase(line.OnPrimary)
	})
}
