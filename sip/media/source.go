package media

import "math"

// A Source is what the phone says into a call.
type Source interface {
	// Fill writes the next samples, linear at 8000 Hz. It must not block: the
	// next packet waits for it.
	Fill(samples []int16)
}

// Silence is the source that says nothing.
type Silence struct{}

// Fill writes zeros.
func (Silence) Fill(samples []int16) { clear(samples) }

// Tone is a sine wave. Its zero value is silent.
type Tone struct {
	step, phase float64 // radians a sample
	peak        float64
}

// fullScale is the level of the loudest sine wave G.711 can hold, in dBm0
// (ITU-T G.711, +3.17 for A-law and +3.14 for mu-law).
const fullScale = 3.14

// NewTone makes a tone of hz, up to 4000, at level in dBm0; -10 is a usual level.
func NewTone(hz, level float64) *Tone {
	peak := 32124 * math.Pow(10, (min(level, fullScale)-fullScale)/20)
	return &Tone{step: 2 * math.Pi * hz / clockRate, peak: peak}
}

// Fill writes the next samples without a step to the ones before.
func (t *Tone) Fill(samples []int16) {
	for i := range samples {
		samples[i] = int16(math.Round(t.peak * math.Sin(t.phase)))
		if t.phase += t.step; t.phase > 2*math.Pi {
			t.phase -= 2 * math.Pi
		}
	}
}
