//go:build rig && linux

package sip_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hilphone/sip/line"
)

const (
	benchRegistrar    = "HILPHONE_BENCH_REGISTRAR" // the environment of a child process: the server that its line registers with
	benchTransactions = 5000
)

// busy has SIPp do several transactions at a time. With one at a time it is mostly asleep, and a part of what is measured is going to sleep.
var busy = []string{"-r", "5000", "-l", "16"}

// BenchmarkRegisterBesideSIPp compares the processor time and the memory of a REGISTER transaction of a line, events and trace included, with
// those of SIPp, one after the other at the same registrar, each in a process by itself.
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

// BenchmarkInvitedBesideSIPp is the other side: SIPp calls, and the line, or another SIPp, answers with 180 and 486 and takes the ACK. Neither opens
// an RTP port.
func BenchmarkInvitedBesideSIPp(b *testing.B) {
	if at := os.Getenv(benchRegistrar); at != "" {
		beCalled(b, netip.MustParseAddrPort(at))
		return
	}
	at := registrar(b, false)
	var sums consumptions
	for b.Loop() {
		line := child(b, at)
		out, err := line.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := line.Start(); err != nil {
			b.Fatal(err)
		}
		in := bufio.NewScanner(out)
		local, report := "", ""
		for in.Scan() {
			if text, ok := strings.CutPrefix(in.Text(), calledMark); ok && local == "" {
				local = text
				consumed(b, sipp(b, sippCaller, local, busy...))
			} else if strings.Contains(in.Text(), allocMark) {
				report = in.Text()
			}
		}
		if err := line.Wait(); err != nil {
			b.Fatal(err)
		}
		sums.ours(consumptionOf(line), report)

		port, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		called := port.LocalAddr().String()
		if err := port.Close(); err != nil { // SIPp takes it
			b.Fatal(err)
		}
		other := sipp(b, sippCalled, "", "-p", called[strings.LastIndexByte(called, ':')+1:])
		if err := other.Start(); err != nil {
			b.Fatal(err)
		}
		consumed(b, sipp(b, sippCaller, called, busy...))
		if err := other.Wait(); err != nil {
			b.Fatal(err)
		}
		sums.theirs(consumptionOf(other))
	}
	sums.report(b)
}

const (
	calledMark = "line at "
	allocMark  = "allocated "
)

// beCalled is the child process: a line that refuses benchTransactions calls. T4 is 10 ms, so that no more of its server transactions wait for
// a repeated ACK than the line has.
func beCalled(b *testing.B, registrar netip.AddrPort) {
	h := newHandset(b, settingsFor(b, registrar, registrar, "t4_ms=10", "accept_from=anyone"))
	h.until(line.OnPrimary)
	fmt.Println("\n" + calledMark + h.line.Snapshot().Local.String())
	allocated(func() {
		for n := 0; n < benchTransactions; {
			switch c := <-h.calls; c.State {
			case line.Ringing:
				h.line.Post(line.Reject{Call: c.ID, Code: 486})
			case line.Ended:
				n++
			}
		}
	})
}

// allocated prints what f allocates.
func allocated(f func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	fmt.Printf("\n%s%d %d\n", allocMark, after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc)
}

// besideSIPp reports what a transaction of a line and of SIPp costs at the same registrar, one at a time, and of SIPp besides where it is busy
// with several at a time, which no line is.
func besideSIPp(b *testing.B, xml string, transact func(h *handset, n int)) {
	if at := os.Getenv(benchRegistrar); at != "" {
		registrar := netip.MustParseAddrPort(at)
		h := newHandset(b, settingsFor(b, registrar, registrar))
		h.until(line.OnPrimary)
		allocated(func() {
			for n := range benchTransactions {
				transact(h, n)
			}
		})
		return
	}
	at := registrar(b, false)
	var sums consumptions
	for b.Loop() {
		self := child(b, at)
		sums.ours(consumed(b, self))
		c, _ := consumed(b, sipp(b, xml, at.String(), "-r", "2000", "-l", "1"))
		sums.theirs(c)
		full, _ := consumed(b, sipp(b, xml, at.String(), busy...))
		sums.full += full.cpu
	}
	sums.report(b)
	b.ReportMetric(float64(sums.full.Microseconds())/float64(sums.rounds*benchTransactions), "us/sipp-busy")
}

