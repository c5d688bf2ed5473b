package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hilphone/hil/server"
)

// serving is a `bench serve` of the test, by the addresses that it tells.
type serving struct {
	url, primary, backup        string
	securePrimary, secureBackup string // with --tls
	typing                      *io.PipeWriter
	read                        func(pattern string) []string // waits for what it says
}

// benchServing runs a `bench serve` until the test ends.
func benchServing(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	typed, typing := io.Pipe()
	told, telling := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- execute(environment{ctx, typed, telling, io.Discard}, append([]string{"bench", "serve", "--listen", "127.0.0.1:0"}, args...))
		telling.Close()
	}()
	t.Cleanup(func() {
		cancel()
		typing.Close()
		go func() { _, _ = io.Copy(io.Discard, told) }()
		select {
		case c := <-code:
			if c != 0 {
				t.Errorf("exit code %d", c)
			}
		case <-time.After(patience):
			t.Error("it does not end")
		}
	})
	s := &serving{typing: typing}
	s.read = func(pattern string) []string {
		t.Helper()
		late := time.AfterFunc(patience, func() { _ = told.CloseWithError(fmt.Errorf("nothing like %s came", pattern)) })
		defer late.Stop()
		var text strings.Builder
		buffer := make([]byte, 4096)
		for {
			n, err := told.Read(buffer)
			text.Write(buffer[:n])
			if found := regexp.MustCompile(pattern).FindStringSubmatch(text.String()); found != nil {
				return found
			}
			if err != nil {
				t.Fatalf("%v: %s", err, &text)
			}
		}
	}
	found := s.read(`(?s)primary (\S+), backup (\S+),(?:.*by TLS primary (\S+), backup (\S+);)?.*REST (http://[^/\s]+)/\S+; .*\n`)
	s.primary, s.backup, s.securePrimary, s.secureBackup, s.url = found[1], found[2], found[3], found[4], found[5]
	return s
}

// told types a line and waits for what is said to it.
func (s *serving) told(t *testing.T, line, want string) {
	t.Helper()
	if _, err := io.WriteString(s.typing, line+"\n"); err != nil {
		t.Fatal(err)
	}
	s.read(regexp.QuoteMeta(want) + ".*\n")
}

// useServers sets the line of a phone to servers.
func (p *process) useServers(primary, backup string, more string) {
	p.t.Helper()
	at := func(text string) netip.AddrPort {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			p.t.Fatal(err)
		}
		return a
	}
	a, b := at(primary), at(backup)
	since := p.seq()
	p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"register_addr":%q,"register_port":%d,"backup_addr":%q,"backup_port":%d%s}`, a.Addr(), a.Port(), b.Addr(), b.Port(), more), nil)
	p.await(since, "registered", nil)
}

// TestPeers: the phone at the far end does what it is told in the lab of a demo, in that of a bench serve, and at servers of one's own.
func TestPeers(t *testing.T) {
	t.Parallel()
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0", "--board", "virtual")
	p.registered("primary")
	dir := t.TempDir()
	_, before := p.ask("GET", "lab/phone", "")
	play := func(name string, args ...string) {
		t.Helper()
		out := filepath.Join(dir, name)
		if code, stdout, stderr := p.bench(t.Context(), append(append([]string{"run", "--out", out}, quickly...), args...)...); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	play("lab", "testdata/peer.scenario", "testdata/behaviours.scenario")
	if _, after := p.ask("GET", "lab/phone", ""); string(after) != string(before) || !strings.Contains(string(after), `"after_ms":1500`) {
		t.Errorf("1002 was left answering %s, before %s", after, before)
	}
	p.registered("primary")

	place := func(text string) string {
		file := filepath.Join(dir, "place.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	s := benchServing(t)
	p.useServers(s.primary, s.backup, "")
	play("serve", "--place", place("servers: {url: "+s.url+"}\n"), "testdata/peer.scenario", "testdata/behaviours.scenario", "status-503")

	since := p.seq()
	s.told(t, "peer call", "ok")
	p.await(since, "call", func(e eventSeen) bool { return e.Data.State == "ringing" })
	s.told(t, "peer hangup", "ok")
	p.await(since, "call", func(e eventSeen) bool { return e.Data.State == "ended" })

	ca := filepath.Join(dir, "ca.pem")
	secure := benchServing(t, "--tls", ca)
	p.useServers(secure.securePrimary, secure.secureBackup, fmt.Sprintf(`,"transport":"tls","backup_transport":"tls","tls_ca_file":%q`, ca))
	play("serve-tls", "--place", place("servers: {url: "+secure.url+"}\n"), "testdata/secure.scenario")
	p.useServers(s.primary, s.backup, `,"transport":"udp","backup_transport":"udp","tls_ca_file":""`)
	play("pair-tls", "--servers", "bench", "testdata/secure.scenario")

	own, err := server.NewLab(server.LabConfig{Primary: server.Loopback(netip.MustParseAddr("127.0.0.232"), 5060), Backup: server.Loopback(netip.MustParseAddr("127.0.0.233"), 5060),
		Phone: server.Loopback(netip.MustParseAddr("127.0.0.234"), 5060), Separate: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- own.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	p.useServers(own.Primary.Addr().String(), own.Backup.Addr().String(), fmt.Sprintf(`,"auth_password":%q`, own.Password(server.Caller)))
	play("own", "--place", place(fmt.Sprintf("servers:\n  kind: own\n  primary: {address: %s}\n  backup: {address: %s}\n  peer: {number: %s, password: %s, address: 127.0.0.235}\n",
		own.Primary.Addr(), own.Backup.Addr(), server.Callee, own.Password(server.Callee))), "testdata/peer.scenario")
	if calls := own.Phone.Calls(); len(calls) > 0 {
		t.Errorf("the calls went to another phone: %+v", calls[0].Info())
	}
	for _, b := range own.Primary.Registrations().Bindings(server.Callee) {
		if strings.Contains(b.Contact, "127.0.0.235") {
			t.Errorf("the peer was left registered at %s", b.Contact)
		}
	}
}
