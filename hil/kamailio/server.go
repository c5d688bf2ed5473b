package kamailio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A Server is one of the two registrars. It stays the same Server when it is killed and restored.
type Server struct {
	Name string         // primary or backup
	Addr netip.AddrPort // where it speaks SIP
	pair *Pair

	mutex   sync.Mutex // one change of state at a time
	process *process   // nil when gone
	shows   Certificate
	refusal *refusal // takes the place of the process at the TLS port; most often nil

	controlMutex sync.Mutex // one command at a time: the answers come to one socket
}

// A process is a running Kamailio with all its workers.
type process struct {
	cmd   *exec.Cmd
	ended context.Context // done when the last worker is gone
}

func newServer(p *Pair, name, address string) *Server {
	return &Server{Name: name, Addr: netip.AddrPortFrom(netip.MustParseAddr(address), Port), pair: p, shows: Trusted}
}

func (s *Server) path(kind string) string { return filepath.Join(s.pair.dir, s.Name+"."+kind) }

func (s *Server) peer() *Server {
	if s == s.pair.Primary {
		return s.pair.Backup
	}
	return s.pair.Primary
}

// start starts the process, which answers a little later.
func (s *Server) start() error {
	if err := s.closeRefusal(); err != nil {
		return err
	}
	c := config{
		Name: s.Name, Address: s.Addr.Addr(), Peer: s.peer().Addr.Addr(), Port: Port, TLSPort: TLSPort, SyncPort: syncPort,
		Domain: Domain, Realm: Domain, Control: s.path("ctl"),
		Certificate: s.pair.certificateFile(s.shows), Key: s.pair.keyFile(s.shows),
	}
	if err := c.write(s.path("cfg")); err != nil {
		return err
	}
	if err := os.Remove(s.path("ctl")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	log, err := os.OpenFile(s.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	work := s.path("work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	// The server outlives the context of the start; Kill ends it. 64 MB shared and 8 MB private memory are plenty.
	cmd := s.pair.Command(context.Background(), "kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-Y", work, "-w", work, "-f", s.path("cfg"))
	cmd.Stdout, cmd.Stderr = log, log
	// As the first process of a PID namespace it takes its workers with it when it dies; as a process group of their own
	// they can be frozen together.
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the %s: %w", s.Name, err)
	}
	ended, end := context.WithCancel(context.Background())
	go func() { // as long as the process; Kill waits for it
		defer end()
		_ = cmd.Wait() // how it ended is in the log
	}()
	s.process = &process{cmd: cmd, ended: ended}
	return nil
}

// serving waits until the server answers SIP with 200. A server that ends instead is reported with the end of its log.
func (s *Server) serving(ctx context.Context) error {
	s.mutex.Lock()
	p := s.process
	s.mutex.Unlock()
	if p == nil {
		return fmt.Errorf("%s is gone", s.Name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ended, func() { cancel(errors.New("it ended")) })()
	status, err := s.Ping(ctx)
	if err == nil && status != 200 {
		err = fmt.Errorf("%s answers OPTIONS with %d", s.Name, status)
	}
	if err != nil {
		return fmt.Errorf("%w; its log ends: %s", err, s.logEnd())
	}
	return nil
}

// Kill ends the server at once, with all its workers, as a crash does: its port is closed on return, and UDP to it is
// answered by ICMP port unreachable. Killing a server that is gone does nothing.
func (s *Server) Kill() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.closeRefusal(); err != nil {
		return err
	}
	p := s.process
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the %s: %w", s.Name, err)
	}
	end := time.NewTimer(startTimeout)
	defer end.Stop()
	select {
	case <-p.ended.Done():
		s.process = nil
		return nil
	case <-end.C:
		return fmt.Errorf("the %s (process %d) does not end", s.Name, p.cmd.Process.Pid)
	}
}

func (s *Server) closeRefusal() error {
	err := s.refusal.end()
	s.refusal = nil
	return err
}

// logEnd returns the last lines that the server wrote.
func (s *Server) logEnd() []byte {
	text, err := os.ReadFile(s.path("log"))
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(text[max(0, len(text)-1500):])
}
