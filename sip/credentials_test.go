package sip

import (
	"net/netip"
	"testing"

	"hilphone/sip/digest"
	"hilphone/sip/line"
)

// SE-01, FO-09: the account at a next hop is that of the server with this address, over a transport that is not weaker than its TLS.
func TestAccountAtNextHop(t *testing.T) {
	at := netip.MustParseAddrPort
	l := &Line{settings: line.Default(), slots: make(map[line.Slot]*server)}
	l.settings.RegisterAddr, l.settings.BackupAddr = "192.0.2.1", "192.0.2.2"
	servers := map[line.Slot]*server{}
	for slot, v := range map[line.Slot]struct {
		transport line.Transport
		addrs     []string
	}{line.Primary: {line.UDP, []string{"192.0.2.1:5060", "192.0.2.9:5060"}}, line.Backup: {line.TLS, []string{"192.0.2.2:5061"}}} {
		s := &server{slot: slot, config: line.Hop{Transport: v.transport}, account: &digest.Account{User: string(slot)}}
		for _, a := range v.addrs {
			s.targets = append(s.targets, &target{server: s, addr: at(a)})
		}
		servers[slot], l.slots[slot] = s, s
	}
	primary, backup := servers[line.Primary].at(0), servers[line.Backup].at(0)
	elsewhere := &target{server: &server{slot: line.Primary, config: line.Hop{Transport: line.UDP}}, addr: at("192.0.2.66:5060")}
	for _, c := range []struct {
		name      string
		target    *target
		to        string
		transport line.Transport
		want      line.Slot // None: no account
	}{
		{"itself", primary, "192.0.2.1:5060", line.UDP, line.Primary},
		{"itself by TCP, the request being too long", primary, "192.0.2.1:5060", line.TCP, line.Primary},
		{"its other address", primary, "192.0.2.9:5060", line.UDP, line.Primary},
		{"another port", primary, "192.0.2.1:5062", line.UDP, line.None},
		{"another host", primary, "192.0.2.66:5060", line.UDP, line.None},
		{"the other server", primary, "192.0.2.2:5061", line.TLS, line.Backup},
		{"the other server, without its TLS", primary, "192.0.2.2:5061", line.UDP, line.None},
		{"TLS", backup, "192.0.2.2:5061", line.TLS, line.Backup},
		{"TLS given up", backup, "192.0.2.2:5061", line.TCP, line.None},
		{"a dialog from elsewhere", elsewhere, "192.0.2.66:5060", line.UDP, line.None},
		{"a dialog from elsewhere, routed by the server", elsewhere, "192.0.2.1:5060", line.UDP, line.Primary},
	} {
		got := l.accountAt(c.target, hop{to: at(c.to), transport: c.transport})
		if want := servers[c.want]; (want == nil) != (got == nil) || want != nil && got != want.account {
			t.Errorf("%s: account %+v, want that of %s", c.name, got, c.want)
		}
	}
	if l.accountAt(&target{server: &server{}}, hop{}) != nil {
		t.Error("an account at no address")
	}
	if r := servers[line.Primary].at(0).redirect(at("192.0.2.9:5060")); r.account == nil {
		t.Error("a redirection to the server itself has no account")
	}
	if r := servers[line.Primary].at(0).redirect(at("192.0.2.66:5060")); r.account != nil || r.config.Transport != line.UDP {
		t.Errorf("a redirection to elsewhere: %+v", r)
	}
}
