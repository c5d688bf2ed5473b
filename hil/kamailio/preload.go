package kamailio

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed preload/openssl.c
var preloadSource string

// preload is the library that Kamailio's processes load first, so that TLS errors in two of them at once do not crash one; preload/openssl.c says why.
func (p *Pair) preload() string { return filepath.Join(p.dir, "openssl.so") }

// buildPreload compiles the library.
func (p *Pair) buildPreload(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "cc", "-x", "c", "-shared", "-fPIC", "-O2", "-o", p.preload(), "-")
	cmd.Stdin = strings.NewReader(preloadSource)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile preload/openssl.c: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
