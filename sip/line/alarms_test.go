package line

import (
	"slices"
	"testing"
	"time"
)

// due takes every alarm that has expired.
func due(a *Alarms[string], now time.Duration) []string {
	var names []string
	for {
		name, _, ok := a.Due(now)
		if !ok {
			return names
		}
		names = append(names, name)
	}
}

func TestAlarmsOrder(t *testing.T) {
	var a Alarms[string]
	if _, _, ok := a.Next(); ok {
		t.Error("the zero value has an alarm")
	}
	a.Set("c", 30)
	a.Set("a", 10)
	a.Set("b2", 20)
	a.Set("b1", 20)
	a.Set("b0", 20)
	if name, at, ok := a.Next(); name != "a" || at != 10 || !ok {
		t.Errorf("next is %s at %d, %v", name, at, ok)
	}
	if got := due(&a, 9); got != nil {
		t.Errorf("%v before the first", got)
	}
	// Of one instant, in the order in which they were set.
	if got, want := due(&a, 20), []string{"a", "b2", "b1", "b0"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := due(&a, 1000), []string{"c"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if _, _, ok := a.Next(); ok {
		t.Error("an alarm is left")
	}
}

func TestAlarmsSetMoves(t *testing.T) {
	var a Alarms[string]
	a.Set("x", 10)
	a.Set("y", 10)
	a.Set("x", 10) // now after y
	if got, want := due(&a, 10), []string{"y", "x"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	a.Set("x", 10)
	a.Set("x", 50)
	if got := due(&a, 49); got != nil {
		t.Errorf("%v expired at its old instant", got)
	}
	a.Set("x", 20)
	if got, want := due(&a, 20), []string{"x"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: moved to an earlier instant", got, want)
	}
}

func TestAlarmsStop(t *testing.T) {
	var a Alarms[string]
	if a.Stop("x") {
		t.Error("stopped what was never set")
	}
	a.Set("x", 10)
	a.Set("y", 10)
	if !a.Stop("x") || a.Stop("x") {
		t.Error("an armed alarm stops once")
	}
	if got, want := due(&a, 10), []string{"y"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if a.Stop("y") {
		t.Error("stopped what had expired")
	}
}
