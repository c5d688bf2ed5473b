package line

import "time"

// Seed gives the machine its dice. Machines with equal seeds and equal events do the same; without a seed the dice are loaded too.
func (m *Machine) Seed(seed uint64) { m.dice = seed }

// random is a duration below limit, 0 for a limit of 0 (SplitMix64, which needs no state but its seed).
func (m *Machine) random(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	m.dice += 0x9e3779b97f4a7c15
	z := m.dice
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return time.Duration((z ^ z>>31) % uint64(limit))
}

// failWait is how long the line waits after every server failed (FO-52): the registration failure interval, or after RFC 5626 4.5 half to
// all of 30 s doubled with each failure, up to 30 min.
func (m *Machine) failWait() time.Duration {
	if m.settings.RegBackoff != RFC5626 {
		return time.Duration(m.settings.RegFailInterval) * time.Second
	}
	upper := min(30*time.Minute, 30*time.Second<<min(m.failures, 10))
	return upper/2 + m.random(upper/2)
}
