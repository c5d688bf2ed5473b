//go:build rig

package webui

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// selfSigned is a listener for HTTPS with the certificate of httptest.
type selfSigned struct {
	net.Listener
	config *tls.Config
}

func (l selfSigned) TLSConfig() *tls.Config { return l.config }

// SE-03, the figure: while 1000 connections from the same address are half-open, by HTTP and by HTTPS, a login is answered within 1 s.
func TestHalfOpenConnectionsOnANetwork(t *testing.T) {
	forTLS := httptest.NewUnstartedServer(nil)
	forTLS.StartTLS()
	defer forTLS.Close()
	s := newServer(t, newHouse())
	var at []string
	var listeners []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at, listeners = append(at, l.Addr().String()), append(listeners, l)
	}
	listeners[1] = selfSigned{listeners[1], &tls.Config{Certificates: forTLS.TLS.Certificates, NextProtos: []string{"http/1.1"}}}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, listeners) }()
	halves := []string{"", "POST /login HTTP/1.1\r\n", "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n"}
	for i := range 1000 {
		c, err := net.Dial("tcp", at[i/4%2])
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprint(c, halves[i%len(halves)]) // fails where it was closed meanwhile
	}
	for i, scheme := range []string{"http://", "https://"} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		began := time.Now()
		answer, err := client.PostForm(scheme+at[i]+"/login", url.Values{"user": {"admin"}, "password": {"correct horse"}})
		took := time.Since(began)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusSeeOther || took > time.Second {
			t.Errorf("%s: %d after %v", scheme, answer.StatusCode, took)
		}
		t.Logf("%slogin after %v, %d connections held", scheme, took, s.connections.Len())
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
