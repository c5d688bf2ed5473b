package kamailio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// NameServer is the address, inside the pair's network, of the name service that programs of [Pair.Command] use.
const NameServer = "127.0.0.53"

// Names of the servers. The SRV records of [Domain] lead to both, the primary first.
const (
	PrimaryName = "p." + Domain
	BackupName  = "b." + Domain
)

// lookUpAgain is how long a look-up waits for its answer before it asks again.
const lookUpAgain = 200 * time.Millisecond

// records are the names as options of dnsmasq.
func records() (options []string) {
	for _, host := range [][2]string{{PrimaryName, PrimaryAddress}, {BackupName, BackupAddress}, {Domain, PrimaryAddress}} {
		options = append(options, fmt.Sprintf("--host-record=%s,%s", host[0], host[1]))
	}
	for _, service := range []struct {
		name string
		port int
	}{{"_sip._udp", Port}, {"_sip._tcp", Port}, {"_sips._tcp", TLSPort}} {
		for priority, host := range []string{PrimaryName, BackupName} {
			options = append(options, fmt.Sprintf("--srv-host=%s.%s,%s,%d,%d,100", service.name, Domain, host, service.port, 10*(priority+1)))
		}
	}
	return options
}

// writeResolver makes the name service that of the programs in the network.
func (p *Pair) writeResolver() error {
	p.network.resolver = filepath.Join(p.dir, "resolv.conf")
	return os.WriteFile(p.network.resolver, []byte("nameserver "+NameServer+"\n"), 0o644)
}

// startNames starts the name service and returns when it answers.
func (p *Pair) startNames(ctx context.Context) error {
	// no-daemon also keeps it from changing its user, by which it would escape being killed along with this process.
	options := append([]string{"--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--listen-address=" + NameServer, "--bind-interfaces"},
		records()...)
	alive, stop := context.WithCancel(context.Background()) // it outlives the context of the start; stopNames ends it
	cmd := p.Command(alive, "dnsmasq", options...)
	if err := cmd.Start(); err != nil {
		stop()
		return fmt.Errorf("start the name service: %w", err)
	}
	ended := make(chan struct{})
	go func() { // stopNames waits for it
		defer close(ended)
		_ = cmd.Wait() // it is killed
	}()
	p.stopNames = func() { stop(); <-ended }
	err := await(ctx, func() (bool, error) {
		select {
		case <-ended:
			return false, errors.New("it ended")
		default:
		}
		asking, cancel := context.WithTimeout(ctx, lookUpAgain)
		defer cancel()
		found, err := p.resolver().LookupNetIP(asking, "ip4", PrimaryName)
		return err == nil && len(found) == 1 && found[0] == p.Primary.Addr.Addr(), nil
	})
	if err != nil {
		return fmt.Errorf("the name service: %w", err)
	}
	return nil
}

// resolver asks the name service from outside of its network.
func (p *Pair) resolver() *net.Resolver {
	server := netip.AddrPortFrom(netip.MustParseAddr(NameServer), 53).String()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return p.DialContext(ctx, network, server)
	}}
}
