package gpiovm

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// kernel is the one whose headers are installed. Image, headers and source have to agree.
type kernel struct {
	release string // 6.1.0-56-amd64
	version string // of Debian's packages: 6.1.192-2
}

// headers are what Debian's package linux-headers-amd64 depends on.
var headers = regexp.MustCompile(`linux-headers-([0-9][^ ,]*-amd64) \(= ([^ )]+)\)`)

func installed(ctx context.Context) (kernel, error) {
	out, err := run(ctx, "", "dpkg-query", "-W", "-f", "${Depends}", "linux-headers-amd64")
	if err != nil {
		return kernel{}, fmt.Errorf("the kernel headers are not installed: install Debian's package linux-headers-amd64: %w", err)
	}
	found := headers.FindStringSubmatch(out)
	if found == nil {
		return kernel{}, fmt.Errorf("package linux-headers-amd64 names no kernel: it depends on %q", out)
	}
	k := kernel{release: found[1], version: found[2]}
	if _, err := os.Stat(k.headers()); err != nil {
		return kernel{}, fmt.Errorf("the headers of kernel %s are not installed: install Debian's package linux-headers-amd64", k.release)
	}
	return k, nil
}

// name is that of the machine with this kernel and the modules made here.
func (k kernel) name() string {
	return fmt.Sprintf("%s_%s_%.8x", k.release, k.version, sha256.Sum256(append(pwmSource, moduleMakefile...)))
}

func (k kernel) headers() string { return "/usr/src/linux-headers-" + k.release }

// fetch puts the kernel and its configfs module into parts. The package is not installed: that would change what this computer boots.
func (k kernel) fetch(ctx context.Context, work, parts string) error {
	name := "linux-image-" + k.release
	if _, err := run(ctx, work, "apt-get", "-q", "download", name+"="+k.version); err != nil {
		return fmt.Errorf("the image of kernel %s cannot be downloaded (apt-get update may help): %w", k.release, err)
	}
	debs, err := filepath.Glob(filepath.Join(work, name+"_*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("apt-get download %s: %d packages came: %v", name, len(debs), err)
	}
	image := filepath.Join(work, "image")
	if _, err := run(ctx, work, "dpkg-deb", "-x", debs[0], image); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(image, "boot", "vmlinuz-"+k.release), filepath.Join(parts, kernelFile)); err != nil {
		return fmt.Errorf("the package %s holds no kernel: %w", name, err)
	}
	configfs, err := findFile(image, "configfs.ko", "configfs.ko.xz")
	if err != nil {
		return fmt.Errorf("package %s: %w", name, err)
	}
	if strings.HasSuffix(configfs, ".xz") {
		if _, err := run(ctx, work, "xz", "-d", configfs); err != nil {
			return err
		}
		configfs = strings.TrimSuffix(configfs, ".xz")
	}
	return os.Rename(configfs, filepath.Join(parts, "configfs.ko"))
}

// findFile returns the first file below a folder that has one of the names.
func findFile(folder string, names ...string) (found string, err error) {
	err = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && slices.Contains(names, d.Name()) {
			found = path
			return filepath.SkipAll
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("there is no %s", names[0])
	}
	return found, err
}

// moduleMakefile is for the kernel's own build system.
const moduleMakefile = "obj-m := irq_sim.o gpio-sim.o pwm-sim.o\n"

// pwmSource is that of a module of our own: the kernel has no simulated PWM.
//
//go:embed module/pwm-sim.c
var pwmSource []byte

// build makes the modules of gpio-sim in parts from Debian's kernel source, and that of pwm-sim.
func (k kernel) build(ctx context.Context, work, parts string) error {
	archives, err := filepath.Glob("/usr/src/linux-source-*.tar.xz")
	if err != nil || len(archives) == 0 {
		return fmt.Errorf("the kernel source is not installed: install Debian's package linux-source (%v)", err)
	}
	major := strings.Join(strings.SplitN(k.release, ".", 3)[:2], ".")
	archive := "/usr/src/linux-source-" + major + ".tar.xz"
	if !slices.Contains(archives, archive) {
		return fmt.Errorf("there is %s and no source of kernel %s: install Debian's package linux-source-%s", archives[0], k.release, major)
	}
	root := "linux-source-" + major
	source := filepath.Join(work, "source")
	if err := os.Mkdir(source, 0o755); err != nil {
		return fmt.Errorf("building gpio-sim: %w", err)
	}
	// The archive is 140 MB: tar stops when it has read the three.
	if _, err := run(ctx, work, "tar", "-C", source, "-xf", archive, "--occurrence=1", "--strip-components=3",
		root+"/drivers/gpio/gpio-sim.c", root+"/drivers/gpio/gpiolib.h", root+"/kernel/irq/irq_sim.c"); err != nil {
		return err
	}
	if err := exportedIRQ(filepath.Join(source, "irq_sim.c")); err != nil {
		return err
	}
	for name, text := range map[string][]byte{"Makefile": []byte(moduleMakefile), "pwm-sim.c": pwmSource} {
		if err := os.WriteFile(filepath.Join(source, name), text, 0o644); err != nil {
			return fmt.Errorf("building gpio-sim: %w", err)
		}
	}
	if _, err := run(ctx, work, "make", "-s", "-C", k.headers(), "M="+source, "modules"); err != nil {
		return fmt.Errorf("building gpio-sim: %w", err)
	}
	for _, m := range modules[1:] {
		if _, err := run(ctx, work, "strip", "-g", "-o", filepath.Join(parts, m), filepath.Join(source, m)); err != nil {
			return err
		}
	}
	return nil
}

// exportedIRQ makes irq_sim.c a module: it calls irq_to_desc, which modules are not given on this architecture; generic_handle_irq
// does the same with what they are given.
func exportedIRQ(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("building gpio-sim: %w", err)
	}
	changed := strings.ReplaceAll(string(text), "handle_simple_irq(irq_to_desc(irqnum));", "generic_handle_irq(irqnum);")
	changed = strings.Replace(changed, "#include <linux/slab.h>", "#include <linux/slab.h>\n#include <linux/module.h>", 1)
	changed += "\nMODULE_LICENSE(\"GPL\");\n"
	if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
		return fmt.Errorf("building gpio-sim: %w", err)
	}
	return nil
}
