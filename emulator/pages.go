package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"time"

	"hilphone/db"
	"hilphone/db/audit"
	"hilphone/db/journal"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/hal/press"
	"hilphone/hal/virtual"
	"hilphone/sip"
	"hilphone/sip/line"
	"hilphone/webui"
)

// This file shows the rooms of the phone to the web server, which knows none of them.

// storedLines are the settings in the store.
type storedLines struct{ *db.DB }

func (s storedLines) SaveLine(ctx context.Context, n int, settings line.Settings, e audit.Entry) error {
	return s.PutLine(ctx, n, settings, e)
}

// hands are the hands and eyes of somebody in front of the page.
type hands struct {
	phone *phone.Phone
	board *virtual.Board
	calls *calls

	real func() bool // whether a real handset is lifted
	off  func() bool // whether any is

	settle func() // waits until the lines have acted on it
}

func (h hands) View() webui.PhoneView {
	s := h.phone.Snapshot()
	v := webui.PhoneView{
		Hook: "on", Handset: "on", Speaker: "off", State: string(s.State), Display: s.Display, Lamps: make(map[string]string, len(s.Lamps)), Ringer: "off", Digits: s.Digits,
		Calls: h.calls.Current(), Board: webui.BoardView{Kind: s.Board.Kind, Faults: []string{}},
	}
	if s.OffHook {
		v.Hook, v.Handset = "off", "off"
	}
	if s.Speaker {
		v.Hook, v.Speaker = "off", "on"
	}
	if s.Ringing {
		v.Ringer = "on"
	}
	for lamp, pattern := range s.Lamps {
		v.Lamps[string(lamp)] = string(pattern)
	}
	for _, f := range s.Board.Faults {
		v.Board.Faults = append(v.Board.Faults, f.Device+": "+f.Message)
	}
	return v
}

// Hook lifts the handset of the page or puts it back. When the phone is off-hook already nothing is lifted: it would stay so after a
// real handset has been put back. As long as that is lifted nobody else can put the phone on its hook.
func (h hands) Hook(_ context.Context, source string, off bool) error {
	defer h.settle()
	if off && h.off() {
		return nil
	}
	if !off && h.real() {
		return errReal
	}
	if s := h.phone.Snapshot(); !off && s.Speaker && !s.OffHook { // there is no handset to put back
		return errSpeaker(s.State)
	}
	if err := conflict(h.board.SetHook(off, hal.Source(source))); err != nil {
		return err
	}
	if !off && h.real() { // lifted this very moment
		return errReal
	}
	return nil
}

// errSpeaker is the answer to who puts a handset back that is on its hook, while the loudspeaker keeps the line (UX-08).
func errSpeaker(state phone.State) error {
	held := "line"
	if state == phone.Calling || state == phone.Ringback || state == phone.Talking || state == phone.Held {
		held = "call"
	}
	return fmt.Errorf("%w: the handset is on its hook; the loudspeaker holds the %s: {release} ends it", webui.ErrConflict, held)
}

var errReal = fmt.Errorf("%w: the real handset is lifted: put it back, or press release to end the call", webui.ErrConflict)

func (h hands) Keys(ctx context.Context, source string, keys []string, press, gap time.Duration) ([]webui.NoEffectView, error) {
	defer h.settle()
	without, err := h.board.Press(ctx, strings.Join(keys, " "), press, gap, hal.Source(source))
	views := make([]webui.NoEffectView, len(without))
	for i, k := range without {
		views[i] = webui.NoEffectView{Position: k.Position, Key: string(k.Key), Reason: k.Reason}
	}
	return views, conflict(err)
}

// conflict turns the board's refusals into those of the pages.
func conflict(err error) error {
	var key *hal.KeyError
	var limit *press.Error
	switch {
	case errors.Is(err, virtual.ErrOff):
		return fmt.Errorf("%w: %w", err, webui.ErrConflict)
	case errors.As(err, &key):
		return &line.FieldError{Name: "keys", Message: err.Error(), Value: key.Name}
	case errors.As(err, &limit):
		return &line.FieldError{Name: limit.Name, Message: limit.Message}
	}
	return err
}

