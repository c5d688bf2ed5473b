package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"hilphone/db"
	"hilphone/hil/server"
	"hilphone/webui"
)

// lives are a phone and those that begin anew in its place, in one process, whenever a restart is asked for on its pages. Each has the
// board, the store and everything else opened for itself. What stays is where the pages are reached, so that who comes meanwhile
// waits, and who is logged in there.
type lives struct {
	flags *runFlags
	dir   string
	// boards is where the board for the next start is looked for.
	boards string
	log    *slog.Logger
	lab    *server.Lab // nil without one

	// listen opens the addresses of the pages; prepare is called once, before the first life.
	listen  func(context.Context, *db.DB, string, *slog.Logger) (listening, error)
	prepare func(*db.DB) error
	// begun is called before each life runs.
	begun func(*program, listening) error

	pages listening
	web   *webui.Server
}

// run is all of the lives. It ends with ctx, or with the first that fails.
func (l *lives) run(ctx context.Context) error {
	for {
		again, err := l.one(ctx)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = nil // told to end while it began
		}
		if err != nil || !again || ctx.Err() != nil {
			return errors.Join(err, closeAll(l.pages.all))
		}
		l.log.Info("the phone restarts")
	}
}

// one is one life.
func (l *lives) one(ctx context.Context) (again bool, err error) {
	front, err := openBoard(l.flags.board(), l.boards, l.log)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, front.close()) }()
	shown, err := l.flags.capture(l.log)
	if err != nil {
		return false, err
	}
	store, err := db.Open(l.dir, l.log)
	if err != nil {
		return false, fmt.Errorf("--data: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	first := l.web == nil
	if first {
		if err := l.flags.checkSIP(ctx); err != nil {
			return false, err
		}
		if l.pages, err = l.listen(ctx, store, l.dir, l.log); err != nil {
			return false, err
		}
		if l.prepare != nil {
			if err := l.prepare(store); err != nil {
				return false, err
			}
		}
	}
	zone, err := store.DeviceSetting(context.WithoutCancel(ctx), zoneSetting)
	if err != nil {
		return false, fmt.Errorf("reading the settings: %w", err)
	}
	p, err := newProgram(programConfig{Store: store, SIP: l.flags.SIP, Board: front, Dir: l.dir, Lab: l.lab, HEP: shown, Names: l.pages.names, Zone: zone, Log: l.log})
	if err != nil {
		return false, err
	}
	if !first {
		p.web.Continue(l.web)
	}
	l.web = p.web
	if err := l.begun(p, l.pages); err != nil {
		return false, err
	}
	if err := takeAgain(l.pages.all); err != nil {
		return false, err
	}
	err = p.run(ctx, l.pages.all)
	return p.restarting(), err
}

// restarting tells whether the phone has ended to begin anew.
func (p *program) restarting() bool {
	select {
	case <-p.again:
		return true
	default:
		return false
	}
}

// Restart ends the phone as SIGTERM does; lives begins the next.
func (s system) Restart() { s.p.restart.Do(func() { close(s.p.again) }) }

// lastingListener is not closed with the web server on it, which only stops to take connections from it: those wait for the next.
type lastingListener struct{ *net.TCPListener }

// Close ends an Accept.
func (l lastingListener) Close() error { return l.SetDeadline(time.Unix(1, 0)) }

// takeAgain has the listeners take connections, as at first.
func takeAgain(all []net.Listener) error {
	var errs []error
	for _, l := range all {
		if under, ok := underneath(l); ok {
			errs = append(errs, under.SetDeadline(time.Time{}))
		}
	}
	return errors.Join(errs...)
}

// underneath is the listener that lasts, of HTTPS too.
func underneath(l net.Listener) (lastingListener, bool) {
	if s, ok := l.(secureListener); ok {
		l = s.Listener
	}
	lasting, ok := l.(lastingListener)
	return lasting, ok
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		if lasting, ok := underneath(l); ok {
			l = lasting.TCPListener
		}
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
