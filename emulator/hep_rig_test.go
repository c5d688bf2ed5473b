//go:build rig

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSngrepIsShownTheMessages: sngrep, an implementation of HEP by others, takes the phone's messages; tshark reads what it has written.
func TestSngrepIsShownTheMessages(t *testing.T) {
	for _, program := range []string{"sngrep", "tshark"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: run make deps", program)
		}
	}
	address, file := freeUDP(t), filepath.Join(t.TempDir(), "shown.pcap")
	sngrep := exec.CommandContext(t.Context(), "sngrep", "-N", "-F", "-L", "udp:"+address, "-O", file)
	sngrep.Cancel = func() error { return sngrep.Process.Signal(os.Interrupt) }
	sngrep.WaitDelay = patience
	var said output
	sngrep.Stdout, sngrep.Stderr = &said, &said
	if err := sngrep.Start(); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "sngrep listens", func() bool { return taken(address) })

	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--hep", address)
	p.await(0, "registered", nil)
	p.do("POST", "calls", `{"line":1,"to":"1002"}`, nil)
	p.await(0, "call", func(e eventSeen) bool { return e.Data.State == "talking" })
	p.terminate()
	awaitTrue(t, "sngrep has both dialogs", func() bool { return strings.Contains(said.String(), "Dialog count: 2") })
	if err := sngrep.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = sngrep.Wait() // it ends by the signal

	var complaints bytes.Buffer
	tshark := exec.CommandContext(t.Context(), "tshark", "-n", "-r", file, "-T", "fields", "-e", "sip.Method", "-e", "sip.Status-Code", "-e", "sip.auth.digest.response", "-e", "ip.dst")
	tshark.Stderr = &complaints
	read, err := tshark.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, complaints.String())
	}
	for _, want := range []string{"REGISTER\t\t\t127.0.0.2", "\t401\t\t127.0.0.1", "REGISTER\t\t\"***\"\t127.0.0.2", "INVITE\t\t", "\t180\t", "ACK\t", "BYE\t"} {
		if !strings.Contains(string(read), want) {
			t.Errorf("sngrep was not shown %q:\n%s", want, read)
		}
	}
}

// freeUDP is a UDP address that nobody listens on.
func freeUDP(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// taken tells whether somebody listens on a UDP address: who sends there is not refused.
func taken(address string) bool {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return false
	}
	defer conn.Close()
	for range 2 { // the first one's refusal is told by the second
		if _, err := conn.Write([]byte("?")); err != nil {
			return false
		}
		_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 1)); err == nil || !isTimeout(err) {
			return false
		}
	}
	return true
}

func isTimeout(err error) bool {
	wrong, ok := err.(net.Error)
	return ok && wrong.Timeout()
}

// awaitTrue asks until it is so.
func awaitTrue(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so after %v: %s", patience, what)
		}
	}
}
