package hil

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

// ownServer is a server of the engineer's own: what takes it down and brings it back are commands.
type ownServer struct {
	Address  string
	Down, Up string // for sh -c; empty: it cannot be done
}

// ownServers are a pair of the engineer's own. What they do is seen only by the phone's trace.
type ownServers struct {
	servers     map[string]ownServer
	timeout     time.Duration // of a command
	environment []string      // of a command
	down        map[string]bool
	mask        func(string) string       // takes secrets out of commands and of what they print
	told        func(server, text string) // what a command was and what it printed, masked
	back        func(server string)       // called when one has been brought back; nil: not called
}

func (o *ownServers) String() string {
	return fmt.Sprintf("their own, at %s and %s", o.servers["primary"].Address, o.servers["backup"].Address)
}

func (o *ownServers) Settings() map[string]any { return nil }

func (o *ownServers) Check(do scenario.Action) error {
	s, ok := do.(scenario.Server)
	if !ok {
		return nil
	}
	if !s.Down && fmt.Sprint(s.Behaviour) != fmt.Sprint(server.Behaviour{Mode: server.Serve}) {
		return errors.New("servers of one's own can only be down or serve")
	}
	for _, name := range s.Names {
		if own := o.servers[name]; s.Down && (own.Down == "" || own.Up == "") {
			return fmt.Errorf("the place has no command that takes the %s down and one that brings it up", name)
		}
	}
	return nil
}

// Set takes a server down or brings it back, if it is not so already.
func (o *ownServers) Set(ctx context.Context, name string, do scenario.Server) error {
	if o.down[name] == do.Down {
		return nil
	}
	command, word := o.servers[name].Up, "up"
	if do.Down {
		command, word = o.servers[name].Down, "down"
	}
	o.down[name] = do.Down // also when it fails: then it is brought up again at the end
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	var output bytes.Buffer
	c := exec.CommandContext(ctx, "sh", "-c", command)
	c.Stdout, c.Stderr, c.Env = &output, &output, o.environment
	c.WaitDelay = time.Second // for what it has started and left behind
	alone(c)
	began := time.Now()
	err := c.Run()
	o.told(name, fmt.Sprintf("%s: %s (%.1f s)\n%s", word, o.mask(command), time.Since(began).Seconds(), o.mask(cut(output.String()))))
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s %s: the command took longer than %s", name, word, o.timeout)
	case err != nil:
		return fmt.Errorf("%s %s: %w: %s", name, word, err, o.mask(lastLine(output.String())))
	}
	if !do.Down && o.back != nil {
		o.back(name)
	}
	return nil
}

// mostOutput is how much of the output of a command is kept.
const mostOutput = 64 << 10

func cut(text string) string {
	if len(text) > mostOutput {
		return text[:mostOutput] + "\n..."
	}
	return text
}

func lastLine(text string) string {
	lines := bytes.Split(bytes.TrimSpace([]byte(text)), []byte("\n"))
	return cut(string(lines[len(lines)-1]))
}
