//go:build !linux

package sip

import "time"

// suspended is not known here.
func suspended() time.Duration { return 0 }
