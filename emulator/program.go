package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"hilphone/db"
	"hilphone/db/journal"
	"hilphone/db/journal/event"
	"hilphone/db/secret"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/virtual"
	"hilphone/hil/hep"
	"hilphone/hil/server"
	"hilphone/sip/line"
	"hilphone/webui"
)

// programConfig is what the phone is made of.
type programConfig struct {
	Store *db.DB
	SIP   string // ADDR[:PORT], or empty
	Board frontBoard
	Dir   string      // the data directory
	Lab   *server.Lab // nil without one; its owner runs it
	Names []string    // by which browsers may ask for the phone, beside its addresses
	HEP   *hep.Sender // is shown every SIP message; nil: nobody is
	Zone  string      // time zone in use, as it is set
	Log   *slog.Logger
}

// program is everything that runs: the journal, the lines, the phone on its board, the web server.
type program struct {
	store   *db.DB
	log     *slog.Logger
	journal *journal.Journal
	board   *virtual.Board // the hands of the pages
	choice  frontBoard     // what it was started with
	dir     string         // of the data
	front   hal.Board      // all that moves the phone
	test    *selfTest      // of the front, between it and the phone
	waves   *waves         // of the front
	phone   *phone.Phone
	lines   *lines
	calls   *calls
	device  *deviceSettings
	web     *webui.Server
	hep     *hep.Sender // nil without one

	restart sync.Once
	again   chan struct{} // closed: it is to end and to begin anew
}

func newProgram(c programConfig) (*program, error) {
	ctx := context.Background()
	first, err := c.Store.FirstEvent(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the event history: %w", err)
	}
	firstMessage, err := c.Store.FirstMessage(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the trace: %w", err)
	}
	settings, err := c.Store.Lines(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	p := &program{store: c.Store, log: c.Log, board: virtual.New(), hep: c.HEP, again: make(chan struct{})}
	p.choice, p.dir, p.front = c.Board, c.Dir, c.Board.all(p.board)
	p.test = newSelfTest(p.front, p.record)
	p.journal = journal.New(journal.Config{First: first, FirstMessage: firstMessage, Sink: c.Store, Trace: c.Store, Log: c.Log})
	p.waves = newWaves(p.journal, ringing(c.Board.real))
	p.calls = newCalls(c.Store, p.journal, c.Log)
	p.lines = newLines(c.SIP, settings, p.journal, c.Log)
	p.phone = phone.New(phone.DefaultConfig(), p.test, p.lines, p.record, c.Log)
	p.phone.Deciding = p.journal.Decider().Deciding
	p.lines.calls, p.lines.phone, p.lines.hep = p.calls, p.phone, c.HEP
	p.calls.lines, p.calls.phone = p.lines, p.phone
	for n, s := range settings {
		p.phone.LineNamed(n, label(s))
	}
	if p.device, err = newDeviceSettings(c.Store, p.journal, p.phone, p.lines, c.Lab != nil, c.Log); err != nil {
		return nil, fmt.Errorf("reading the settings: %w", err)
	}
	var lab webui.Lab
	if c.Lab != nil {
		lab = labServers{c.Lab}
	}
	p.web, err = webui.New(webui.Config{
		Journal: p.journal, History: c.Store, Settings: storedLines{c.Store}, Lines: p.lines, Phone: p.hands(), IO: p.pins(),
		Waves: p.waves, Device: p.device,
		Board: boardPage{p},
		Calls: p.calls, CallLog: p.calls, Accounts: accounts{c.Store}, Tokens: tokens{c.Store}, System: system{p}, Whole: configurations{c.Store}, Audit: c.Store,
		Lab: lab, Names: c.Names, Zone: c.Zone, Version: version, Log: c.Log,
	})
	return p, err
}

// firstRun tells, while the admin has no password, the code with which the pages set it: where the phone is started, and nowhere else.
func (p *program) firstRun(ctx context.Context, log *slog.Logger) error {
	set, err := p.store.HasPassword(ctx)
	if err != nil {
		return fmt.Errorf("looking for a password: %w", err)
	}
	if !set {
		log.Warn("no password is set: the pages ask for this code and a password", "code", p.web.FirstRunCode())
	}
	return nil
}

func label(s line.Settings) string {
	if s.DisplayName != "" {
		return secret.Mask(s.DisplayName)
	}
	return s.PhoneNumber
}

func (p *program) record(at time.Time, n int, call string, data event.Data) {
	p.waves.record(at, n, call, data)
}

// run is the program's life. When ctx ends calls are hung up, lines un-registered, requests finished, and last the history is saved:
// each step is bounded, all of it takes less than 5 s.
func (p *program) run(ctx context.Context, listeners []net.Listener) error {
	saving, saved := context.WithCancel(context.WithoutCancel(ctx))
	var behind sync.WaitGroup
	behind.Go(func() { quietly(p.log, "events or messages were not saved", p.journal.Run(saving)) })
	behind.Go(func() { quietly(p.log, "token use was not saved", p.store.Run(saving)) })
	behind.Go(func() { p.calls.run(saving) })
	if p.hep != nil {
		behind.Go(func() { quietly(p.log, "the capture server was not shown all", p.hep.Run(saving)) })
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	calling, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	p.log.Info("hilphone", "version", version)
	var front sync.WaitGroup
	var webErr, phoneErr error
	front.Go(func() { p.lines.run(calling) })
	front.Go(func() { quietly(p.log, "action URLs were not called", p.device.sender.Run(ctx)) })
	front.Go(func() {
		defer hangUp() // the phone has ended its call by then
		phoneErr = p.phone.Run(ctx)
	})
	front.Go(func() {
		defer stop() // without its pages the phone cannot be used
		webErr = p.web.Run(ctx, listeners)
	})
	if w := newWatchdog(p, listeners); w != nil {
		front.Go(func() { w.run(ctx) })
	}
	front.Go(func() { settle(ctx) })
	front.Go(func() { p.follow(ctx) })
	front.Go(func() {
		select {
		case <-p.again:
			stop()
		case <-ctx.Done():
		}
	})
	front.Wait()
	saved()
	behind.Wait()
	return errors.Join(webErr, phoneErr)
}

// settle gives the memory back that only the start needed, when the phone has come to rest.
func settle(ctx context.Context) {
	select {
	case <-time.After(2 * time.Second):
		debug.FreeOSMemory()
		dropProgram()
	case <-ctx.Done():
	}
}
