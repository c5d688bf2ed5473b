package main

import (
	"path/filepath"
	"strings"
	"testing"

	"hilphone/hil/evidence"
)

// UX-30: 0.0.0.0 is all addresses of IPv4, in the log as on the network, and a scorecard has a name although its first run could not begin.
func TestTrueNames(t *testing.T) {
	clean(t)
	dir := filepath.Join(t.TempDir(), "data")
	if code, _, err := command(t, "a long password\n", "password", "--data", dir); code != 0 {
		t.Fatal(err)
	}
	p := start(t, self(t), "run", "--data", dir, "--listen", "0.0.0.0:0")
	if !strings.HasPrefix(p.url, "http://0.0.0.0:") {
		t.Errorf("the log has %s", p.url)
	}
	p.terminate()
	if got := serversOf([]evidence.Run{{}, {Servers: "a pair"}}); got != "a pair" {
		t.Errorf("the scorecard is of %q", got)
	}
	if serversOf([]evidence.Run{{}}) == "" {
		t.Error("the scorecard is of nothing")
	}
}
