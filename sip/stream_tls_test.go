package sip_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"slices"
	"testing"
	"time"

	"hilphone/db/journal/event"
	"hilphone/hil/server"
	"hilphone/sip"
	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// FO-09: whatever is wrong with the primary's handshake or certificate, or with our own list of authorities, the primary is unavailable for
// that reason (UX-05) and the backup has its turn; the primary is never asked over a weaker transport or without verification.
func TestHandshakeFails(t *testing.T) {
	for _, c := range []struct {
		name     string
		primary  func(w *wired) tls.Certificate
		settings []string
		how      server.Behaviour
		reason   netfault.Reason
	}{
		{name: "another address", primary: func(w *wired) tls.Certificate { return w.certificate("127.0.0.9") }, reason: netfault.CertificateName},
		{name: "a name instead of the address", primary: func(w *wired) tls.Certificate { return w.certificate("primary.example.test") }, reason: netfault.CertificateName},
		{name: "another name", primary: func(w *wired) tls.Certificate { return w.certificate("other.example.test", "127.0.0.2") },
			settings: []string{"register_addr=primary.example.test"}, reason: netfault.CertificateName},
		{name: "out of date", reason: netfault.CertificateExpired, primary: func(w *wired) tls.Certificate {
			cert, err := w.authority.Until(time.Now().Add(-time.Hour), "127.0.0.2")
			if err != nil {
				w.t.Fatal(err)
			}
			return cert
		}},
		{name: "another authority", reason: netfault.UnknownAuthority, primary: func(w *wired) tls.Certificate {
			other, _ := authority(w.t)
			cert, err := other.Certificate("127.0.0.2")
			if err != nil {
				w.t.Fatal(err)
			}
			return cert
		}},
		{name: "refused", how: server.Behaviour{BadHandshake: true}, reason: ""},
		{name: "the authorities of the system", settings: []string{"tls_ca_file="}, reason: netfault.UnknownAuthority},
		{name: "no file of authorities", settings: []string{"tls_ca_file=/nonexistent/ca.pem"}, reason: netfault.CAFile},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWires(t)
			w.authority, w.caFile = authority(t)
			good := w.certificate("127.0.0.2", "127.0.0.3")
			first := good
			if c.primary != nil {
				first = c.primary(w)
			}
			w.serve(server.LabConfig{}, first, good)
			w.behave(server.Primary, c.how)
			// The backup is on UDP: it needs no authorities.
			w.start(w.settings(line.TLS, line.UDP, c.settings...))
			w.phase(line.OnBackup)
			w.wantCauses(line.REGISTER, "primary tls", "backup response", "backup response")
			if got := w.requests(server.Primary, "REGISTER"); len(got) != 0 {
				t.Errorf("the primary got %s over %s", got[0].Start, got[0].Transport)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			if n := w.dialled(w.at(server.Primary, line.TLS)); n > 1 || len(w.dials) != n {
				t.Errorf("dialled %+v", w.dials)
			}
			failovers, attempts := 0, 0
			for _, e := range w.events {
				if _, ok := e.data.(event.Failover); ok {
					failovers++
				}
				if a, ok := e.data.(event.AttemptEnd); ok && a.Cause == string(line.CauseTLS) {
					attempts++
				}
				if f, ok := e.data.(event.Failover); ok && (f.Cause != string(line.CauseTLS) || f.Reason == "" || c.reason != "" && f.Reason != string(c.reason)) {
					t.Errorf("%+v, want %s", f, c.reason)
				}
				if a, ok := e.data.(event.AttemptEnd); ok && a.Cause == string(line.CauseTLS) && (a.Reason == "" || a.Detail == "" || c.reason != "" && a.Reason != string(c.reason)) {
					t.Errorf("%+v, want %s", a, c.reason)
				}
			}
			if failovers != 1 || attempts != 1 {
				t.Errorf("%d failovers, %d attempts that TLS ended, want one of each", failovers, attempts)
			}
		})
	}
}

