package tiny

import "testing"

// minutes does not compile with some changes of pause.
var minutes [pause / 1e9]int

func TestClamp(t *testing.T) {
	if got := Clamp(5, 3); got != 3 {
		t.Errorf("%d, want 3", got)
	}
	if got := Clamp(2, 3); got != 2 {
		t.Errorf("%d, want 2", got)
	}
	if minutes[1] != 0 {
		t.Error("not zero")
	}
}

func TestCounter(t *testing.T) {
	c := Counter{limit: 3}
	if full, err := c.Add(5); !full || err != nil || c.n != 3 {
		t.Errorf("%v %v, %d", full, err, c.n)
	}
}

func TestBroken(t *testing.T) { t.Error("fails with and without a change") }
