package behaviour

import (
	"encoding/json"
	"reflect"
	"testing"
)

// The zero values are a server that serves and a phone that answers, in JSON and without what a mode does not use.
func TestZeroBehaviours(t *testing.T) {
	if text, err := json.Marshal(Server{}); err != nil || string(text) != `{"behaviour":"serve","retry_after_s":0,"delay_ms":0,"drop":0}` {
		t.Errorf("%s: %v", text, err)
	}
	for _, c := range []struct{ given, want Server }{
		{Server{}, Server{Mode: "serve"}},
		{Server{Status: 503, RetryAfter: 5}, Server{Mode: "serve"}},
		{Server{Mode: "status", Status: 503, RetryAfter: 5}, Server{Mode: "status", Status: 503, RetryAfter: 5}},
		{Server{Mode: "serve", Then: "status", Status: 503, RetryAfter: 5}, Server{Mode: "serve", Then: "status", Status: 503, RetryAfter: 5}},
		{Server{Mode: "silent", Status: 503, RetryAfter: 5}, Server{Mode: "silent"}},
	} {
		if got := c.given.Clean(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %+v, want %+v", c.given, got, c.want)
		}
	}
	for _, c := range []struct{ given, want Answering }{
		{Answering{}, Answering{Mode: "answer"}},
		{Answering{Status: 486}, Answering{Mode: "answer"}},
		{Answering{Mode: "status", Status: 486}, Answering{Mode: "status", Status: 486}},
	} {
		if got := c.given.Clean(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: %+v, want %+v", c.given, got, c.want)
		}
	}
}
