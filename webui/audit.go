package webui

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"hilphone/db/audit"
)

// Audit keeps the audit history.
type Audit interface {
	RecordAudit(ctx context.Context, e audit.Entry) error
	AuditHistory(ctx context.Context, q audit.Query) ([]audit.Entry, error) // newest first; it may answer fewer than the limit only at the end
}

const (
	auditTimeout = 5 * time.Second // for one entry to be stored
	auditEnding  = time.Second     // for all that wait when the server shuts down
	maxAuditing  = 64              // logins that wait to be stored
	scriptLogins = time.Hour       // how often the logins of one script are recorded
	maxScripts   = 256
)

// auditLog records what is done into the audit history.
type auditLog struct {
	store Audit
	log   *slog.Logger

	storable context.Context // ends when what waits is given up
	giveUp   context.CancelFunc

	mu      sync.Mutex
	waiting []audit.Entry
	missed  int // failed logins that found no place
	scripts map[string]time.Time
	storing sync.WaitGroup
}

func newAuditLog(store Audit, log *slog.Logger) *auditLog {
	a := &auditLog{store: store, log: log, scripts: map[string]time.Time{}}
	a.storable, a.giveUp = context.WithCancel(context.Background())
	return a
}

// record stores an entry before it returns, so that no change is answered that the history does not know. A failure is logged: the
// change has been made.
func (a *auditLog) record(ctx context.Context, who audit.Author, action audit.Action, data map[string]any) {
	a.put(context.WithoutCancel(ctx), audit.Entry{Time: time.Now(), Action: action, Author: who, Data: data})
}

func (a *auditLog) put(ctx context.Context, e audit.Entry) {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	if err := a.store.RecordAudit(ctx, e); err != nil {
		a.log.Error("the audit history lacks an entry", "action", e.Action, "by", e.Name, "kind", e.Kind, "from", e.From, "err", err)
	}
}

// later stores an entry about a login without keeping its client waiting. Of failed logins that come faster than they can be stored some
// are only counted.
func (a *auditLog) later(who audit.Author, action audit.Action, data map[string]any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	group, _ := audit.GroupOf(action)
	if len(a.waiting) >= maxAuditing && group == audit.Failures {
		a.missed++
		return
	}
	if data == nil {
		data = map[string]any{}
	}
	if a.missed > 0 && group == audit.Failures {
		data["missed"] = a.missed
		a.missed = 0
	}
	a.waiting = append(a.waiting, audit.Entry{Time: time.Now(), Action: action, Author: who, Data: data})
	if len(a.waiting) == 1 {
		a.storing.Go(a.drain)
	}
}

// drain stores what waits, and ends when nothing does.
func (a *auditLog) drain() {
	for {
		a.mu.Lock()
		next := a.waiting[0]
		a.mu.Unlock()
		a.put(a.storable, next)
		a.mu.Lock()
		a.waiting = a.waiting[1:]
		done := len(a.waiting) == 0
		a.mu.Unlock()
		if done {
			return
		}
	}
}

// wait returns when all is stored that has been recorded before, within a bounded time: what is not stored then is logged.
func (a *auditLog) wait() {
	late := time.AfterFunc(auditEnding, a.giveUp)
	defer late.Stop()
	a.storing.Wait()
}

// script records the login of a script that sends its password with each request: not each of them.
func (a *auditLog) script(who audit.Author) {
	a.mu.Lock()
	key, now := who.Name+" "+who.From, time.Now()
	last, known := a.scripts[key]
	if known && now.Sub(last) < scriptLogins {
		a.mu.Unlock()
		return
	}
	if len(a.scripts) >= maxScripts {
		clear(a.scripts)
	}
	a.scripts[key] = now
	a.mu.Unlock()
	a.later(who, audit.Login, map[string]any{"remote_control": true})
}

// author is the visitor in events and in the audit history.
func (v Visitor) author() audit.Author {
	a := audit.Author{Kind: audit.Account, Name: v.Account, Source: v.Source(), From: v.ip}
	switch {
	case v.basic != "":
		a.Name = v.basic
	case v.Token != "":
		a.Kind, a.Name = audit.Token, v.Token
	}
	return a
}

// stranger is somebody who has not shown who he is.
func stranger(ip string) audit.Author {
	return audit.Author{Kind: audit.Unknown, Source: "web", From: ip}
}

// command is somebody at the command line beside the running phone; the command itself has recorded who.
var command = audit.Author{Kind: audit.Command, Source: "command"}
