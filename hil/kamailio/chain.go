package kamailio

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// A Proxy is one of the four proxies of a chain. Each adds parameters of some 300 octets to its Via and to its Record-Route, so that
// whatever passes all four has more than 1300 octets at its end, the requests within a dialog too.
//
// A call from the pair goes through all of them, from the first to the last, to the phone that is registered, except a call that
// came through them. A request for [Domain] that a phone sends to the last one goes through all of them to the primary, or to the
// backup when the primary does not answer. So a phone beyond the chain uses [ChainEnd] as its outbound proxy, and a phone at the pair that
// is called by another one at the pair has the last proxy as its neighbour.
//
// The proxies differ as real ones do: two keep no state, one sends long requests by TCP where the chain listens on TCP, and one records its
// route with parameters after the angle brackets.
type Proxy struct {
	node
	number int // from 0
}

// ChainEnd is the address of the last proxy of a chain, the one beside the phones.
const ChainEnd = "127.0.0.34"

// chain are the addresses of the proxies, from the pair to the phones.
var chain = [...]string{"127.0.0.31", "127.0.0.32", "127.0.0.33", ChainEnd}

// parameterLength makes four proxies add 1200 octets.
const parameterLength = 300

// backupAfter is how long the first proxy waits for the primary.
const backupAfter = time.Second

func (p *Pair) newChain() {
	for i, address := range chain {
		p.Chain = append(p.Chain, &Proxy{node: newNode(p, fmt.Sprintf("proxy%d", i+1), netip.MustParseAddr(address)), number: i})
	}
}

func (p *Pair) chainAddresses() (addresses []netip.Addr) {
	for _, x := range p.Chain {
		addresses = append(addresses, x.Addr.Addr())
	}
	return addresses
}

// start starts the process, which answers a little later.
func (x *Proxy) start() error {
	p := x.pair
	c := proxyConfig{
		Name: x.Name, Domain: Domain, Address: x.Addr.Addr(), Port: Port, TCP: !p.options.NoTCP, Parameter: strings.Repeat(x.Name+"-", parameterLength/len(x.Name+"-")),
		Stateless: x.number%2 == 1, TCPIfLong: x.number == 2 && !p.options.NoTCP, Quoted: x.number == 1,
	}
	if x.number == 0 {
		c.Inward, c.Backup, c.BackupAfter = p.Primary.Addr.Addr(), p.Backup.Addr.Addr(), backupAfter.Milliseconds()
	} else {
		c.Inward = p.Chain[x.number-1].Addr.Addr()
	}
	if err := write(x.path("cfg"), proxyTemplate, c); err != nil {
		return err
	}
	return x.launch()
}

func (x *Proxy) stop() error {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	return x.kill()
}
