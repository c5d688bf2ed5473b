package actionurl

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"hilphone/db/device"
)

// errRefused says that a name led to an address that this phone does not call.
var errRefused = errors.New("this phone does not call")

// guard looks at the address that is really being called, after names were resolved: whatever the settings say, and however a name is answered
// from one time to the next.
func guard(lab bool) func(network, address string, _ syscall.RawConn) error {
	return func(network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return fmt.Errorf("%w over %s", errRefused, network)
		}
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%w %q", errRefused, address)
		}
		if why := device.Refused(at.Addr(), lab); why != "" {
			return fmt.Errorf("%w %s", errRefused, why)
		}
		return nil
	}
}

// newClient makes an HTTP client that goes where it is told and nowhere else: no proxy of the environment, no redirection, no connection
// kept for later.
func newClient(lab bool, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Control: guard(lab), Resolver: resolver, Timeout: timeout, KeepAlive: -1}
	return &http.Client{
		Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // its status is the result
		},
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            leaving(dialer, lab),
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 16 << 10,
			TLSHandshakeTimeout:    timeout,
		},
	}
}

// leaving is dialer's DialContext, which gives up a connection that has not left this computer: its two ends have one address. That finds
// the computer's own addresses where its interfaces cannot be listed, and those that are only routed to it.
func leaving(dialer *net.Dialer, lab bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil || lab || !ownMachine(c) {
			return c, err
		}
		_ = c.Close() // nothing was sent
		return nil, fmt.Errorf("%w this machine's own addresses", errRefused)
	}
}

// ownMachine reports whether both ends of a connection have the same address.
func ownMachine(c net.Conn) bool {
	here, ok1 := c.LocalAddr().(*net.TCPAddr)
	there, ok2 := c.RemoteAddr().(*net.TCPAddr)
	return ok1 && ok2 && here.AddrPort().Addr().Unmap().WithZone("") == there.AddrPort().Addr().Unmap().WithZone("")
}

// reason is a failure in words that show nothing of the address but its host.
func reason(err error) string {
	var dns *net.DNSError
	var timedOut interface{ Timeout() bool }
	switch {
	case errors.Is(err, errRefused):
		return "refused: " + innermost(err)
	case errors.As(err, &dns):
		return "name not resolved"
	case errors.Is(err, context.Canceled):
		return "the phone is ending"
	case errors.As(err, &timedOut) && timedOut.Timeout():
		return fmt.Sprintf("no answer within %s", timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route"
	}
	return innermost(err)
}

// innermost is the cause of an error without what the layers around it put before, the address among it.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil || next == errRefused {
			return err.Error()
		}
		err = next
	}
}

const (
	timeout = 5 * time.Second
	tries   = 3
)
