package hil

import (
	"sync"
	"time"
)

// looks are what the sensors of a rig see now: a rig.Witness.
type looks struct {
	mu  sync.Mutex
	now map[string]string
}

func (l *looks) Shows(_ time.Time, part, shows string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now[part] = shows
}

func (l *looks) Lit(time.Time, string, string) {}

func (l *looks) Known(time.Time, string) {}

// at is what a part shows; empty: nobody knows yet.
func (l *looks) at(part string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if shows := l.now[part]; shows != "" {
		return shows
	}
	return "nothing that lasts"
}
