//go:build !linux

package sip

import "context"

// WatchAddresses waits for ctx: this system does not tell of changes.
func WatchAddresses(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}
