package sip

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestICMPv6InICMPv4Numbers(t *testing.T) { // RFC 7915 section 5.2
	for _, c := range []struct {
		typ6, code6 int
		want        string
	}{
		{1, 0, "3/1"}, {1, 1, "3/10"}, {1, 2, "3/1"}, {1, 3, "3/1"}, {1, 4, "3/3"}, {1, 5, "3/13"}, {1, 6, "3/13"},
		{2, 0, "3/4"}, {3, 0, "11/0"}, {3, 1, "11/1"}, {4, 0, "12/0"}, {4, 1, "3/2"}, {4, 2, "12/0"},
		{128, 0, "none"}, {0, 0, "none"},
	} {
		got := "none"
		if typ, code, ok := icmp4(c.typ6, c.code6); ok {
			got = fmt.Sprintf("%d/%d", typ, code)
		}
		if got != c.want {
			t.Errorf("%d/%d: %s, want %s", c.typ6, c.code6, got, c.want)
		}
	}
}

func TestFromICMP(t *testing.T) {
	wrapped := &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", syscall.EHOSTUNREACH)}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {io.EOF, false}, {net.ErrClosed, false}, {os.ErrDeadlineExceeded, false},
		{syscall.EBADF, false}, {syscall.ENOBUFS, false}, {syscall.ECONNREFUSED, true}, {wrapped, true},
		{errors.Join(io.EOF, wrapped), true},
	} {
		if got := fromICMP(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
