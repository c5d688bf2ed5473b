package server

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// mood is the behaviour in force, with what it has counted so far.
type mood struct {
	mu   sync.Mutex
	now  Behaviour
	left int // of DropFirst
	seen int // matching messages, for CloseAfter
	dice *rand.Rand
}

func (m *mood) set(b Behaviour) {
	if b.Mode == "" {
		b.Mode = Serve
	}
	b.Methods = slices.Clone(b.Methods)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.left, m.seen, m.dice = b, b.DropFirst, 0, rand.New(rand.NewPCG(b.Seed, b.Seed))
}

func (m *mood) get() Behaviour {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.now
	b.Methods = slices.Clone(b.Methods)
	return b
}

// turn takes the step to Behaviour.Then; false when there is none.
func (m *mood) turn() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now.Then == "" {
		return false
	}
	m.now.Mode, m.now.Then = m.now.Then, ""
	return true
}

// greet is what becomes of a new TLS connection.
func (m *mood) greet() handshake {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.now.NoHandshake:
		return handshakeNever
	case m.now.BadHandshake:
		return handshakeFailed
	}
	return handshakeDone
}

// fate is what becomes of a message before anybody reads it.
type fate int

const (
	taken fate = iota
	lost
	closed // lost, and its connection ends
)

// judge gives the behaviour for one message of this method, and its fate.
func (m *mood) judge(method string) (Behaviour, fate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.now.Covers(method) {
		return Behaviour{Mode: Serve, MinExpires: m.now.MinExpires, MaxExpires: m.now.MaxExpires}, taken
	}
	m.seen++
	switch {
	case m.now.Mode == Silent || m.now.Mode == Refuse:
		return m.now, lost
	case m.now.Mode == Close || m.seen == m.now.CloseAfter:
		return m.now, closed
	case m.left > 0:
		m.left--
		return m.now, lost
	case m.now.Drop > 0 && m.dice.Float64() < m.now.Drop:
		return m.now, lost
	}
	return m.now, taken
}
