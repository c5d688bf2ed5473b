package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"hilphone/db"
)

// runFlags are those of `run` and `demo`.
type runFlags struct {
	dataFlag
	logFlags
	httpsFlags
	Listen []string `env:"HILPHONE_LISTEN" sep:"," placeholder:"ADDR:PORT" help:"Address of the web server, repeatable; default 127.0.0.1:8080. Anything but loopback needs a password."`
	Board  *string  `env:"HILPHONE_BOARD" placeholder:"auto|virtual|FILE" help:"auto, virtual, or a board file. Default: the board set on the page System > Board, else auto."`
	SIP    string   `name:"sip" env:"HILPHONE_SIP" placeholder:"ADDR[:PORT]" help:"Local SIP address. Default: the one that routes to the server, port 5060 then the next free."`
	HEP    string   `name:"hep" env:"HILPHONE_HEP" placeholder:"ADDR[:PORT]" help:"Capture server, HOMER or sngrep, that is shown every SIP message by HEP version 3; port 9060 unless given."`
}

const defaultListen = "127.0.0.1:8080"

type runCommand struct{ runFlags }

func (c *runCommand) Run(env environment) error {
	if err := c.check(); err != nil {
		return err
	}
	dir, err := c.dir()
	if err != nil {
		return err
	}
	log := c.logger(env.Stderr)
	phone := &lives{flags: &c.runFlags, dir: dir, boards: dir, log: log, listen: c.listenAll, begun: func(p *program, web listening) error {
		if err := p.firstRun(env, log); err != nil {
			return err
		}
		logPages(log, web.all, web.certificate)
		warnPlain(log, web.all)
		return nil
	}}
	return phone.run(env)
}

// check refuses flags that cannot be meant, before anything is touched.
func (c *runFlags) check() error {
	if c.Board != nil {
		if err := checkBoard(*c.Board); err != nil {
			return err
		}
	}
	for _, l := range c.Listen {
		if err := checkListen("--listen", l); err != nil {
			return err
		}
	}
	if err := c.httpsFlags.check(); err != nil {
		return err
	}
	if c.SIP != "" {
		if _, _, err := splitSIP(c.SIP); err != nil {
			return usage("--sip: %v", err)
		}
	}
	return nil
}

// listen opens the web server's addresses. A default that is taken is an error too: a second phone wants a port of its own.
func (c *runFlags) listen(ctx context.Context, store *db.DB) ([]net.Listener, error) {
	addrs := c.Listen
	if len(addrs) == 0 {
		addrs = []string{defaultListen}
	}
	var all []net.Listener
	for _, a := range addrs {
		l, err := listenWeb(ctx, "--listen", a, store)
		if err != nil {
			return nil, errors.Join(err, closeAll(all))
		}
		all = append(all, l)
	}
	return all, nil
}

// mayListen refuses an address that can be reached from elsewhere while nobody needs a password.
func mayListen(ctx context.Context, flag, addr string, store *db.DB) error {
	if isLoopback(addr) {
		return nil
	}
	set, err := store.HasPassword(ctx)
	if err != nil {
		return fmt.Errorf("looking for a password: %w", err)
	}
	if !set {
		return usage("%s: %s can be reached from elsewhere: set a password first, with hilphone password", flag, addr)
	}
	return nil
}

func listenWeb(ctx context.Context, flag, addr string, store *db.DB) (net.Listener, error) {
	if err := mayListen(ctx, flag, addr, store); err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, networkOf(addr), addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, asBindError(addr, err))
	}
	if tcp, ok := l.(*net.TCPListener); ok {
		return lastingListener{tcp}, nil
	}
	return l, nil
}

// networkOf is tcp4 for an IPv4 address: as tcp, 0.0.0.0 would be [::], at all addresses of IPv6 too, which was not asked for (UX-30).
func networkOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "tcp"
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return "tcp4"
	}
	return "tcp"
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// splitSIP reads ADDR[:PORT]; the port is 0 where none was given.
func splitSIP(s string) (netip.Addr, uint16, error) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		if ap.Port() == 0 {
			return netip.Addr{}, 0, fmt.Errorf("%q: the port must be 1 to 65535", s)
		}
		return ap.Addr(), ap.Port(), checkUnicast(ap.Addr())
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return a, 0, fmt.Errorf("%q is not an IP address of this computer with or without a port, such as 192.0.2.5 or 192.0.2.5:5060", s)
	}
	return a, 0, checkUnicast(a)
}

func quietly(log *slog.Logger, what string, err error) {
	if err != nil {
		log.Error(what, "err", err)
	}
}
