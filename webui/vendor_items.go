package webui

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"hilphone/db/device"
	"hilphone/db/secret"
	"hilphone/db/sysconf"
	"hilphone/sip/line"
)

// itemAt finds the setting at a path such as sip.line.1.RegisterAddr, cti.CallActiveUrl or call.port.1.RingTimeout, by any spelling that files
// have too, and the value by the current one.
func itemAt(path, value string) (t sysconf.Target, current string, err error) {
	if rest, ok := strings.CutPrefix(path, "sip.line."); ok {
		number, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(number); err != nil || !lineExists(n) {
			return t, "", unprocessable(fmt.Sprintf("%.60s: there are the lines 1 to %d", path, line.MaxLines))
		}
	}
	e, err := sysconf.At(path, value)
	if err != nil {
		return t, "", unprocessable(fmt.Sprintf("%.60s: %v", path, err))
	}
	t, ok := e.Target()
	if !ok {
		return t, "", unprocessable(fmt.Sprintf("%.60s is no setting of this phone", path))
	}
	return t, e.Value, nil
}

// getItems reads settings, one a line. Of action URLs only the admin sees more than scheme and host.
func (s *Server) getItems(ctx context.Context, who Visitor, paths []string) (string, error) {
	var b strings.Builder
	for _, path := range paths {
		path = strings.TrimSpace(path)
		value, err := s.itemValue(ctx, who, path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s=%s\n", path, value)
	}
	return b.String(), nil
}

func (s *Server) itemValue(ctx context.Context, who Visitor, path string) (string, error) {
	t, _, err := itemAt(path, "")
	switch {
	case err != nil:
		return "", err
	case t.Device.Name != "":
		return s.deviceItem(who, t.Device), nil
	case t.Setting.Secret:
		return "", problem(http.StatusForbidden, path+" is never shown")
	case t.Line == 0:
		all, err := s.Settings.Lines(ctx)
		if err != nil {
			return "", fmt.Errorf("settings of the lines: %w", err)
		}
		return sysconf.Configuration{Lines: all}.WideValue(t.Setting), nil
	}
	set, _, err := s.lineSettings(ctx, t.Line)
	return secret.Mask(t.Setting.Text(set)), err
}

// deviceItem is a setting of the phone as a whole as it may be shown: of an address scheme and host alone, but to the admin.
func (s *Server) deviceItem(who Visitor, d device.Setting) string {
	value := device.Mask(s.Device.Device().Value(d.Name))
	if !who.May(Admin) && strings.Contains(value, "://") {
		return device.Origin(value)
	}
	return value
}

// setItems changes settings, of lines and of the phone as a whole: all of them, or where one is wrong none.
func (s *Server) setItems(ctx context.Context, who Visitor, items []string) error {
	if err := s.mayWrite(who); err != nil {
		return err
	}
	changes := itemChanges{perLine: map[int]map[string]any{}, device: map[string]string{}}
	for _, text := range items {
		path, value, ok := strings.Cut(text, "=")
		path = strings.TrimSpace(path)
		t, value, err := itemAt(path, strings.TrimSpace(value))
		switch {
		case !ok:
			return unprocessable(fmt.Sprintf("%.60q is not path = value", path))
		case err != nil:
			return err
		}
		if err := changes.add(t, value); err != nil {
			return err
		}
	}
	if !who.May(Setup) || len(changes.device) > 0 && !who.May(Admin) {
		return problem(http.StatusForbidden, "these settings are changed by the admin only")
	}
	return s.storeItems(ctx, who, changes)
}

// itemChanges are what a request of the XML service changes.
type itemChanges struct {
	perLine map[int]map[string]any // by line; 0: of all lines
	device  map[string]string      // of the phone as a whole
}

func (c itemChanges) add(t sysconf.Target, value string) error {
	if t.Device.Name != "" {
		c.device[t.Device.Name] = value
		return nil
	}
	set := line.Default()
	if err := t.Setting.SetText(&set, value); err != nil {
		return err
	}
	if c.perLine[t.Line] == nil {
		c.perLine[t.Line] = map[string]any{}
	}
	c.perLine[t.Line][t.Setting.Name] = t.Setting.Get(set)
	return nil
}

// of are the changes of line n: those of all lines, and over them its own.
func (c itemChanges) of(n int) map[string]any {
	values := map[string]any{}
	maps.Copy(values, c.perLine[0])
	maps.Copy(values, c.perLine[n])
	return values
}

// storeItems validates, stores and applies the changes, in one transaction. They are not the configuration as a whole: no copy is kept.
func (s *Server) storeItems(ctx context.Context, who Visitor, changes itemChanges) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	defer s.Lines.DropFiles()
	var was, next sysconf.Configuration
	err := s.Whole.ChangeConfiguration(context.WithoutCancel(ctx), "", func(old sysconf.Configuration) (sysconf.Configuration, error) {
		was, next = old, old
		next.Lines, next.Device = maps.Clone(old.Lines), old.Device.Clone()
		for n := 1; n <= line.MaxLines; n++ {
			set, values := old.Lines[n], changes.of(n)
			if len(values) == 0 {
				continue
			}
			values, err := unmasked(set, values)
			if err == nil {
				err = set.Merge(values)
			}
			if err != nil {
				return old, fmt.Errorf("line %d: %w", n, err)
			}
			if _, err := s.readFiles(who, old.Lines[n], set, values); err != nil {
				return old, fmt.Errorf("line %d: %w", n, err)
			}
			next.Lines[n] = set
		}
		for _, name := range slices.Sorted(maps.Keys(changes.device)) {
			if err := next.Device.SetValue(name, changes.device[name], s.Lab != nil); err != nil {
				return old, err
			}
		}
		return next, nil
	})
	if err != nil {
		return err
	}
	s.applyAll(ctx, was, next, who.author())
	return nil
}
