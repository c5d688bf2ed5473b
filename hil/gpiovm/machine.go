// Package gpiovm is a computer with GPIO pins for tests: Debian's own kernel in an emulator, with gpio-sim chips whose outside world is
// files that a test writes, and a PWM chip with nothing behind it.
//
// Debian ships gpio-sim neither built in nor as a module, so it is built out of tree from Debian's kernel source. The guest has no disk,
// no shell and no C library: its programs are static Go binaries. Without root, without KVM and without a network one boot takes some
// seconds; KVM is left alone because on some virtual machines its device opens and no guest ever runs.
//
// What has to be installed is qemu-system-x86, linux-headers-amd64, linux-source, gcc, make and xz-utils, of Debian. The kernel image
// is downloaded once by apt-get and kept in the user's cache folder with the modules, by version.
package gpiovm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Machine is a kernel and its modules, ready to boot. It may be booted any number of times, at once too.
type Machine struct {
	folder string // holds what files names
}

// files are the parts of a machine. The modules are in the order of loading.
const kernelFile = "vmlinuz"

var modules = [...]string{"configfs.ko", "irq_sim.ko", "gpio-sim.ko", "pwm-sim.ko"}

// programs are what preparing and booting runs, and Debian's package of each.
var programs = [...][2]string{
	{"qemu-system-x86_64", "qemu-system-x86"}, {"gcc", "gcc"}, {"make", "make"}, {"tar", "tar"}, {"xz", "xz-utils"}, {"strip", "binutils"},
	{"dpkg-query", "dpkg"}, {"dpkg-deb", "dpkg"}, {"apt-get", "apt"}, {"go", "golang"},
}

// Prepare finds the machine of the installed kernel headers in the user's cache folder or makes it, which takes about a minute. Processes
// that prepare at once wait for one another. The error says what is missing and how it is installed.
func Prepare(ctx context.Context, progress io.Writer) (*Machine, error) {
	for _, p := range programs {
		if _, err := exec.LookPath(p[0]); err != nil {
			return nil, fmt.Errorf("there is no program %s: install Debian's package %s", p[0], p[1])
		}
	}
	k, err := installed(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("looking for a cache folder: %w", err)
	}
	cache = filepath.Join(cache, "hilphone", "gpiovm")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("making a cache folder: %w", err)
	}
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	m := &Machine{filepath.Join(cache, k.name())}
	if _, err := os.Stat(m.folder); err == nil {
		return m, nil
	}
	return m, m.make(ctx, k, cache, progress)
}

// make fills the folder of the machine. It appears with all its files or not at all.
func (m *Machine) make(ctx context.Context, k kernel, cache string, progress io.Writer) (err error) {
	work, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return fmt.Errorf("making a machine: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	parts := filepath.Join(work, "parts")
	if err := os.Mkdir(parts, 0o755); err != nil {
		return fmt.Errorf("making a machine: %w", err)
	}
	fmt.Fprintf(progress, "gpiovm: fetching kernel %s\n", k.release)
	if err := k.fetch(ctx, work, parts); err != nil {
		return err
	}
	fmt.Fprintf(progress, "gpiovm: building gpio-sim for kernel %s\n", k.release)
	if err := k.build(ctx, work, parts); err != nil {
		return err
	}
	if err := os.Rename(parts, m.folder); err != nil {
		return fmt.Errorf("keeping the machine: %w", err)
	}
	return nil
}

// lock holds a file until unlock is called.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("locking the cache folder: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil
		case !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(fmt.Errorf("locking %s: %w", name, err), f.Close())
		}
	}
}

// run runs a program to its end and returns what it printed; the error tells the end of what it said.
func run(ctx context.Context, folder, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = folder
	c.Env = append(os.Environ(), "LC_ALL=C")
	var out, said strings.Builder
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		words := strings.TrimSpace(said.String())
		if words == "" {
			words = strings.TrimSpace(out.String())
		}
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, words[max(0, len(words)-2000):])
	}
	return out.String(), nil
}
