package scenario

import (
	"strconv"
	"strings"
	"time"
)

// longest is the longest time that can be written.
const longest = 24 * time.Hour

// Span is a length of time, fixed or so many times T1 of the line.
type Span struct {
	Fixed time.Duration
	T1    float64 // times T1; 0: Fixed counts
}

// At is the span where T1 has this length.
func (s Span) At(t1 time.Duration) time.Duration {
	if s.T1 != 0 {
		return time.Duration(s.T1 * float64(t1))
	}
	return s.Fixed
}

// String is the span as it is written.
func (s Span) String() string {
	if s.T1 != 0 {
		return strconv.FormatFloat(s.T1, 'f', -1, 64) + "T1"
	}
	return plain(s.Fixed)
}

// plain is a duration without the zeros at its end: 2m, not 2m0s.
func plain(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// parseSpan reads 100ms, 7.5s, 2m, 1h, 1m30s, or 64T1.
func parseSpan(text string) (Span, error) {
	if n, ok := strings.CutSuffix(text, "T1"); ok {
		times, err := strconv.ParseFloat(n, 64)
		if err != nil || !(times > 0 && times <= 10000) || strings.ContainsAny(n, "xXpPeE+_") {
			return Span{}, refuse(text, "is not so many times T1, as 64T1")
		}
		return Span{T1: times}, nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return Span{}, refuse(text, "is not a length of time: a number with its unit, ms, s, m, h or T1, as 500ms, 7.5s, 2m or 64T1")
	case d < 0 || strings.HasPrefix(text, "-"):
		return Span{}, refuse(text, "is before its beginning")
	case d > longest:
		return Span{}, refuse(text, "is longer than a day")
	}
	return Span{Fixed: d}, nil
}

// parseFixed reads a span that does not hang on T1.
func parseFixed(text string) (time.Duration, error) {
	s, err := parseSpan(text)
	if err == nil && s.T1 != 0 {
		err = refuse(text, "must be a fixed time, as 500ms")
	}
	return s.Fixed, err
}
