package phone

import (
	"time"

	"hilphone/hal"
	"hilphone/sip/line"
)

// Config is the call feature page of the phone. A zero time switches its timer off, but for AutoOnHookTime.
type Config struct {
	DefaultLine int // seized when no line key was pressed, 1 to 20

	DialByPound bool          // # dials at once; otherwise it is a digit
	DialTimeout time.Duration // after the last digit the number is dialled
	ToneTimeout time.Duration // dial tone without a digit becomes busy tone; a number entered on hook is forgotten

	RingTimeout time.Duration // an incoming call nobody answers is refused
	CallTimeout time.Duration // an outgoing call nobody answers is given up

	AutoOnHook     bool          // hands-free, the busy tone ends the seizure by itself
	AutoOnHookTime time.Duration // after so long; 0: at once

	NoAnswerCode int // SIP status for a call nobody answered
	BusyCode     int // SIP status for a second call
	RejectCode   int // SIP status for a call the user rejects

	Ring hal.Cadence // of the ringer
}

// DefaultConfig returns the vendor's factory values; where they are silent, ToneTimeout is 20 s and the ringer is that of Japan,
// 1 s on and 2 s off.
func DefaultConfig() Config {
	return Config{
		DefaultLine:    1,
		DialByPound:    true,
		DialTimeout:    10 * time.Second,
		ToneTimeout:    20 * time.Second,
		RingTimeout:    120 * time.Second,
		CallTimeout:    120 * time.Second,
		AutoOnHook:     true,
		AutoOnHookTime: 3 * time.Second,
		NoAnswerCode:   480,
		BusyCode:       486,
		RejectCode:     603,
		Ring:           hal.Cadence{time.Second, 2 * time.Second},
	}
}

// withCalls is the configuration with what Configured changes.
func (c Config) withCalls(next Config) Config {
	c.RingTimeout, c.CallTimeout = next.RingTimeout, next.CallTimeout
	c.AutoOnHook, c.AutoOnHookTime = next.AutoOnHook, next.AutoOnHookTime
	c.BusyCode, c.RejectCode = next.BusyCode, next.RejectCode
	return c
}

// A line has one key and one lamp.
var _ [hal.MaxLines]struct{} = [line.MaxLines]struct{}{}

func validLine(n int) bool { return n >= 1 && n <= line.MaxLines }
