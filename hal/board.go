// Package hal is what a finger, an eye or an ear can reach of the phone: its keys, its hook, its lamps, its ringer.
//
// It holds contracts, and Join. A Board is the front of one phone: pins of a computer, the front panel of a web page, or several
// of these at once. Whoever holds a Board never learns which.
package hal

import "context"

// Board is the front of a phone. Virtual and real boards implement it, and so can a combination of both: the events of every
// board go to one report function, and every lamp is set on all of them.
//
// SetLamp and Ring are safe from any goroutine, may be called before Run and after it, and never block: a board whose hardware
// is slow keeps the newest value and writes it when it can. Before the first call every lamp is off and the ringer silent.
type Board interface {
	// Kind says what the board is made of: "virtual", "rpi".
	Kind() string

	// Run watches keys and hook until ctx is done and calls report for each movement, in order, and for each fault that comes or
	// goes. report may be called from any goroutine and returns when the phone has acted on the event, within microseconds.
	// It releases the hardware and ends every goroutine it started before it returns; it returns nil when ctx is done, and an
	// error naming device and pin when the board cannot go on. It may be called again after it has returned, and then opens the
	// hardware anew, shows the newest lamps and ringer, and begins with the handset on its hook and no key down: a handset that
	// is lifted by then is reported.
	Run(ctx context.Context, report func(Event)) error

	// SetLamp shows a pattern on a lamp. A lamp that this board does not have is ignored.
	SetLamp(Lamp, Pattern)

	// Ring sounds the ringer in a cadence until it is called again; Silent ends it.
	Ring(Cadence)
}
