package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hil/server"
)

// The figures the phone is held to. A benchmark that misses one fails.
const (
	keyToInvite   = time.Millisecond       // p99
	startToSend   = 100 * time.Millisecond // process start to first REGISTER
	startToServed = 200 * time.Millisecond // demo: process start to registered
	putSettings   = 25 * time.Millisecond  // p99, to the disk
	giveUpLate    = 5 * time.Millisecond
	idleMemory    = 25 << 20 // resident bytes
	idleWakeUps   = 5        // a second, of all threads; for each timer the runtime wakes up several
)

// BenchmarkKeyToInvite is from the # under the finger to the INVITE at the socket, and to its arrival at the primary.
func BenchmarkKeyToInvite(b *testing.B) {
	f := newFarEnd(b, server.Answering{Mode: server.Busy})
	dir, _ := f.folder(nil)
	p, end := inside(b, dir)
	defer end()
	f.await(0, func(m seen) bool { return m.Method == "REGISTER" && m.Sent && m.Status == http.StatusOK })
	key := func(name string) {
		for _, down := range []bool{true, false} {
			if err := p.board.SetKey(name, down, hal.FromBoard); err != nil {
				b.Fatal(err)
			}
		}
	}
	calls := p.journal.Subscribe(journal.Query{Types: []string{"phone"}})
	defer calls.Close()
	var sent, arrived []time.Duration
	since := int64(0)
	pace := time.NewTicker(20 * time.Millisecond) // no finger is as fast; faster, the call log could not follow
	defer pace.Stop()
	for b.Loop() {
		for range 200 {
			<-pace.C
			for _, k := range []string{"1", "0", "0", "2"} {
				key(k)
			}
			n := f.count()
			pressed := time.Now()
			key("#")
			arrived = append(arrived, f.await(n, request("primary", "INVITE")).At.Sub(pressed))
			for p.phone.Snapshot().State != phone.Failed {
				select {
				case <-calls.C: // a change of the phone's state
				case <-time.After(patience):
					b.Fatalf("the phone is %s", p.phone.Snapshot().State)
				}
			}
			messages := p.journal.Messages(journal.MessageQuery{Since: since, Line: 1})
			i := slices.IndexFunc(messages, func(m journal.Message) bool { return m.Out && strings.HasPrefix(m.Start, "INVITE ") })
			sent = append(sent, messages[i].Time.Sub(pressed))
			since = messages[len(messages)-1].Seq
			key("release")
		}
	}
	report(b, "socket", sent)
	report(b, "server", arrived)
	b.ReportMetric(0, "ns/op") // with the whole call it says nothing
	within(b, "the INVITE is at the socket after the key", sent, keyToInvite)
}

// inside runs the phone of a data directory in this process, with its board in reach.
func inside(b *testing.B, dir string) (p *program, end func()) {
	p, _, end = insideAt(b, dir)
	return p, end
}

// insideAt also tells where its pages are.
func insideAt(b *testing.B, dir string) (p *program, url string, end func()) {
	b.Helper()
	log := logFlags{LogLevel: "error"}.logger(os.Stderr)
	store, err := db.Open(dir, log)
	if err != nil {
		b.Fatal(err)
	}
	if p, err = newProgram(programConfig{Store: store, Log: log}); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.run(ctx, []net.Listener{l}); err != nil {
			b.Error(err)
		}
	})
	return p, "http://" + l.Addr().String(), func() {
		stop()
		running.Wait()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	}
}

// BenchmarkStart starts the phone again and again: how long until its first REGISTER leaves, and until the demo is registered.
func BenchmarkStart(b *testing.B) {
	program := built(b)
	f := newFarEnd(b, server.Answering{})
	var sent, served []time.Duration
	for b.Loop() {
		for range 20 {
			dir, _ := f.folder(nil)
			n, began := f.count(), time.Now()
			p := launch(b, program, "run", "--data", dir, "--listen", "127.0.0.1:0")
			sent = append(sent, f.await(n, request("primary", "REGISTER")).At.Sub(began))
			p.terminate()

			began = time.Now()
			p = start(b, program, "demo", "--listen", "127.0.0.1:0")
			served = append(served, p.await(0, "registered", nil).Time.Sub(began))
			p.terminate()
		}
	}
	report(b, "first-register", sent)
	report(b, "demo-registered", served)
	b.ReportMetric(0, "ns/op")
	within(b, "the first REGISTER leaves after the start", sent, startToSend)
	within(b, "the demo is registered after the start", served, startToServed)
}

