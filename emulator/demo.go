package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/hil/server"
	"hilphone/sip/line"
)

type demoCommand struct{ runFlags }

const (
	// demoProbe is the demo's failback interval, in seconds: a visitor wants to see the line come back.
	demoProbe = 20
	// demoRinging is how long 1002 rings before it answers.
	demoRinging = 1500 * time.Millisecond
	// demoTalk is how long 1003 talks: nobody else ends a call that was transferred to it.
	demoTalk = 30 * time.Second
)

// Run is the phone on a fresh data directory, with a lab around it. The lab outlives the phone: its lines un-register there.
func (c *demoCommand) Run(env environment) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	dir := c.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "hilphone-demo-"); err != nil {
			return fmt.Errorf("making a data directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(env))
	var labErr error
	var running sync.WaitGroup
	var secret string
	phone := &lives{flags: &c.runFlags, dir: dir, boards: c.Data, log: c.logger(env.Stderr), listen: c.listenSomewhere}
	phone.prepare = func(store *db.DB) error {
		lab, err := server.NewLab(server.LabConfig{
			Answering: server.Answering{After: demoRinging}, Third: server.Loopback(netip.MustParseAddr("127.0.0.4"), 5060),
			ThirdAnswers: server.Answering{After: demoRinging, HangUpAfter: demoTalk}, Log: phone.log,
		})
		if err != nil {
			return fmt.Errorf("starting the lab: %w", err)
		}
		if secret, err = prepareDemo(env, store, lab); err != nil {
			lab.Close()
			return err
		}
		phone.lab = lab
		running.Go(func() { labErr = lab.Run(ctx) })
		return nil
	}
	phone.begun = func(p *program, web listening) error {
		if secret == "" {
			return nil // a restart
		}
		if web.certificate != nil {
			logPages(phone.log, web.all, web.certificate)
		}
		warnPlain(phone.log, web.all)
		announce(env, p, web.all[0], c.Data, secret)
		secret = ""
		return nil
	}
	err = phone.run(env)
	stop()
	running.Wait()
	return errors.Join(err, labErr)
}

// listenSomewhere takes the next free port when the usual one is taken and none was asked for: a demo should just start.
func (c *demoCommand) listenSomewhere(ctx context.Context, store *db.DB, dir string, log *slog.Logger) (listening, error) {
	web, err := c.listenAll(ctx, store, dir, log)
	if err != nil && len(c.Listen) == 0 {
		c.Listen = []string{"127.0.0.1:0"}
		return c.listenAll(ctx, store, dir, log)
	}
	return web, err
}

// prepareDemo sets line 1 up as 1001 of the lab and makes a token for scripts.
func prepareDemo(ctx context.Context, store *db.DB, lab *server.Lab) (token string, err error) {
	s := line.Default()
	primary, backup := lab.Primary.Addr(), lab.Backup.Addr()
	values := map[string]any{
		"enabled": true, "phone_number": server.Caller, "auth_password": lab.Password(server.Caller),
		"register_addr": primary.Addr().String(), "register_port": int(primary.Port()),
		"backup_addr": backup.Addr().String(), "backup_port": int(backup.Port()),
		"failback_interval": demoProbe,
	}
	if err := s.Merge(values); err != nil {
		return "", fmt.Errorf("setting up line 1: %w", err)
	}
	if err := store.PutLine(ctx, 1, s); err != nil {
		return "", fmt.Errorf("setting up line 1: %w", err)
	}
	token, err = store.NewToken(ctx, "demo", db.ScopeAdmin)
	if errors.Is(err, db.ErrTokenTaken) { // --data names the directory of an earlier demo
		if err = store.RevokeToken(ctx, "demo"); err == nil {
			token, err = store.NewToken(ctx, "demo", db.ScopeAdmin)
		}
	}
	if err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	return token, recordCommand(ctx, store, audit.TokenMade, map[string]any{"token": "demo", "scope": db.ScopeAdmin})
}

func announce(env environment, p *program, l net.Listener, data, token string) {
	url := "http://" + l.Addr().String()
	fmt.Fprintf(env.Stdout, `hilphone demo: line 1 is 1001 at a primary and a backup of its own; 1002 and 1003 answer.

  Open   %s%s
  Script export HILPHONE_URL=%s HILPHONE_TOKEN=%s

Ctrl-C ends it; %s
`, url, p.web.OneTimeLogin(), url, token, kept(data))
}

// kept says what is left of the demo when it has ended; data is the directory that --data names.
func kept(data string) string {
	if data == "" {
		return "nothing is kept."
	}
	return data + " keeps settings, calls and events. The next demo there sets line 1 up again\nas above and replaces the token."
}
