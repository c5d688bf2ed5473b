package kamailio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A namespace is a network of its own, without a name: it exists as long as this file, or a process in it, holds it.
// So a test that dies leaves nothing behind in /run/netns.
type namespace struct {
	file     *os.File
	resolver string // path of the resolv.conf of programs in it; empty: this machine's
}

// interfaces gives the namespace its loopback and one address that is not loopback, since a phone may refuse a host that has
// none. Nothing leaves the namespace: the other end of the pair of interfaces is inside too.
const interfaces = `link set lo up
link add phone0 type veth peer name phone1
link set phone1 up
addr add ` + PhoneAddress + `/24 dev phone0
link set phone0 up
route add default dev phone0
`

func newNamespace(ctx context.Context) (*namespace, error) {
	ns := new(namespace)
	err := visit(
		func() error { return unix.Unshare(unix.CLONE_NEWNET) },
		func() (err error) {
			ns.file, err = os.Open("/proc/thread-self/ns/net")
			return err
		})
	if errors.Is(err, unix.EPERM) {
		return nil, fmt.Errorf("needs root for network namespaces: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	if err := errors.Join(ns.run(ctx, interfaces, "ip", "-batch", "-"), ns.forgetOrphans()); err != nil {
		return nil, errors.Join(err, ns.close())
	}
	return ns, nil
}

// forgetOrphans makes the kernel give up soon on a connection whose program has been killed and whose other end does not answer.
func (ns *namespace) forgetOrphans() error {
	return ns.do(func() error { return os.WriteFile("/proc/sys/net/ipv4/tcp_orphan_retries", []byte("1"), 0o644) })
}

func (ns *namespace) close() error { return ns.file.Close() }

// do runs f on a thread inside the namespace: sockets that f itself opens belong there for good. Goroutines that f starts
// run outside.
func (ns *namespace) do(f func() error) error {
	return visit(func() error { return unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET) }, f)
}

// visit takes this goroutine's thread into another network for as long as f runs. A thread that cannot come home stays
// locked, and the runtime ends it together with the goroutine.
func visit(enter, f func() error) (err error) {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	if err := enter(); err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back != nil {
			err = errors.Join(err, fmt.Errorf("leave the network namespace: %w", back))
			return
		}
		runtime.UnlockOSThread()
	}()
	return f()
}

// withResolver runs a program with another resolv.conf, by a mount that nobody else sees.
const withResolver = `mount --bind "$0" /etc/resolv.conf && exec "$@"`

// command prepares a program that runs inside the namespace and does not outlive this process.
func (ns *namespace) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	line := []string{fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), ns.file.Fd()), "--"}
	if ns.resolver != "" {
		line = append(line, "unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", withResolver, ns.resolver)
	}
	cmd := exec.CommandContext(ctx, program("nsenter"), append(append(line, program(name)), args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a program inside the namespace to its end and returns what it complained about.
func (ns *namespace) run(ctx context.Context, input, name string, args ...string) error {
	if _, err := exec.LookPath(program(name)); err != nil {
		return fmt.Errorf("%s is not installed: run make deps", name)
	}
	cmd := ns.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// program finds an administrator's program also where PATH has no sbin, as it is for most users.
func program(name string) string {
	if strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return name
}
