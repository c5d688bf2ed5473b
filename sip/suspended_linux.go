package sip

import (
	"time"

	"golang.org/x/sys/unix"
)

// suspended is how long this machine has slept since it was booted: the boot clock goes on then, the monotonic one stands still. No
// jump of the wall clock looks like it (CL-01, CL-02).
func suspended() time.Duration {
	var boot, mono unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - mono.Nano())
}
