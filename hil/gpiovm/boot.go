package gpiovm

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Guest is what a machine runs.
type Guest struct {
	Files  map[string]string // path in the guest: file here; all of them can be executed
	Args   []string          // the program, by its path in the guest, and its arguments
	Env    []string          // added to PATH=/ and HOME=/tmp
	Memory int               // in MB; 0 is 512
	Output io.Writer         // what the program prints, and the kernel if it has to complain
	Limit  time.Duration     // how long the program may take by the clock of this computer; 0 is two minutes

	// Parallel gives the guest two processors that run at once, as fast as this computer lets them. Otherwise it has one, whose time is
	// its work: an instruction takes 2 ns, and when there is nothing to do the clock goes on to when there is. What takes time in such a
	// guest takes the same on every computer, however busy that is.
	Parallel bool
	// Unplugs says that the program takes chips away while their lines are in use, which kernels before 6.9 may not survive. When the
	// guest's kernel crashes in just that, the guest boots once more; Output tells so.
	Unplugs bool
}

const (
	// bootLimit is how long a boot may take until the first program runs; it takes about 5 s, and some times that on a busy computer.
	bootLimit = 60 * time.Second
	// crashLimit is how long a kernel that crashes may take to tell why and to switch off.
	crashLimit = 3 * time.Second
	boots      = 2
)

var errNoBoot = errors.New("the guest did not start in " + bootLimit.String())

// errCrash ends a guest that does not end by itself after its kernel has.
var errCrash = errors.New("its kernel crashed")

// Run boots the machine, runs the program and returns its exit code, or an error if there is none: a *Crash if the guest's kernel has
// ended it. It ends the guest when ctx ends. A boot that hangs before the program has started is tried once more; but for that and what
// Unplugs allows, the program never runs twice.
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
	for attempt := 1; ; attempt++ {
		exit, err = m.boot(ctx, disk, g)
		if attempt == boots || !g.again(err) {
			return exit, err
		}
		if g.Output != nil {
			fmt.Fprintf(g.Output, "\ngpiovm: THE GUEST IS BOOTED ONCE MORE: %v\n\n", err)
		}
	}
}

// again reports whether a boot that ended so is made once more.
func (g Guest) again(err error) bool {
	var crash *Crash
	return errors.Is(err, errNoBoot) || g.Unplugs && errors.As(err, &crash) && crash.Unplugging()
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
	emulator := exec.CommandContext(ctx, "qemu-system-x86_64", m.options(disk, g)...)
	console := &console{w: g.Output, crashed: func() { time.AfterFunc(crashLimit, func() { stop(errCrash) }) }}
	emulator.Stdout, emulator.Stderr = console, console
	emulator.ExtraFiles = []*os.File{reported}
	emulator.WaitDelay = 5 * time.Second
	// When this process is killed the emulator ends too. The kernel takes the end of the thread for that: this one has to stay.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	emulator.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = emulator.Start()
	reported.Close()
	if err != nil {
		return 0, fmt.Errorf("booting a guest: %w", err)
	}
	limit := time.AfterFunc(bootLimit, func() { stop(errNoBoot) })
	defer func() { limit.Stop() }()
	exit = -1
	for lines := bufio.NewScanner(report); lines.Scan(); {
		word, code, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch word {
		case "up":
			limit.Stop()
			allowed := cmp.Or(g.Limit, 2*time.Minute)
			limit = time.AfterFunc(allowed, func() { stop(fmt.Errorf("its program did not end in %s", allowed)) })
		case "exit":
			if n, err := strconv.Atoi(code); err == nil {
				exit = n
			}
		}
	}
	ended := emulator.Wait()
	if exit >= 0 {
		return exit, nil
	}
	if crash := findCrash(console.text()); crash != nil {
		return 0, crash
	}
	if ctx.Err() != nil {
		return 0, fmt.Errorf("the guest was ended: %w; it last said: %s", context.Cause(ctx), console.end())
	}
	return 0, fmt.Errorf("the guest ended without an exit code (%v); it last said: %s", ended, console.end())
}

// options are the emulator's.
func (m *Machine) options(disk string, g Guest) []string {
	processors := []string{"-smp", "1", "-icount", "shift=1,sleep=off"} // 2 to the power of shift, in ns
	if g.Parallel {
		processors = []string{"-smp", "2"}
	}
	return append(processors, "-M", "q35", "-accel", "tcg", "-m", strconv.Itoa(cmp.Or(g.Memory, 512)),
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
		"-chardev", "file,id=report,path=/dev/fd/3", "-serial", "chardev:report",
		"-kernel", filepath.Join(m.folder, kernelFile), "-initrd", disk,
		// A kernel in trouble ends at once and does not go on in some state. What a guest has no use for takes half of a boot.
		"-append", "console=ttyS0 quiet oops=panic panic=-1 reboot=t tsc=reliable random.trust_cpu=on "+
			"nokaslr audit=0 apparmor=0 cryptomgr.notests raid=noautodetect")
}
