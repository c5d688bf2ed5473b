package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"hilphone/hil"
	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

// benchServe is a pair of servers that misbehave on request, and the phone 1002, for a phone of any make.
type benchServe struct {
	Listen   string `default:"127.0.0.1:8090" placeholder:"ADDR:PORT" help:"For REST, as /api/v1/lab/servers/primary. On this machine alone: it asks for no password."`
	Primary  string `default:"127.0.0.12:5060" placeholder:"ADDR:PORT" help:"UDP and TCP; the next free port where it is taken."`
	Backup   string `default:"127.0.0.13:5060" placeholder:"ADDR:PORT" help:"As --primary."`
	Peer     string `default:"127.0.0.14" placeholder:"ADDR" help:"Of the phone 1002."`
	Separate bool   `help:"The servers do not share their registrations."`
	TLS      string `name:"tls" type:"path" placeholder:"FILE" help:"TLS too, at the ports after --primary and --backup. The certificate of their authority is written to FILE, for the phone to trust."`
	Password bool   `help:"Asks for passwords, which are printed; otherwise anybody may register."`
}

// Run serves until SIGINT or SIGTERM. What is typed is a step of a scenario without its first word, or with it: primary status 503.
func (c *benchServe) Run(env environment) error {
	lab, err := c.lab()
	if err != nil {
		return err
	}
	if !isLoopback(c.Listen) {
		lab.Close()
		return usage("--listen: %s can be reached from elsewhere, and there is no password", c.Listen)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		lab.Close()
		return usage("--listen: %w", err)
	}
	fmt.Fprintf(env.Stdout, "primary %s, backup %s, by UDP and TCP; 1002 answers\n", lab.Primary.Addr(), lab.Backup.Addr())
	if c.TLS != "" {
		fmt.Fprintf(env.Stdout, "by TLS primary %s, backup %s; trust %s\n", lab.Primary.AddrTLS(), lab.Backup.AddrTLS(), c.TLS)
	}
	if c.Password {
		fmt.Fprintf(env.Stdout, "1001 has the password %s\n", lab.Password(server.Caller))
	}
	fmt.Fprintf(env.Stdout, "REST http://%s/api/v1/lab/servers/primary; or type: primary silent, backup status 503 retry-after 10s, peer busy\n", listener.Addr())
	ctx, stop := context.WithCancel(env)
	defer stop()
	web := &http.Server{Handler: ownHosts(lab.Handler()), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	var all sync.WaitGroup
	var labErr, webErr error
	all.Go(func() { defer stop(); labErr = lab.Run(ctx) })
	all.Go(func() { defer stop(); webErr = web.Serve(listener) })
	go c.typed(env, lab) // ends with what is typed: reading cannot be broken off
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(env), 2*time.Second)
	defer cancel()
	err = web.Shutdown(closing)
	all.Wait()
	if errors.Is(webErr, http.ErrServerClosed) {
		webErr = nil
	}
	return errors.Join(err, labErr, webErr)
}

func (c *benchServe) lab() (*server.Lab, error) {
	config := server.LabConfig{Separate: c.Separate, Open: !c.Password, Answering: server.Answering{After: demoRinging}}
	var servers []netip.AddrPort
	for _, s := range []struct {
		flag, text string
		udp        *func() (net.PacketConn, error)
		tcp        *func() (net.Listener, error)
	}{{"--primary", c.Primary, &config.Primary, &config.PrimaryTCP}, {"--backup", c.Backup, &config.Backup, &config.BackupTCP}} {
		at, err := netip.ParseAddrPort(s.text)
		if err != nil {
			return nil, usage("%s: %q is not ADDR:PORT", s.flag, s.text)
		}
		servers = append(servers, at)
		*s.udp, *s.tcp = server.Loopback(at.Addr(), at.Port()), server.LoopbackTCP(at.Addr(), at.Port())
	}
	peer, err := netip.ParseAddr(c.Peer)
	if err != nil {
		return nil, usage("--peer: %q is not an address", c.Peer)
	}
	config.Phone, config.Media = server.Loopback(peer, 5060), server.Loopback(peer, 0)
	if c.TLS != "" {
		if err := hil.Secure(&config, servers[0], servers[1], c.TLS); err != nil {
			return nil, usage("--tls: %w", err)
		}
	}
	lab, err := server.NewLab(config)
	if err != nil {
		return nil, usage("starting the servers: %w", err)
	}
	return lab, nil
}

// ownHosts refuses what a page of elsewhere may send through a browser under a name of its own.
func ownHosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) && !isLoopback(r.Host+":80") || r.Header.Get("Origin") != "" {
			http.Error(w, "not from here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// typed carries out what is typed.
func (c *benchServe) typed(env environment, lab *server.Lab) {
	lines := bufio.NewScanner(env.Stdin)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		if err := tell(env, lab, text); err != nil {
			fmt.Fprintln(env.Stdout, err)
		} else {
			fmt.Fprintln(env.Stdout, "ok")
		}
	}
}

// tell carries out one step: server primary silent, peer busy. The peer calls 1001.
func tell(ctx context.Context, lab *server.Lab, text string) error {
	if word, _, _ := strings.Cut(text, " "); word != "server" && word != "peer" {
		text = "server " + text
	}
	do, err := scenario.ParseStep(text)
	if err != nil {
		return err
	}
	switch do := do.(type) {
	case scenario.Server:
		for _, name := range do.Names {
			if err := lab.SetBehaviour(name, do.Behaviour); err != nil {
				return err
			}
		}
		return nil
	case scenario.Peer:
		switch do.Do {
		case "answering":
			return lab.Phone.SetAnswering(do.Answering)
		case "call":
			do.Request.To = server.Caller
			return lab.Call(ctx, do.Request)
		case "send":
			do.Request.To = server.Caller
			return lab.Send(ctx, do.Request)
		case "hangup":
			return lab.Phone.HangUpLast(ctx)
		}
	}
	return errors.New("type what a server or the peer shall do: primary silent, backup status 503, peer busy, peer call via backup, peer send OPTIONS, peer hangup")
}
