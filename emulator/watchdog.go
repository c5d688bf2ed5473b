package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// watchdog tells a service manager how the phone is (sd_notify(3)): that it is ready, while it lives that it does, and that it ends.
type watchdog struct {
	// alive asks everything that must go round for a sign of life; ready is asked besides before the phone is called ready.
	alive, ready func(context.Context) error
	tell         func(state string)
	// silence is how long the manager hears nothing before it ends the phone; 0: for ever.
	silence time.Duration
	// restarting tells whether the phone ends only to begin anew; nil: it does not.
	restarting func() bool
	log        *slog.Logger
}

const (
	// untilReady is how often a phone that begins looks whether it is ready.
	untilReady = 100 * time.Millisecond
	// answerLimit is how long a phone that begins waits for a sign of life.
	answerLimit = 5 * time.Second
)

// newWatchdog is the watchdog that the environment asks for. Without a service manager there is nobody to tell, and it is nil.
func newWatchdog(p *program, listeners []net.Listener) *watchdog {
	watched, err := daemon.SdNotify(false, "STATUS=starting")
	if err != nil {
		p.log.Error("the service manager does not listen", "err", err)
	}
	if !watched {
		return nil
	}
	silence, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		p.log.Error("the service manager's watchdog", "err", err)
	}
	tell := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			p.log.Error("the service manager does not listen", "err", err)
		}
	}
	return &watchdog{alive: p.alive, ready: pagesOf(listeners), tell: tell, silence: silence, restarting: p.restarting, log: p.log}
}

// run watches until ctx ends. A part that does not answer in time is logged, once, and until it answers the manager hears nothing.
func (w *watchdog) run(ctx context.Context) {
	defer w.end()
	tick := time.NewTicker(untilReady)
	defer tick.Stop()
	running, failing := false, false
	for ctx.Err() == nil {
		err := w.ask(ctx, running)
		switch {
		case ctx.Err() != nil:
		case err != nil && running && !failing:
			failing = true
			w.log.Error("a part of the phone does not answer", "err", err)
		case err != nil:
		case running:
			failing = false
			w.tell(daemon.SdNotifyWatchdog)
		default:
			running = true
			w.tell(daemon.SdNotifyReady + "\nSTATUS=")
			if w.silence == 0 {
				tick.Stop()
			} else {
				tick.Reset(w.silence / 3)
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// end says that the phone stops. One that begins anew in the same process does not: the manager would begin to count.
func (w *watchdog) end() {
	if w.restarting != nil && w.restarting() {
		w.tell("STATUS=restarting")
		return
	}
	w.tell(daemon.SdNotifyStopping)
}

// ask has a third of the manager's patience: who is late once has two more turns.
func (w *watchdog) ask(ctx context.Context, running bool) error {
	limit := answerLimit
	if w.silence > 0 {
		limit = w.silence / 3
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := w.alive(ctx); err != nil || running {
		return err
	}
	return w.ready(ctx)
}

// alive returns nil when the lines, the phone and the database have answered.
func (p *program) alive(ctx context.Context) error {
	if err := p.lines.alive(ctx); err != nil {
		return err
	}
	if err := p.phone.Alive(ctx); err != nil {
		return fmt.Errorf("the phone: %w", err)
	}
	return p.store.Alive(ctx)
}

// alive returns nil when the lines run and each of them has answered. One that has ended is not asked: that is a fault of its own.
func (l *lines) alive(ctx context.Context) error {
	if err := l.ready(); err != nil {
		return err
	}
	for n, r := range l.all() {
		select {
		case <-r.Pulse():
		case <-r.ended:
		case <-ctx.Done():
			return fmt.Errorf("line %d: %w", n, ctx.Err())
		}
	}
	return nil
}

// pagesOf asks for a page at each address.
func pagesOf(listeners []net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, l := range listeners {
			address, trust := healthURL(l.Addr().String()), (*tls.Config)(nil)
			if _, ok := l.(secureListener); ok {
				address, trust = "https"+strings.TrimPrefix(address, "http"), &tls.Config{InsecureSkipVerify: true} // the phone asks itself
			}
			if err := checkHealth(ctx, address, trust); err != nil {
				return err
			}
		}
		return nil
	}
}
