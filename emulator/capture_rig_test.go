//go:build rig

package main_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// capture: Wireshark reads the phone's capture file, finds nothing wrong in it, the same messages as in the trace, and no secret. Where a server
// was refused by ICMP, the file has those packets, and each quotes a message that is before it in the file (UX-14).
func (s *servers) capture(t *testing.T) {
	trace := s.caller.trace(t, "")
	var file []byte
	s.caller.do(t, "GET", fmt.Sprintf("/trace.pcapng?limit=%d", len(trace)), nil, &file)
	path := filepath.Join(t.TempDir(), "hilphone.pcapng")
	must(t, os.WriteFile(path, file, 0o600))

	// Packets are in the order of time; a message sent and one received within microseconds may have come into the trace the other way round.
	slices.SortStableFunc(trace, func(a, b message) int { return cmp.Compare(a.MonoUS, b.MonoUS) })
	var methods []string
	for _, m := range trace {
		methods = append(methods, m.what())
	}
	var dissected []string
	secrets, unreachable, sent := 0, 0, map[string]bool{}
	for _, fields := range dissect(t, path, "sip.Method", "sip.Status-Code", "sip.auth.digest.response", "icmp.type", "icmp.code", "sip.Via.branch") {
		if icmp := fields[3]; icmp != "" {
			unreachable++
			want(t, "type and code of the ICMP packet", icmp+" "+fields[4], "3 3")
			if !sent[fields[0]+fields[5]] {
				t.Errorf("the ICMP packet quotes a %s with the branch %q, which is not before it in the capture", fields[0], fields[5])
			}
			continue
		}
		sent[fields[0]+fields[5]] = true
		if fields[0]+fields[1] == "" {
			continue // a segment of a longer message
		}
		dissected = append(dissected, fields[0]+fields[1])
		if fields[2] != "" {
			secrets++
			want(t, "digest response", strings.Trim(fields[2], `"`), "***")
		}
	}
	want(t, "messages as Wireshark sees them", strings.Join(dissected, " "), strings.Join(methods, " "))
	if secrets == 0 {
		t.Error("no message with a digest in the capture")
	}
	if (unreachable > 0) != (s.cause == "icmp") {
		t.Errorf("%d ICMP packets in the capture where the cause is %s", unreachable, s.cause)
	}
	for _, method := range []string{"REGISTER", "INVITE", "ACK", "CANCEL", "BYE"} {
		if !strings.Contains(" "+strings.Join(dissected, " "), " "+method) {
			t.Errorf("no %s in the capture", method)
		}
	}
	const wrong = `(!sip && !tcp && !icmp) || _ws.malformed || tcp.analysis.flags || _ws.expert.severity == "Error"` +
		` || (!icmp && (ip.checksum.status != 1 || udp.checksum.status != 1 || tcp.checksum.status != 1))` +
		` || ip.checksum.status == 0 || udp.checksum.status == 0 || (icmp && icmp.checksum.status != 1)` // what an ICMP packet quotes is not verified
	if found := dissect(t, path, "-Y", wrong, "frame.number", "_ws.col.Info", "_ws.expert.message"); len(found) > 0 {
		t.Errorf("Wireshark complains of %q", found)
	}
	t.Logf("%d messages dissected, %d with a digest", len(trace), secrets)
}

// dissect reads a capture file and returns the fields of each packet. A filter comes before the fields.
func dissect(t *testing.T, path string, fields ...string) (packets [][]string) {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Fatal("tshark is not installed: run make deps")
	}
	args := []string{"-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-E", "separator=/t"}
	if len(fields) > 1 && fields[0] == "-Y" {
		args, fields = append(args, "-Y", fields[1]), fields[2:]
	}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.CommandContext(t.Context(), "tshark", args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, complaints.Bytes())
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		packets = append(packets, strings.Split(lines.Text(), "\t"))
	}
	return packets
}
