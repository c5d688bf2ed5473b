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

// A node is a Kamailio at an address in the network of a pair: a registrar or a proxy.
type node struct {
	Name string         // primary, backup, or that of a proxy
	Addr netip.AddrPort // where it receives SIP
	pair *Pair

	mutex   sync.Mutex // one change of state at a time
	process *process   // nil when it is not running
}

// A process is a running Kamailio with all its workers.
type process struct {
	cmd   *exec.Cmd
	ended context.Context // done when the last worker is gone
	err   error           // how it ended; to be read when it has
}

func newNode(p *Pair, name string, address netip.Addr) node {
	return node{Name: name, Addr: netip.AddrPortFrom(address, Port), pair: p}
}

func (n *node) path(kind string) string { return filepath.Join(n.pair.dir, n.Name+"."+kind) }

// launch starts a process with the configuration file that has been written. It answers a little later.
func (n *node) launch() error {
	log, err := os.OpenFile(n.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	work := n.path("work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	// The process outlives the context of the start; kill ends it. 64 MB shared and 8 MB private memory are plenty.
	cmd := n.pair.Command(context.Background(), "env", "LD_PRELOAD="+n.pair.preload(), program("kamailio"), "-DD", "-E", "-m", "64", "-M", "8", "-Y", work, "-w", work, "-f", n.path("cfg"))
	cmd.Stdout, cmd.Stderr = log, log
	// As the first process of a PID namespace it takes its workers with it when it dies; as a process group of their own
	// they can be frozen together.
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the %s: %w", n.Name, err)
	}
	ended, end := context.WithCancel(context.Background())
	p := &process{cmd: cmd, ended: ended}
	go func() { // as long as the process; kill waits for it
		defer end()
		p.err = cmd.Wait()
	}()
	n.process = p
	return nil
}

// serving waits until the process answers SIP with 200. One that ends instead is reported with the end of its log.
func (n *node) serving(ctx context.Context) error {
	n.mutex.Lock()
	p := n.process
	n.mutex.Unlock()
	if p == nil {
		return fmt.Errorf("%s is gone", n.Name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ended, func() { cancel(errors.New("it ended")) })()
	status, err := n.Ping(ctx)
	if err == nil && status != 200 {
		err = fmt.Errorf("%s answers OPTIONS with %d", n.Name, status)
	}
	if err != nil {
		return fmt.Errorf("%w; its log ends: %s", err, n.logEnd())
	}
	return nil
}

// alive returns an error with the end of the log when the process has ended though it was not killed.
func (n *node) alive() error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if p := n.process; p != nil && p.ended.Err() != nil {
		return fmt.Errorf("%s ended by itself: %w; its log ends: %s", n.Name, p.err, n.logEnd())
	}
	return nil
}

// kill ends the process, with the mutex held.
func (n *node) kill() error {
	p := n.process
	if p == nil {
		return nil
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill the %s: %w", n.Name, err)
	}
	end := time.NewTimer(startTimeout)
	defer end.Stop()
	select {
	case <-p.ended.Done():
		n.process = nil
		return nil
	case <-end.C:
		return fmt.Errorf("the %s (process %d) does not end", n.Name, p.cmd.Process.Pid)
	}
}

// logEnd returns the last lines that the process wrote.
func (n *node) logEnd() []byte {
	text, err := os.ReadFile(n.path("log"))
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(text[max(0, len(text)-1500):])
}
