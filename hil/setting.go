package hil

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"hilphone/db/limit"
	"hilphone/db/nearest"
	"hilphone/hil/scenario"
)

// Adopt adds settings to those of the place, written as in a scenario: the phone is asked what kind each is.
func (b *Bench) Adopt(ctx context.Context, settings map[string]string) error {
	if len(settings) == 0 {
		return nil
	}
	if b.bare() {
		return errors.New("settings need the REST interface of a phone, and this place has none")
	}
	var has map[string]any
	if err := b.phone().Get(ctx, b.path("sip"), &has); err != nil {
		return err
	}
	adopted := maps.Clone(b.Place.Settings)
	if adopted == nil {
		adopted = map[string]any{}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		text := settings[name]
		if err := scenario.CheckSetting(name, text); err != nil && !strings.HasPrefix(text, "{") {
			return err
		}
		value, err := settingValue(has, scenario.Setting{Name: name, Value: text})
		if err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
		adopted[name] = value
	}
	b.Place.Settings = adopted
	return b.Place.Check()
}

// checkSettings asks the phone whether it would take the settings that the scenario makes, one after the other.
func (b *Bench) checkSettings(ctx context.Context, phone *Phone, s *scenario.Scenario, have map[string]any) (problems scenario.Problems, err error) {
	next := map[int]map[string]any{}
	for _, step := range s.Steps {
		do, ok := step.Do.(scenario.Setting)
		if !ok {
			continue
		}
		line, has := do.Line, have
		if line != 0 && line != b.line() {
			has = map[string]any{}
			if err := phone.Get(ctx, fmt.Sprintf("lines/%d/sip", line), &has); err != nil {
				return nil, err
			}
		}
		refuse := func(field, message string) {
			problems = append(problems, scenario.Problem{File: s.File, Line: step.Line, Field: field, Message: message})
		}
		if line == 0 {
			line = b.line()
		}
		if next[line] == nil {
			next[line] = map[string]any{}
		}
		now := maps.Clone(has)
		maps.Copy(now, next[line])
		value, err := settingValue(now, do)
		if err != nil {
			refuse(do.Name, err.Error())
			continue
		}
		next[line][do.Name] = value
		err = phone.Do(ctx, "POST", fmt.Sprintf("lines/%d/plan", line), next[line], nil)
		if refused := (*RefusedError)(nil); errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity {
			delete(next[line], do.Name)
			for _, f := range refused.Faults {
				refuse(strings.TrimPrefix(f.Location, "body."), f.Message)
			}
		} else if gone := (*GoneError)(nil); errors.As(err, &gone) {
			return nil, err
		}
	}
	return problems, nil
}

// settingValue is the value of a setting in the phone's own kind. {NAME} is what another setting of the line has.
func settingValue(has map[string]any, do scenario.Setting) (any, error) {
	old, ok := has[do.Name]
	if !ok || strings.HasSuffix(do.Name, "_set") {
		return nil, fmt.Errorf("the phone has no such setting%s", nearest.Hint(do.Name, slices.Sorted(maps.Keys(has))))
	}
	if name, ok := do.Copies(); ok {
		value, ok := has[name]
		switch {
		case !ok || value == nil || strings.HasSuffix(name, "_set"):
			return nil, fmt.Errorf("the phone has no setting %q whose value can be taken%s", name, nearest.Hint(name, slices.Sorted(maps.Keys(has))))
		case kindOf(value) != kindOf(old):
			return nil, fmt.Errorf("%s is of another kind", name)
		}
		return value, nil
	}
	switch kindOf(old) {
	case "bool":
		if on := slices.Index([]string{"off", "on", "false", "true", "0", "1", "no", "yes"}, do.Value); on >= 0 {
			return on%2 == 1, nil
		}
		return nil, fmt.Errorf("%q is not on or off", do.Value)
	case "number":
		var n json.Number
		if limit.DecodeJSON("value", []byte(do.Value), limit.FileSize, &n) != nil {
			return nil, fmt.Errorf("%q is not a number", do.Value)
		}
		return n, nil
	case "string":
		return do.Value, nil
	}
	return nil, errors.New("cannot be set by a scenario")
}

// kindOf names what a value is in JSON; a number that this program has read from a scenario is one too.
func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "bool"
	case float64, json.Number:
		return "number"
	case string:
		return "string"
	}
	return ""
}
