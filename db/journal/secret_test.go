package journal

import (
	"strings"
	"testing"
)

// IM-05: no event tells a password of a URI, whatever it was recorded with.
func TestEventsHaveNoPassword(t *testing.T) {
	j := New(Config{})
	e := j.Event("action_url", 1, "", map[string]any{"url": "http://u:c4n4ry@192.0.2.1/?token=c4n4ry", "call_id": "12:34@h", "more": []string{"sip:1001:c4n4ry@h"}})
	text, err := e.MarshalJSON()
	if err != nil || strings.Contains(string(text), "c4n4ry") || !strings.Contains(string(text), "http://u:***@192.0.2.1/?token=***") || !strings.Contains(string(text), "12:34@h") {
		t.Errorf("%s, %v", text, err)
	}
}
