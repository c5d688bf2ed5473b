//go:build unix

package mutation

import (
	"os/exec"
	"syscall"
)

// alone puts a program into a process group, which is ended as a whole, with what the tests have started, when its time is over.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
}
