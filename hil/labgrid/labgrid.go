// Package labgrid makes a phone's inputs and lamps known to labgrid, the program that shares out the hardware of a lab, in the words of resources
// that labgrid has anyway: a level that is set and asked by HTTP as 0 or 1.
package labgrid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Phone is what labgrid is told of.
type Phone struct {
	URL      string   // http://HOST:PORT
	Name     string   // of the group and of the place
	Location string   // where it stands; empty: not said
	Inputs   []string // names under /io that can be set
	Outputs  []string // and those that can only be asked
	Power    bool     // as NetworkPowerPort of model rest, which every labgrid has; else as HttpDigitalOutput, which old ones do not know
}

// Classes of the resources.
const (
	OutputClass = "HttpDigitalOutput"
	PowerClass  = "NetworkPowerPort"
)

// ErrPhone is what makes a Phone impossible to describe.
var ErrPhone = errors.New("labgrid")

var word = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// Check tells what is wrong. A name is letters, digits, _ . and -.
func (p Phone) Check() error {
	u, err := url.Parse(p.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: %q is no http or https address", ErrPhone, p.URL)
	case u.User != nil:
		return fmt.Errorf("%w: labgrid loses a password in an address: it belongs into ~/.netrc", ErrPhone)
	case !word.MatchString(p.Name):
		return fmt.Errorf("%w: %q is no name: letters, digits, _ . and -", ErrPhone, p.Name)
	}
	for _, name := range slices.Concat(p.Inputs, p.Outputs) {
		if !word.MatchString(name) {
			return fmt.Errorf("%w: %q is no name of an input or output", ErrPhone, name)
		}
	}
	return nil
}

// Exporter is the file that labgrid-exporter reads, in which a line that begins with # would be a statement and ## is a comment.
func (p Phone) Exporter() []byte {
	var b strings.Builder
	p.explain(&b, "labgrid-exporter FILE")
	fmt.Fprintf(&b, "%s:\n", p.Name)
	if p.Location != "" {
		fmt.Fprintf(&b, "  location: %s\n", quote(p.Location))
	}
	for _, name := range p.names() {
		fmt.Fprintf(&b, "  %s:\n    cls: %s\n", name, p.class())
		p.parameters(&b, "    ", name)
	}
	return []byte(b.String())
}

// Environment is the file that labgrid-client -c and the pytest plugin read, with the phone reached without a coordinator.
func (p Phone) Environment() []byte {
	var b strings.Builder
	p.explain(&b, "pytest --lg-env FILE")
	b.WriteString("targets:\n  main:\n    resources:\n")
	for _, name := range p.names() {
		fmt.Fprintf(&b, "    - %s:\n        name: %s\n", p.class(), name)
		p.parameters(&b, "        ", name)
	}
	p.drivers(&b)
	return []byte(b.String())
}

// Place is the same for a phone that an exporter has made known to the coordinator; how the place comes about is in its first lines.
func (p Phone) Place() []byte {
	var b strings.Builder
	p.explain(&b, "pytest --lg-env FILE")
	fmt.Fprintf(&b, "##   labgrid-client -p %s create\n", p.Name)
	for _, name := range p.names() {
		fmt.Fprintf(&b, "##   labgrid-client -p %s add-named-match '*/%s/%s/%s' %s\n", p.Name, p.Name, p.class(), name, name)
	}
	fmt.Fprintf(&b, "targets:\n  main:\n    resources:\n    - RemotePlace:\n        name: %s\n", p.Name)
	p.drivers(&b)
	return []byte(b.String())
}

func (p Phone) names() []string { return slices.Concat(p.Inputs, p.Outputs) }

func (p Phone) class() string {
	if p.Power {
		return PowerClass
	}
	return OutputClass
}

// explain says what the file is for, and how labgrid comes by the token.
func (p Phone) explain(b *strings.Builder, command string) {
	host := p.URL
	if u, err := url.Parse(p.URL); err == nil {
		host = u.Hostname()
	}
	fmt.Fprintf(b, "## %s: the inputs and lamps of a phone. Used by: %s\n", p.Name, command)
	if p.Power {
		fmt.Fprintf(b, "## Needs labgrid 0.2.0 or later, whose %s has the model rest.\n", PowerClass)
	} else {
		fmt.Fprintf(b, "## Needs labgrid 24.0 or later, which has the class %s; this says whether one has it:\n##   python3 -c 'from labgrid.resource import %s'\n## For one that has not: hilphone bench labgrid --power\n", OutputClass, OutputClass)
	}
	fmt.Fprintf(b, "## labgrid knows no tokens; it takes one from the ~/.netrc of whoever runs it:\n##   machine %s login labgrid password TOKEN\n", host)
}

// parameters are those of a resource.
func (p Phone) parameters(b *strings.Builder, indent, name string) {
	at := quote(strings.TrimRight(p.URL, "/") + "/api/v1/io/" + name)
	if p.Power {
		fmt.Fprintf(b, "%smodel: rest\n%shost: %s\n%sindex: 0\n", indent, indent, at, indent)
		return
	}
	fmt.Fprintf(b, "%surl: %s\n%sbody_asserted: \"1\"\n%sbody_deasserted: \"0\"\n", indent, at, indent, indent)
}

// drivers are one for each resource, of the same name.
func (p Phone) drivers(b *strings.Builder) {
	driver, binding := "HttpDigitalOutputDriver", "http"
	if p.Power {
		driver, binding = "NetworkPowerDriver", "port"
	}
	b.WriteString("    drivers:\n")
	for _, name := range p.names() {
		fmt.Fprintf(b, "    - %s:\n        name: %s\n        bindings:\n          %s: %s\n", driver, name, binding, name)
	}
}

// quote writes a text as YAML, of which JSON is a part, and as Jinja leaves it alone.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string
	return strings.NewReplacer("{", `\u007b`, "}", `\u007d`).Replace(string(quoted))
}
