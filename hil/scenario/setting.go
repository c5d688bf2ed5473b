package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hilphone/db/nearest"
	"hilphone/hil/behaviour"
	sipline "hilphone/sip/line"
)

// setting [line N] NAME VALUE|{NAME}
func parseSetting(w *words) (Action, error) {
	var a Setting
	var err error
	if w.take("line") {
		if a.Line, err = w.number("line", 1, maxLines); err != nil {
			return nil, err
		}
	}
	if a.Name, err = w.next("setting"); err != nil {
		return nil, err
	}
	if err := checkSettingName(a.Name); err != nil {
		return nil, err
	}
	if a.Value, err = w.next(a.Name); err != nil {
		return nil, err
	}
	name, ok := a.Copies()
	if !ok {
		return a, CheckSetting(a.Name, a.Value)
	}
	if err := checkSettingName(name); err != nil {
		return nil, err
	}
	if to, from := settingType(a.Name), settingType(name); to != from {
		return nil, refuse(a.Name, "must be %s, and %s is %s", kindText(a.Name), name, from)
	}
	return a, nil
}

// SettingNames are the settings of a line that a scenario may change: all but secrets.
func SettingNames() (names []string) {
	for _, d := range sipline.Table {
		if !d.Secret {
			names = append(names, d.Name)
		}
	}
	return names
}

func checkSettingName(name string) error {
	d, ok := sipline.ByName(name)
	switch {
	case ok && d.Secret, strings.Contains(name, "password"):
		return refuse(name, "is a secret: it cannot be read, so it could not be put back")
	case !ok:
		hint := nearest.Hint(name, SettingNames())
		if hint == "" {
			hint = "; hilphone bench help setting lists them"
		}
		return refuse("setting", "a line has no setting %q%s", name, hint)
	}
	return nil
}

// switchWords are those of a setting that is on or off: every second is on.
var switchWords = []string{"off", "on", "false", "true", "0", "1", "no", "yes"}

// CheckSetting refuses a name that is no setting of a line, and a value that it cannot have; the value is written as in a scenario (UX-11).
func CheckSetting(name, text string) error {
	if err := checkSettingName(name); err != nil {
		return err
	}
	d, _ := sipline.ByName(name)
	switch d.Kind {
	case sipline.Switch:
		if !slices.Contains(switchWords, text) {
			return refuse(name, "%q is not on or off%s", text, nearest.Hint(text, []string{"on", "off"}))
		}
		return nil
	case sipline.Number:
		return checkValue(d, text, json.Number(text))
	}
	return checkValue(d, text, text)
}

// CheckSettingValue is CheckSetting of a value as a place file has it. The error does not repeat the name.
func CheckSettingValue(name string, value any) error {
	if err := checkSettingName(name); err != nil {
		return bare(err)
	}
	d, _ := sipline.ByName(name)
	switch v := value.(type) {
	case uint64:
		value = json.Number(fmt.Sprint(v))
	case int64:
		value = json.Number(fmt.Sprint(v))
	}
	return bare(checkValue(d, fmt.Sprint(value), value))
}

// bare is the error without the field that it begins with.
func bare(err error) error {
	if f := (*fault)(nil); errors.As(err, &f) {
		return errors.New(f.message)
	}
	return err
}

func checkValue(d sipline.Setting, text string, value any) error {
	s := sipline.Default()
	wrong := (*sipline.FieldError)(nil)
	if err := d.Set(&s, value); errors.As(err, &wrong) {
		switch d.Kind {
		case sipline.Number, sipline.Switch:
			return refuse(d.Name, "%q is not %s", text, kindText(d.Name))
		case sipline.Choice:
			return refuse(d.Name, "%q is not %s%s", text, kindText(d.Name), nearest.Hint(text, optionNames(d)))
		}
		return refuse(d.Name, "%q %s", text, wrong.Message)
	}
	return nil
}

// kindText says what a setting may be.
func kindText(name string) string {
	d, _ := sipline.ByName(name)
	switch d.Kind {
	case sipline.Number:
		text := fmt.Sprintf("a whole number from %d to %d", d.Min, d.Max)
		if d.Unit != "" {
			text += " (" + d.Unit + ")"
		}
		return text
	case sipline.Switch:
		return "on or off"
	case sipline.Choice:
		return "one of " + strings.Join(optionNames(d), ", ")
	case sipline.Host:
		return "an IP address or a domain name"
	case sipline.List:
		return "response codes, as 500,5??"
	case sipline.Source:
		return "the addresses that requests may come from"
	}
	return "a text"
}

func optionNames(d sipline.Setting) []string {
	names := make([]string, len(d.Choices))
	for i, o := range d.Choices {
		names[i] = o.Name
	}
	return names
}

// settingType names the JSON type of a setting.
func settingType(name string) string {
	d, _ := sipline.ByName(name)
	switch d.Kind {
	case sipline.Number:
		return "a number"
	case sipline.Switch:
		return "a switch"
	}
	return "a text"
}

func settingForms() []Form {
	names := Word{Name: "NAME", Doc: "the name of the setting, as in REST: it may be"}
	for _, d := range sipline.Table {
		if d.Secret {
			continue
		}
		standard := fmt.Sprint(d.Get(sipline.Default()))
		if d.Kind == sipline.Switch {
			standard = map[string]string{"true": "on", "false": "off"}[standard]
		}
		if standard == "" {
			standard = "empty"
		}
		names.Choices = append(names.Choices, behaviour.Choice{Name: d.Name, Doc: fmt.Sprintf("%s: %s; default %s", d.Hint.EN, kindText(d.Name), standard)})
	}
	return []Form{{Syntax: "setting [line N] NAME VALUE", Doc: "N is 1 to 20; without it the line of the place. The value `{NAME}` is what another setting of the line has then.",
		Words: []Word{names}, Example: "setting backup_outbound_proxy_addr {backup_addr}"},
		{Syntax: "setting [line N] NAME VALUE", Doc: "Numbers are written without a unit; a switch is on or off.", Example: "setting line 2 t1_ms 100"}}
}
