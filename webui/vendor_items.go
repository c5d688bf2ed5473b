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

// item is where the vendor's XML service has a setting.
type item struct {
	line    int // of a setting of a line
	setting line.Setting
	action  device.Action // of the phone as a whole
}

// itemAt finds the setting at a path such as sip.line.1.RegisterAddr or cti.CallActiveUrl.
func itemAt(path string) (item, error) {
	if rest, ok := strings.CutPrefix(path, "sip.line."); ok {
		number, tag, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if err != nil || !lineExists(n) {
			return item{}, unprocessable(fmt.Sprintf("%.60s: there are the lines 1 to %d", path, line.MaxLines))
		}
		for _, d := range line.Table {
			if d.Key != "" && tagOf(d.Key) == tag {
				return item{line: n, setting: d}, nil
			}
		}
	}
	if tag, ok := strings.CutPrefix(path, "cti."); ok {
		i := slices.IndexFunc(device.Actions, func(a device.Action) bool { return a.Key != "" && tagOf(a.Key) == tag })
		if i >= 0 {
			return item{action: device.Actions[i]}, nil
		}
	}
	return item{}, unprocessable(fmt.Sprintf("%.60s is no setting of this phone", path))
}

// tagOf is the vendor's name of a key in XML: without its spaces.
func tagOf(key string) string { return strings.ReplaceAll(key, " ", "") }

// getItems reads settings, one a line. Of action URLs only the admin sees more than scheme and host.
func (s *Server) getItems(ctx context.Context, who Visitor, paths []string) (string, error) {
	var b strings.Builder
	for _, path := range paths {
		path = strings.TrimSpace(path)
		it, err := itemAt(path)
		if err != nil {
			return "", err
		}
		value := s.Device.Device().ActionURLs[it.action.Name]
		if who.May(Admin) {
			value = device.Mask(value)
		} else {
			value = device.Origin(value)
		}
		if it.line > 0 {
			if it.setting.Secret {
				return "", problem(http.StatusForbidden, path+" is never shown")
			}
			set, _, err := s.lineSettings(ctx, it.line)
			if err != nil {
				return "", err
			}
			value = secret.Mask(it.setting.Text(set))
		}
		fmt.Fprintf(&b, "%s=%s\n", path, value)
	}
	return b.String(), nil
}

// setItems changes settings, of lines and of the phone as a whole: all of them, or where one is wrong none.
func (s *Server) setItems(ctx context.Context, who Visitor, items []string) error {
	if err := s.mayWrite(who); err != nil {
		return err
	}
	perLine, actions := map[int]map[string]any{}, map[string]string{}
	for _, text := range items {
		path, value, ok := strings.Cut(text, "=")
		path, value = strings.TrimSpace(path), strings.TrimSpace(value)
		it, err := itemAt(path)
		switch {
		case !ok:
			return unprocessable(fmt.Sprintf("%.60q is not path = value", path))
		case err != nil:
			return err
		case it.line == 0:
			actions[it.action.Name] = value
			continue
		}
		set := line.Default()
		if err := it.setting.SetText(&set, value); err != nil {
			return err
		}
		if perLine[it.line] == nil {
			perLine[it.line] = map[string]any{}
		}
		perLine[it.line][it.setting.Name] = it.setting.Get(set)
	}
	if !who.May(Setup) || len(actions) > 0 && !who.May(Admin) {
		return problem(http.StatusForbidden, "these settings are changed by the admin only")
	}
	return s.storeItems(ctx, who, perLine, actions)
}

// storeItems validates, stores and applies the changes, in one transaction. They are not the configuration as a whole: no copy is kept.
func (s *Server) storeItems(ctx context.Context, who Visitor, perLine map[int]map[string]any, actions map[string]string) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	defer s.Lines.DropFiles()
	var was, next sysconf.Configuration
	err := s.Whole.ChangeConfiguration(context.WithoutCancel(ctx), "", func(old sysconf.Configuration) (sysconf.Configuration, error) {
		was, next = old, old
		next.Lines, next.Device = maps.Clone(old.Lines), old.Device.Clone()
		for n, values := range perLine {
			set := old.Lines[n]
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
		if len(actions) == 0 {
			return next, nil
		}
		given := old.Device.ActionURLs.Masked()
		maps.Copy(given, actions)
		var err error
		next.Device.ActionURLs, err = old.Device.ActionURLs.Changed(given, s.Lab != nil)
		return next, err
	})
	if err != nil {
		return err
	}
	s.applyAll(ctx, was, next, who.author())
	return nil
}
