package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"regexp"
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
	Primary  string `placeholder:"ADDR:PORT" help:"UDP and TCP; the next free port where it is taken. Default 127.0.0.12:5060, or near the other addresses where these are IPv6."`
	Backup   string `placeholder:"ADDR:PORT" help:"As --primary. Default 127.0.0.13:5060."`
	Peer     string `placeholder:"ADDR" help:"Of the phone 1002. Default 127.0.0.14."`
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
	at, err := c.addresses()
	if err != nil {
		return nil, err
	}
	config.Primary, config.PrimaryTCP = server.Loopback(at.Primary.Addr(), at.Primary.Port()), server.LoopbackTCP(at.Primary.Addr(), at.Primary.Port())
	config.Backup, config.BackupTCP = server.Loopback(at.Backup.Addr(), at.Backup.Port()), server.LoopbackTCP(at.Backup.Addr(), at.Backup.Port())
	config.Phone, config.Media = server.Loopback(at.Peer, 5060), server.Loopback(at.Peer, 0)
	if c.TLS != "" {
		if err := hil.Secure(&config, at.Primary, at.Backup, c.TLS); err != nil {
			return nil, usage("--tls: %w", err)
		}
	}
	lab, err := server.NewLab(config)
	if err != nil {
		return nil, usage("starting the servers: %w", err)
	}
	return lab, nil
}

// addresses are those of the servers and of the phone 1002, of one IP version.
func (c *benchServe) addresses() (hil.Addresses, error) {
	given := hil.ServersAt{Primary: hil.ServerAt{Address: c.Primary}, Backup: hil.ServerAt{Address: c.Backup}, Peer: hil.PeerAt{Address: c.Peer}}
	at, err := given.Addresses(func() (netip.Addr, error) { return netip.MustParseAddr("127.0.0.1"), nil })
	if err != nil { // it names the fields of a place file, as servers.primary.address
		text := regexp.MustCompile(`servers\.(\w+)\.address`).ReplaceAllString(err.Error(), "--$1")
		return at, usage("%s", text)
	}
	return at, nil
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
