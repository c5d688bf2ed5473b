package evidence

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSegments: each lane of the timeline has a part for each time in which its value is not at rest, and no other (UX-02).
func TestSegments(t *testing.T) {
	var all []Entry
	at := time.Duration(0)
	for name, values := range map[string]string{
		"server primary": "serve silent serve status=503 serve", "server backup": "serve", "line 1": "unregistered primary trying backup primary unregistered",
		"call": "dialling ringback talking ended ringing talking held ended", "peer": "ringing up over ringing over up over",
		"hook": "on off on off", "hook rig": "on off on", "key 1": "down up down up", "key *": "down up", "rig key 2": "down up", "lamp line1": "off slow on fast off",
		"lamp message": "off", "ringer": "off on off", "lamp line1 rig": "off on off", "sensor line1": "0 1 0 1",
	} {
		for _, value := range strings.Fields(values) {
			at += 100 * ms
			all = append(all, Level{At: at, Name: name, Value: value}.entry())
		}
	}
	lanes, still := lanes(scale{at + second}, all)
	got := map[string]int{}
	for _, l := range lanes {
		got[l.Name] = len(l.Parts)
	}
	want := map[string]int{"server primary": 2, "line 1": 4, "call": 6, "peer": 4, "hook": 2, "hook rig": 1, "keys": 3, "rig keys": 1, "lamp line1": 3, "ringer": 1,
		"lamp line1 rig": 1, "sensor line1": 2}
	if !maps.Equal(got, want) {
		t.Errorf("parts of lanes %v, want %v", got, want)
	}
	if slices.Sort(still); !slices.Equal(still, []string{"lamp message", "server backup"}) {
		t.Errorf("at rest %v", still)
	}
}

// A peer that is up all the time is at 1, and no key.
func TestWaveOfPeer(t *testing.T) {
	var b strings.Builder
	if err := writeWaves(&b, Run{Started: started, Duration: second}, []Entry{Level{Name: "peer", Value: "up"}.entry(), Level{Name: "key 1", Value: "up"}.entry()}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "$var wire 1 ! peer_up $end") || !strings.Contains(text, "\n1!\n") || !strings.Contains(text, "\n0%\n") {
		t.Errorf("dumped as\n%s", text)
	}
}

// UX-25: a label of the timeline that would lie over another is left out, or shown on wide screens alone; that of a failed step goes first, and one
// near the end stands before its flag.
func TestLabelsOfFlags(t *testing.T) {
	s := scale{100 * time.Second}
	at := func(sec float64, label, class string) flag {
		return s.flag(time.Duration(sec*float64(time.Second)), label, class)
	}
	flags := []flag{
		at(0, "failover", "b"),  // 72 px: 16.4% of a wide drawing, 27.7% of a narrow one
		at(10, "failback", "b"), // over the first
		at(20, "failover", "b"), // over it where the drawing is narrow
		at(45, "failback", "b"), // under the label of the fault
		at(46, "failed", "f"),
		at(98, "failover", "b"), // ends at its flag: from 81.6% and 70.3% on
	}
	placeLabels(flags)
	for i, want := range []string{"", "none", "wide", "none", "", ""} {
		if flags[i].Labelled != want {
			t.Errorf("label %d is %q, want %q", i, flags[i].Labelled, want)
		}
	}
	if c := flags[5].Class; c != "b e" {
		t.Errorf("the label at the end has the class %q", c)
	}
}
