//go:build rig

package kamailio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// owner in the environment makes this test program start a pair, tell of it, and wait to be killed.
const owner = "KAMAILIO_PAIR_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(owner) != "" {
		own()
	}
	m.Run()
}

func own() {
	p, err := Start(context.Background())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	network, err := p.where()
	fmt.Println(network, p.dir, err)
	select {}
}

// where names the pair's network as the kernel does.
func (p *Pair) where() (network string, err error) {
	err = p.Do(func() error {
		network, err = os.Readlink("/proc/thread-self/ns/net")
		return err
	})
	return network, err
}

// TestStopLeavesNothing: no process in the network, no file.
func TestStopLeavesNothing(t *testing.T) {
	p, err := Start(t.Context())
	must(t, err)
	network, err := p.where()
	must(t, err)
	if n := inside(t, network); n < 2 {
		t.Errorf("%d processes in %s, want two servers with their workers", n, network)
	}
	before := time.Now()
	must(t, p.Primary.Freeze())
	must(t, p.Stop())
	t.Logf("stopped in %v", time.Since(before).Round(time.Millisecond))
	want(t, "processes left in the network", inside(t, network), 0)
	if _, err := os.Stat(p.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", p.dir, err)
	}
}

// TestKilledOwner: a test that is killed takes its servers along.
func TestKilledOwner(t *testing.T) {
	test, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), test)
	cmd.Env = append(os.Environ(), owner+"=1")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	said := strings.Fields(line)
	if len(said) != 3 || said[2] != "<nil>" {
		t.Fatal(line)
	}
	network, dir := said[0], said[1]
	defer os.RemoveAll(dir)
	if n := inside(t, network); n < 2 {
		t.Errorf("%d processes in %s, want two servers with their workers", n, network)
	}
	must(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Error("the killed program ended well")
	}
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	if err := await(ctx, func() (bool, error) { return inside(t, network) == 0, nil }); err != nil {
		t.Errorf("%d processes left in the network: %v", inside(t, network), err)
	}
}

// inside counts the processes in a network.
func inside(t *testing.T, network string) (n int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	must(t, err)
	for _, link := range links {
		// A process that ended since Glob has no link; it is not inside.
		if at, err := os.Readlink(link); err == nil && at == network {
			n++
		}
	}
	return n
}
