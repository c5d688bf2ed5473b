package contact

import (
	"time"

	"hilphone/hal"
)

// Country says after whose bells a ringer sounds.
type Country string

// The countries.
const (
	Europe       Country = "europe"
	Japan        Country = "japan"
	NorthAmerica Country = "north_america"
	UK           Country = "uk"
)

// Countries returns every country.
func Countries() []Country { return []Country{Europe, Japan, NorthAmerica, UK} }

// Cadence returns how the bells of a country ring when someone calls, or Silent for an unknown one. It is the rhythm of the
// ringing tone that the caller hears, which ITU-T E.180 Supplement 2 lists by country:
//
//	europe         1 s on, 4 s off    Germany and most others: 1 s on, 3 to 5 s off
//	japan          1 s on, 2 s off
//	north_america  2 s on, 4 s off
//	uk             0.4 s on, 0.2 s off, 0.4 s on, 2 s off
func (c Country) Cadence() hal.Cadence {
	const ms = time.Millisecond
	switch c {
	case Europe:
		return hal.Cadence{1000 * ms, 4000 * ms}
	case Japan:
		return hal.Cadence{1000 * ms, 2000 * ms}
	case NorthAmerica:
		return hal.Cadence{2000 * ms, 4000 * ms}
	case UK:
		return hal.Cadence{400 * ms, 200 * ms, 400 * ms, 2000 * ms}
	}
	return hal.Silent
}

// Hertz returns the frequency of the ringing current of a country, that a bell's clapper follows: 25 Hz in Europe and the UK, 20 Hz
// in North America, 16 Hz in Japan; 0 for an unknown one. A relay or a transistor that feeds a bell coil is switched with it.
func (c Country) Hertz() int {
	switch c {
	case Europe, UK:
		return 25
	case NorthAmerica:
		return 20
	case Japan:
		return 16
	}
	return 0
}