// child is this test program as a process that runs the same benchmark with a line.
func child(b *testing.B, registrar netip.AddrPort) *exec.Cmd {
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench=^"+b.Name()+"$", "-test.benchtime=1x")
	cmd.Env = append(os.Environ(), benchRegistrar+"="+registrar.String())
	return bounded(cmd)
}

// sipp is SIPp with a scenario, to a server if one is given.
func sipp(b *testing.B, xml, to string, more ...string) *exec.Cmd {
	b.Helper()
	program, err := exec.LookPath("sipp")
	if err != nil {
		b.Fatal("sipp is not installed: run make deps")
	}
	folder := b.TempDir()
	scenario := filepath.Join(folder, "scenario.xml")
	if err := os.WriteFile(scenario, []byte(xml), 0o600); err != nil {
		b.Fatal(err)
	}
	args := append([]string{"-sf", scenario, "-i", "127.0.0.1", "-m", strconv.Itoa(benchTransactions), "-nostdin", "-timeout", "60s", "-timeout_error",
		"-trace_err", "-error_file", filepath.Join(folder, "errors.log")}, more...)
	if to != "" {
		args = append([]string{to}, args...)
	}
	return bounded(exec.CommandContext(b.Context(), program, args...))
}

// bounded has a process end with this one.
func bounded(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Minute
	return cmd
}

// consumption is what a process has used.
type consumption struct {
	cpu      time.Duration
	resident int64 // KiB, at most
}

func consumptionOf(cmd *exec.Cmd) consumption {
	c := consumption{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.resident = usage.Maxrss
	}
	return c
}

// consumed runs a process to its end.
func consumed(b *testing.B, cmd *exec.Cmd) (consumption, string) {
	b.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %v\n%s", cmd.Args, err, out[max(0, len(out)-2000):])
	}
	return consumptionOf(cmd), string(out)
}

// consumptions are those of several rounds.
type consumptions struct {
	rounds        int
	line, sipp    consumption
	full          time.Duration // of SIPp where it is busy
	allocs, bytes float64
}

// ours adds what a line has used; out is what its process has printed.
func (s *consumptions) ours(c consumption, out string) {
	s.rounds++
	s.line.cpu += c.cpu
	s.line.resident = max(s.line.resident, c.resident)
	var allocs, bytes float64
	_, numbers, _ := strings.Cut(out, allocMark)
	if _, err := fmt.Sscan(numbers, &allocs, &bytes); err != nil {
		panic(fmt.Sprintf("no figures of the line's process in %q: %v", out, err))
	}
	s.allocs += allocs
	s.bytes += bytes
}

func (s *consumptions) theirs(c consumption) {
	s.sipp.cpu += c.cpu
	s.sipp.resident = max(s.sipp.resident, c.resident)
}

func (s *consumptions) report(b *testing.B) {
	b.Helper()
	n := float64(s.rounds * benchTransactions)
	ours, theirs := float64(s.line.cpu.Microseconds())/n, float64(s.sipp.cpu.Microseconds())/n
	b.ReportMetric(ours, "us/line")
	b.ReportMetric(theirs, "us/sipp")
	b.ReportMetric(ours/theirs, "ratio")
	b.ReportMetric(s.allocs/n, "allocs/line")
	b.ReportMetric(s.bytes/n, "B/line")
	b.ReportMetric(float64(s.line.resident)/1024, "MiB/line")
	b.ReportMetric(float64(s.sipp.resident)/1024, "MiB/sipp")
}