// BenchmarkIdle is the memory of a phone with one registered line that nobody touches, and how often it wakes up.
func BenchmarkIdle(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), nil)
	p.http.CloseIdleConnections()
	const settling, watched = 3 * time.Second, 10 * time.Second
	var wakeUps, ticks int
	for b.Loop() {
		<-time.After(settling)
		switches, spent := p.switches(b), p.ticks(b)
		<-time.After(watched)
		wakeUps, ticks = p.switches(b)-switches, p.ticks(b)-spent
	}
	memory := p.memory(b)
	rate := float64(wakeUps) / watched.Seconds()
	b.ReportMetric(float64(memory)/(1<<20), "MiB-resident")
	b.ReportMetric(rate, "wake-ups/s")
	b.ReportMetric(float64(ticks)*10/watched.Seconds(), "cpu-ms/s") // a tick is 10 ms
	b.ReportMetric(load(b), "load")
	b.ReportMetric(0, "ns/op")
	if memory > idleMemory {
		b.Errorf("an idle phone has %d bytes resident, want %d", memory, idleMemory)
	}
	if rate > idleWakeUps {
		b.Errorf("an idle phone wakes up %.1f times a second, want %d", rate, idleWakeUps)
	}
}

func (p *process) proc(b *testing.B, name string) string {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), name))
	if err != nil {
		b.Fatal(err)
	}
	return string(text)
}

// memory is what the process has resident, in bytes.
func (p *process) memory(b *testing.B) int {
	b.Helper()
	return 1024 * field(b, p.proc(b, "status"), `VmRSS:\s+(\d+) kB`)
}

// switches counts how often the threads of the process have gone to sleep by themselves.
func (p *process) switches(b *testing.B) (n int) {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", p.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		b.Fatal("no threads: ", err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			b.Fatal(err)
		}
		n += field(b, string(text), `(?m)^voluntary_ctxt_switches:\s+(\d+)`)
	}
	return n
}

// ticks is the processor time the process has used, in hundredths of a second.
func (p *process) ticks(b *testing.B) int {
	b.Helper()
	fields := strings.Fields(p.proc(b, "stat")[strings.LastIndex(p.proc(b, "stat"), ")"):])
	return field(b, fields[12], `(\d+)`) + field(b, fields[13], `(\d+)`)
}

func field(b *testing.B, text, pattern string) int {
	b.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		b.Fatalf("no %s in %s", pattern, text)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkPutSettings changes a setting of a running line: validated, on the disk, applied.
func BenchmarkPutSettings(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), nil)
	_, settings := p.ask("GET", "lines/1/sip", "")
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		body := regexp.MustCompile(`"display_name":"[^"]*"`).ReplaceAll(settings, fmt.Appendf(nil, `"display_name":"name %d"`, i))
		began := time.Now()
		status, answer := p.ask("PUT", "lines/1/sip", string(body))
		took = append(took, time.Since(began))
		if status != http.StatusOK || !bytes.Contains(answer, fmt.Appendf(nil, `"name %d"`, i)) {
			b.Fatalf("%d %s", status, answer)
		}
	}
	report(b, "put", took)
	within(b, "PUT takes", took, putSettings)
}

// BenchmarkGiveUp is how far from its schedule the phone turns from a silent primary to the backup, on a real clock: with T1 of 50 ms
// and three repeats that is 750 ms after it decides to send.
func BenchmarkGiveUp(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), swift)
	f.behave("primary", server.Silent)
	const schedule = 750 * time.Millisecond
	var late []time.Duration
	for b.Loop() {
		for range 20 {
			since := p.seq()
			p.do("POST", "lines/1/register", "", nil)
			p.await(since, "registered", nil)
			decided := func(slot string) eventSeen {
				return p.await(since, "attempt_start", func(e eventSeen) bool { return e.Data.Slot == slot && e.Data.Method == "REGISTER" })
			}
			// From the decision for the primary, before its first datagram is built, to the backup's at the socket.
			began, turned := decided("primary"), p.await(decided("backup").Seq, "send", nil)
			late = append(late, time.Duration(turned.MonoUS-began.MonoUS)*time.Microsecond-schedule)
		}
	}
	report(b, "late", late)
	b.ReportMetric(0, "ns/op")
	if first := slices.Min(late); first < 0 {
		b.Errorf("the phone gives up %v before its schedule", -first)
	}
	within(b, "the phone gives up after its schedule", late, giveUpLate)
}

// binary builds the phone as a user does, once, and says where it is.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hilphone-built-")
	if err != nil {
		return "", err
	}
	builtIn = dir
	path := filepath.Join(dir, "hilphone")
	out, err := exec.Command("go", "build", "-trimpath", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// builtIn is the folder of the binary, empty if none was built.
var builtIn string

func removeBuilt() {
	if builtIn != "" {
		_ = os.RemoveAll(builtIn) // a folder for temporary files
	}
}

func built(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