// accounts are the accounts in the store.
type accounts struct{ store *db.DB }

func (a accounts) Check(ctx context.Context, account, password string) (webui.Role, bool, error) {
	role, ok, err := a.store.CheckPassword(ctx, account, password)
	return webui.Role(role), ok, err
}

func (a accounts) Accounts(ctx context.Context) ([]webui.AccountView, error) {
	all, err := a.store.Accounts(ctx)
	views := make([]webui.AccountView, len(all))
	for i, k := range all {
		views[i] = webui.AccountView{Account: k.Name, Role: webui.Role(k.Name), PasswordSet: !k.Changed.IsZero(), PasswordChanged: webui.At(k.Changed)}
	}
	return views, err
}

func (a accounts) SetPassword(ctx context.Context, account, password string) error {
	if account != db.Admin && account != db.User {
		return fmt.Errorf("account %q: %w", account, webui.ErrNotFound)
	}
	return a.store.SetPassword(ctx, account, password)
}

func (a accounts) KnownDevice(ctx context.Context, account, device string) (bool, error) {
	return a.store.KnownDevice(ctx, account, device)
}

func (a accounts) RememberDevice(ctx context.Context, account, device string) error {
	return a.store.RememberDevice(ctx, account, device)
}

// tokens are the tokens in the store.
type tokens struct{ store *db.DB }

func (t tokens) NewToken(ctx context.Context, name string, scope webui.Scope) (string, error) {
	secret, err := t.store.NewToken(ctx, name, string(scope))
	if errors.Is(err, db.ErrTokenTaken) {
		err = fmt.Errorf("%w: %w", err, webui.ErrConflict)
	}
	return secret, err
}

func (t tokens) Tokens(ctx context.Context) ([]webui.TokenView, error) {
	all, err := t.store.Tokens(ctx)
	views := make([]webui.TokenView, len(all))
	for i, k := range all {
		views[i] = tokenView(k)
	}
	return views, err
}

func (t tokens) RevokeToken(ctx context.Context, name string) error {
	return notFound(t.store.RevokeToken(ctx, name))
}

func (t tokens) LookupToken(ctx context.Context, secret string) (webui.TokenView, error) {
	k, err := t.store.Token(ctx, secret)
	return tokenView(k), notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, db.ErrNoToken) {
		return fmt.Errorf("%w: %w", err, webui.ErrNotFound)
	}
	return err
}

func tokenView(t db.Token) webui.TokenView {
	return webui.TokenView{Name: t.Name, Scope: webui.Scope(t.Scope), Created: webui.At(t.Created), Used: webui.At(t.LastUsed)}
}

// system is the program as a whole.
type system struct{ p *program }

func (s system) Information() webui.InformationView {
	sip := s.p.lines.addresses()
	resident, total := memory()
	return webui.InformationView{
		Model: "hilphone", HardwareVersion: hardware(), SoftwareVersion: version, Commit: commit(), SIP: append([]string{}, sip...),
		Network: networks(sip), ResidentBytes: resident, TotalBytes: total,
	}
}

func (s system) CallsEnded() map[webui.CallEnd]int64 {
	s.p.calls.mu.Lock()
	defer s.p.calls.mu.Unlock()
	return maps.Clone(s.p.calls.ended)
}

func (s system) Ready() error { return s.p.lines.ready() }

// revision is stamped by the build where it keeps Go from looking for it.
var revision string

// commit is the revision the program was built from.
func commit() string {
	if revision != "" {
		return revision
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return ""
}

// traced is a message as the journal keeps it.
func traced(m sip.Message) journal.Message {
	return journal.Message{
		Time: m.At, Line: m.Line, Out: m.Out, Slot: string(m.Slot), Proxy: m.Proxy, Transport: string(m.Transport), Local: m.Local, Remote: m.Remote,
		CallID: m.CallID(), Start: m.Start(), Raw: m.Raw, Fault: m.Fault,
	}
}
