package sip_test

import (
	"fmt"
	"strconv"
	"strings"
)

// rules holds everything the phone has sent since the start against what every SIP message must keep (RFC 3261 8.1.1, 9.1, 12.2.1.1,
// 17.1.1.3, 20): no test has to ask for it.
func (x *stack) rules() {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.unruled {
		return
	}
	r := ruler{x: x, first: map[string]datagram{}, invites: map[string]datagram{}, refused: map[string]bool{}, last: map[string]datagram{}}
	for _, d := range x.wire {
		switch mine := d.from.Addr() == phoneAddr.Addr(); {
		case mine && d.status() == 0:
			r.request(d)
		case !mine && d.status() >= 300 && d.method() == "INVITE" && !d.lost:
			r.refused[d.branch()] = true
		}
		if len(r.faults) > 0 {
			x.t.Errorf("%s\n%s", strings.Join(r.faults, "\n"), d.raw)
			return
		}
	}
}

type ruler struct {
	x       *stack
	first   map[string]datagram // by method and branch
	invites map[string]datagram // by branch
	refused map[string]bool     // branches of INVITEs that got a final answer other than 2xx
	last    map[string]datagram // newest transaction by Call-ID, From tag and To tag
	faults  []string
}

func (r *ruler) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *ruler) request(d datagram) {
	r.form(d)
	id := d.method() + d.branch()
	if was, ok := r.first[id]; ok {
		if was.raw != d.raw || was.to != d.to {
			r.fault("a retransmission of %s is not the same as the first:\n%s", d.start(), was.raw)
		}
		return
	}
	r.first[id] = d
	switch invite, ok := r.invites[d.branch()]; d.method() {
	case "CANCEL":
		if !ok || invite.to != d.to || invite.uri() != d.uri() || invite.cseq() != d.cseq() || invite.header("From") != d.header("From") ||
			invite.header("To") != d.header("To") || invite.header("Via") != d.header("Via") {
			r.fault("CANCEL is not its INVITE's twin")
		}
		return
	case "ACK":
		if ok && (!r.refused[d.branch()] || invite.to != d.to || invite.uri() != d.uri() || invite.cseq() != d.cseq()) {
			r.fault("ACK has the branch of an INVITE that was not refused, or is not its twin")
		}
		if !ok && r.refused[d.branch()] {
			r.fault("ACK of a refusal without its INVITE")
		}
		return
	}
	for _, was := range r.first {
		if was.branch() == d.branch() && was.raw != d.raw {
			r.fault("the branch of %s is used again", was.start())
		}
	}
	if d.method() == "INVITE" {
		r.invites[d.branch()] = d
	}
	r.order(d)
}

// order: CSeq grows by one with each REGISTER of a Call-ID, and within a dialog with each request; the same number again is the same
// request on its way to another server (FO-25, FO-38).
func (r *ruler) order(d datagram) {
	begun := d.header("Call-ID") + " " + d.tag("From") + " "
	key := begun + d.tag("To") // forks are dialogs of their own
	was, ok := r.last[key]
	if !ok {
		was, ok = r.last[begun]
	}
	switch {
	case !ok:
	case d.method() == "REGISTER" && d.cseq() != was.cseq()+1:
		r.fault("CSeq %d after %d", d.cseq(), was.cseq())
	case d.cseq() < was.cseq(), d.cseq() == was.cseq() && (d.method() != was.method() || d.to == was.to):
		r.fault("CSeq %s after %s", d.header("CSeq"), was.header("CSeq"))
	}
	r.last[key] = d
}

// form is what each request has by itself.
func (r *ruler) form(d datagram) {
	via := d.header("Via")
	if !strings.HasPrefix(via, "SIP/2.0/UDP "+d.from.String()+";") || !strings.HasPrefix(d.branch(), "z9hG4bK") || !strings.Contains(via, ";rport") {
		r.fault("Via %q", via)
	}
	for _, name := range []string{"Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Content-Length", "User-Agent"} {
		if n := len(d.headers(name)); n != 1 {
			r.fault("%d %s header fields", n, name)
		}
	}
	if n := d.header("Content-Length"); n != strconv.Itoa(len(d.body())) {
		r.fault("Content-Length %s of %d octets", n, len(d.body()))
	}
	if d.header("CSeq") != strconv.Itoa(d.cseq())+" "+d.method() || d.cseq() < 1 {
		r.fault("CSeq %q", d.header("CSeq"))
	}
	if d.tag("From") == "" || d.header("Max-Forwards") != "70" {
		r.fault("From %q, Max-Forwards %q", d.header("From"), d.header("Max-Forwards"))
	}
	contact := d.method() == "INVITE" || d.method() == "REGISTER"
	if inDialog := d.tag("To") != ""; contact && len(d.headers("Contact")) != 1 || d.method() == "REGISTER" && inDialog || d.method() == "BYE" && !inDialog {
		r.fault("To %q, Contact %q", d.header("To"), d.headers("Contact"))
	}
	// SE-01: credentials go to the servers of the line, and one for each realm (RFC 3261 22.3).
	if len(d.credentials()) > 0 && !r.x.servers[d.to] {
		r.fault("credentials for %s, which is no server of the line", d.to)
	}
	realms := map[string]bool{}
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for _, v := range d.headers(name) {
			_, realm, _ := strings.Cut(v, `realm=`)
			realm, _, _ = strings.Cut(realm, ",")
			if realms[name+realm] {
				r.fault("two credentials in the realm %s", realm)
			}
			realms[name+realm] = true
		}
	}
	if len(d.raw) > 1300 && r.x.dials[d.to] == 0 { // RFC 3261 18.1.1
		r.fault("%d octets by UDP, and TCP was not tried", len(d.raw))
	}
}
