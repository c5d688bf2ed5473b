package db

import (
	"context"
	"testing"
	"time"
)

// A phone is told what another process changes, and nothing of what it does itself or of what stays as it was.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	d := opened(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	told, ended := make(chan struct{}, 10), make(chan error, 1)
	go func() { ended <- d.Watch(ctx, func() { told <- struct{}{} }) }()
	wait := func(why string) {
		t.Helper()
		select {
		case <-told:
		case <-time.After(10 * time.Second):
			t.Fatal("the phone is not told: ", why)
		}
	}
	wait("it begins")
	beside, err := OpenShared(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := imported(t, d, `{"lines":{"1":{"display_name":"own `+name+`"}}}`); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time nothing changes
			if err := imported(t, beside, `{"lines":{"1":{"display_name":"`+name+`"}}}`); err != nil {
				t.Fatal(err)
			}
		}
		wait(name)
	}
	if err := beside.Close(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(told) > 0 {
		t.Errorf("the phone is told %d times too often", len(told))
	}
}
