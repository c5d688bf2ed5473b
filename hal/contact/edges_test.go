package contact_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"hilphone/hal"
	"hilphone/hal/contact"
)

// seen is what a program reads of one contact at an instant.
type seen struct {
	at    time.Duration
	edges []contact.Edge
	level bool
}

// told returns what a contact that is watched from an instant on comes to.
func told(r *contact.Replay, c *contact.Contact, begin time.Duration, all ...seen) (reported []string) {
	c.Begin(false, dawn.Add(begin))
	for _, s := range all {
		c.See(s.edges, s.level, dawn.Add(s.at))
		r.Until(dawn.Add(s.at), func(e hal.Event) { reported = append(reported, fmt.Sprintf("%s %s", e.At.Sub(dawn), eventText(e))) })
	}
	return reported
}

func edge(at time.Duration, closed bool) contact.Edge {
	return contact.Edge{At: dawn.Add(at), Closed: closed}
}

// TestEdges: edges from before a contact is watched do not count, two changes at once are two changes, and after edges that were lost a contact has to come
// to rest before it counts, with a fault until then (BE-06). The handset and a button have 20 ms to come to rest.
func TestEdges(t *testing.T) {
	const lost = "edges: edges of the contact were lost, or came too late to be judged"
	for _, c := range []struct {
		name         string
		begin        time.Duration
		seen         []seen
		hook, button []string
	}{
		{"at once", 0, []seen{{100 * ms, []contact.Edge{edge(100*ms, true)}, true}, {time.Second, nil, true}}, []string{"120ms hook off"}, []string{"120ms key mute down"}},
		{"before it is watched", 500 * ms, []seen{{600 * ms, []contact.Edge{edge(100*ms, true), edge(200*ms, false)}, false}, {time.Second, []contact.Edge{edge(700*ms, true)}, true}},
			[]string{"720ms hook off"}, []string{"720ms key mute down"}},
		{"before it is watched, and after", 500 * ms, []seen{{600 * ms, []contact.Edge{edge(100*ms, true), edge(200*ms, false), edge(550*ms, true)}, true}, {time.Second, nil, true}},
			[]string{"570ms hook off"}, []string{"570ms key mute down"}},
		{"open for a moment", 0, []seen{{116 * ms, []contact.Edge{edge(100*ms, true), edge(115*ms, false), edge(116*ms, true)}, true}, {time.Second, nil, true}}, []string{"136ms hook off"}, []string{"136ms key mute down"}},
		{"open for a moment that nothing has read", 0, []seen{{116 * ms, []contact.Edge{edge(100*ms, true), edge(115*ms, true), edge(116*ms, true)}, true}, {time.Second, nil, true}},
			[]string{"136ms hook off"}, []string{"136ms key mute down"}},
		{"lost while it comes to rest", 0, []seen{{116 * ms, []contact.Edge{edge(100*ms, true), {At: dawn.Add(115 * ms), Closed: true, Lost: true}}, true}, {time.Second, nil, true}},
			[]string{"115ms fault: hook: " + lost, "135ms fault over: hook: edges", "135ms hook off"}, []string{"115ms fault: b: " + lost, "135ms fault over: b: edges", "135ms key mute down"}},
	} {
		var hooks, buttons contact.Replay
		hook := hooks.Hook(contact.NewHook(contact.HookConfig{Device: "hook", Debounce: 20 * ms}))
		button := buttons.Button(contact.NewButton(contact.ButtonConfig{Device: "b", Key: hal.Mute, Debounce: 20 * ms}))
		if got := told(&hooks, hook, c.begin, c.seen...); !slices.Equal(got, c.hook) {
			t.Errorf("%s, hook: %q, want %q", c.name, got, c.hook)
		}
		if got := told(&buttons, button, c.begin, c.seen...); !slices.Equal(got, c.button) {
			t.Errorf("%s, button: %q, want %q", c.name, got, c.button)
		}
	}
}
