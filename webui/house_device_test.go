package webui

import (
	"context"
	"fmt"
	"sync"

	"hilphone/db/device"
)

// houseDevice is the settings of the house as a whole.
type houseDevice struct {
	deviceMu sync.Mutex
	set      device.Settings
	tried    []string
}

func (h *houseDevice) device() Device { return h }

func (h *houseDevice) Device() device.Settings {
	h.deviceMu.Lock()
	defer h.deviceMu.Unlock()
	return h.set
}

func (h *houseDevice) SaveDevice(_ context.Context, s device.Settings) error {
	if err := s.Validate(); err != nil {
		return err
	}
	h.deviceMu.Lock()
	defer h.deviceMu.Unlock()
	h.set = s
	return nil
}

func (h *houseDevice) TakeDevice(s device.Settings) {
	h.deviceMu.Lock()
	defer h.deviceMu.Unlock()
	h.set = s
}

func (h *houseDevice) TestActionURL(_ context.Context, action, url string) (ActionTestView, error) {
	h.deviceMu.Lock()
	defer h.deviceMu.Unlock()
	h.tried = append(h.tried, action+" "+url)
	if len(h.tried) > 3 {
		return ActionTestView{}, fmt.Errorf("3 tests are under way: %w", ErrConflict)
	}
	return ActionTestView{Status: 204, ElapsedMS: 12}, nil
}

func (h *houseDevice) Lamp(_ context.Context, name, pattern string) error {
	if name != "power" && name != "line1" {
		return fmt.Errorf("lamp %s: %w", name, ErrNotFound)
	}
	h.deviceMu.Lock()
	defer h.deviceMu.Unlock()
	h.tried = append(h.tried, name+" "+pattern)
	return nil
}
