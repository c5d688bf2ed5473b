package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// IM-10, RS-08: the answer to a rejected call and to a second one are the settings', and so is the local port of the lines, by REST and by a file.
func TestFeaturesOfTheDemo(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	seen := map[string]bool{}
	refused := func() int {
		t.Helper()
		var calls []struct {
			CallID    string `json:"call_id"`
			EndStatus int    `json:"end_status"`
		}
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			p.do("GET", "lab/phone/calls", "", &calls)
			for _, c := range calls {
				if c.EndStatus != 0 && !seen[c.CallID] {
					seen[c.CallID] = true
					return c.EndStatus
				}
			}
		}
		t.Fatalf("no call was refused: %+v", calls)
		return 0
	}
	rejected := func(body string) int {
		t.Helper()
		p.do("POST", "lab/phone/calls", `{"to":"1001"}`, nil)
		var calls []struct{ ID, State string }
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			if p.do("GET", "calls", "", &calls); len(calls) == 1 && calls[0].State == "ringing" {
				p.do("POST", "calls/"+calls[0].ID+"/reject", body, nil)
				return refused()
			}
		}
		t.Fatalf("no call rings: %+v", calls)
		return 0
	}
	if code := rejected("{}"); code != 603 {
		t.Errorf("as delivered: %d", code)
	}
	p.do("PATCH", "phone/features", `{"reject_return_code":488,"busy_return_code":600}`, nil)
	if code := rejected(""); code != 488 {
		t.Errorf("rejected by the setting: %d", code)
	}
	p.do("PUT", "phone/hook", `{"state":"off"}`, nil)
	p.do("POST", "lab/phone/calls", `{"to":"1001"}`, nil)
	if code := refused(); code != 600 {
		t.Errorf("busy by the setting: %d", code)
	}
	p.do("PUT", "phone/hook", `{"state":"on"}`, nil)

	next := 20000 + os.Getpid()%8000 // below the ports that the kernel gives away
	free := func() int {
		for ; ; next++ {
			if c, err := net.ListenPacket("udp", fmt.Sprintf(":%d", next)); err == nil {
				c.Close()
				next++
				return next - 1
			}
		}
	}
	since := p.await(0, "registered", nil).Seq
	for i, move := range []func(port int){
		func(port int) { p.do("PUT", "line/basic-settings", fmt.Sprintf(`{"sip_port":%d}`, port), nil) },
		func(port int) {
			p.do("POST", "config/import", fmt.Sprintf("<<VOIP CONFIG FILE>>Version:2.0002\n<SIP CONFIG MODULE>\nSIP  Port          :%d\n<<END OF FILE>>\n", port), nil)
		},
	} {
		port := free()
		move(port)
		since = p.await(since, "registered", nil).Seq
		var now struct {
			SIP []string `json:"sip"`
		}
		if p.do("GET", "system/information", "", &now); len(now.SIP) == 0 || !strings.Contains(now.SIP[0], fmt.Sprintf(":%d ", port)) {
			t.Errorf("move %d to %d: the lines are at %v", i, port, now.SIP)
		}
	}
	p.terminate()
}
