package gpiochip

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/warthog618/go-gpiocdev/uapi"
	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// Line is a line of a chip: periph's pin, and what that contract lacks, which is errors of reading and the time stamps of edges.
//
// WaitForEdge reports edges that came since it was called last; Edges returns all that came since it was called last. Halt ends the wait
// under way, or the next one if there is none.
type Line interface {
	gpio.PinIO
	Level() (gpio.Level, error)
	// Edges returns the edges that the kernel has seen since the last call, oldest first. It does not wait.
	Edges() ([]Edge, error)
	Close() error
}

// Edge is a change of a line.
type Edge struct {
	At   time.Time // by the kernel's clock, taken in the interrupt
	High bool      // the level after it
	Lost bool      // edges between the one before and this one were lost
}

// bufferedEdges is how many edges the kernel keeps for a line while the program does not read them: the most that it allows,
// GPIO_V2_LINES_MAX * 16. It is ten pulses whose every change bounces 25 times. The kernel's own default is 16.
const bufferedEdges = 1024

var (
	errClosed = errors.New("the line is closed")
	errNoPWM  = errors.New("a line of the character device has no PWM")
)

// pin is a line that is or will be asked for: a Line.
type pin struct {
	chip   *os.File
	name   string
	offset int

	mu      sync.Mutex
	fd      int      // of file; os.File.Fd would take it from the poller
	file    *os.File // nil: the line has not been asked for
	raw     syscall.RawConn
	pull    gpio.Pull
	edge    gpio.Edge
	output  bool
	waiting bool // in WaitForEdge
	halted  bool // before the wait began
	edges   edges
}

var _ Line = (*pin)(nil)

// Consumer is what the kernel tells others who ask for a line of this program.
func consumer() string { return fmt.Sprintf("%s@%d", filepath.Base(os.Args[0]), os.Getpid()) }

func (p *pin) String() string                            { return p.name }
func (p *pin) Name() string                              { return p.name }
func (p *pin) Number() int                               { return p.offset }
func (p *pin) DefaultPull() gpio.Pull                    { return gpio.PullNoChange }
func (p *pin) PWM(_ gpio.Duty, _ physic.Frequency) error { return errNoPWM }

// Function implements pin.Pin: the direction, empty if the line has not been asked for.
func (p *pin) Function() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.file == nil:
		return ""
	case p.output:
		return "Out"
	}
	return "In"
}

// Pull implements gpio.PinIn.
func (p *pin) Pull() gpio.Pull {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pull
}

// In implements gpio.PinIn. Edges from before are dropped.
func (p *pin) In(pull gpio.Pull, edge gpio.Edge) error {
	flags := uapi.LineFlagV2Input
	switch pull {
	case gpio.PullUp:
		flags |= uapi.LineFlagV2BiasPullUp
	case gpio.PullDown:
		flags |= uapi.LineFlagV2BiasPullDown
	case gpio.Float:
		flags |= uapi.LineFlagV2BiasDisabled
	}
	if edge&gpio.RisingEdge != 0 {
		flags |= uapi.LineFlagV2EdgeRising
	}
	if edge&gpio.FallingEdge != 0 {
		flags |= uapi.LineFlagV2EdgeFalling
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.configure(uapi.LineConfig{Flags: flags}); err != nil {
		return err
	}
	p.pull, p.edge, p.output = pull, edge, false
	_ = p.edges.read(p.fd) // an error comes again when there is an edge to read
	p.edges.drop()
	return nil
}

// Out implements gpio.PinOut. The line has the level from its first instant as an output on.
func (p *pin) Out(level gpio.Level) error {
	bit := uapi.NewLineBitmap(0)
	if level {
		bit = uapi.NewLineBitmap(1)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil && p.output {
		return uapi.SetLineValuesV2(uintptr(p.fd), uapi.LineValues{Mask: 1, Bits: bit})
	}
	c := uapi.LineConfig{Flags: uapi.LineFlagV2Output}
	c.AddAttribute(uapi.LineConfigAttribute{Attr: uapi.OutputValues(bit).Encode(), Mask: 1})
	if err := p.configure(c); err != nil {
		return err
	}
	p.edge, p.output = gpio.NoEdge, true
	return nil
}

// configure asks for the line, or changes one that has been asked for.
func (p *pin) configure(c uapi.LineConfig) error {
	if p.file != nil {
		return uapi.SetLineConfigV2(uintptr(p.fd), &c)
	}
	r := uapi.LineRequest{Lines: 1, Config: c, EventBufferSize: bufferedEdges}
	r.Offsets[0] = uint32(p.offset)
	copy(r.Consumer[:len(r.Consumer)-1], consumer())
	if err := uapi.GetLine(p.chip.Fd(), &r); err != nil {
		return err
	}
	fd := int(r.Fd)
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	file := os.NewFile(uintptr(fd), p.name)
	raw, err := file.SyscallConn()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	p.fd, p.file, p.raw, p.edges, p.halted = fd, file, raw, edges{buffer: new([64]uapi.LineEvent)}, false
	return nil
}

// Read implements gpio.PinIn: a line that cannot be read is low. See Level.
func (p *pin) Read() gpio.Level {
	level, _ := p.Level()
	return level
}

// Level implements Line.
func (p *pin) Level() (gpio.Level, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return gpio.Low, errClosed
	}
	values := uapi.LineValues{Mask: 1}
	if err := uapi.GetLineValuesV2(uintptr(p.fd), &values); err != nil {
		return gpio.Low, err
	}
	return values.Get(0) == 1, nil
}

// Edges implements Line.
func (p *pin) Edges() ([]Edge, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil, errClosed
	}
	err := p.edges.read(p.fd)
	return p.edges.take(), err
}

// WaitForEdge implements gpio.PinIn.
func (p *pin) WaitForEdge(timeout time.Duration) bool {
	raw := p.beginWait(timeout)
	if raw == nil {
		return false
	}
	seen := false
	err := raw.Read(func(fd uintptr) bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		failed := p.edges.read(int(fd))
		seen = p.edges.seen()
		return seen || failed != nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = false
	return err == nil && seen || p.edges.seen()
}

// beginWait returns nil if there is nothing to wait for.
func (p *pin) beginWait(timeout time.Duration) syscall.RawConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil || p.edge == gpio.NoEdge || p.halted {
		p.halted = false
		return nil
	}
	var limit time.Time
	if timeout == 0 {
		_ = p.edges.read(p.fd) // the poller does not look when the time is over already
	}
	if timeout >= 0 {
		limit = time.Now().Add(timeout)
	}
	if err := p.file.SetReadDeadline(limit); err != nil {
		return nil
	}
	p.waiting = true
	return p.raw
}

// Halt implements conn.Resource.
func (p *pin) Halt() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.waiting {
		p.halted = true
		return nil
	}
	return p.file.SetReadDeadline(time.Now())
}

// Close implements Line. A wait for an edge ends.
func (p *pin) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	err := p.file.Close()
	p.file, p.raw, p.output, p.edge, p.pull = nil, nil, false, gpio.NoEdge, gpio.PullNoChange
	return err
}
