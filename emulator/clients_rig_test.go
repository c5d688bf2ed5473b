//go:build rig

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"hilphone/hil/server"
)

// Fifty scripts at once, each asking again as soon as it has its answer.
const (
	clients    = 50
	clientsFor = 2 * time.Second
	clientsGet = 500 * time.Millisecond // p99
	clientsPut = time.Second            // p99, each of them on the disk
	getOfBare  = 10                     // p99 of a GET, as a multiple of the bare server's (RS-15)
)

// asked is what wrk saw of a server.
type asked struct {
	p50, p99 time.Duration
	rate     float64 // answers a second
}

// BenchmarkClients asks the phone for a line's settings, and puts them, from fifty connections; and in turn a bare server that sends
// the same bytes, which for a PUT also writes them to the disk, one after the other, before it answers. On a busy machine their ratio says
// more than the times.
func BenchmarkClients(b *testing.B) {
	f := newFarEnd(b, server.Answering{})
	p := f.run(built(b), nil)
	_, settings := p.ask("GET", "lines/1/sip", "")
	body := filepath.Join(b.TempDir(), "body.json")
	named := regexp.MustCompile(`"display_name":"[^"]*"`).ReplaceAll(settings, []byte(`"display_name":"NAME"`))
	if err := os.WriteFile(body, named, 0o600); err != nil {
		b.Fatal(err)
	}
	bare := httptest.NewServer(bareServer(b, settings))
	defer bare.Close()
	seen := map[string][]asked{}
	for b.Loop() {
		for range 3 {
			for _, c := range []struct{ name, url, body string }{
				{"get", p.url, ""}, {"get-bare", bare.URL, ""}, {"put", p.url, body}, {"put-bare", bare.URL, body},
			} {
				seen[c.name] = append(seen[c.name], wrk(b, c.url+"/api/v1/lines/1/sip", p.token, c.body))
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(load(b), "load")
	for name, all := range seen {
		b.ReportMetric(middle(all, func(l asked) float64 { return ms(l.p50) }), name+"-p50-ms")
		b.ReportMetric(middle(all, func(l asked) float64 { return ms(l.p99) }), name+"-p99-ms")
		b.ReportMetric(middle(all, func(l asked) float64 { return l.rate }), name+"/s")
	}
	for name, limit := range map[string]time.Duration{"get": clientsGet, "put": clientsPut} {
		p99 := middle(seen[name], func(l asked) float64 { return ms(l.p99) })
		ofBare := p99 / middle(seen[name+"-bare"], func(l asked) float64 { return ms(l.p99) })
		b.ReportMetric(ofBare, name+"-p99-of-bare")
		if name == "get" && ofBare > getOfBare {
			b.Errorf("get of %d clients takes %.1f times as long as at a bare server (p99), want %d", clients, ofBare, getOfBare)
		}
		if p99 > ms(limit) {
			b.Errorf("%s of %d clients takes %.1f ms (p99), want %v; is the machine busy?", name, clients, p99, limit)
		}
	}
	if _, now := p.ask("GET", "lines/1/sip", ""); !regexp.MustCompile(`"display_name":"name \d\.\d+"`).Match(now) {
		b.Errorf("the phone has none of the settings it was given: %s", now)
	}
	p.terminate()
}

// bareServer is what Go's own server makes of the same bytes.
func bareServer(b *testing.B, settings []byte) http.Handler {
	disk, err := os.Create(filepath.Join(b.TempDir(), "disk"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = disk.Close() })
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := settings
		if r.Method == http.MethodPut {
			if answer, err = io.ReadAll(r.Body); err == nil {
				mu.Lock()
				_, err = disk.WriteAt(answer, 0)
				if err == nil {
					err = disk.Sync()
				}
				mu.Unlock()
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // wrk counts what does not arrive
	})
}

// wrk has its connections ask for the moment there is, or put the body in a file.
func wrk(b *testing.B, url, token, body string) asked {
	b.Helper()
	args := []string{"-t", "2", "-c", strconv.Itoa(clients), "-d", clientsFor.String(), "--timeout", "10s", "-s", "testdata/load.lua",
		"-H", "Authorization: Bearer " + token, "-H", "Content-Type: application/json", url}
	if body != "" {
		args = append(args, "--", body)
	}
	out, err := exec.CommandContext(b.Context(), "wrk", args...).CombinedOutput()
	if err != nil {
		b.Fatalf("wrk, which make deps installs: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`p50 (\d+) us, p99 (\d+) us, (\d+) requests in (\d+) us, 0 refused, 0 failed`).FindSubmatch(out)
	if found == nil {
		b.Fatalf("not every request was answered:\n%s", out)
	}
	var n [4]int
	for i := range n {
		if n[i], err = strconv.Atoi(string(found[i+1])); err != nil {
			b.Fatal(err)
		}
	}
	return asked{time.Duration(n[0]) * time.Microsecond, time.Duration(n[1]) * time.Microsecond, float64(n[2]) / (float64(n[3]) / 1e6)}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// middle is the median of a figure over the rounds.
func middle(all []asked, figure func(asked) float64) float64 {
	var values []float64
	for _, l := range all {
		values = append(values, figure(l))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
