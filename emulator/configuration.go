package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
	_ "time/tzdata" // for computers without a list of time zones

	"hilphone/db"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
	"hilphone/webui"
)

// configurations are the configuration in the store as a whole.
type configurations struct{ *db.DB }

// zoneSetting is the time zone among the settings of the device.
const zoneSetting = "time_zone"

func (c configurations) Copies(ctx context.Context) ([]webui.CopyView, error) {
	all, err := c.DB.Copies(ctx)
	views := make([]webui.CopyView, len(all))
	for i, k := range all {
		views[i] = webui.CopyView{ID: k.ID, Made: webui.At(k.Made), Before: k.Before}
	}
	return views, err
}

func (c configurations) Copy(ctx context.Context, id int64) (sysconf.Configuration, error) {
	kept, err := c.DB.Copy(ctx, id)
	if errors.Is(err, db.ErrNoCopy) {
		err = fmt.Errorf("%w: %w", err, webui.ErrNotFound)
	}
	return kept, err
}

func (c configurations) TimeZone(ctx context.Context) (string, error) {
	return c.DeviceSetting(ctx, zoneSetting)
}

func (c configurations) SetTimeZone(ctx context.Context, name string) error {
	return c.PutDeviceSetting(ctx, zoneSetting, name)
}

const (
	// lookInterval is how often a running phone looks whether another process has changed its configuration while it cannot be told.
	lookInterval = time.Second
	// takeLimit is how long `hilphone config import` waits for a running phone to take what was stored.
	takeLimit = 5 * time.Second
)

// follow gives the running lines what `hilphone config import` stores beside them, and says that they have it.
func (p *program) follow(ctx context.Context) {
	changed, blind := make(chan struct{}, 1), make(chan error, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		blind <- p.store.Watch(ctx, func() {
			select {
			case changed <- struct{}{}:
			default: // the look to come will see it
			}
		})
	})
	var again <-chan time.Time
	for failing, unwatched := false, false; ; {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-again:
		case err := <-blind:
			if unwatched = ctx.Err() == nil; unwatched {
				p.log.Warn("the store is looked at every second for a configuration that was imported beside the phone", "err", err)
			}
		}
		err := p.take(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			p.log.Error("the configuration in the store was not looked at", "err", err)
		}
		again = nil
		if failing = err != nil; failing || unwatched {
			again = time.After(lookInterval)
		}
	}
}

func (p *program) take(ctx context.Context) error {
	now, has, err := p.store.Generation(ctx)
	if err != nil || now == has {
		return err
	}
	if err := p.web.Reload(ctx, p.lines.known); err != nil {
		return err
	}
	return p.store.Took(ctx, now)
}

// known are the settings that the lines have.
func (l *lines) known() map[int]line.Settings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.settings)
}
