package sip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// settle is how long addresses and routes must stay as they are before a change is told: an interface that comes up makes many.
const settle = 500 * time.Millisecond

// WatchAddresses calls changed when addresses or routes of this machine have changed, until ctx ends (CL-04).
func WatchAddresses(ctx context.Context, changed func()) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("opening a netlink socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), "netlink")
	defer f.Close()
	groups := uint32(unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return fmt.Errorf("watching addresses: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	buf := make([]byte, 64<<10)
	for pending := false; ctx.Err() == nil; {
		var until time.Time
		if pending {
			until = time.Now().Add(settle)
		}
		if err := f.SetReadDeadline(until); err != nil {
			return fmt.Errorf("watching addresses: %w", err)
		}
		if ctx.Err() != nil {
			break // it may have ended before the deadline was set
		}
		_, err := f.Read(buf)
		switch {
		case err == nil, errors.Is(err, unix.ENOBUFS): // messages were lost: something has changed
			pending = true
		case errors.Is(err, os.ErrDeadlineExceeded) && pending && ctx.Err() == nil:
			pending = false
			changed()
		case errors.Is(err, os.ErrDeadlineExceeded):
		default:
			return fmt.Errorf("watching addresses: %w", err)
		}
	}
	return nil
}
