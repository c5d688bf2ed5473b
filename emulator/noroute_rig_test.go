//go:build rig

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ip runs a command of iproute2.
func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(context.WithoutCancel(t.Context()), "ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// twoNetworks makes a network namespace for the bench and one for the phone, with a pair of interfaces for each server. They are gone when the
// test is over.
func twoNetworks(t *testing.T) (bench, phone string) {
	t.Helper()
	bench, phone = fmt.Sprintf("hilbench%d", os.Getpid()), fmt.Sprintf("hilphone%d", os.Getpid())
	for _, ns := range []string{bench, phone} {
		ip(t, "netns", "add", ns)
		t.Cleanup(func() { ip(t, "netns", "del", ns) })
		ip(t, "-n", ns, "link", "set", "lo", "up")
	}
	for n := 1; n <= 2; n++ {
		here, there := fmt.Sprint("bench", n), fmt.Sprint("phone", n)
		ip(t, "-n", bench, "link", "add", here, "type", "veth", "peer", "name", there, "netns", phone)
		ip(t, "-n", bench, "addr", "add", fmt.Sprintf("10.77.%d.1/24", n), "dev", here)
		ip(t, "-n", phone, "addr", "add", fmt.Sprintf("10.77.%d.2/24", n), "dev", there)
		ip(t, "-n", bench, "link", "set", here, "up")
		ip(t, "-n", phone, "link", "set", there, "up")
	}
	return bench, phone
}

// TestNoRoute plays the suite no-route against a phone whose route to the primary is taken away by the place's own command (WR-54). REST goes by
// the way to the backup, which stays.
func TestNoRoute(t *testing.T) {
	bench, phone := twoNetworks(t)
	dir := t.TempDir()
	if code, _, said := command(t, "correct horse battery\n", "password", "--data", filepath.Join(dir, "data")); code != 0 {
		t.Fatal(said)
	}
	code, token, said := command(t, "", "token", "new", "lab", "--scope", "admin", "--data", filepath.Join(dir, "data"))
	if code != 0 {
		t.Fatal(said)
	}
	p := start(t, "ip", "netns", "exec", phone, self(t), "run", "--data", filepath.Join(dir, "data"), "--listen", "10.77.2.2:8080", "--board", "virtual")
	place := filepath.Join(dir, "place.yaml")
	text := fmt.Sprintf(`servers:
  kind: bench
  primary: {address: 10.77.1.1:5060, down: ip -n %[1]s route add unreachable 10.77.1.1, up: ip -n %[1]s route del unreachable 10.77.1.1}
  backup: {address: 10.77.2.1:5060}
  peer: {address: 10.77.2.1}
settings: {phone_number: "1001"}
`, phone)
	if err := os.WriteFile(place, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "ip", "netns", "exec", bench, self(t), "bench", "run", "no-route", "--phone", p.url, "--token", strings.TrimSpace(token),
		"--place", place, "--out", filepath.Join(dir, "evidence"))
	run.Env = append(cleanEnvironment(), asPhone+"=1")
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "1 played, 1 passed, 0 failed") {
		t.Errorf("%v\n%s", err, out)
	}
}
