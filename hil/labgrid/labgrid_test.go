package labgrid

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

var phone = Phone{URL: "http://192.168.1.20:8080/", Name: "phone-1", Location: `room "3" {{ x }}`, Inputs: []string{"hook", "key_1"}, Outputs: []string{"lamp_line1"}}

func parse(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

func TestExporter(t *testing.T) {
	text := phone.Exporter()
	group := parse(t, text)["phone-1"].(map[string]any)
	hook := group["hook"].(map[string]any)
	if group["location"] != `room "3" {{ x }}` || hook["cls"] != "HttpDigitalOutput" || hook["url"] != "http://192.168.1.20:8080/api/v1/io/hook" ||
		hook["body_asserted"] != "1" || hook["body_deasserted"] != "0" || group["lamp_line1"] == nil || len(group) != 4 {
		t.Errorf("%v", group)
	}
	// labgrid takes the file for a Jinja template, in which a single # begins a statement and braces an expression.
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "##") || strings.Contains(line, "{{") || strings.Contains(line, "{%") {
			t.Errorf("labgrid would carry this out: %s", line)
		}
	}
	p := phone
	p.Power = true
	hook = parse(t, p.Exporter())["phone-1"].(map[string]any)["hook"].(map[string]any)
	if hook["cls"] != "NetworkPowerPort" || hook["model"] != "rest" || hook["host"] != "http://192.168.1.20:8080/api/v1/io/hook" {
		t.Errorf("%v", hook)
	}
}

func TestEnvironment(t *testing.T) {
	main := parse(t, phone.Environment())["targets"].(map[string]any)["main"].(map[string]any)
	if r, d := main["resources"].([]any), main["drivers"].([]any); len(r) != 3 || len(d) != 3 {
		t.Errorf("%v", main)
	}
	place := phone.Place()
	main = parse(t, place)["targets"].(map[string]any)["main"].(map[string]any)
	if r, d := main["resources"].([]any), main["drivers"].([]any); len(r) != 1 || len(d) != 3 {
		t.Errorf("%v", main)
	}
	if want := "labgrid-client -p phone-1 add-named-match '*/phone-1/HttpDigitalOutput/hook' hook"; !strings.Contains(string(place), want) {
		t.Errorf("no %s in\n%s", want, place)
	}
}

// UX-19: each file says in its comments which labgrid it needs, and how to tell.
func TestNeeds(t *testing.T) {
	power := phone
	power.Power = true
	for _, text := range [][]byte{phone.Exporter(), phone.Environment(), phone.Place()} {
		if !strings.Contains(string(text), "## Needs labgrid 24.0 or later, which has the class HttpDigitalOutput;") || !strings.Contains(string(text), "##   python3 -c 'from labgrid.resource import HttpDigitalOutput'") {
			t.Errorf("%s", text)
		}
	}
	for _, text := range [][]byte{power.Exporter(), power.Environment(), power.Place()} {
		if !strings.Contains(string(text), "## Needs labgrid 0.2.0 or later, whose NetworkPowerPort has the model rest.") {
			t.Errorf("%s", text)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := phone.Check(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*Phone){
		func(p *Phone) { p.URL = "192.168.1.20:8080" },
		func(p *Phone) { p.URL = "ftp://a" },
		func(p *Phone) { p.URL = "http://a:secret@b" },
		func(p *Phone) { p.Name = "" },
		func(p *Phone) { p.Name = "a b" },
		func(p *Phone) { p.Inputs = []string{"hook: x"} },
		func(p *Phone) { p.Outputs = []string{"{{"} },
	} {
		p := phone
		change(&p)
		if err := p.Check(); !errors.Is(err, ErrPhone) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// The files as a whole, of outputs and of power ports.
func TestWholeFiles(t *testing.T) {
	p := Phone{URL: "http://192.168.1.20:8080/", Name: "phone-1", Location: "room 3", Inputs: []string{"hook"}, Outputs: []string{"lamp_line1"}}
	const needs = `## Needs labgrid 24.0 or later, which has the class HttpDigitalOutput; this says whether one has it:
##   python3 -c 'from labgrid.resource import HttpDigitalOutput'
## For one that has not: hilphone bench labgrid --power
## labgrid knows no tokens; it takes one from the ~/.netrc of whoever runs it:
##   machine 192.168.1.20 login labgrid password TOKEN
`
	const drivers = `    drivers:
    - HttpDigitalOutputDriver:
        name: hook
        bindings:
          http: hook
    - HttpDigitalOutputDriver:
        name: lamp_line1
        bindings:
          http: lamp_line1
`
	power := p
	power.Power, power.Location = true, ""
	power.Inputs = nil
	for _, c := range []struct {
		what, got, want string
	}{
		{"exporter", string(p.Exporter()), `## phone-1: the inputs and lamps of a phone. Used by: labgrid-exporter FILE
` + needs + `phone-1:
  location: "room 3"
  hook:
    cls: HttpDigitalOutput
    url: "http://192.168.1.20:8080/api/v1/io/hook"
    body_asserted: "1"
    body_deasserted: "0"
  lamp_line1:
    cls: HttpDigitalOutput
    url: "http://192.168.1.20:8080/api/v1/io/lamp_line1"
    body_asserted: "1"
    body_deasserted: "0"
`},
		{"environment", string(p.Environment()), `## phone-1: the inputs and lamps of a phone. Used by: pytest --lg-env FILE
` + needs + `targets:
  main:
    resources:
    - HttpDigitalOutput:
        name: hook
        url: "http://192.168.1.20:8080/api/v1/io/hook"
        body_asserted: "1"
        body_deasserted: "0"
    - HttpDigitalOutput:
        name: lamp_line1
        url: "http://192.168.1.20:8080/api/v1/io/lamp_line1"
        body_asserted: "1"
        body_deasserted: "0"
` + drivers},
		{"place", string(p.Place()), `## phone-1: the inputs and lamps of a phone. Used by: pytest --lg-env FILE
` + needs + `##   labgrid-client -p phone-1 create
##   labgrid-client -p phone-1 add-named-match '*/phone-1/HttpDigitalOutput/hook' hook
##   labgrid-client -p phone-1 add-named-match '*/phone-1/HttpDigitalOutput/lamp_line1' lamp_line1
targets:
  main:
    resources:
    - RemotePlace:
        name: phone-1
` + drivers},
		{"exporter of power ports", string(power.Exporter()), `## phone-1: the inputs and lamps of a phone. Used by: labgrid-exporter FILE
## Needs labgrid 0.2.0 or later, whose NetworkPowerPort has the model rest.
## labgrid knows no tokens; it takes one from the ~/.netrc of whoever runs it:
##   machine 192.168.1.20 login labgrid password TOKEN
phone-1:
  lamp_line1:
    cls: NetworkPowerPort
    model: rest
    host: "http://192.168.1.20:8080/api/v1/io/lamp_line1"
    index: 0
`},
		{"environment of power ports", string(power.Environment()), `## phone-1: the inputs and lamps of a phone. Used by: pytest --lg-env FILE
## Needs labgrid 0.2.0 or later, whose NetworkPowerPort has the model rest.
## labgrid knows no tokens; it takes one from the ~/.netrc of whoever runs it:
##   machine 192.168.1.20 login labgrid password TOKEN
targets:
  main:
    resources:
    - NetworkPowerPort:
        name: lamp_line1
        model: rest
        host: "http://192.168.1.20:8080/api/v1/io/lamp_line1"
        index: 0
    drivers:
    - NetworkPowerDriver:
        name: lamp_line1
        bindings:
          port: lamp_line1
`},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.what, c.got, c.want)
		}
	}
}
