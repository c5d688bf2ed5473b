package sip_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"hilphone/sip/line"
)

const services = "_sip._udp.example.test"

var (
	serverFailure = &net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}
	lookUpTimeout = &net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true, IsTemporary: true}
	invalidNames  = &net.DNSError{Err: "DNS response contained records which contain invalid names", Name: "x"}
)

func record(target string, port uint16) *net.SRV { return &net.SRV{Target: target, Port: port} }

// WR-55, FO-65: which answers of DNS make a server, and which send the line to the next one. The name has an A record in each case.
func TestServiceNotOffered(t *testing.T) {
	other := netip.MustParseAddrPort("127.0.0.2:5062")
	for _, c := range []struct {
		name    string
		records []*net.SRV
		fail    map[string]error
		at      netip.AddrPort // who is asked
	}{
		{"a record", []*net.SRV{record("one.test.", 5060)}, nil, primaryAddr},
		{"target .", []*net.SRV{record(".", 0)}, nil, backupAddr},
		{"an empty target", []*net.SRV{record("", 5060)}, nil, backupAddr},
		{"target . beside another", []*net.SRV{record(".", 5060), record("one.test.", 5062)}, nil, other},
		{"a target without an address", []*net.SRV{record("none.test.", 5060)}, nil, backupAddr},
		{"no target with an address", []*net.SRV{record("none.test.", 5060), record("nor.test.", 5060), record(".", 5060)}, nil, backupAddr},
		{"a target with an address of the other family", []*net.SRV{record("six.test.", 5060)}, nil, backupAddr},
		{"the second target has an address", []*net.SRV{record("none.test.", 5060), record("one.test.", 5062)}, nil, other},
		{"the first target fails", []*net.SRV{record("none.test.", 5060), record("one.test.", 5062)}, map[string]error{"none.test": serverFailure}, other},
		{"the only target fails", []*net.SRV{record("one.test.", 5060)}, map[string]error{"one.test": lookUpTimeout}, backupAddr},
		{"no record: NXDOMAIN or no data", nil, nil, primaryAddr},
		{"no record and no error", []*net.SRV{}, nil, primaryAddr},
		{"SERVFAIL", nil, map[string]error{services: serverFailure}, backupAddr},
		{"time-out", nil, map[string]error{services: lookUpTimeout}, backupAddr},
		{"some records are invalid", []*net.SRV{record("one.test.", 5062)}, map[string]error{services: invalidNames}, other},
		{"all records are invalid", []*net.SRV{}, map[string]error{services: invalidNames}, backupAddr},
	} {
		t.Run(c.name, func(t *testing.T) {
			run(t, open, func(x *stack) {
				x.names.hosts = map[string][]string{"example.test": {"127.0.0.2"}, "one.test": {"127.0.0.2"}, "six.test": {"::2"}}
				x.names.fail = c.fail
				if c.records != nil {
					x.names.srv = map[string][]*net.SRV{services: c.records}
				}
				x.net.BlackHole(other)
				x.start("register_addr=example.test", "register_port=0", "dns_srv=1")
				x.wait(100 * time.Millisecond)
				want := lists{primaryAddr: "", backupAddr: "", other: ""}
				want[c.at] = "REGISTER 0"
				x.traffic(want)
			})
		})
	}
}

// WR-55: the order stays that of the records, each address once, four at most (FO-62).
func TestServiceAddresses(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"a.test": {"127.0.0.21", "127.0.0.22"}, "b.test": {"127.0.0.22", "127.0.0.23"}, "c.test": {"127.0.0.24", "127.0.0.25"}}
		x.names.srv = map[string][]*net.SRV{services: {record("a.test.", 5060), record("b.test.", 5060), record("c.test.", 5060)}}
		x.start("register_addr=example.test", "register_port=0", "dns_srv=1") // their ports are closed: ICMP
		x.wait(time.Second)
		want := lists{backupAddr: "REGISTER 0"}
		for _, a := range []string{"127.0.0.21:5060", "127.0.0.22:5060", "127.0.0.23:5060", "127.0.0.24:5060"} {
			want[netip.MustParseAddrPort(a)] = "REGISTER 0"
		}
		x.traffic(want)
		x.phase(line.OnBackup)
	})
}

// WR-55, FO-63: a look-up that fails leaves the address that was known in use; the answer that the service is not offered does not, and the line
// goes to the backup. When it is offered again, a probe finds it.
func TestServiceIsWithdrawn(t *testing.T) {
	run(t, open, func(x *stack) {
		hosts := map[string][]string{"one.test": {"127.0.0.2"}}
		srv := map[string][]*net.SRV{services: {record("one.test.", 5060)}}
		fail := map[string]error{}
		x.names.hosts, x.names.srv, x.names.fail = hosts, srv, fail
		registered(x, "register_addr=example.test", "register_port=0", "dns_srv=1", "register_ttl=120", "backup_ttl=3600", "failback_interval=30")
		x.dial("1", "1002")
		x.wait(time.Second)
		x.wantCall("1", "talking")
		x.zero()
		x.names.set(func() { fail[services] = serverFailure })
		x.wait(time.Minute)
		x.want("REGISTER 58999", "")

		x.names.set(func() {
			delete(fail, services)
			srv[services] = []*net.SRV{record(".", 0)}
		})
		x.zero()
		x.wait(80 * time.Second)
		x.want("", "REGISTER 58999")
		x.phase(line.OnBackup)
		x.wantCall("1", "talking") // its dialog server stays (FO-64)

		// The probe 30 s later finds nothing, the one after it the service.
		x.wait(15 * time.Second)
		x.want("", "REGISTER 58999")
		x.names.set(func() { srv[services] = []*net.SRV{record("one.test.", 5060)} })
		x.wait(30 * time.Second)
		x.want("REGISTER 118999", "REGISTER 58999")
		x.phase(line.OnPrimary)
		x.post(line.HangUp{Call: "1"})
		x.wait(time.Second)
		x.wantPeer("over")
	})
}

// WR-55, FO-50: neither server offers the service: no request leaves, and the line tries again after Reg Fail Interval.
func TestNoServiceAtAll(t *testing.T) {
	run(t, open, func(x *stack) {
		srv := map[string][]*net.SRV{"_sip._udp.p.test": {record(".", 0)}, "_sip._udp.b.test": {record(".", 0)}}
		x.names.srv = srv
		x.names.hosts = map[string][]string{"one.test": {"127.0.0.2"}}
		x.start("register_addr=p.test", "register_port=0", "backup_addr=b.test", "backup_port=0", "dns_srv=1")
		x.wait(10 * time.Second)
		x.want("", "")
		x.phase(line.AllFailed)
		x.dial("1", "1002")
		x.wait(time.Second)
		if c := x.wantCall("1", "ended phone"); c.End.Cause != line.CauseDNS {
			t.Errorf("the call ended %+v", c.End)
		}
		x.names.set(func() { srv["_sip._udp.p.test"] = []*net.SRV{record("one.test.", 5060)} })
		x.wait(32 * time.Second)
		x.phase(line.OnPrimary)
	})
}
