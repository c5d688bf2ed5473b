//go:build rig && linux

package sip

import (
	"context"
	"testing"
	"time"
)

// CL-04: an address that comes or goes is told, once for the many messages it makes.
func TestWatchAddresses(t *testing.T) {
	if !inNetwork(t) {
		return
	}
	ip(t, "link", "set", "lo", "up")
	ctx, cancel := context.WithCancel(t.Context())
	told, ended := make(chan struct{}, 10), make(chan error, 1)
	go func() { ended <- WatchAddresses(ctx, func() { told <- struct{}{} }) }()
	// The watcher may not listen yet: change until it tells.
	deadline, again := time.After(20*time.Second), time.NewTicker(time.Second)
	defer again.Stop()
	for waiting := true; waiting; {
		select {
		case <-told:
			waiting = false
		case <-again.C:
			ip(t, "address", "replace", "192.0.2.7/32", "dev", "lo")
			ip(t, "address", "del", "192.0.2.7/32", "dev", "lo")
		case <-deadline:
			t.Fatal("no change was told")
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it does not end")
	}
}
