package sip

import (
	"net/netip"
	"time"

	"hilphone/sip/line"
)

// Snapshot is the state of a line at one instant.
type Snapshot struct {
	line.Status
	Settings line.Settings
	Start    time.Time // the zero of the durations in Status
	Local    netip.AddrPort
	// NoListener is why the TCP port for incoming calls cannot be opened; nil where it is open, or not wanted (UX-03).
	NoListener error
	// Malformed counts what came to the line since it was started and could be neither matched nor answered.
	Malformed uint64
	// Refused counts the requests that were refused because of where they came from (accept_from).
	Refused uint64
}

// At gives the time of day of an instant of the line's clock; zero stays zero.
func (s Snapshot) At(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return s.Start.Add(d)
}

// Snapshot returns the line's state. It never waits.
func (l *Line) Snapshot() Snapshot {
	s := *l.status.Load()
	s.Malformed, s.Refused = l.malformed.total.Load(), l.strangers.total.Load()
	return s
}

// publish shows the line's state to everybody else.
func (l *Line) publish() {
	old := l.status.Load()
	s := &Snapshot{Status: l.machine.Status(), Settings: l.settings, Start: l.start, Local: l.local, NoListener: l.noListener}
	l.status.Store(s)
	if old.Phase != s.Phase || old.Active != s.Active || old.Failback != s.Failback || old.NextProbe != s.NextProbe {
		l.cfg.StatusChanged(l.cfg.Number, s.Status)
	}
}