// FO-09, FO-08: a handshake that never ends takes the time there is to connect; then the backup is asked, whose certificate is verified
// too.
func TestHandshakeNeverEnds(t *testing.T) {
	t.Parallel()
	w := newWired(t)
	w.behave(server.Primary, server.Behaviour{NoHandshake: true})
	w.start(w.settings(line.TLS, line.TLS))
	w.phase(line.OnBackup)
	if took := w.started(line.REGISTER, line.Backup) - w.started(line.REGISTER, line.Primary); took < budget || took > budget+late {
		t.Errorf("the backup was asked after %v, want %v", took, budget)
	}
	w.wantCauses(line.REGISTER, "primary no_response", "backup response", "backup response")
	w.until("the connection closed", func() bool { return slices.ContainsFunc(w.closed, func(d dialling) bool { return d.n == 0 }) })
}

// FO-09: the backup's certificate is held to its own name, and a failure there is the end of the list.
func TestHandshakeFailsAtBothServers(t *testing.T) {
	w := newWires(t)
	w.authority, w.caFile = authority(t)
	one := w.certificate("127.0.0.2")
	w.serve(server.LabConfig{}, one, one) // the primary's certificate at the backup
	w.start(w.settings(line.TLS, line.TLS))
	w.phase(line.OnPrimary)
	w.forget()
	w.behave(server.Primary, server.Behaviour{BadHandshake: true, Mode: server.Close})
	w.post(line.Register{})
	w.phase(line.AllFailed)
	w.wantCauses(line.REGISTER, "primary connect", "primary tls", "backup tls")
}

// FO-07, FO-09: the name a server must show is that of its slot, also when it is dialled again. Names and addresses both do; addresses are
// not sent (RFC 6066 3).
func TestServerNames(t *testing.T) {
	for _, c := range []struct {
		name, primary, backup string
		want                  []string
	}{
		{"by name", "primary.example.test", "backup.example.test", []string{"127.0.0.2 primary.example.test", "127.0.0.2 primary.example.test", "127.0.0.3 backup.example.test", "127.0.0.2 primary.example.test"}},
		{"by address", "127.0.0.2", "127.0.0.3", []string{"127.0.0.2 ", "127.0.0.2 ", "127.0.0.3 ", "127.0.0.2 "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWires(t)
			w.authority, w.caFile = authority(t)
			w.serve(server.LabConfig{}, w.certificate(c.primary), w.certificate(c.backup))
			w.start(w.settings(line.TLS, line.TLS, "register_addr="+c.primary, "backup_addr="+c.backup))
			w.phase(line.OnPrimary)
			w.behave(server.Primary, server.Behaviour{CloseAfter: 1})
			w.forget()
			w.post(line.Register{})
			w.until("registered again", func() bool { return slices.Contains(w.causes(line.REGISTER), "primary response") })
			w.phase(line.OnPrimary)
			w.behave(server.Primary, refuse)
			w.phase(line.OnBackup)
			w.behave(server.Primary, serve)
			w.post(line.Register{})
			w.phase(line.OnPrimary)
			w.mu.Lock()
			defer w.mu.Unlock()
			if !slices.Equal(w.asked, c.want) {
				t.Errorf("asked %q, want %q", w.asked, c.want)
			}
		})
	}
}

// SE-02: what tls_ca_file names is not read when a connection is made. Without what the file had, the server is unavailable over TLS;
// with it the line registers, though the file has gone.
func TestRootsAreHeld(t *testing.T) {
	w := newWires(t)
	w.authority, w.caFile = authority(t)
	cert := w.certificate("127.0.0.2", "127.0.0.3")
	w.serve(server.LabConfig{}, cert, cert)
	settings := w.settings(line.TLS, line.UDP)
	w.start(settings, func(c *sip.Config) { c.Roots = nil })
	w.phase(line.OnBackup)
	w.wantCauses(line.REGISTER, "primary tls", "backup response", "backup response")
	w.end()
	held, err := roots(w.caFile)
	if err == nil {
		err = os.Remove(w.caFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.forget()
	w.start(settings, func(c *sip.Config) { c.Roots = func(string) (*x509.CertPool, error) { return held, nil } })
	w.phase(line.OnPrimary)
}
