//go:build rig

package deb_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a program may take for anything on an emulated processor.
const patience = 90 * time.Second

// runs starts the program on an emulated processor, as a phone with its lab: it serves, it registers by SIP, it keeps that in SQLite,
// and it ends when it is asked to.
func (x target) runs(t *testing.T, dist string) {
	needs(t, x.qemu)
	program := filepath.Join(dist, "hilphone-"+x.name)
	if out := run(t, patience, nil, x.qemu, "-L", x.libc, program, "version"); !regexp.MustCompile(`hilphone +\S+\ncommit +[0-9a-f]{40}\n`).MatchString(out) {
		t.Errorf("its version:\n%s", out)
	}
	c := exec.CommandContext(t.Context(), x.qemu, "-L", x.libc, program, "demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	c.Stderr = &log
	began := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	dog := time.AfterFunc(patience, func() { _ = c.Process.Kill() }) // the reads below then end
	defer dog.Stop()
	found := await(bufio.NewScanner(out), regexp.MustCompile(`export HILPHONE_URL=(\S+) HILPHONE_TOKEN=(\S+)`))
	if found == nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		t.Fatalf("it does not begin in %v:\n%s", patience, log.String())
	}
	begun := time.Since(began)
	if body, err := get(found[1]+"/healthz", ""); err != nil || string(body) != `"ok"` && string(body) != "ok" {
		t.Errorf("healthz: %q %v", body, err)
	}
	var registered []struct{ Type string }
	body, err := get(found[1]+"/api/v1/events?type=registered&wait_s=30", found[2])
	if err == nil {
		err = json.Unmarshal(body, &registered)
	}
	if err != nil || len(registered) == 0 {
		t.Errorf("line 1 does not register: %s %v", body, err)
	}
	ending := time.Now()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("it does not end well: %v\n%s", err, log.String())
	}
	t.Logf("%s: begun after %v, ended in %v", x.name, begun.Round(time.Millisecond), time.Since(ending).Round(time.Millisecond))
}

// await reads lines until one matches; nil when there are no more.
func await(lines *bufio.Scanner, wanted *regexp.Regexp) []string {
	for lines.Scan() {
		if found := wanted.FindStringSubmatch(lines.Text()); found != nil {
			return found
		}
	}
	return nil
}

func get(address, token string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Timeout: patience}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s", response.Status)
	}
	return io.ReadAll(response.Body)
}
