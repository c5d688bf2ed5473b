//go:build rig

package pcapng

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tshark reads a capture, and returns what it prints, without what it says of its user.
func tshark(t *testing.T, file string, args ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "tshark", append([]string{"-n", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}, args...)...)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("tshark: %v (make deps installs it)", err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// BE-04: tshark reassembles every message of TCP and TLS in both directions, on the ports of SIP and on others, by IPv4 and IPv6, also where a
// header is longer than a segment. It warns of nothing; each message of TLS has its comment.
func TestWiresharkReassembles(t *testing.T) {
	at := time.Date(2026, 3, 12, 10, 58, 25, 0, time.UTC)
	var messages []Message
	var want []string
	tls := 0
	add := func(transport, from, to string, start string, size int) {
		id := fmt.Sprintf("call%d", len(messages))
		raw := fmt.Sprintf("%s\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK%s\r\nFrom: \"\xff\" <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: %[2]s\r\nCSeq: 1 INVITE\r\n"+
			"Subject: %[3]s\r\nMax-Forwards: 70\r\nContent-Type: text/plain\r\nContent-Length: %[4]d\r\n\r\n%[3]s", start, id, strings.Repeat("x", size), size)
		messages = append(messages, Message{Time: at, From: from, To: to, Transport: transport, Raw: []byte(raw)})
		want = append(want, id)
		if transport == "tls" {
			tls++
		}
		at = at.Add(time.Millisecond)
	}
	for _, size := range []int{2000, 0, 700, 30000, 1} {
		for _, c := range []struct{ transport, phone, server string }{
			{"tcp", "127.0.0.1:40000", "127.0.0.2:5060"}, {"tcp", "127.0.0.1:40001", "127.0.0.2:7060"}, {"tls", "127.0.0.1:40002", "127.0.0.2:5061"},
			{"tls", "127.0.0.1:40003", "127.0.0.2:5071"}, {"tcp", "[2001:db8::1]:40004", "[2001:db8::2]:5060"}, {"tls", "[2001:db8::1]:40005", "[2001:db8::2]:5061"},
			{"tcp", "127.0.0.2:5060", "127.0.0.3:5060"},
		} {
			add(c.transport, c.phone, c.server, "INVITE sip:2@h SIP/2.0", size)
			add(c.transport, c.server, c.phone, "SIP/2.0 200 OK", size)
		}
	}
	file := filepath.Join(t.TempDir(), "sip.pcapng")
	if err := os.WriteFile(file, File(messages), 0o600); err != nil {
		t.Fatal(err)
	}
	got := tshark(t, file, "-Y", "sip", "-T", "fields", "-e", "sip.Call-ID")
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i, line := range got {
		if line != want[i] {
			t.Errorf("message %d is %q, want %s", i, line, want[i])
		}
	}
	comments := tshark(t, file, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment")
	if len(comments) != tls || slices.ContainsFunc(comments, func(s string) bool { return s != tlsComment }) {
		t.Errorf("%d comments, want %d: %q", len(comments), tls, comments)
	}
	const wrong = "tcp.analysis.flags or _ws.malformed or _ws.expert.severity >= 0x00400000 or ip.checksum.status != 1 or tcp.checksum.status != 1"
	if said := tshark(t, file, "-Y", wrong+" or (_ws.expert and not frame.comment)", "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"); len(said) > 0 {
		t.Errorf("tshark complains: %s", strings.Join(said, "\n"))
	}
}

// UX-14: tshark reads ICMP errors with the SIP request that they quote, resets and FINs, and the comments of failovers, and warns of nothing.
func TestWiresharkReadsFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faults.pcapng")
	if err := os.WriteFile(file, faults().File(), 0o600); err != nil {
		t.Fatal(err)
	}
	got := tshark(t, file, "-Y", "icmp or icmpv6", "-T", "fields", "-e", "icmp.type", "-e", "icmp.code", "-e", "icmpv6.type", "-e", "icmpv6.code")
	if text := strings.Join(got, "; "); text != "3\t3\t\t; 3\t1\t\t; 3\t13\t\t; \t\t1\t4; \t\t2\t0" {
		t.Errorf("ICMP: %q", text)
	}
	if ends := tshark(t, file, "-Y", "tcp.flags.reset == 1 or tcp.flags.fin == 1", "-T", "fields", "-e", "tcp.flags.str"); len(ends) != 2 {
		t.Errorf("ends of connections: %q", ends)
	}
	if quoting := tshark(t, file, "-Y", "icmp.code == 3 and sip.Method == REGISTER", "-T", "fields", "-e", "ip.src"); len(quoting) != 1 {
		t.Errorf("quoting SIP: %q", quoting)
	}
	if comments := strings.Join(tshark(t, file, "-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"), "\n"); !strings.Contains(comments, "failover from the primary") ||
		!strings.Contains(comments, "failback from the backup") {
		t.Errorf("comments: %q", comments)
	}
	const wrong = "tcp.analysis.flags or _ws.malformed or (_ws.expert.severity >= 0x00400000 and not tcp.flags.reset == 1 and not tcp.flags.fin == 1) or ip.checksum.status == 0 or tcp.checksum.status == 0 or icmp.checksum.status == 0 or icmpv6.checksum.status == 0"
	if said := tshark(t, file, "-Y", wrong, "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"); len(said) > 0 {
		t.Errorf("tshark complains: %s", strings.Join(said, "\n"))
	}
}
