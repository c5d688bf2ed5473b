//go:build gpiosim

package rpi_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hilphone/hal"
	"hilphone/hal/board"
	"hilphone/hal/gpiochip"
	"hilphone/hal/rpi"
)

// dialFile is a dial of one contact at 10 or 20 pulses a second.
const dialFile = "dial: {pulse: 41, speed: %d}\nhook: {pin: HOOK, flash: true, flash_key: hold, flash_min: 80ms, flash_max: 600ms}\nbuttons: [{pin: 40, key: release}]"

// dialled is a program with a board, which prints what is dialled on it.
func dialled() {
	b, err := board.Parse("dial.yaml", []byte(os.Args[2]))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r, err := rpi.New(b, slog.New(slog.DiscardHandler))
	if err == nil {
		err = r.Run(context.Background(), func(e hal.Event) {
			switch {
			case e.Kind == hal.KeyMoved && e.Down:
				fmt.Println("key", e.Key)
			case e.Kind == hal.HookMoved:
				fmt.Println("hook", e.Off)
			case e.Kind == hal.FaultRaised:
				fmt.Printf("fault %q %q\n", e.Fault.Device, e.Fault.Message)
			}
		})
	}
	fmt.Println("ended:", err)
	os.Exit(1)
}

// program is that program.
type program struct {
	t     *testing.T
	c     *exec.Cmd
	lines chan string
}

func startDialled(t *testing.T, file string) *program {
	p := &program{t: t, c: exec.Command(os.Args[0], "dial", file), lines: make(chan string, 100)}
	out, err := p.c.StdoutPipe()
	must(t, err)
	p.c.Stderr = t.Output()
	if err := p.c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for said := bufio.NewScanner(out); said.Scan(); {
			p.lines <- said.Text()
		}
	}()
	return p
}

// end ends the program.
func (p *program) end() {
	must(p.t, p.c.Process.Kill())
	_ = p.c.Wait() // killed
	for range p.lines {
	}
}

// stop stops the program for a time: it does not run, and the kernel goes on.
func (p *program) stop(after, d time.Duration) (ended chan struct{}) {
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		wait(after)
		must(p.t, p.c.Process.Signal(syscall.SIGSTOP))
		wait(d)
		must(p.t, p.c.Process.Signal(syscall.SIGCONT))
	}()
	return ended
}

// says returns what the program says until it is quiet.
func (p *program) says() (said []string) {
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the program has ended: %q", said)
			}
			said = append(said, line)
		case <-time.After(600 * time.Millisecond):
			return said
		}
	}
}

// turn turns a dial whose contact bounces.
func turn(t *testing.T, pulses int, period time.Duration) {
	set := func(open bool, d time.Duration) {
		began := time.Now()
		for range 2 {
			must(t, bench.Pull(pulseLine, open))
			wait(300 * time.Microsecond)
			must(t, bench.Pull(pulseLine, !open))
			wait(300 * time.Microsecond)
		}
		must(t, bench.Pull(pulseLine, open))
		wait(time.Until(began.Add(d)))
	}
	for range pulses {
		set(true, period*6/10)
		set(false, period*4/10)
	}
}

// TestStopped: a program that is stopped while the dial turns knows the digit afterwards, by the kernel's time stamps (BE-06).
func TestStopped(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		speed  int
		stalls []time.Duration
	}{
		{10, []time.Duration{63 * ms, 500 * ms, 1500 * ms}},
		{20, []time.Duration{36 * ms, 100 * ms, 1500 * ms}},
	} {
		period := time.Second / time.Duration(c.speed)
		must(t, bench.Pull(hookLine, true))
		must(t, bench.Pull(pulseLine, false))
		p := startDialled(t, fmt.Sprintf(dialFile, c.speed))
		until(t, "open", func() bool { return rpi.InUse(label, pulseLine) && rpi.InUse(label, hookLine) })
		for _, line := range []int{hookLine, 40} {
			must(t, bench.Pull(line, true))
		}
		must(t, bench.Pull(pulseLine, false)) // the pull-up of the request had it open
		p.says()
		for _, stall := range c.stalls {
			for _, at := range []time.Duration{period / 3, 4*period + period/2, 9 * period} {
				ended := p.stop(at, stall)
				turn(t, 10, period)
				<-ended
				if said := p.says(); !slices.Equal(said, []string{"key 0"}) {
					t.Errorf("%d pulses a second, stopped for %s after %s: %q, want key 0", c.speed, stall, at, said)
				}
			}
		}
		// More edges than the kernel keeps in the middle of a digit: a fault, and no other digit. What was dialled before is lost, what is
		// dialled after it is not.
		ended := p.stop(0, 4*time.Second)
		wait(50 * ms)
		turn(t, 3, period)
		wait(300 * ms)
		turn(t, 5, period)
		for i := range 1100 {
			must(t, bench.Pull(pulseLine, i%2 == 0))
		}
		turn(t, 5, period)
		wait(300 * ms)
		turn(t, 7, period)
		<-ended
		said := p.says()
		if len(said) != 3 || !strings.Contains(said[0], "edges of the contact") || !strings.HasSuffix(said[1], ` ""`) || said[2] != "key 7" {
			t.Errorf("edges were lost: %q, want a fault, the end of it and key 7", said)
		}
		p.end()
	}
}

