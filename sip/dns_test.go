package sip_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"hilphone/hil/memnet"
	"hilphone/sip/line"
)

// zone is what DNS knows in a test; nothing is looked up anywhere else.
type zone struct {
	hosts map[string][]string
	srv   map[string][]*net.SRV // by "_sip._udp.name"
	fail  map[string]error      // by either name: what a look-up ends with, beside the records
	delay time.Duration
	asked func(host string) // notes a look-up of addresses; may be nil
	mu    *sync.Mutex
}

// set changes what DNS knows while lines run.
func (z zone) set(change func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	change()
}

func (z zone) wait(ctx context.Context) error {
	select {
	case <-time.After(z.delay):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (z zone) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	if err := z.wait(ctx); err != nil {
		return nil, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.asked != nil {
		z.asked(host)
	}
	if err := z.fail[host]; err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, a := range z.hosts[host] {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	if addrs == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return addrs, nil
}

func (z zone) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	if err := z.wait(ctx); err != nil {
		return "", nil, err
	}
	key := fmt.Sprintf("_%s._%s.%s", service, proto, name)
	z.mu.Lock()
	defer z.mu.Unlock()
	if err := z.fail[key]; err != nil {
		return key, z.srv[key], err
	}
	if z.srv[key] == nil {
		return "", nil, &net.DNSError{Err: "no such host", Name: key, IsNotFound: true}
	}
	return key, z.srv[key], nil
}

var second = netip.MustParseAddrPort("127.0.0.9:5060")

// T74, FO-62: two addresses of the primary, both silent; each has the retry count.
func TestEveryAddressOfThePrimary(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.hosts = map[string][]string{"p.example.test": {"127.0.0.2", "127.0.0.9"}}
		x.behave("primary", silent)
		x.net.BlackHole(second)
		x.start("register_addr=p.example.test")
		x.wait(20 * time.Second)
		x.traffic(lists{primaryAddr: "REGISTER 0 500 1500 3500", second: "REGISTER 7500 8000 9000 11000", backupAddr: "REGISTER 15000"})
		x.phase(line.OnBackup)
	})
}

// T75, FO-63: a primary that has no address is unavailable at once.
func TestPrimaryWithoutAddress(t *testing.T) {
	run(t, open, func(x *stack) {
		x.start("register_addr=p.example.test")
		x.wait(time.Second)
		x.want("", "REGISTER 0")
	})
}

// FO-63: a resolver that does not answer has no longer than the server would have.
func TestResolverIsSilent(t *testing.T) {
	run(t, open, func(x *stack) {
		x.names.delay = time.Hour
		x.start("register_addr=p.example.test")
		x.wait(10 * time.Second)
		x.want("", "REGISTER 7500")
	})
}

// FO-64: the address that holds the registration is kept while DNS still has it; FO-63: in a dialog nobody waits for DNS.
func TestAddressIsKept(t *testing.T) {
	run(t, open, func(x *stack) {
		hosts := map[string][]string{"p.example.test": {"127.0.0.9", "127.0.0.2"}}
		x.names.hosts = hosts
		x.start("register_addr=p.example.test", "register_ttl=120") // nobody at .9: ICMP
		x.wait(time.Millisecond)
		x.traffic(lists{second: "REGISTER 0", primaryAddr: "REGISTER 0"})
		x.phase(line.OnPrimary)
		x.dial("1", "1002")
		x.wait(time.Second)
		x.names.set(func() { hosts["p.example.test"] = nil })
		x.zero()
		x.post(line.HangUp{Call: "1"})
		x.wait(59 * time.Second)
		x.traffic(lists{primaryAddr: "BYE 0, REGISTER 58999"})
		x.names.set(func() { hosts["p.example.test"] = []string{"127.0.0.9"} }) // the kept address is gone: the new list holds
		x.zero()
		x.wait(time.Minute)
		x.traffic(lists{second: "REGISTER 59999", backupAddr: "REGISTER 59999"})
	})
}

// FO-65: SRV records where they are asked for and the port is left to them, in their order.
func TestServiceRecords(t *testing.T) {
	run(t, open, func(x *stack) {
		x.net.Unreachable(netip.MustParseAddrPort("127.0.0.9:5080"), memnet.DestinationUnreachable, memnet.PortUnreachable)
		x.names.hosts = map[string][]string{"one.example.test": {"127.0.0.9"}, "two.example.test": {"127.0.0.2"}}
		x.names.srv = map[string][]*net.SRV{"_sip._udp.example.test": {
			{Target: "one.example.test.", Port: 5080, Priority: 10}, {Target: "two.example.test.", Port: 5060, Priority: 20},
		}}
		x.start("register_addr=example.test", "dns_srv=1", "register_port=0")
		x.wait(time.Second)
		x.traffic(lists{netip.MustParseAddrPort("127.0.0.9:5080"): "REGISTER 0", primaryAddr: "REGISTER 0"})
		x.phase(line.OnPrimary)
	})
}
