package webui

import (
	"sync"
	"time"
)

const (
	maxPending  = 8
	pendingMost = 15 * time.Minute // how long a file waits to be applied
)

// pendingFiles are configuration files whose difference is being looked at. They stay here, since a page must not show what they hold.
type pendingFiles struct {
	mu   sync.Mutex
	held []pendingFile // the oldest first
}

type pendingFile struct {
	id, session string
	at          time.Time
	file        givenFile
}

// keep holds a file for a session and returns its id.
func (p *pendingFiles) keep(session string, file givenFile) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.held) == maxPending {
		p.held = p.held[1:]
	}
	id := newSecret()
	p.held = append(p.held, pendingFile{id, session, time.Now(), file})
	return id
}

// take returns a file that was kept for the session, once.
func (p *pendingFiles) take(session, id string) (givenFile, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.held {
		if f.id == id && f.session == session {
			p.held = append(p.held[:i:i], p.held[i+1:]...)
			return f.file, time.Since(f.at) < pendingMost
		}
	}
	return givenFile{}, false
}
