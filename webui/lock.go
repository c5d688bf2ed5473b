package webui

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"hilphone/db/journal/event"
	"hilphone/sip/line"
)

// lock is the phone in the hands of one: a script, or somebody on the pages. Others look on. It ends by itself, so that a script that died
// gives the phone back.
type lock struct {
	mu    sync.Mutex
	owner string // as it calls itself
	by    string // who it is: token or session
	since time.Time
	until time.Time
}

// lockView is the lock as REST has it.
type lockView struct {
	Locked bool    `json:"locked"`
	Owner  string  `json:"owner" doc:"as it calls itself; empty if the phone is free"`
	Mine   bool    `json:"mine" doc:"it is the token or login that asks"`
	Since  Time    `json:"since"`
	Until  Time    `json:"until"`
	LeftS  float64 `json:"left_s" doc:"until it ends by itself"`
}

type lockOutput struct{ Body lockView }

// lockFree are the operations that change something and need no lock: they leave the phone as it is, or are needed to get the
// phone back from a script that has gone wrong.
var lockFree = []string{"try-line-plan", "take-lock", "release-lock", "new-token", "revoke-token", "set-password"}

// lockFreePages are the paths of forms of that kind.
var lockFreePages = []string{"/line/plan", "/system/accounts", "/system/tokens", "/system/tokens/revoke", "/system/lock"}

func (s *Server) registerLock() {
	operate(s, Read, huma.Operation{OperationID: "get-lock", Method: http.MethodGet, Path: "/lock", Tags: []string{"lock"},
		Summary: "Who has the phone for itself"}, s.getLock)
	operate(s, Control, huma.Operation{OperationID: "take-lock", Method: http.MethodPost, Path: "/lock", Tags: []string{"lock"},
		Summary: "Take the phone, or keep it for longer", Errors: []int{http.StatusConflict},
		Description: "Until then whatever others want to change is answered 409 with the owner's name. The lock is that of the token or login that takes it. Real keys still work."}, s.postLock)
	operate(s, Control, huma.Operation{OperationID: "release-lock", Method: http.MethodDelete, Path: "/lock", Tags: []string{"lock"},
		Summary: "Give the phone back", Description: "Who is admin may take it from others.", DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict}}, s.deleteLock)
}

func (s *Server) getLock(ctx context.Context, _ *struct{}) (*lockOutput, error) {
	return &lockOutput{s.lock.view(visitorOf(ctx))}, nil
}

func (s *Server) postLock(ctx context.Context, in *struct {
	Body struct {
		Owner string `json:"owner" minLength:"1" maxLength:"64" example:"nightly run" doc:"for others to read"`
		TTLS  int    `json:"ttl_s" minimum:"1" maximum:"86400" default:"60" required:"false" doc:"seconds until it ends by itself"`
	}
}) (*lockOutput, error) {
	who := visitorOf(ctx)
	owner := strings.TrimSpace(in.Body.Owner)
	if owner == "" || strings.ContainsFunc(owner, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, &line.FieldError{Name: "owner", Message: "must be text without control characters"}
	}
	fresh, err := s.lock.take(who, owner, time.Duration(in.Body.TTLS)*time.Second)
	if err != nil {
		return nil, err
	}
	if fresh {
		s.recordLock("taken", owner, who)
	}
	return &lockOutput{s.lock.view(who)}, nil
}

func (s *Server) deleteLock(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, s.releaseLock(visitorOf(ctx))
}

// releaseLock gives the phone back; a free phone stays free.
func (s *Server) releaseLock(who Visitor) error {
	owner, own, err := s.lock.release(who)
	switch {
	case err != nil || owner == "":
		return err
	case own:
		s.recordLock("released", owner, who)
	default:
		s.recordLock("broken", owner, who)
	}
	return nil
}

func (s *Server) recordLock(state, owner string, who Visitor) {
	s.Journal.Record(0, "", event.Lock{State: state, Owner: owner, Source: who.Source()})
	s.Log.Info("lock", "state", state, "owner", owner, "source", who.Source())
}

// lockForm answers POST /system/lock, the button that gives the phone back.
func (s *Server) lockForm(c echo.Context, who Visitor) error {
	if err := readForm(c, who, Control); err != nil {
		return err
	}
	if err := s.releaseLock(who); err != nil {
		return err
	}
	return back(c, "")
}

// mayWrite answers nil, or the refusal if somebody else has the phone for itself.
func (s *Server) mayWrite(who Visitor) error { return s.lock.refusal(who) }

// writes reports whether an operation changes the phone.
func writes(op huma.Operation) bool {
	return op.Method != http.MethodGet && !slices.Contains(lockFree, op.OperationID)
}

// identity is what a lock knows its owner by.
func (v Visitor) identity() string {
	if v.Token != "" {
		return "token " + v.Token
	}
	return "session " + v.key
}

// held reports whether somebody has the phone now. l.mu is held.
func (l *lock) held() bool { return time.Now().Before(l.until) }

// take gives the phone to the visitor, or keeps it for him; fresh: he had not had it.
func (l *lock) take(who Visitor, owner string, d time.Duration) (fresh bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held()
	if held && l.by != who.identity() {
		return false, l.taken()
	}
	now := time.Now()
	if !held {
		l.since = now
	}
	fresh = !held || l.owner != owner
	l.owner, l.by, l.until = owner, who.identity(), now.Add(d)
	return fresh, nil
}

// release frees the phone and returns who had it, empty if nobody, and whether that was the visitor.
func (l *lock) release(who Visitor) (owner string, own bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held() {
		return "", false, nil
	}
	own = l.by == who.identity()
	if !own && !who.May(Admin) {
		return "", false, l.taken()
	}
	l.until = time.Time{}
	return l.owner, own, nil
}

func (l *lock) refusal(who Visitor) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held() || l.by == who.identity() {
		return nil
	}
	return l.taken()
}

func (l *lock) taken() error {
	return problem(http.StatusConflict, fmt.Sprintf("%s has the phone for itself until %s", l.owner, l.until.Format(timeFormat)))
}

func (l *lock) view(who Visitor) lockView {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held() {
		return lockView{}
	}
	return lockView{Locked: true, Owner: l.owner, Mine: l.by == who.identity(), Since: At(l.since), Until: At(l.until), LeftS: time.Until(l.until).Seconds()}
}

// lockNotice is the lock in the frame of every page.
type lockNotice struct {
	Owner, Left string
	Until       time.Time
	May         bool // the visitor may give the phone back
	Mine        bool
}

func (s *Server) lockNotice(who Visitor) *lockNotice {
	v := s.lock.view(who)
	if !v.Locked {
		return nil
	}
	return &lockNotice{Owner: v.Owner, Left: countdown(time.Duration(v.LeftS * float64(time.Second))), Until: v.Until.Time, May: v.Mine || who.May(Admin), Mine: v.Mine}
}
