//go:build rig

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hilphone/hil/kamailio"
)

// TestRig is the phone as it is delivered, against servers and phones that others wrote, in networks of their own.
func TestRig(t *testing.T) {
	r := &rig{binary: filepath.Join(t.TempDir(), "hilphone")}
	build := exec.CommandContext(t.Context(), goTool(), "build", "-race", "-o", r.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the phone: %v\n%s", err, out)
	}
	// What is to be fast comes first: the silent cases start no programs while others are being timed.
	fast, slow := []trial{{"sipp", r.sipp}, {"baresip", r.baresip}}, []trial{{"nobody", r.nobody}}
	for _, f := range faults {
		test := trial{f.name, func(t *testing.T) { r.fault(t, f) }}
		if f.silent {
			slow = append(slow, test)
		} else {
			fast = append(fast, test)
		}
	}
	slow = append(slow, trial{"names", r.names})
	for _, transport := range []string{"tcp", "tls"} {
		slow = append(slow, trial{"connections " + transport, func(t *testing.T) { r.connections(t, transport) }})
	}
	scaled := []trial{{"sipp answers", r.answering}, {"questions", r.questions}, {"questions to outbound proxies", r.proxyQuestions}}
	for _, c := range chains {
		scaled = append(scaled, trial{"chain, " + c.name, func(t *testing.T) { r.chain(t, c.options) }})
	}
	for _, transport := range []string{"udp", "tcp", "tls"} {
		scaled = append(scaled, trial{"outbound proxies " + transport, func(t *testing.T) { r.proxies(t, transport) }})
	}
	for name, o := range map[string]kamailio.Options{"TCP": {}, "UDP only": {NoTCP: true}} {
		scaled = append(scaled, trial{"table of long requests, " + name, func(t *testing.T) { r.longRequests(t, o) }})
	}
	for _, list := range columns {
		x := trial{"table " + list[0].String(), func(t *testing.T) { r.table(t, list) }}
		if list[0].t1 == trueT1 {
			slow = append(slow, x)
		} else {
			scaled = append(scaled, x)
		}
	}
	together(t, fast)
	together(t, scaled)
	together(t, slow)
	t.Logf("measured:\n%s", r)
	t.Logf("until the backup serves:\n%s", &r.rows)
}

// goTool is the go command that runs this test, also where sudo has changed the PATH.
func goTool() string {
	if root := os.Getenv("GOROOT"); root != "" {
		return filepath.Join(root, "bin", "go")
	}
	return "go"
}

// A trial is a test of the rig with a network of its own.
type trial struct {
	name string
	run  func(*testing.T)
}

// together runs the trials at the same time, however few processors there are: they wait most of the time.
func together(t *testing.T, trials []trial) {
	var running sync.WaitGroup
	for _, x := range trials {
		running.Go(func() { t.Run(x.name, x.run) })
	}
	running.Wait()
}

// rig is what the trials share.
type rig struct {
	binary string // the phone, built with the race detector

	mutex sync.Mutex
	times []string
	rows  rows
}

// measured reports a time of a case.
func (r *rig) measured(t *testing.T, what string, took time.Duration) {
	t.Helper()
	row := fmt.Sprintf("%-34s %-46s %10.1f ms", strings.TrimPrefix(t.Name(), "TestRig/"), what, float64(took.Microseconds())/1000)
	t.Log(row)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.times = append(r.times, row)
}

func (r *rig) String() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return strings.Join(slices.Sorted(slices.Values(r.times)), "\n")
}

// rows are those of a table: transport, failure, request, cause, and after how long the backup should serve it and does.
type rows struct {
	mutex sync.Mutex
	all   []string
}

func (r *rows) add(way, failure, method, cause, expected, measured string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.all = append(r.all, fmt.Sprintf("%-30s %-16s %-9s %-24s %10s %17s", way, failure, method, cause, expected, measured))
}

func (r *rows) String() string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return strings.Join(slices.Sorted(slices.Values(r.all)), "\n")
}

// pair starts two servers that end with the test.
func (r *rig) pair(t *testing.T) *kamailio.Pair {
	t.Helper()
	return pairWith(t, kamailio.Options{})
}

func pairWith(t *testing.T, o kamailio.Options) *kamailio.Pair {
	t.Helper()
	p, err := kamailio.StartWith(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Alive(); err != nil {
			t.Error(err)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// account are the settings of a number at a pair.
func account(number string) settings {
	return settings{"enabled": true, "phone_number": number, "auth_password": kamailio.Password(number),
		"register_addr": kamailio.PrimaryAddress, "backup_addr": kamailio.BackupAddress}
}

// with returns the settings with others besides.
func (s settings) with(more settings) settings {
	all := settings{}
	for _, part := range []settings{s, more} {
		for name, value := range part {
			all[name] = value
		}
	}
	return all
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// between fails the test unless the time is in the range. Events have the instant of their decision, so none is early.
func between(t *testing.T, what string, took, least, most time.Duration) {
	t.Helper()
	if took < least || took > most {
		t.Errorf("%s after %v, want %v to %v", what, took, least, most)
	}
}

// steps runs parts of a test one after the other, until one fails: the next would find a world it does not expect.
func steps(t *testing.T, all ...trial) {
	for _, x := range all {
		if !t.Run(x.name, x.run) {
			return
		}
	}
}
