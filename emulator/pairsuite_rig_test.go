//go:build rig

package main_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hilphone/hil"
	"hilphone/hil/evidence"
	"hilphone/hil/kamailio"
	"hilphone/hil/server"
)

// questions asks the pair of Kamailio's what the bench asks every pair, with commands that kill the primary and start it again. What comes of it
// is printed as it is; the test holds only what the pair is known to do.
func (r *rig) questions(t *testing.T) {
	pair := r.pair(t)
	h := newHandset(t, pair, r.binary, "1001")
	h.set(t, account("1001"))
	r.scorecard(t, pair, h)
}

// scorecard asks the questions with the phone 1001.
func (r *rig) scorecard(t *testing.T, pair *kamailio.Pair, h *handset) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "card")
	code, output := r.bench(t, pair, h, place(t, pair, h), "pair", "--out", dir)
	card, err := os.ReadFile(filepath.Join(dir, hil.ScorecardFile))
	if err != nil || code != 0 {
		t.Fatalf("exit code %d: %v\n%s", code, err, output)
	}
	t.Logf("\n%s", card)
	for _, question := range []string{"Does the backup know at once", "Does the backup take a call right", "Does the backup accept the BYE", "Does that BYE reach",
		"Does the primary take the phone back"} {
		if !strings.Contains(string(card), evidence.Yes+"           "+question) {
			t.Errorf("%s: it is known to", question)
		}
	}
}

// answering has SIPp answer, as a phone that is registered with Kamailio's pair.
func (r *rig) answering(t *testing.T) {
	const address = "127.0.0.50"
	pair := r.pair(t)
	registerAt(t, pair, "1003", netip.MustParseAddrPort(address+":5060"))
	sipp := launch(t, pair, "sipp", "sipp", "-sf", filepath.Join("testdata", "sipp", "answer.xml"), "-i", address, "-p", "5060", "-nostdin", "-m", "2", "-timeout", "90s")
	sipp.listens(t, netip.MustParseAddrPort(address+":5060"))
	h := newHandset(t, pair, r.binary, "1001")
	h.set(t, account("1001"))
	code, output := r.bench(t, pair, h, place(t, pair, h), filepath.Join("testdata", "stranger.scenario"), "--out", filepath.Join(t.TempDir(), "stranger"))
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, output)
	}
	want(t, "exit code of SIPp after two calls", sipp.exit(t, patience), 0)
}

// bench plays scenarios inside the network of a pair.
func (r *rig) bench(t *testing.T, pair *kamailio.Pair, h *handset, place string, args ...string) (code int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := pair.Command(ctx, r.binary, append([]string{"bench", "run", "--place", place, "--set", "t1_ms=100", "--set", "t2_ms=800"}, args...)...)
	cmd.Env = append(cmd.Environ(), "HILPHONE_TOKEN="+h.token, "CI=1")
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, text)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// place is a place file for a phone and a pair that commands take down and bring back, and the phone 1002 of the bench's.
func place(t *testing.T, pair *kamailio.Pair, h *handset) string {
	t.Helper()
	var l net.Listener
	must(t, pair.Do(func() (err error) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}))
	mux := http.NewServeMux()
	for name, s := range map[string]*kamailio.Server{"primary": pair.Primary, "backup": pair.Backup} {
		for word, do := range map[string]func(context.Context) error{"down": func(context.Context) error { return s.Kill() }, "up": s.Restore} {
			mux.HandleFunc("POST /"+name+"/"+word, func(w http.ResponseWriter, q *http.Request) {
				if err := do(q.Context()); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
				}
			})
		}
	}
	hooks := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() { // the cleanup waits for it
		defer close(ended)
		_ = hooks.Serve(l) // until it is closed
	}()
	t.Cleanup(func() {
		hooks.Close()
		<-ended
	})
	command := func(what string) string { return fmt.Sprintf("curl -fsS -X POST http://%s/%s", l.Addr(), what) }
	registrar := ""
	if pair.Registrar != nil {
		registrar = fmt.Sprintf(", registrar: '%s'", pair.Registrar.Addr)
	}
	text := fmt.Sprintf("phone: %s\nservers:\n  kind: own\n  primary: {address: '%s:5060', down: '%s', up: '%s'}\n  backup: {address: '%s:5060', down: '%s', up: '%s'}\n  peer: {address: 127.0.0.51, number: '1002', password: %s%s}\n",
		strings.TrimSuffix(h.base, "/api/v1"), kamailio.PrimaryAddress, command("primary/down"), command("primary/up"),
		kamailio.BackupAddress, command("backup/down"), command("backup/up"), kamailio.Password("1002"), registrar)
	file := filepath.Join(t.TempDir(), "place.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// registerAt registers an address that somebody else will answer at.
func registerAt(t *testing.T, pair *kamailio.Pair, number string, at netip.AddrPort) {
	t.Helper()
	phone, err := server.NewPhone(server.PhoneConfig{User: number, Password: kamailio.Password(number),
		Listen: func() (net.PacketConn, error) { return pair.ListenPacket("udp4", at.String()) }})
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- phone.Run(ctx) }() // waited for below
	for _, address := range []string{kamailio.PrimaryAddress, kamailio.BackupAddress} {
		must(t, phone.Register(ctx, netip.AddrPortFrom(netip.MustParseAddr(address), kamailio.Port), time.Hour))
	}
	stop()
	must(t, <-ended)
}
