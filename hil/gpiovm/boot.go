package gpiovm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Guest is what a machine runs.
type Guest struct {
	Files  map[string]string // path in the guest: file here; all of them can be executed
	Args   []string          // the program, by its path in the guest, and its arguments
	Env    []string          // added to PATH=/ and HOME=/tmp
	Memory int               // in MB; 0 is 512
	Output io.Writer         // what the program prints, and the kernel if it has to complain
}

const (
	// bootLimit is how long a boot may take until the first program runs; it takes about 5 s, and some times that on a busy computer.
	bootLimit = 90 * time.Second
	boots     = 2
)

var errNoBoot = errors.New("the guest did not start in " + bootLimit.String())

// Run boots the machine, runs the program and returns its exit code, or an error if there is none. It ends the guest when ctx ends. A boot
// that hangs before the program has started is tried once more; the program never runs twice.
func (m *Machine) Run(ctx context.Context, g Guest) (exit int, err error) {
	folder, err := os.MkdirTemp("", "gpiovm-")
	if err != nil {
		return 0, fmt.Errorf("making a guest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	disk := filepath.Join(folder, "files.cpio")
	if err := m.pack(ctx, folder, disk, g); err != nil {
		return 0, err
	}
	for range boots {
		exit, err = m.boot(ctx, disk, g)
		if !errors.Is(err, errNoBoot) {
			break
		}
	}
	return exit, err
}

// pack writes the guest's file system.
func (m *Machine) pack(ctx context.Context, folder, disk string, g Guest) error {
	first := filepath.Join(folder, "init")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", first, "hilphone/hil/gpiovm/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the first program of the guest: %w: %s", err, out)
	}
	names := map[string]string{"/init": first}
	order := struct {
		Modules, Args, Env []string
	}{Args: g.Args, Env: g.Env}
	for _, module := range modules {
		names["/"+module] = filepath.Join(m.folder, module)
		order.Modules = append(order.Modules, "/"+module)
	}
	for guest, host := range g.Files {
		names[guest] = host
	}
	files, err := readFiles(names)
	if err != nil {
		return err
	}
	if files["/order.json"], err = json.Marshal(order); err != nil {
		return fmt.Errorf("writing the guest's order: %w", err)
	}
	f, err := os.Create(disk)
	if err != nil {
		return fmt.Errorf("writing the guest's file system: %w", err)
	}
	return errors.Join(writeArchive(f, files), f.Close())
}

// boot boots once. The first serial port is the console; on the second the guest says "up", and "exit" with the code.
func (m *Machine) boot(ctx context.Context, disk string, g Guest) (exit int, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	report, reported, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("booting a guest: %w", err)
	}
	defer report.Close()
	memory := g.Memory
	if memory == 0 {
		memory = 512
	}
	emulator := exec.CommandContext(ctx, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-smp", "2", "-m", strconv.Itoa(memory),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
		"-chardev", "file,id=report,path=/dev/fd/3", "-serial", "chardev:report",
		"-kernel", filepath.Join(m.folder, kernelFile), "-initrd", disk,
		"-append", "console=ttyS0 quiet panic=-1 reboot=t tsc=reliable random.trust_cpu=on")
	console := &printed{w: g.Output}
	emulator.Stdout, emulator.Stderr = console, console
	emulator.ExtraFiles = []*os.File{reported}
	emulator.WaitDelay = 5 * time.Second
	err = emulator.Start()
	reported.Close()
	if err != nil {
		return 0, fmt.Errorf("booting a guest: %w", err)
	}
	hung := time.AfterFunc(bootLimit, func() { stop(errNoBoot) })
	defer hung.Stop()
	exit = -1
	for lines := bufio.NewScanner(report); lines.Scan(); {
		word, code, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch word {
		case "up":
			hung.Stop()
		case "exit":
			if n, err := strconv.Atoi(code); err == nil {
				exit = n
			}
		}
	}
	ended := emulator.Wait()
	switch {
	case exit >= 0:
		return exit, nil
	case ctx.Err() != nil:
		return 0, fmt.Errorf("the guest was ended: %w; it last said: %s", context.Cause(ctx), console.end())
	}
	return 0, fmt.Errorf("the guest ended without an exit code (%v); it last said: %s", ended, console.end())
}

// printed passes a console on without its carriage returns, and remembers the end of it.
type printed struct {
	w    io.Writer
	mu   sync.Mutex
	last []byte
}

func (p *printed) Write(b []byte) (int, error) {
	text := strings.ReplaceAll(string(b), "\r", "")
	p.mu.Lock()
	p.last = append(p.last, text...)
	p.last = p.last[max(0, len(p.last)-1000):]
	p.mu.Unlock()
	if p.w != nil {
		if _, err := io.WriteString(p.w, text); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (p *printed) end() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.last)
}
