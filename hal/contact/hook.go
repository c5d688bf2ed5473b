package contact

import (
	"time"

	"hilphone/hal"
)

// HookConfig describes the switch under the handset.
type HookConfig struct {
	Device   string // names the switch in faults
	Debounce time.Duration

	// Flash is the key that a short press of the cradle stands for; without one every press of the cradle is the handset put back,
	// and that is known at once instead of after FlashMax.
	Flash    hal.Key
	FlashMin time.Duration // the cradle down for less is a knock, and ignored
	FlashMax time.Duration // the cradle down for as long is the handset put back
}

// Hook makes of a hook switch the handset lifted, put back, or a flash.
type Hook struct {
	config  HookConfig
	contact Debounce // closed: off-hook
	noise   noise
	gap     gap
	waiting bool      // the cradle is down and may come up again in time
	unsure  bool      // edges were lost since it is down
	cradle  time.Time // went down
}

// NewHook returns a hook with the handset on it.
func NewHook(c HookConfig) *Hook {
	return &Hook{config: c, contact: NewDebounce(c.Debounce), noise: noise{hold: 2 * c.Debounce}, gap: gap{device: c.Device + ": edges"}}
}

// inMotion reports whether a movement is under way.
func (h *Hook) inMotion() bool { return h.waiting }

// Lost tells that edges were lost before an instant: how long the cradle was down cannot be judged, so it is no flash.
func (h *Hook) Lost(now time.Time) []hal.Event {
	h.contact.restart(now)
	h.unsure = true
	return h.gap.raise(now)
}

// Step tells of the switch at an instant; off is the handset lifted. A flash is its key pressed and let go.
func (h *Hook) Step(off bool, now time.Time) (events []hal.Event, again time.Time) {
	restless, again := h.noise.step(off, now)
	if restless {
		events = append(events, faultEvent(h.config.Device, h.noise.message(), now))
	}
	moved, due := h.contact.Step(off, now)
	again = sooner(again, due)
	if moved {
		events = h.gap.end(events, now)
	}
	switch {
	case moved && off && h.waiting:
		events = h.up(events, now)
	case moved && !off && h.config.Flash != "":
		h.waiting, h.unsure, h.cradle = true, false, h.contact.Since()
	case moved:
		events = append(events, hookEvent(off, now))
	}
	if h.waiting && !h.contact.settling() {
		if due := h.cradle.Add(h.config.FlashMax); now.Before(due) {
			return events, sooner(again, due)
		}
		h.waiting = false
		events = append(events, hookEvent(false, now))
	}
	return events, again
}

// up tells what it meant that the cradle was down, now that it is up again.
func (h *Hook) up(events []hal.Event, now time.Time) []hal.Event {
	h.waiting = false
	switch down := h.contact.Since().Sub(h.cradle); {
	case h.unsure:
		return events
	case down >= h.config.FlashMax: // Step was called late
		return append(events, hookEvent(false, now), hookEvent(true, now))
	case down >= h.config.FlashMin:
		return stroke(events, h.config.Flash, now)
	}
	return events
}

func hookEvent(off bool, now time.Time) hal.Event {
	return hal.Event{At: now, Kind: hal.HookMoved, Off: off, Source: hal.FromBoard}
}
