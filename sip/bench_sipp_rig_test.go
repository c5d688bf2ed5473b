//go:build rig && linux

package sip_test

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

const sippRegister = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="register">
  <send retrans="500"><![CDATA[

      REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      Max-Forwards: 70
      From: <sip:1001@[remote_ip]>;tag=[call_number]
      To: <sip:1001@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 REGISTER
      Contact: <sip:1001@[local_ip]:[local_port]>
      Expires: 3600
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
`

const sippInvite = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="invite">
  <send retrans="500"><![CDATA[

      INVITE sip:1002@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      Max-Forwards: 70
      From: <sip:1001@[remote_ip]>;tag=[call_number]
      To: <sip:1002@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: <sip:1001@[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=- 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 8 101
      a=rtpmap:101 telephone-event/8000

  ]]></send>
  <recv response="486"/>
  <send><![CDATA[

      ACK sip:1002@[remote_ip]:[remote_port] SIP/2.0
      [last_Via:]
      Max-Forwards: 70
      From: <sip:1001@[remote_ip]>;tag=[call_number]
      [last_To:]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Content-Length: 0

  ]]></send>
</scenario>
`

// BenchmarkRegisterBesideSIPp compares the processor time of a REGISTER transaction of a line, events and trace included, with that of
// SIPp, one after the other at the same registrar, each in a process of its own.
func BenchmarkRegisterBesideSIPp(b *testing.B) {
	besideSIPp(b, sippRegister, func(h *handset, _ int) {
		h.line.Post(line.Register{})
		h.until(line.OnPrimary)
	})
}

// BenchmarkInviteBesideSIPp does the same for a call that is refused: INVITE, 486 and ACK. The line opens an RTP port for each call, which SIPp does
// not.
func BenchmarkInviteBesideSIPp(b *testing.B) {
	besideSIPp(b, sippInvite, func(h *handset, n int) {
		h.line.Post(line.Dial{Call: line.CallID(strconv.Itoa(n + 1)), To: "1002"})
		for c := range h.calls {
			if c.State == line.Ended {
				return
			}
		}
	})
}

// besideSIPp reports the processor time of a transaction of a line and of SIPp.
func besideSIPp(b *testing.B, xml string, transact func(h *handset, n int)) {
	const server, transactions = "HILPHONE_BENCH_REGISTRAR", 5000
	if at := os.Getenv(server); at != "" {
		registrar := netip.MustParseAddrPort(at)
		h := newHandset(b, settingsFor(b, registrar, registrar))
		h.until(line.OnPrimary)
		for n := range transactions {
			transact(h, n)
		}
		return
	}
	sipp, err := exec.LookPath("sipp")
	if err != nil {
		b.Fatal("sipp is not installed: run make deps")
	}
	at := registrar(b, false)
	scenario := filepath.Join(b.TempDir(), "scenario.xml")
	if err := os.WriteFile(scenario, []byte(xml), 0o600); err != nil {
		b.Fatal(err)
	}
	cost := func(cmd *exec.Cmd) time.Duration {
		b.Helper()
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		cmd.WaitDelay = time.Minute
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %v\n%s", cmd.Args, err, out[max(0, len(out)-2000):])
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	var ours, theirs time.Duration
	rounds := 0
	for b.Loop() {
		self := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench=^"+b.Name()+"$", "-test.benchtime=1x")
		self.Env = append(os.Environ(), server+"="+at.String())
		ours += cost(self)
		theirs += cost(exec.CommandContext(b.Context(), sipp, at.String(), "-sf", scenario, "-i", at.Addr().String(), "-m", strconv.Itoa(transactions),
			"-r", "2000", "-l", "1", "-nostdin", "-timeout", "60s", "-timeout_error", "-trace_err", "-error_file", strings.TrimSuffix(scenario, "xml")+"log"))
		rounds++
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(rounds*transactions) }
	b.ReportMetric(each(ours), "us/line")
	b.ReportMetric(each(theirs), "us/sipp")
	b.ReportMetric(each(ours)/each(theirs), "ratio")
}
