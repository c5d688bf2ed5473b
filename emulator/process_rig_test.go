//go:build rig

package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// patience is how long a test waits for what should come about at once, or after the time it names besides.
const patience = 15 * time.Second

// A process is a program in the network of a pair, with what it has written.
type process struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{}

	mutex sync.Mutex
	lines []string
	grown chan struct{} // closed at the next line
}

// launch starts a program that ends with the test at the latest.
func launch(t *testing.T, pair *kamailio.Pair, name, program string, args ...string) *process {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is not installed: run make deps", program)
	}
	p := &process{name: name, ended: make(chan struct{}), grown: make(chan struct{})}
	// Not the context of the test: the program is to be asked to end when the test is over, before it is killed.
	p.cmd = pair.Command(contextOf(t), program, args...)
	reader, writer := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(reader) })
	go func() { // the cleanup waits for it
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is its ProcessState
		writer.Close()
		reading.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended by itself, most often
		<-p.ended
		if t.Failed() {
			t.Logf("%s wrote:\n%s", name, p.tail())
		}
	})
	return p
}

func (p *process) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.mutex.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.grown)
		p.grown = make(chan struct{})
		p.mutex.Unlock()
	}
	_, _ = io.Copy(io.Discard, r) // after a line that was too long
}

// tail is the end of what the program wrote.
func (p *process) tail() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return strings.Join(p.lines[max(0, len(p.lines)-40):], "\n")
}

// wrote tells whether a line with the text was written, and what to wait for if not.
func (p *process) wrote(text string) (bool, <-chan struct{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, line := range p.lines {
		if strings.Contains(line, text) {
			return true, nil
		}
	}
	return false, p.grown
}

// await waits until the program writes a line with the text.
func (p *process) await(t *testing.T, text string) {
	t.Helper()
	end := time.NewTimer(patience)
	defer end.Stop()
	for {
		ok, grown := p.wrote(text)
		if ok {
			return
		}
		select {
		case <-grown:
		case <-p.ended:
			if ok, _ := p.wrote(text); !ok {
				t.Fatalf("%s has ended and never wrote %q", p.name, text)
			}
			return
		case <-end.C:
			t.Fatalf("%s has not written %q in %v", p.name, text, patience)
		}
	}
}

// listens waits until the program's network has a UDP socket at the IPv4 address.
func (p *process) listens(t *testing.T, address netip.AddrPort) {
	t.Helper()
	// As the kernel writes it: the bytes of the address from the last to the first.
	a := address.Addr().As4()
	socket := fmt.Sprintf(" %02X%02X%02X%02X:%04X ", a[3], a[2], a[1], a[0], address.Port())
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", p.cmd.Process.Pid))
		if err == nil && strings.Contains(string(table), socket) {
			return
		}
		select {
		case <-tick.C:
		case <-p.ended:
			t.Fatalf("%s has ended and never listened at %v", p.name, address)
		case <-end.C:
			t.Fatalf("%s does not listen at %v after %v: %v", p.name, address, patience, err)
		}
	}
}

// exit waits for the program's end and returns its exit code, -1 if it was killed.
func (p *process) exit(t *testing.T, within time.Duration) int {
	t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-end.C:
		t.Errorf("%s has not ended in %v", p.name, within)
		return -1
	}
}

// terminate asks the program to end, as a service manager does, and returns its exit code and how long it took.
func (p *process) terminate(t *testing.T, within time.Duration) (int, time.Duration) {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("%s has ended before it was asked to: %v", p.name, err)
	}
	code := p.exit(t, within)
	return code, time.Since(began)
}
