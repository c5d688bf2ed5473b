package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// selfMade makes a certificate in a directory of the test at that time, as a phone that is started then does.
func selfMade(t *testing.T, dir string, names ...string) *certificate {
	t.Helper()
	c, err := selfMadeCertificate(dir, names, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A self-made certificate stays from start to start, is for the names and addresses asked for, and is made anew for others; the key stays.
func TestSelfMadeCertificate(t *testing.T) {
	dir := t.TempDir()
	first := selfMade(t, dir, "localhost", "127.0.0.1", "::1", "phone.lab")
	for _, name := range first.names {
		if err := first.held.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	for _, file := range []string{selfMadeCert, selfMadeKey} {
		if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	if again := selfMade(t, dir, "localhost", "127.0.0.1"); again.print() != first.print() {
		t.Error("another start made another certificate")
	}
	other := selfMade(t, dir, "localhost", "192.0.2.7")
	if other.print() == first.print() || other.held.Leaf.VerifyHostname("192.0.2.7") != nil {
		t.Error("no certificate for a new address")
	}
	if !bytes.Equal(other.held.Leaf.RawSubjectPublicKeyInfo, first.held.Leaf.RawSubjectPublicKeyInfo) {
		t.Error("the key did not stay")
	}
	if err := os.WriteFile(filepath.Join(dir, selfMadeKey), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if after := selfMade(t, dir, "localhost"); after.print() == other.print() {
		t.Error("a damaged key is in use")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 2 {
		t.Errorf("files %v, %v", left, err)
	}
}

// Before a self-made certificate ends a handshake has it made anew, in a phone that is never restarted.
func TestSelfMadeCertificateIsRenewed(t *testing.T) {
	c := selfMade(t, t.TempDir(), "localhost")
	first, end := c.print(), c.held.Leaf.NotAfter
	if got := time.Until(end); got < 396*24*time.Hour || got > 398*24*time.Hour {
		t.Errorf("it is good for %v", got)
	}
	for _, step := range []struct {
		at  time.Time
		new bool
	}{{end.Add(-renewBefore - time.Hour), false}, {end.Add(-renewBefore + time.Hour), true}} {
		c.now = func() time.Time { return step.at }
		held, err := c.get(nil)
		if err != nil || (c.print() != first) != step.new || held != c.held {
			t.Errorf("at %v: new %v, %v", step.at, c.print() != first, err)
		}
	}
	if !c.held.Leaf.NotAfter.After(end) {
		t.Errorf("the new one ends %v", c.held.Leaf.NotAfter)
	}
	c.certFile = filepath.Join(t.TempDir(), "gone", "web.crt")
	c.now = func() time.Time { return c.held.Leaf.NotAfter }
	if held, err := c.get(nil); err != nil || held == nil {
		t.Errorf("what cannot be stored: %v, %v", held, err)
	}
}

// A given certificate is read again when its files change; new ones that cannot be read leave the old one in its place.
func TestGivenCertificateIsReadAgain(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	first, next := selfMade(t, dir, "localhost"), selfMade(t, other, "localhost")
	c, err := givenCertificate(first.certFile, first.keyFile, quiet())
	if err != nil {
		t.Fatal(err)
	}
	put := func(cert, key string) {
		for from, to := range map[string]string{cert: first.certFile, key: first.keyFile} {
			content, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			if err := writePrivate(to, content); err != nil {
				t.Fatal(err)
			}
		}
	}
	readme := filepath.Join(dir, "readme")
	if err := os.WriteFile(readme, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(readme, next.keyFile)
	if _, err := c.get(nil); err != nil || c.print() != first.print() {
		t.Errorf("files that cannot be read were taken: %v", err)
	}
	if err := os.Remove(first.certFile); err != nil {
		t.Fatal(err)
	}
	if _, err := c.get(nil); err != nil || c.print() != first.print() {
		t.Errorf("without a file: %v", err)
	}
	if err := syscall.Mkfifo(first.certFile, 0o600); err != nil { // SE-02: no handshake waits for its other end
		t.Fatal(err)
	}
	if _, err := c.get(nil); err != nil || c.print() != first.print() {
		t.Errorf("with a FIFO in its place: %v", err)
	}
	put(next.certFile, next.keyFile)
	if _, err := c.get(nil); err != nil || c.print() != next.print() {
		t.Errorf("the new one was not taken: %v", err)
	}
}

// Whatever is wrong with the files is told in one line with flag and file, before anything is opened, and no key is quoted.
func TestBadCertificates(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	good, other := selfMade(t, dir, "localhost"), selfMade(t, t.TempDir(), "localhost")
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("-----BEGIN NOTHING-----\nAAAA\n-----END NOTHING-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) []string {
		return append([]string{"run", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, args...)
	}
	for _, q := range []struct{ args, named []string }{
		{[]string{"--tls-cert", good.certFile}, []string{"--tls-key"}},
		{[]string{"--tls-key", good.keyFile}, []string{"--tls-cert"}},
		{[]string{"--tls", "self", "--tls-cert", good.certFile, "--tls-key", good.keyFile}, []string{"--tls"}},
		{[]string{"--tls", "acme"}, []string{"--tls"}},
		{[]string{"--https", "everywhere"}, []string{"--https", "everywhere"}},
		{[]string{"--https", "0.0.0.0:0"}, []string{"--https", "hilphone password"}},
		{[]string{"--name", "-x"}, []string{"--name", `"-x"`}},
		{[]string{"--name", "a b"}, []string{"--name", "a b"}},
		{[]string{"--tls-cert", dir + "/none", "--tls-key", good.keyFile}, []string{"--tls-cert", dir + "/none"}},
		{[]string{"--tls-cert", good.certFile, "--tls-key", dir + "/none"}, []string{"--tls-key", dir + "/none"}},
		{[]string{"--tls-cert", text, "--tls-key", good.keyFile}, []string{"--tls-cert", text}},
		{[]string{"--tls-cert", good.certFile, "--tls-key", text}, []string{"--tls-key", text}},
		{[]string{"--tls-cert", good.keyFile, "--tls-key", good.keyFile}, []string{"--tls-cert", good.keyFile}},
		{[]string{"--tls-cert", good.certFile, "--tls-key", other.keyFile}, []string{other.keyFile, "match"}},
		{[]string{"--tls-cert", dir, "--tls-key", good.keyFile}, []string{"--tls-cert", dir}},
	} {
		refused(t, exitUsage, "", run(q.args...), q.named...)
	}
}

// A real phone speaks HTTPS beside HTTP: to a client that knows its certificate, by the names it is called, from TLS 1.2 on; the
// session's cookie is for HTTPS alone.
func TestHTTPS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, self(t), "run", "--data", dir, "--listen", "127.0.0.1:0", "--https", "127.0.0.1:0", "--name", "phone.lab", "--sip", "127.0.0.1")
	found := p.err.wait(t, p, regexp.MustCompile(`msg="web pages" url=(https://\S+)/ sha256=(\S+)\n`))
	code := p.err.wait(t, p, regexp.MustCompile(`code=(\S+)\n`))[1]
	pem, err := os.ReadFile(filepath.Join(dir, selfMadeCert))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	ask := func(config *tls.Config, host string) (*http.Response, error) {
		client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}, CheckRedirect: p.http.CheckRedirect}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, found[1]+"/first", strings.NewReader("code="+code+"&password=long+enough&again=long+enough"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := client.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		return answer, err
	}
	if _, err := ask(&tls.Config{}, "localhost"); err == nil {
		t.Error("a certificate of the phone's own is known to everybody")
	}
	if _, err := ask(&tls.Config{RootCAs: roots, ServerName: "elsewhere.example"}, "localhost"); err == nil {
		t.Error("the certificate is for any name")
	}
	if _, err := ask(&tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11}, "localhost"); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if answer, err := ask(&tls.Config{RootCAs: roots}, "evil.example"); err != nil || answer.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("for another host: %v, %v", answer, err)
	}
	answer, err := ask(&tls.Config{RootCAs: roots, ServerName: "phone.lab", MaxVersion: tls.VersionTLS12}, "phone.lab")
	if err != nil || answer.StatusCode != http.StatusSeeOther || answer.TLS.Version != tls.VersionTLS12 {
		t.Fatalf("%v, %v", answer, err)
	}
	if c := answer.Cookies(); len(c) != 2 || !strings.HasPrefix(c[0].Name, "__Host-hilphone_") || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("cookies %v", c)
	}
	if answer, err := p.http.Get(p.url + "/healthz"); err != nil || answer.StatusCode != http.StatusOK || answer.Body.Close() != nil {
		t.Errorf("HTTP beside it: %v, %v", answer, err)
	}
	p.terminate()
}