// TestStoppedOtherContacts: flash, handset and buttons are told as they were while the program was stopped, in order (BE-06).
func TestStoppedOtherContacts(t *testing.T) {
	p := startDialled(t, fmt.Sprintf(dialFile, 10))
	until(t, "open", func() bool { return rpi.InUse(label, pulseLine) && rpi.InUse(label, hookLine) })
	for _, line := range []int{hookLine, 40} {
		must(t, bench.Pull(line, true))
	}
	must(t, bench.Pull(pulseLine, false))
	p.says()
	ended := p.stop(0, 4*time.Second)
	wait(100 * time.Millisecond)
	level := func(line int, high bool, d time.Duration) {
		must(t, bench.Pull(line, high))
		wait(d)
	}
	level(hookLine, false, 200*time.Millisecond)
	turn(t, 4, 100*time.Millisecond)
	wait(300 * time.Millisecond)
	level(hookLine, true, 200*time.Millisecond) // flash
	level(hookLine, false, 100*time.Millisecond)
	level(40, false, 50*time.Millisecond)
	level(40, true, 50*time.Millisecond)
	level(hookLine, true, time.Second)
	<-ended
	want := []string{"hook true", "key 4", "key hold", "key release", "hook false"}
	if said := p.says(); !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	p.end()
}

// TestEdges: an edge has the kernel's time stamp; 1024 are kept for a line, the oldest are dropped, and the first after them says so.
func TestEdges(t *testing.T) {
	c, err := gpiochip.Open(label)
	if err != nil {
		t.Fatal(err)
	}
	l, err := c.Line(hookLine)
	must(t, err)
	must(t, l.In(gpio.PullUp, gpio.BothEdges))
	for i, high := range []bool{false, true, false} {
		before := time.Now()
		must(t, bench.Pull(hookLine, high))
		after := time.Now()
		if !l.WaitForEdge(time.Second) || l.WaitForEdge(0) {
			t.Error("the wait does not end with the edge")
		}
		edges, err := l.Edges()
		must(t, err)
		if len(edges) != 1 || edges[0].At.Before(before.Add(-time.Millisecond)) || edges[0].At.After(after.Add(time.Millisecond)) || edges[0].High != high || edges[0].Lost {
			t.Errorf("edge %d between %s and %s: %+v", i, before, after, edges)
		}
	}
	for i := range 1500 {
		must(t, bench.Pull(hookLine, i%2 == 0))
	}
	edges, err := l.Edges()
	must(t, err)
	if len(edges) != 1024 || !edges[0].Lost || slices.ContainsFunc(edges[1:], func(e gpiochip.Edge) bool { return e.Lost }) {
		t.Errorf("%d edges of 1500 came, the first %+v", len(edges), edges[0])
	}
	must(t, l.In(gpio.PullUp, gpio.BothEdges))
	if edges, err := l.Edges(); err != nil || len(edges) != 0 {
		t.Errorf("edges from before In: %v, %v", edges, err)
	}
	// A Halt ends the wait, or the next one; Close ends it too.
	ended := make(chan bool)
	for _, end := range []func() error{l.Halt, l.Close} {
		go func() { ended <- l.WaitForEdge(-1) }()
		wait(10 * time.Millisecond)
		must(t, end())
		if <-ended {
			t.Error("an edge that was not")
		}
		must(t, l.In(gpio.PullUp, gpio.BothEdges))
	}
	must(t, l.Halt())
	if l.WaitForEdge(-1) {
		t.Error("an edge that was not")
	}
	must(t, l.Close())
	must(t, c.Close())
	if rpi.InUse(label, hookLine) {
		t.Error("the line is still in use")
	}
}

// TestOutputLevel: an output has its level from the first instant on, and stays an output when it is read.
func TestOutputLevel(t *testing.T) {
	c, err := gpiochip.Open(label)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		l, err := c.Line(22)
		must(t, err)
		must(t, l.Out(gpio.High))
		if high, err := bench.Level(22); !high || err != nil || l.Read() != gpio.High {
			t.Fatalf("level %v, %v, as it is read %v", high, err, l.Read())
		}
		if state, err := c.State(22); !state.Output || err != nil {
			t.Fatalf("the line is no output any more: %+v, %v", state, err)
		}
		must(t, l.Out(gpio.Low))
		must(t, l.Close())
	}
	must(t, c.Close())
}
