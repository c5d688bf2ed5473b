package gpiovm

import (
	"io"
	"regexp"
	"strings"
	"sync"
)

// Crash is the end of a guest whose kernel crashed.
type Crash struct {
	Before string // what the guest said until then
	Text   string // what the kernel said from then on
}

func (c *Crash) Error() string { return "the kernel of the guest crashed: " + c.Text }

var (
	// crashes are the first words of a kernel that crashes, in a line that the kernel has printed.
	crashes = regexp.MustCompile(`\[ *\d+\.\d+\] .*(BUG: |Oops: |kernel BUG at |general protection fault|stack segment|double fault|Kernel panic - not syncing)`)
	// unplugged is what kernels say of a chip whose lines are in use when it goes.
	unplugged = "REMOVING GPIOCHIP WITH GPIOS STILL REQUESTED"
	// caught are functions, in a stack, that take a chip or its interrupts apart, or that were caught in a line of it meanwhile.
	caught = regexp.MustCompile(`\b(gpiochip_|gpiolib_|gpiod_|gpio_sim_|gpio_ioctl|linereq_|lineinfo_|edge_detector_|irq_sim_|irq_domain_|irq_dispose_mapping|irq_free_desc|_*free_irq)\w*(\.\w+)*\+0x`)
)

// Unplugging reports whether the kernel crashed in its own work when a chip went whose lines were in use.
func (c *Crash) Unplugging() bool {
	return strings.Contains(c.Before, unplugged) && caught.MatchString(c.Text)
}

// findCrash finds a crash in what a guest said, nil if there is none.
func findCrash(said string) *Crash {
	at := crashes.FindStringIndex(said)
	if at == nil {
		return nil
	}
	return &Crash{said[:at[0]], said[at[0]:]}
}

// remembered is how much of a console is kept, in bytes.
const remembered = 1 << 16

// console passes what a guest says on without its carriage returns, and remembers the end of it.
type console struct {
	w       io.Writer
	crashed func() // called when the kernel crashes

	mu   sync.Mutex
	last []byte
	told bool
}

func (c *console) Write(b []byte) (int, error) {
	text := strings.ReplaceAll(string(b), "\r", "")
	c.mu.Lock()
	c.last = append(c.last, text...)
	c.last = c.last[max(0, len(c.last)-remembered):]
	const line = 1000 // a kernel's are shorter
	crashed := !c.told && crashes.Match(c.last[max(0, len(c.last)-len(text)-line):])
	c.told = c.told || crashed
	c.mu.Unlock()
	if crashed {
		c.crashed()
	}
	if c.w != nil {
		if _, err := io.WriteString(c.w, text); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// text is what the guest said, if it was not too much.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.last)
}

// end is what it said last.
func (c *console) end() string {
	text := c.text()
	return text[max(0, len(text)-1000):]
}
