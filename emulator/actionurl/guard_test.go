package actionurl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

// SE-13: what is connected to is looked at once more, whatever led there.
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		network, address string
		lab              bool
		want             string // nothing: it is called
	}{
		{"tcp4", "192.0.2.1:80", false, ""},
		{"tcp6", "[2001:db8::1]:80", false, ""},
		{"tcp4", "127.0.0.1:80", true, ""},
		{"tcp4", "127.0.0.1:80", false, "this phone does not call loopback addresses, this machine's own"},
		{"tcp6", "[::1]:80", false, "this phone does not call loopback addresses, this machine's own"},
		{"tcp6", "[::ffff:127.0.0.1]:80", false, "this phone does not call loopback addresses, this machine's own"},
		{"udp4", "192.0.2.1:80", false, "this phone does not call over udp4"},
		{"unix", "/run/x", true, "this phone does not call over unix"},
		{"tcp4", "name.example:80", true, `this phone does not call "name.example:80"`},
		{"tcp4", "192.0.2.1", true, `this phone does not call "192.0.2.1"`},
	} {
		err := guard(c.lab)(c.network, c.address, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, errRefused)) {
			t.Errorf("%s %s, lab %v: %v, want %q", c.network, c.address, c.lab, err, c.want)
		}
	}
}

// Why an address could not be called, in words without the address, which may have a password.
func TestReason(t *testing.T) {
	within := func(err error) error {
		return fmt.Errorf("Get \"http://u:secret@h/\": %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)})
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{within(syscall.ECONNREFUSED), "connection refused"},
		{within(syscall.EHOSTUNREACH), "no route"},
		{within(syscall.ENETUNREACH), "no route"},
		{within(syscall.ECONNRESET), "connection reset by peer"},
		{within(&net.DNSError{Err: "no such host", Name: "h"}), "name not resolved"},
		{fmt.Errorf("Get \"http://h/\": %w", context.Canceled), "the phone is ending"},
		{fmt.Errorf("Get \"http://h/\": %w", context.DeadlineExceeded), "no answer within 5s"},
		{within(fmt.Errorf("%w over udp4", errRefused)), "refused: this phone does not call over udp4"},
		{fmt.Errorf("Get \"http://u:secret@h/\": %w", io.EOF), "EOF"},
	} {
		if got := reason(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
