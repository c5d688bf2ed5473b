package contact

import (
	"fmt"
	"math/bits"
	"time"

	"hilphone/hal"
)

// KeypadConfig describes a keypad of rows and columns.
type KeypadConfig struct {
	Device string      // names the keypad in faults
	Keys   [][]hal.Key // by row and column; empty where there is no key. 1 to 8 rows of 1 to 8 columns

	Diodes   bool          // every key has its diode: there are no ghosts and any keys may be down together
	Debounce time.Duration // a key is believed when it has been still for this long, and in three scans
	Scan     time.Duration // between two scans while a key is touched
	Stuck    time.Duration // a key that is down for longer is a fault; 0 is never
}

// Of three equal scans the first may have met a bounce half way; the other two confirm it.
const equalScans = 3

// stuckScan is the time between scans while nothing but stuck keys is down: they must not cost what a hand costs.
const stuckScan = 100 * time.Millisecond

// Keypad makes keys of scans: each press and each release is told once, two keys may be down together, a rectangle of three or four
// keys is refused until it can be told again which keys are down.
type Keypad struct {
	config     KeypadConfig
	down       Scan // believed
	raw        Scan // of the last scan without a ghost
	mask       uint8
	since      [MaxLines][MaxLines]time.Time // raw is at its level
	equal      [MaxLines][MaxLines]uint8     // scans
	pressed    [MaxLines][MaxLines]time.Time // the key that is down
	stuck      Scan
	ghosts     int // scans in a row
	ghostSince time.Time
	ghostFault bool
}

// NewKeypad returns a keypad with no key down. The error names what is wrong with its size.
func NewKeypad(c KeypadConfig) (*Keypad, error) {
	rows := len(c.Keys)
	if rows < 1 || rows > MaxLines {
		return nil, fmt.Errorf("a keypad has 1 to %d rows, not %d", MaxLines, rows)
	}
	columns := len(c.Keys[0])
	if columns < 1 || columns > MaxLines {
		return nil, fmt.Errorf("a keypad has 1 to %d columns, not %d", MaxLines, columns)
	}
	for r, row := range c.Keys {
		if len(row) != columns {
			return nil, fmt.Errorf("row %d of the keypad has %d keys, row 1 has %d", r+1, len(row), columns)
		}
	}
	return &Keypad{config: c, mask: uint8(1<<columns - 1)}, nil
}

// Step tells of a scan. When again is zero no key is touched: the keypad may rest (Scanner.Rest) until a column has an edge.
func (k *Keypad) Step(scan Scan, now time.Time) (events []hal.Event, again time.Time) {
	for r := range scan {
		if scan[r] &= k.mask; r >= len(k.config.Keys) {
			scan[r] = 0
		}
	}
	if !k.config.Diodes && scan.Ghost() {
		return k.ghost(nil, now), now.Add(k.config.Scan)
	}
	k.ghosts = 0
	if k.ghostFault {
		k.ghostFault = false
		events = append(events, faultEvent(k.config.Device, "", now))
	}
	settled := true
	for r, row := range k.config.Keys {
		if scan[r]|k.raw[r]|k.down[r] == 0 {
			continue
		}
		for c := range row {
			events = k.contact(events, r, c, scan[r]>>c&1 != 0, now)
		}
		settled = settled && scan[r] == k.down[r]
	}
	switch {
	case scan.empty() && k.down.empty():
		return events, time.Time{}
	case settled && k.down == k.stuck:
		return events, now.Add(stuckScan)
	}
	return events, now.Add(k.config.Scan)
}

// ghost refuses a scan. What was on its way to being believed has to begin anew.
func (k *Keypad) ghost(events []hal.Event, now time.Time) []hal.Event {
	if k.ghosts == 0 {
		k.ghostSince = now
	}
	k.ghosts++
	k.raw = k.down
	if !k.ghostFault && k.ghosts >= equalScans && now.Sub(k.ghostSince) >= k.config.Debounce {
		k.ghostFault = true
		events = append(events, faultEvent(k.config.Device, "three keys of a rectangle are down: nobody can tell which", now))
	}
	return events
}

// contact tells of one key in a scan.
func (k *Keypad) contact(events []hal.Event, r, c int, closed bool, now time.Time) []hal.Event {
	bit := uint8(1) << c
	if closed != (k.raw[r]&bit != 0) {
		k.raw[r] ^= bit
		k.since[r][c], k.equal[r][c] = now, 0
	}
	k.equal[r][c] = min(k.equal[r][c]+1, equalScans)
	down := k.down[r]&bit != 0
	key := k.config.Keys[r][c]
	switch {
	case closed == down:
		if down && k.stuck[r]&bit == 0 && k.config.Stuck > 0 && now.Sub(k.pressed[r][c]) >= k.config.Stuck {
			k.stuck[r] |= bit
			events = append(events, faultEvent(k.name(r, c), fmt.Sprintf("down for more than %s: does it stick?", k.config.Stuck), now))
		}
	case k.equal[r][c] >= equalScans && now.Sub(k.since[r][c]) >= k.config.Debounce:
		k.down[r] ^= bit
		k.pressed[r][c] = now
		if key != "" {
			events = append(events, keyEvent(key, closed, now))
		}
		if k.stuck[r]&bit != 0 {
			k.stuck[r] &^= bit
			events = append(events, faultEvent(k.name(r, c), "", now))
		}
	}
	return events
}

func (k *Keypad) name(r, c int) string {
	if key := k.config.Keys[r][c]; key != "" {
		return fmt.Sprintf("key %s (row %d, column %d of %s)", key, r+1, c+1, k.config.Device)
	}
	return fmt.Sprintf("contact at row %d, column %d of %s", r+1, c+1, k.config.Device)
}

// Down returns how many keys are down.
func (k *Keypad) Down() int {
	n := 0
	for _, row := range k.down {
		n += bits.OnesCount8(row)
	}
	return n
}
