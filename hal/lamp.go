package hal

import "strconv"

// Lamp is a lamp of the phone by its name: one of those below, or a line lamp "line1" to "line20".
type Lamp string

// The lamps that are not of a line.
const (
	PowerLamp   Lamp = "power"
	MessageLamp Lamp = "message"
	SpeakerLamp Lamp = "speaker"
)

// LineLamp returns the lamp in the key of line n, 1 to MaxLines.
func LineLamp(n int) Lamp { return Lamp("line" + strconv.Itoa(n)) }

// Line returns the line of a line lamp, 1 to MaxLines, and whether the lamp is one.
func (l Lamp) Line() (int, bool) { return lineNumber(string(l)) }

// Lamps returns every lamp of a phone.
func Lamps() []Lamp {
	lamps := []Lamp{PowerLamp, MessageLamp, SpeakerLamp}
	for n := range MaxLines {
		lamps = append(lamps, LineLamp(n+1))
	}
	return lamps
}

// Pattern is how a lamp shines. The vendor's configuration files write it as a code.
type Pattern string

// The patterns.
const (
	Off  Pattern = "off"  // code 0
	On   Pattern = "on"   // code 1
	Fast Pattern = "fast" // code 2: 2.5 Hz, 200 ms on, 200 ms off
	Slow Pattern = "slow" // code 3: 1 Hz, 500 ms on, 500 ms off
)

// Cadence returns the pattern as lengths of light and dark; a steady pattern has no second part.
func (p Pattern) Cadence() Cadence {
	switch p {
	case On:
		return Cadence{forever}
	case Fast:
		return Cadence{fastHalf, fastHalf}
	case Slow:
		return Cadence{slowHalf, slowHalf}
	}
	return Silent
}
