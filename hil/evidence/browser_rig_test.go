//go:build rig

package evidence

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestReportInABrowser: the report is styled, searched and filtered, also without script, fits a phone's screen, and is dark where one wants it so.
func TestReportInABrowser(t *testing.T) {
	const path = "/usr/bin/chromium"
	if _, err := exec.LookPath(path); err != nil {
		t.Fatalf("there is no %s, which this test needs: make deps installs it (%v)", path, err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU,
		chromedp.NoSandbox, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	is := func(script string, want float64) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[float64](script))
		if err != nil || got != want {
			t.Errorf("%s is %v, want %v: %v", script, got, want, err)
		}
	}
	media := func(kind, scheme string) {
		t.Helper()
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: kind,
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Navigate("about:blank"))
	messages := chromedp.Console(ctx)
	var mu sync.Mutex
	var complaints []string
	var listening sync.WaitGroup
	listening.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			mu.Lock()
			complaints = append(complaints, m.Text)
			mu.Unlock()
		}
	})
	defer func() { cancel(); listening.Wait() }()

	dir := t.TempDir()
	tell(t, dir, nil)
	do(chromedp.Navigate("file://" + filepath.Join(dir, ReportFile)))
	const shown = `[...document.querySelectorAll(".entries tbody tr")].filter(r => r.offsetHeight > 0).length`
	is(`+(getComputedStyle(document.querySelector(".verdict")).borderTopWidth === "3px")`, 1)
	is(shown, 45)
	is(`document.getElementById("search").value = "register", document.getElementById("search").dispatchEvent(new Event("input")), `+shown, 2)
	is(`document.getElementById("search").value = "", document.getElementById("search").dispatchEvent(new Event("input")), `+shown, 45)
	is(`location.hash = "#e17", +document.querySelector("#e17 details").open`, 0) // opened by the event that follows
	do(chromedp.EmulateViewport(360, 740))
	is(`Math.max(0, document.documentElement.scrollWidth - 360)`, 0)
	media("screen", "dark")
	is(`+(getComputedStyle(document.body).backgroundColor === "rgb(19, 19, 17)")`, 1)
	media("print", "dark")
	is(`+(getComputedStyle(document.body).backgroundColor === "rgba(0, 0, 0, 0)")`, 1)
	is(`+(getComputedStyle(document.querySelector(".filters")).display === "none")`, 1)
	media("screen", "light")
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	do(chromedp.Navigate("file://" + filepath.Join(dir, ReportFile)))
	is(`+document.getElementById("search").hidden`, 1)
	is(`document.querySelector("label:has(#k-level)").click(), `+shown, 25)
	is(`document.querySelector("label:has(#f-phone)").click(), `+shown, 16)
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
	}
}
