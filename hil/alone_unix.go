//go:build unix

package hil

import (
	"os/exec"
	"syscall"
)

// alone puts a command into a group of its own, which ends as a whole when its time is over, and which Ctrl-C does not reach.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
