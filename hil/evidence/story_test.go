package evidence

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// story is a run as the bench tells it: the primary falls silent, the line fails over, a call comes about, and the last expectation does not.
type story struct {
	*Folder
	at   time.Duration
	step int
	call int // makes the messages of one differ from those of another
}

// hostile is put wherever somebody else's text may come from.
const hostile = `<script>alert("x")</script>&amp;'--></pre>`

const second = time.Second

var started = time.Date(2026, 3, 12, 9, 58, 25, 405123000, time.UTC)

func (s *story) message(seen, to, local, remote, start string, out bool) {
	raw := strings.ReplaceAll(start+"\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK"+fmt.Sprint(s.call)+"\nCall-ID: 58c2@127.0.0.1\nX-Odd: "+hostile+
		"\nAuthorization: Digest username=\"1001\", response=\"abcd\"\nContent-Length: 0\n\n", "\n", "\r\n")
	s.Message(Message{At: s.at, Seen: seen, Out: out, Line: 1, Slot: to, Transport: "udp", Local: local, Remote: remote, CallID: "58c2@127.0.0.1", Start: start, Raw: []byte(raw)})
}

// both lets a message be seen by the phone and by a server.
func (s *story) both(server, address, start string, out bool) {
	s.message(FromPhone, server, "127.0.0.1:5070", address, start, out)
	s.at += 40 * time.Microsecond
	s.message(server, "", address, "127.0.0.1:5070", start, !out)
}

func (s *story) event(kind, data string) {
	s.Entry(Entry{At: s.at, Kind: EventKind, From: FromPhone, Step: s.step, Text: kind,
		Data: json.RawMessage(fmt.Sprintf(`{"seq":17,"type":%q,"line":1,"data":%s}`, kind, data))})
}

func (s *story) level(name, value string) { s.Level(Level{At: s.at, Name: name, Value: value}) }

// failover is some 20 seconds of it.
func (s *story) failover() {
	const primary, backup = "127.0.0.2:5060", "127.0.0.3:5060"
	s.level("server primary", "silent")
	s.Entry(Entry{At: s.at, Kind: ServerKind, From: FromPrimary, Step: 1, Text: "primary: silent"})
	s.Entry(Entry{At: s.at, Kind: RESTKind, From: FromBench, Step: 2, Text: "POST /api/v1/phone/keys", Data: json.RawMessage(`{"status":200,"api_token":"tok3n"}`)})
	for _, key := range []string{"1", "0", "0", "2"} {
		s.level("key "+key, "down")
		s.at += 80 * ms
		s.level("key "+key, "up")
		s.at += 80 * ms
	}
	s.level("hook", "off")
	s.level("lamp line1", "slow")
	began := s.at
	for _, wait := range []time.Duration{0, 500 * ms, 1500 * ms, 3500 * ms} {
		s.at = began + wait
		s.both(FromPrimary, primary, "INVITE sip:1002@127.0.0.2 SIP/2.0", true)
	}
	s.at = began + 7500*ms
	s.event("failover", `{"from":"primary","to":"backup","trigger":"no_response","method":"INVITE"}`)
	s.level("line 1", "backup")
	s.level("lamp fault", "fast")
	s.both(FromBackup, backup, "REGISTER sip:127.0.0.3 SIP/2.0", true)
	s.at += 2 * ms
	s.both(FromBackup, backup, "SIP/2.0 200 OK", false)
	s.both(FromBackup, backup, "INVITE sip:1002@127.0.0.3 SIP/2.0", true)
	s.message(FromBackup, "", backup, "127.0.0.4:5060", "INVITE sip:1002@127.0.0.4 SIP/2.0", true)
	s.at += ms
	s.message(FromPeer, "", "127.0.0.4:5060", backup, "INVITE sip:1002@127.0.0.4 SIP/2.0", false)
	s.message(FromPeer, "", "127.0.0.4:5060", backup, "SIP/2.0 200 OK", true)
	s.both(FromBackup, backup, "SIP/2.0 200 OK", false)
	s.level("call", "talking")
	s.level("lamp line1", "on")
	s.at += 3 * second
	s.level("hook", "on")
	s.level("call", "idle")
	s.level("lamp line1", "off")
	s.at += 2 * second
}

// tell tells the story into a new folder.
func tell(t testing.TB, dir string, change func(*Run)) Run {
	t.Helper()
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Hide("tok3n-of-the-bench")
	s := &story{Folder: f, step: 1}
	s.Entry(Entry{Kind: LogKind, From: FromBench, Text: "the phone is hilphone 0.4 with tok3n-of-the-bench"})
	s.level("hook", "on")
	s.level("lamp line1", "off")
	s.failover()
	s.Entry(Entry{At: s.at, Kind: NoteKind, From: FromBench, Step: 4, Text: hostile})
	fmt.Fprintln(s.Console(), "FAIL", hostile)
	measured := 7501234 * time.Microsecond
	r := Run{
		Name: "Silent primary", File: "silent-primary.scenario", Source: "# " + hostile + "\nscenario Silent primary\nproves FO-20 FO-31\n\nserver primary silent\n",
		Proves: []string{"FO-20", "FO-31"}, Started: started, Duration: s.at, Verdict: Failed, Cause: "lamp line1 was off, expected on " + hostile,
		Steps: []Step{
			{Number: 1, Line: 5, Text: "server primary silent", Began: 0, Ended: 2 * ms, Verdict: Passed},
			{Number: 2, Line: 6, Text: "call 1002 as dial", Label: "dial", Began: 2 * ms, Ended: 640 * ms, Verdict: Passed},
			{Number: 3, Line: 7, Text: "expect sip INVITE to backup at 7.5s +-100ms after dial", Label: "failover", Began: 640 * ms, Ended: 8144 * ms, Verdict: Passed, Measured: &measured},
			{Number: 4, Line: 8, Text: "expect lamp line1 on within 1s", Began: 8144 * ms, Ended: s.at - 1500*ms, Verdict: Failed, Cause: "lamp line1 was off, expected on"},
			{Number: 5, Line: 9, Text: "hook on", Verdict: NotRun},
		},
		Phone: "http://127.0.0.1:8080", Servers: "lab: primary 127.0.0.2:5060, backup 127.0.0.3:5060", Versions: map[string]string{"bench": "0.4.0", "phone": "0.4.0"},
		Settings:    json.RawMessage(`{"register_addr":"127.0.0.2","auth_password":"secret","t1_ms":500}`),
		ClockOffset: 12345 * ms, ClockUncertainty: 180 * time.Microsecond,
	}
	if change != nil {
		change(&r)
	}
	if err := f.Finish(r); err != nil {
		t.Fatal(err)
	}
	return r
}
