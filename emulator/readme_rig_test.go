//go:build rig

package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestReadmeInAShell gives the README's walk to a shell, as a reader would.
func TestReadmeInAShell(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("there is no %s, which this test needs: %v", program, err)
		}
	}
	_, text, _ := between(t, "walk")
	script := strings.TrimSuffix(strings.TrimPrefix(text, "```sh\n"), "```\n")
	p := start(t, self(t), "demo", "--listen", "127.0.0.1:0")
	p.registered("primary")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	shell.Env = append(cleanEnvironment(), "HILPHONE_URL="+p.url, "HILPHONE_TOKEN="+p.token)
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := string(out)
	for _, wanted := range []string{
		`"state":"talking","server":"primary"`, `"behaviour":"silent"`, `"type":"failover"`, `"state":"talking","server":"backup"`, `"active":"backup"`,
		`"behaviour":"serve"`, `"type":"failback"`, `"active":"primary"`,
	} {
		_, after, ok := strings.Cut(rest, wanted)
		if !ok {
			t.Fatalf("%s did not come in its turn:\n%s", wanted, out)
		}
		rest = after
	}
	p.terminate()
}
