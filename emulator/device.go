package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"hilphone/db"
	"hilphone/db/device"
	"hilphone/db/journal"
	"hilphone/emulator/actionurl"
	"hilphone/emulator/phone"
	"hilphone/hal"
	"hilphone/sip/line"
	"hilphone/webui"
)

// deviceSettings are the settings of the phone as a whole: stored, in force, and carried out.
type deviceSettings struct {
	store  *db.DB
	now    atomic.Pointer[device.Settings]
	sender *actionurl.Sender
	phone  *phone.Phone
	lines  *lines
}

func newDeviceSettings(store *db.DB, j *journal.Journal, p *phone.Phone, l *lines, lab bool, log *slog.Logger) (*deviceSettings, error) {
	d := &deviceSettings{store: store, phone: p, lines: l}
	if err := d.read(context.Background()); err != nil {
		return nil, err
	}
	d.sender = actionurl.New(actionurl.Config{
		Journal: j, URLs: func() device.ActionURLs { return d.now.Load().ActionURLs }, Describe: l.describe, Lab: lab,
		UserAgent: "hilphone/" + version, Log: log,
	})
	return d, nil
}

// read takes the settings as they are stored.
func (d *deviceSettings) read(ctx context.Context) error {
	s, err := d.store.Device(ctx)
	if err != nil {
		return err
	}
	d.TakeDevice(s)
	return nil
}

func (d *deviceSettings) Device() device.Settings { return *d.now.Load() }

func (d *deviceSettings) SaveDevice(ctx context.Context, s device.Settings) error {
	if err := d.store.PutDevice(ctx, s); err != nil {
		return err
	}
	d.TakeDevice(s)
	return nil
}

// TakeDevice puts settings in force that were stored already.
func (d *deviceSettings) TakeDevice(s device.Settings) {
	s = s.Clone()
	d.now.Store(&s)
	d.phone.Configure(phoneConfig(s))
	d.lines.SetPort(s.Number(device.SIPPort))
}

// phoneConfig is how the phone treats its calls.
func phoneConfig(s device.Settings) phone.Config {
	seconds := func(name string) time.Duration { return time.Duration(s.Number(name)) * time.Second }
	c := phone.DefaultConfig()
	c.CallTimeout, c.RingTimeout = seconds(device.CallTimeout), seconds(device.RingTimeout)
	c.AutoOnHook, c.AutoOnHookTime = s.Number(device.AutoOnHook) == 1, seconds(device.AutoOnHookTime)
	c.BusyCode, c.RejectCode = s.Number(device.BusyReturnCode), s.Number(device.RejectReturnCode)
	return c
}

func (d *deviceSettings) TestActionURL(ctx context.Context, action, url string) (webui.ActionTestView, error) {
	r, err := d.sender.Test(ctx, action, url)
	if errors.Is(err, actionurl.ErrBusy) {
		return webui.ActionTestView{}, fmt.Errorf("%w: %w", err, webui.ErrConflict)
	}
	return webui.ActionTestView{Status: r.Status, ElapsedMS: float64(r.Elapsed.Microseconds()) / 1000, Error: r.Error}, err
}

func (h hands) Lamp(ctx context.Context, name, pattern string) error {
	err := h.phone.ShowLamp(ctx, hal.Lamp(name), hal.Pattern(pattern))
	if errors.Is(err, phone.ErrNoLamp) {
		return fmt.Errorf("%w: %w", err, webui.ErrNotFound)
	}
	return err
}

// describe returns what action URLs may say of a line; of the first that is activated where there is none.
func (l *lines) describe(n int) map[string]string {
	l.mu.Lock()
	for i := 1; n == 0 && i <= line.MaxLines; i++ {
		if l.settings[i].Enabled {
			n = i
		}
	}
	s, r := l.settings[n], l.running[n]
	l.mu.Unlock()
	v := map[string]string{"model": "hilphone", "firmware": version, "active_user": s.PhoneNumber, "display_local": s.DisplayName}
	slot := line.Primary
	if r != nil {
		snap := r.Snapshot()
		if snap.Active == line.Backup {
			slot = line.Backup
		}
		v["server"] = string(snap.Active)
		if a := snap.Local.Addr(); a.IsValid() && !a.IsUnspecified() {
			v["ip"] = a.String()
			v["mac"] = macOf(a)
		}
	}
	host := s.Domain
	if host == "" {
		host = s.Server(slot).Addr
	}
	v["active_host"] = host
	if s.PhoneNumber != "" {
		v["active_url"] = "sip:" + s.PhoneNumber + "@" + host
		v["local"] = v["active_url"]
	}
	return v
}

// macOf is the hardware address, in 12 hexadecimal digits, of the interface that has an address; empty if there is none.
func macOf(a netip.Addr) string {
	all, err := net.Interfaces()
	if err != nil {
		return ""
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			continue
		}
		for _, has := range addrs {
			if p, err := netip.ParsePrefix(has.String()); err == nil && p.Addr().Unmap() == a && len(i.HardwareAddr) > 0 {
				return fmt.Sprintf("%x", []byte(i.HardwareAddr))
			}
		}
	}
	return ""
}
