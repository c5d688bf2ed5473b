//go:build rig

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// A handset is the phone as a process, operated as a lab script does: by REST, and nothing else.
type handset struct {
	*process
	number string
	token  string
	base   string
	client *http.Client
	off    bool
}

// contextOf outlives the test, which ends by itself what it started.
func contextOf(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// newHandset switches a phone on, without any settings. Its web port is its number, and the process is ended with the test.
func newHandset(t *testing.T, pair *kamailio.Pair, binary, number string, flags ...string) *handset {
	t.Helper()
	dir := t.TempDir()
	secret, err := pair.Command(contextOf(t), binary, "token", "new", "rig", "--scope", "admin", "--data", dir).Output()
	if err != nil {
		t.Fatalf("hilphone token new: %v", err)
	}
	port, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", 7000+port)
	h := &handset{number: number, token: strings.TrimSpace(string(secret)), base: "http://" + listen + "/api/v1",
		client: &http.Client{Transport: &http.Transport{DialContext: pair.DialContext}, Timeout: time.Minute}}
	h.process = launch(t, pair, "phone "+number, binary, append([]string{"run", "--data", dir, "--listen", listen}, flags...)...)
	t.Cleanup(func() { h.switchOff(t) }) // before the process is killed
	h.await(t, "web pages")
	return h
}

// switchOff ends the phone as the contract has it: in 5 s at most, with exit code 0, whatever has become of the servers.
func (h *handset) switchOff(t *testing.T) {
	t.Helper()
	if h.off {
		return
	}
	h.off = true
	h.client.CloseIdleConnections()
	code, took := h.terminate(t, patience)
	if code != 0 {
		t.Errorf("phone %s ended with exit code %d", h.number, code)
	}
	if limit := 5 * time.Second; took > limit {
		t.Errorf("phone %s took %v to end, more than %v", h.number, took, limit)
	}
	if raced, _ := h.wrote("DATA RACE"); raced {
		t.Errorf("phone %s has a data race", h.number)
	}
}

// do makes a request and decodes the answer; any refusal fails the test.
func (h *handset) do(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, h.base+path, content)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := h.client.Do(request)
	if err != nil {
		t.Fatalf("phone %s: %v", h.number, err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("phone %s: %s %s: %v", h.number, method, path, err)
	}
	if response.StatusCode >= 300 {
		t.Fatalf("phone %s: %s %s: %s: %s", h.number, method, path, response.Status, b)
	}
	switch answer := answer.(type) {
	case nil:
	case *[]byte:
		*answer = b
	default:
		if err := json.Unmarshal(b, answer); err != nil {
			t.Fatalf("phone %s: %s %s: %v in %s", h.number, method, path, err, b)
		}
	}
}

type settings map[string]any

// set changes settings of line 1.
func (h *handset) set(t *testing.T, s settings) {
	t.Helper()
	h.do(t, "PATCH", "/lines/1/sip", s, nil)
}

func (h *handset) hook(t *testing.T, state string) {
	t.Helper()
	h.do(t, "PUT", "/phone/hook", map[string]string{"state": state}, nil)
}

func (h *handset) keys(t *testing.T, keys string) {
	t.Helper()
	h.do(t, "POST", "/phone/keys", map[string]any{"keys": keys, "press_ms": 20, "gap_ms": 20}, nil)
}

type serverStatus struct {
	LastResult       string     `json:"last_result"`
	LastCause        string     `json:"last_cause"`
	RegisteredUntil  *time.Time `json:"registered_until"`
	QuarantinedUntil *time.Time `json:"quarantined_until"`
}

type status struct {
	State, Active, Phase string
	Servers              struct{ Primary, Backup serverStatus }
	Failback             struct {
		State      string
		NextProbeS *float64 `json:"next_probe_in_s"`
	}
	LastFailover *struct {
		From, To, Method, Trigger, Cause string
		ElapsedMS                        float64 `json:"elapsed_ms"`
	} `json:"last_failover"`
}

func (h *handset) status(t *testing.T) (s status) {
	t.Helper()
	h.do(t, "GET", "/lines/1/status", nil, &s)
	return s
}

// contact is the address that the phone registers.
func (h *handset) contact(t *testing.T) string {
	t.Helper()
	var information struct{ SIP []string }
	h.do(t, "GET", "/system/information", nil, &information)
	if len(information.SIP) == 0 {
		t.Fatalf("phone %s has no SIP address", h.number)
	}
	address, _, _ := strings.Cut(information.SIP[0], " ")
	return "sip:" + h.number + "@" + address
}

type end struct {
	By, Cause, Reason string
	Code              int
	ElapsedMS         float64 `json:"elapsed_ms"`
}

type call struct {
	ID, State, Server, Remote string
	SIPCallID                 string `json:"sip_call_id"`
	Digits                    string `json:"digits_received"`
	End                       *end
	Media                     *struct {
		Codec    string
		Sent     int `json:"packets_sent"`
		Received int `json:"packets_received"`
	}
}

func (h *handset) call(t *testing.T, id string) (c call) {
	t.Helper()
	h.do(t, "GET", "/calls/"+id, nil, &c)
	return c
}

// An event of the phone. Data has the fields of all types of events that the tests look at.
type event struct {
	Seq    int64
	Time   time.Time
	MonoUS int64 `json:"mono_us"`
	Type   string
	Line   int
	Call   string
	Data   struct {
		State, Direction, Server, Phase, Active, Slot, Target, Method, Trigger, Cause, From, To, Result, Digit, How string
		Code                                                                                                        int
		Expires                                                                                                     int     `json:"expires_s"`
		ElapsedMS                                                                                                   float64 `json:"elapsed_ms"`
		End                                                                                                         *end
	}
}

// after is the time since an earlier event of the same phone.
func (e event) after(earlier event) time.Duration {
	return time.Duration(e.MonoUS-earlier.MonoUS) * time.Microsecond
}

// now is the number of the newest event: what is awaited since then is still to come.
func (h *handset) now(t *testing.T) int64 {
	t.Helper()
	var information struct {
		Last int64 `json:"last_event"`
	}
	h.do(t, "GET", "/system/information", nil, &information)
	return information.Last
}

func (h *handset) events(t *testing.T, since int64, query string) (events []event) {
	t.Helper()
	h.do(t, "GET", fmt.Sprintf("/events?since=%d%s", since, query), nil, &events)
	return events
}

// until waits for the first event after since that is meant, with the long poll.
func (h *handset) until(t *testing.T, since int64, within time.Duration, what string, meant func(event) bool) event {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			s, _ := json.Marshal(h.status(t))
			t.Fatalf("phone %s: no %s in %v; its line: %s", h.number, what, within, s)
		}
		events := h.events(t, since, fmt.Sprintf("&wait_s=%.3f", min(left.Seconds(), 30)))
		if i := slices.IndexFunc(events, meant); i >= 0 {
			return events[i]
		}
		if len(events) > 0 {
			since = events[len(events)-1].Seq
		}
	}
}

