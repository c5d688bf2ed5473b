//go:build linux && amd64

// Command guest is the first program of an emulated computer: it loads the modules, runs the one program that the computer was started
// for, tells its exit code on the second serial port and switches the computer off.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

// order is what to do; the host has written it.
type order struct {
	Modules []string // to load, in this order
	Args    []string // the program
	Env     []string
}

// failed is the exit code when the program could not be run.
const failed = 125

func main() {
	code, err := live()
	if err != nil {
		fmt.Println("guest:", err)
		code = failed
	}
	if err := tell(fmt.Sprintf("exit %d\n", code)); err != nil {
		fmt.Println("guest:", err)
	}
	syscall.Sync()
	_ = syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	select {} // when the first program ends the kernel panics
}

func live() (code int, err error) {
	for _, m := range [][3]string{{"dev", "/dev", "devtmpfs"}, {"proc", "/proc", "proc"}, {"sys", "/sys", "sysfs"}, {"tmp", "/tmp", "tmpfs"}} {
		if err := mount(m[0], m[1], m[2]); err != nil {
			return 0, err
		}
	}
	if err := tell("up\n"); err != nil {
		return 0, err
	}
	text, err := os.ReadFile("/order.json")
	if err != nil {
		return 0, err
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return 0, fmt.Errorf("/order.json: %w", err)
	}
	for _, m := range o.Modules {
		if err := load(m); err != nil {
			return 0, err
		}
	}
	if err := mount("none", "/sys/kernel/config", "configfs"); err != nil {
		return 0, err
	}
	if err := loopback(); err != nil {
		return 0, err
	}
	up, _ := os.ReadFile("/proc/uptime")
	fmt.Printf("guest: ready after %s", up)
	program := exec.Command(o.Args[0], o.Args[1:]...)
	program.Stdout, program.Stderr = os.Stdout, os.Stderr
	program.Env = append([]string{"PATH=/", "HOME=/tmp"}, o.Env...)
	err = program.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		if code = ended.ExitCode(); code < 0 { // by a signal
			code = failed
		}
		fmt.Println("guest:", ended)
		return code, nil
	}
	return 0, err
}

func mount(source, folder, kind string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(source, folder, kind, 0, ""); err != nil {
		return fmt.Errorf("mounting %s: %w", folder, err)
	}
	return nil
}

// load loads a kernel module: finit_module(2), which package syscall has no constant for.
func load(name string) error {
	const finitModule = 313 // on amd64
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var none byte
	if _, _, e := syscall.Syscall(finitModule, f.Fd(), uintptr(unsafe.Pointer(&none)), 0); e != 0 {
		return fmt.Errorf("loading module %s: %w", name, e)
	}
	return nil
}

// loopback switches the loopback interface on: netdevice(7).
func loopback() error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("switching the loopback interface on: %w", err)
	}
	defer syscall.Close(s)
	request := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); e != 0 {
		return fmt.Errorf("switching the loopback interface on: %w", e)
	}
	return nil
}

// tell says something to the host.
func tell(words string) error {
	f, err := os.OpenFile("/dev/ttyS1", os.O_WRONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(words)
	return errors.Join(err, f.Close())
}
