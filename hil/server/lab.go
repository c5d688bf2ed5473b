package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Names of a Lab's servers, and its users.
const (
	Primary = "primary"
	Backup  = "backup"

	Caller = "1001" // the user meant for the phone under test
	Callee = "1002" // the answering phone
	Third  = "1003" // the phone that calls are transferred to
)

// LabConfig says what a Lab is made of. Every field may be missing.
type LabConfig struct {
	Primary func() (net.PacketConn, error) // default 127.0.0.2:5060 or the next free port
	Backup  func() (net.PacketConn, error) // default 127.0.0.3:5060 or the next free port
	Phone   func() (net.PacketConn, error) // default 127.0.0.4:5060 or the next free port
	Media   func() (net.PacketConn, error) // default a free port of 127.0.0.4
	Third   func() (net.PacketConn, error) // of a second answering phone, 1003; nil: none

	// Further ports of the servers, see Config; none by default. The phone 1002 is reached over UDP alone.
	PrimaryTCP, PrimaryTLS, BackupTCP, BackupTLS func() (net.Listener, error)

	Open          bool     // no passwords
	Algorithms    []string // of the challenges; default MD5
	Calls         bool     // INVITE is challenged too
	NoRecordRoute bool
	Separate      bool // the servers do not share their registrations
	Answering     Answering
	ThirdAnswers  Answering

	// Tap sees every message; name is "primary", "backup" or "1002". Calls of different names may overlap; see Config.Tap.
	Tap func(name string, m Message)
	Log *slog.Logger
}

// Lab is a primary and a backup that share registrations and dialogs, and the answering phone 1002, which both know; where asked for, 1003 too.
type Lab struct {
	Primary *Server
	Backup  *Server
	Phone   *Phone
	Third   *Phone // nil without one

	passwords map[string]string
}

// NewLab opens all ports; Run serves them. Passwords are new each time.
func NewLab(c LabConfig) (lab *Lab, err error) {
	l := &Lab{passwords: map[string]string{Caller: rand.Text(), Callee: rand.Text()}}
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	store := NewRegistrations()
	make := func(name string, config Config) (*Server, error) { // config has the ports
		config.Registrations, config.NoRecordRoute, config.Trying = store, c.NoRecordRoute, true
		config.Tap, config.Log = named(c.Tap, name), c.Log
		if c.Separate {
			config.Registrations = nil
		}
		if !c.Open {
			config.Auth = &Auth{Users: l.passwords, Algorithms: c.Algorithms, Calls: c.Calls}
		}
		s, err := New(config)
		if err != nil {
			return nil, fmt.Errorf("%s server: %w", name, err)
		}
		return s, nil
	}
	if l.Primary, err = make(Primary, Config{Listen: either(c.Primary, "127.0.0.2"),
		ListenTCP: c.PrimaryTCP, ListenTLS: c.PrimaryTLS}); err != nil {
		return nil, err
	}
	if l.Backup, err = make(Backup, Config{Listen: either(c.Backup, "127.0.0.3"),
		ListenTCP: c.BackupTCP, ListenTLS: c.BackupTLS}); err != nil {
		return nil, err
	}
	l.Primary.join(l.Backup)
	l.Backup.join(l.Primary)
	media := c.Media
	if media == nil {
		media = Loopback(netip.MustParseAddr("127.0.0.4"), 0)
	}
	l.Phone, err = NewPhone(PhoneConfig{User: Callee, Password: l.passwords[Callee], Listen: either(c.Phone, "127.0.0.4"),
		ListenMedia: media, Answering: c.Answering, Tap: named(c.Tap, Callee), Log: c.Log})
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", Callee, err)
	}
	if c.Third != nil {
		l.Third, err = NewPhone(PhoneConfig{User: Third, Listen: c.Third, Answering: c.ThirdAnswers, Tap: named(c.Tap, Third), Log: c.Log})
		if err != nil {
			return nil, fmt.Errorf("phone %s: %w", Third, err)
		}
	}
	for _, p := range l.phones() {
		if err := l.bind(p); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Lab) phones() []*Phone {
	if l.Third != nil {
		return []*Phone{l.Phone, l.Third}
	}
	return []*Phone{l.Phone}
}

// bind makes a phone known to both servers for good.
func (l *Lab) bind(p *Phone) error {
	const always = 10 * 365 * 24 * time.Hour
	for _, s := range []*Server{l.Primary, l.Backup} {
		s.Exempt(p.Addr())
		if err := s.Registrations().Bind(p.user, p.Contact(), always); err != nil {
			return err
		}
	}
	return nil
}

func named(tap func(string, Message), name string) func(Message) {
	if tap == nil {
		return nil
	}
	return func(m Message) { tap(name, m) }
}

// Run serves until ctx ends, and returns when everything has ended.
func (l *Lab) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	parts := []func(context.Context) error{l.Primary.Run, l.Backup.Run}
	for _, p := range l.phones() {
		parts = append(parts, p.Run)
	}
	ends := make([]error, len(parts))
	for i, run := range parts {
		all.Go(func() {
			defer cancel() // a lab that lacks a part is none
			ends[i] = run(ctx)
		})
	}
	all.Wait()
	return errors.Join(ends...)
}

// Close frees the ports and ends Run. It is needed only where Run is not.
func (l *Lab) Close() {
	if l.Primary != nil {
		l.Primary.Close()
	}
	if l.Backup != nil {
		l.Backup.Close()
	}
	if l.Phone != nil {
		l.Phone.Close()
	}
	if l.Third != nil {
		l.Third.Close()
	}
}

// Password is the password of "1001" or "1002", the same on both servers.
func (l *Lab) Password(user string) string { return l.passwords[user] }

// Server is the server of this name, "primary" or "backup".
func (l *Lab) Server(name string) (*Server, error) {
	switch name {
	case Primary:
		return l.Primary, nil
	case Backup:
		return l.Backup, nil
	}
	return nil, wrong("server", "%q is not one of primary, backup", name)
}

// Behaviour is the behaviour in force of the server of this name.
func (l *Lab) Behaviour(name string) (Behaviour, error) {
	s, err := l.Server(name)
	if err != nil {
		return Behaviour{}, err
	}
	return s.Behaviour(), nil
}

// SetBehaviour changes the behaviour of the server of this name; see Server.SetBehaviour.
func (l *Lab) SetBehaviour(name string, b Behaviour) error {
	s, err := l.Server(name)
	if err != nil {
		return err
	}
	return s.SetBehaviour(b)
}

func either(listen func() (net.PacketConn, error), ip string) func() (net.PacketConn, error) {
	if listen != nil {
		return listen
	}
	return Loopback(netip.MustParseAddr(ip), 5060)
}