func (h *handset) untilCall(t *testing.T, since int64, state string) event {
	t.Helper()
	return h.until(t, since, patience, "call that is "+state, func(e event) bool { return e.Type == "call" && e.Data.State == state })
}

func (h *handset) untilPhase(t *testing.T, since int64, phase string) event {
	t.Helper()
	return h.until(t, since, patience, "line in phase "+phase, func(e event) bool { return e.Type == "line_state" && e.Data.Phase == phase })
}

func (h *handset) untilType(t *testing.T, since int64, within time.Duration, kind string) event {
	t.Helper()
	return h.until(t, since, within, kind, func(e event) bool { return e.Type == kind })
}

// A message of the trace.
type message struct {
	Seq       int64
	MonoUS    int64 `json:"mono_us"`
	Direction string
	Slot      string
	Transport string
	Remote    string
	Start     string
	Raw       string
}

func (h *handset) trace(t *testing.T, query string) (messages []message) {
	t.Helper()
	h.do(t, "GET", "/trace?limit=10000"+query, nil, &messages)
	return messages
}

// header returns a header field of a message, empty if it has none.
func (m message) header(name string) string {
	for field := range strings.SplitSeq(m.Raw, "\r\n") {
		if value, ok := strings.CutPrefix(field, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// what is the method of a request or the status of an answer.
func (m message) what() string {
	if rest, ok := strings.CutPrefix(m.Start, "SIP/2.0 "); ok {
		return rest[:3]
	}
	method, _, _ := strings.Cut(m.Start, " ")
	return method
}

// sent returns the requests of a method that were sent to a server, repeats included.
func sent(messages []message, method, server string) (found []message) {
	for _, m := range messages {
		if m.Direction == "sent" && m.what() == method && strings.HasPrefix(m.Remote, server+":") {
			found = append(found, m)
		}
	}
	return found
}

// sound waits until both directions of a call have carried so many more packets.
func (h *handset) sound(t *testing.T, id string, more int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	first := h.call(t, id)
	for {
		c := h.call(t, id)
		if first.Media == nil {
			first = c
		}
		if c.Media != nil && c.Media.Sent >= first.Media.Sent+more && c.Media.Received >= first.Media.Received+more {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("phone %s: the sound of call %s has gone from %+v to %+v in %v, want %d packets more in each direction",
				h.number, id, first.Media, c.Media, patience, more)
		}
	}
}
