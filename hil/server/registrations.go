package server

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Binding is one place where a user can be reached (RFC 3261 10.3).
type Binding struct {
	Contact string // URI
	Expires time.Time
	CallID  string
	CSeq    uint32
	updated time.Time
	uri     sip.Uri
	over    *flow // the connection the REGISTER came over; nil for UDP
}

// Registrations is a location store: which user is reached where. Servers of a pair share one or have one each.
// Safe for concurrent use.
type Registrations struct {
	mu    sync.Mutex
	users map[string][]Binding
	known map[string]bool
}

// NewRegistrations returns an empty store.
func NewRegistrations() *Registrations {
	return &Registrations{users: map[string][]Binding{}, known: map[string]bool{}}
}

// errOutOfOrder is a REGISTER older than what it wants to change (RFC 3261 10.3 steps 6 and 7).
var errOutOfOrder = errors.New("CSeq out of order")

// Bindings gives the bindings of a user that have not expired, the latest first.
func (r *Registrations) Bindings(user string) []Binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(user)
	list := append([]Binding(nil), r.users[user]...)
	sort.SliceStable(list, func(i, j int) bool { return list[i].updated.After(list[j].updated) })
	return list
}

// Users gives every user that has a binding, sorted.
func (r *Registrations) Users() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for user := range r.known {
		if r.expire(user); len(r.users[user]) > 0 {
			names = append(names, user)
		}
	}
	sort.Strings(names)
	return names
}

// Bind enters a binding without a REGISTER. The contact is a SIP URI; life must be positive.
func (r *Registrations) Bind(user, contact string, life time.Duration) error {
	var uri sip.Uri
	if err := sip.ParseUri(contact, &uri); err != nil {
		return fmt.Errorf("bind %s to contact %q: %w", user, contact, err)
	}
	if user == "" || life <= 0 {
		return fmt.Errorf("bind %q for %v: user and life are needed", user, life)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(user, Binding{Contact: contact, uri: uri, CallID: "bound", Expires: time.Now().Add(life)})
	return nil
}

// Forget removes every binding of a user.
func (r *Registrations) Forget(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.users, user)
}

// wish is one Contact of a REGISTER.
type wish struct {
	uri  sip.Uri
	life time.Duration // 0 removes
	over *flow
}

// apply carries out a REGISTER, wholly or not at all (RFC 3261 10.3 step 7). A binding made under another Call-ID is
// replaced or removed; one made under the same Call-ID only by a higher CSeq.
func (r *Registrations) apply(user, callID string, cseq uint32, wishes []wish) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(user)
	for _, w := range wishes {
		if old := r.find(user, w.uri); old != nil && old.CallID == callID && cseq <= old.CSeq {
			return errOutOfOrder
		}
	}
	for _, w := range wishes {
		if w.life <= 0 {
			r.drop(user, w.uri)
			continue
		}
		r.put(user, Binding{Contact: w.uri.String(), uri: w.uri, CallID: callID, CSeq: cseq,
			Expires: time.Now().Add(w.life), over: w.over})
	}
	return nil
}

// clear removes every binding: Contact "*" (RFC 3261 10.3 step 6).
func (r *Registrations) clear(user, callID string, cseq uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(user)
	for _, b := range r.users[user] {
		if b.CallID == callID && cseq <= b.CSeq {
			return errOutOfOrder
		}
	}
	delete(r.users, user)
	return nil
}

// seen tells whether the user ever had a binding: the difference between 480 and 404.
func (r *Registrations) seen(user string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[user]
}

// over is the connection a Contact was registered over, or nil.
func (r *Registrations) over(contact sip.Uri) *flow {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for user := range r.users {
		if b := r.find(user, contact); b != nil && b.Expires.After(now) {
			return b.over
		}
	}
	return nil
}

func (r *Registrations) find(user string, uri sip.Uri) *Binding {
	for i := range r.users[user] {
		if b := &r.users[user][i]; sameURI(b.uri, uri) {
			return b
		}
	}
	return nil
}

func (r *Registrations) put(user string, b Binding) {
	b.updated = time.Now()
	r.known[user] = true
	if old := r.find(user, b.uri); old != nil {
		*old = b
		return
	}
	r.users[user] = append(r.users[user], b)
}

func (r *Registrations) drop(user string, uri sip.Uri) {
	kept := r.users[user][:0]
	for _, b := range r.users[user] {
		if !sameURI(b.uri, uri) {
			kept = append(kept, b)
		}
	}
	r.users[user] = kept
}

func (r *Registrations) expire(user string) {
	now := time.Now()
	kept := r.users[user][:0]
	for _, b := range r.users[user] {
		if b.Expires.After(now) {
			kept = append(kept, b)
		}
	}
	if len(kept) == 0 {
		delete(r.users, user)
		return
	}
	r.users[user] = kept
}

// sameURI compares what decides where a request goes (RFC 3261 19.1.4).
func sameURI(a, b sip.Uri) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && a.User == b.User && strings.EqualFold(a.Host, b.Host) &&
		a.Port == b.Port && strings.EqualFold(a.UriParams.GetOr("transport", ""), b.UriParams.GetOr("transport", ""))
}
