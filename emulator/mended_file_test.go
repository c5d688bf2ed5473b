package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hilphone/hil/server"
	"hilphone/sip/line"
)

// secureLab runs a lab whose primary is reached by TLS at the address that is returned; its certificate descends from the authority.
func secureLab(t *testing.T, authority *server.Authority) netip.AddrPort {
	t.Helper()
	const host = "127.0.0.2"
	certificate, err := authority.Certificate(host)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", host+":0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	lab, err := server.NewLab(server.LabConfig{Open: true, PrimaryTLS: func() (net.Listener, error) { return listener, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := lab.Run(ctx); err != nil {
			t.Errorf("the lab: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return netip.MustParseAddrPort(listener.Addr().String())
}

// UX-04: where no server was trusted, another tls_ca_file, the same file with other content set again, and Register by hand after the file was
// mended are applied at once, not after the failure interval, which is an hour here.
func TestMendedAuthorityFile(t *testing.T) {
	t.Parallel()
	right, err := server.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := server.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	at := secureLab(t, right)
	write := func(t *testing.T, file string, a *server.Authority) {
		t.Helper()
		if err := os.WriteFile(file, a.PEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, mend := range map[string]func(t *testing.T, p *process, file string){
		"another file": func(t *testing.T, p *process, file string) {
			write(t, file+".new", right)
			p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"tls_ca_file":%q}`, file+".new"), nil)
		},
		"the same file set again": func(t *testing.T, p *process, file string) {
			write(t, file, right)
			p.do("PATCH", "lines/1/sip", fmt.Sprintf(`{"tls_ca_file":%q}`, file), nil)
		},
		"register by hand": func(t *testing.T, p *process, file string) {
			write(t, file, right)
			p.do("POST", "lines/1/register", "", nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFarEnd(t, server.Answering{})
			file := filepath.Join(t.TempDir(), "ca.pem")
			write(t, file, wrong)
			dir, token := f.folder(func(s *line.Settings) {
				swift(s)
				s.RegisterAddr, s.RegisterPort, s.Transport, s.TLSCAFile = at.Addr().String(), int(at.Port()), line.TLS, file
				s.BackupAddr, s.RegFailInterval = "", 3600
			})
			p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0")
			p.token = token
			p.await(0, "all_failed", nil)
			mend(t, p, file)
			p.registered("primary")
			p.terminate()
		})
	}
}
