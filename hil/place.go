// Package hil is the bench: it plays scenarios against a phone at a place, and gives a verdict with its evidence.
//
// The phone is a black box, reached by its REST interface and by its pins only. A Place says what there is: the phone, its servers, hands and
// eyes. A Bench plays a scenario there, in one goroutine and on one clock: the steps act, and their expectations are judged from the
// phone's own record of events and messages, with the times that the phone gave them, so how quickly the bench looks does not matter.
package hil

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"hilphone/db/limit"
	"hilphone/db/nearest"
	"hilphone/hil/scenario"
)

// Kinds of servers.
const (
	LabServers   = "lab"   // of the phone, or another program's with the same interface
	BenchServers = "bench" // the bench's own pair and phone 1002, made for each scenario
	OwnServers   = "own"   // those of the engineer
)

// Place says what there is. The yaml names are those of a place file.
type Place struct {
	Phone    string         `yaml:"phone"`  // URL of the phone; empty: it has no REST interface, and is reached by the rig alone
	Token    string         `yaml:"token"`  // ${NAME} is a variable of the environment
	Rig      string         `yaml:"rig"`    // rig file, seen from the place file: hands and eyes on the phone's keys and lamps
	Number   string         `yaml:"number"` // of a phone without a REST interface, for calls to it
	Line     int            `yaml:"line"`   // that is played with; default 1
	Servers  ServersAt      `yaml:"servers"`
	Settings map[string]any `yaml:"settings"` // of the line, for as long as a scenario plays
}

// ServersAt says where the servers are.
type ServersAt struct {
	Kind      string   `yaml:"kind"`  // lab, bench or own; default lab where the phone has one, else bench
	URL       string   `yaml:"url"`   // of lab: default the phone
	Token     string   `yaml:"token"` // of lab
	Primary   ServerAt `yaml:"primary"`
	Backup    ServerAt `yaml:"backup"`
	Peer      PeerAt   `yaml:"peer"`      // the phone at the far end, where it is the bench's
	Transport string   `yaml:"transport"` // of bench: udp, tcp or tls where a scenario does not say; default udp
	Separate  bool     `yaml:"separate"`  // they do not share their registrations; of bench a scenario may say
	Timeout   string   `yaml:"timeout"`   // of own: of each command; default 30s

	// Environment names the variables that the commands get beside those of commandEnvironment.
	Environment []string `yaml:"environment"`
}

// PeerAt is the phone at the far end. With own servers it registers with them, by UDP.
type PeerAt struct {
	Address   string `yaml:"address"`   // of this machine; default near the servers of bench, else the one that routes to the primary
	Number    string `yaml:"number"`    // of own: its number, which is its user too
	Password  string `yaml:"password"`  // of own; ${NAME} is a variable of the environment
	Registrar string `yaml:"registrar"` // of own whose servers are outbound proxies: ADDR:PORT where it registers and calls instead
}

// ServerAt is one server.
type ServerAt struct {
	Address string `yaml:"address"` // of bench ADDR:PORT on this machine; of own for the report
	Down    string `yaml:"down"`    // of own and bench: command that takes it down; of bench it may take the route to it away
	Up      string `yaml:"up"`      // of own and bench: command that brings it back
}

// ReadPlace reads a place file. Errors are FILE:LINE: FIELD: what is wrong, one a line.
func ReadPlace(file string) (Place, error) {
	text, err := limit.ReadFile(file, maxPlace)
	if err != nil {
		return Place{}, err
	}
	p, err := parsePlace(file, text, os.LookupEnv)
	if p.Rig != "" && !filepath.IsAbs(p.Rig) {
		p.Rig = filepath.Join(filepath.Dir(file), p.Rig)
	}
	return p, err
}

// maxPlace bounds a place file, in bytes.
const maxPlace = 64 << 10

// parsePlace reads the text of a place file.
func parsePlace(file string, text []byte, environment func(string) (string, bool)) (p Place, err error) {
	if past := (*limit.Error)(nil); errors.As(limit.YAML(file, text, maxPlace), &past) {
		return p, fmt.Errorf("%s:%d: %s", file, max(past.Line, 1), past.Where())
	}
	tree, err := parser.ParseBytes(text, 0)
	r := placeReader{file: file, tree: tree, environment: environment}
	if err == nil {
		if err := refuseAliases(file, tree); err != nil {
			return p, err
		}
		if r.fields(); r.errs != nil {
			return p, errors.Join(r.errs...)
		}
		err = yaml.UnmarshalWithOptions(text, &p, yaml.Strict())
	}
	if err != nil {
		line, why := 1, strings.SplitN(err.Error(), "\n", 2)[0]
		if e := yaml.Error(nil); errors.As(err, &e) {
			why = e.GetMessage()
			if t := e.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
		}
		return p, fmt.Errorf("%s:%d: %s", file, line, why)
	}
	p.Token = r.variable("token", p.Token)
	p.Servers.Token = r.variable("servers.token", p.Servers.Token)
	p.Servers.Peer.Password = r.variable("servers.peer.password", p.Servers.Peer.Password)
	for _, f := range p.faults() {
		r.refuse(f.field, f.why)
	}
	return p, errors.Join(r.errs...)
}

// refuseAliases refuses a text with aliases: a short one could be endless when they are put in.
func refuseAliases(file string, tree *ast.File) error {
	var found aliases
	for _, doc := range tree.Docs {
		ast.Walk(&found, doc)
	}
	if len(found) == 0 {
		return nil
	}
	line := 1
	if t := found[0].GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	return fmt.Errorf("%s:%d: aliases are not supported", file, line)
}

// aliases collects those that ast.Walk comes to.
type aliases []*ast.AliasNode

func (a *aliases) Visit(n ast.Node) ast.Visitor {
	if n == nil {
		return nil // an empty document
	}
	if alias, ok := n.(*ast.AliasNode); ok {
		*a = append(*a, alias)
	}
	return a
}

// placeReader tells where in the file a field is.
type placeReader struct {
	file        string
	tree        *ast.File
	environment func(string) (string, bool)
	errs        []error
}

func (r *placeReader) refuse(field, why string) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s: %s", r.file, r.line(field), field, why))
}

// line is where a field stands, or what it would stand in.
func (r *placeReader) line(field string) int {
	for field != "" {
		if path, err := yaml.PathString("$." + field); err == nil {
			if node, err := path.FilterFile(r.tree); err == nil && node != nil && node.GetToken() != nil {
				return node.GetToken().Position.Line
			}
		}
		field = field[:max(strings.LastIndexByte(field, '.'), 0)]
	}
	return 1
}

var reference = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

func (r *placeReader) variable(field, text string) string {
	name := reference.FindStringSubmatch(text)
	if name == nil {
		return text
	}
	value, ok := r.environment(name[1])
	if !ok {
		r.refuse(field, name[1]+" is not set in the environment")
	}
	return value
}

// fieldFault is a field that cannot be meant.
type fieldFault struct{ field, why string }

// Check reports what cannot be meant.
func (p Place) Check() error {
	var errs []error
	for _, f := range p.faults() {
		errs = append(errs, fmt.Errorf("place: %s: %s", f.field, f.why))
	}
	return errors.Join(errs...)
}

func (p Place) faults() (faults []fieldFault) {
	refuse := func(bad bool, field, why string) {
		if bad {
			faults = append(faults, fieldFault{field, why})
		}
	}
	s := p.Servers
	refuse(p.Phone != "" && !isURL(p.Phone), "phone", "must be a URL, as http://192.168.1.20:8080")
	refuse(s.URL != "" && !isURL(s.URL), "servers.url", "must be a URL, as http://127.0.0.1:8090")
	refuse(p.Line < 0 || p.Line > 20, "line", "must be 1 to 20")
	kinds, transports := []string{LabServers, BenchServers, OwnServers}, []string{"udp", "tcp", "tls"}
	refuse(s.Kind != "" && !slices.Contains(kinds, s.Kind), "servers.kind", fmt.Sprintf("%q is not one of %s%s", s.Kind, strings.Join(kinds, ", "), nearest.Hint(s.Kind, kinds)))
	refuse(s.Transport != "" && !slices.Contains(transports, s.Transport), "servers.transport", fmt.Sprintf("%q is not one of %s%s", s.Transport, strings.Join(transports, ", "), nearest.Hint(s.Transport, transports)))
	for name, at := range map[string]ServerAt{"primary": s.Primary, "backup": s.Backup} {
		refuse(s.Kind != OwnServers && s.Kind != BenchServers && (at.Down != "" || at.Up != ""), "servers."+name, "only servers of kind own and bench have commands")
		refuse((at.Down == "") != (at.Up == ""), "servers."+name, "needs both commands, down and up, or none")
	}
	if s.Kind == BenchServers || s.Kind == OwnServers && s.Peer.Number != "" {
		s.addressFaults(refuse)
	} else {
		ServersAt{Peer: s.Peer}.addressFaults(refuse)
	}
	refuse(s.Kind != LabServers && s.Kind != "" && s.URL != "", "servers.url", "goes with kind lab")
	_, err := p.commandTime()
	refuse(err != nil, "servers.timeout", "must be 1s to 10m")
	refuse(s.Kind != OwnServers && s.Kind != BenchServers && len(s.Environment) > 0, "servers.environment", "goes with kind own or bench")
	for i, name := range s.Environment {
		refuse(!variableName.MatchString(name), fmt.Sprintf("servers.environment[%d]", i), "must be the name of a variable")
		refuse(name == tokenVariable, fmt.Sprintf("servers.environment[%d]", i), "is the token of the phone, which commands do not get")
	}
	s.peerFaults(refuse)
	refuse(p.Phone == "" && p.Rig != "" && len(p.Settings) > 0, "settings", "need the REST interface of a phone: phone")
	for name, value := range p.Settings {
		if err := scenario.CheckSettingValue(name, value); err != nil {
			refuse(true, "settings."+name, err.Error())
		}
	}
	slices.SortFunc(faults, func(a, b fieldFault) int { return strings.Compare(a.field, b.field) })
	return faults
}

// peerFaults are those of the phone at the far end.
func (s ServersAt) peerFaults(refuse func(bad bool, field, why string)) {
	refuse(s.Kind != OwnServers && s.Peer.Number != "", "servers.peer.number", "goes with kind own: elsewhere it is 1002")
	refuse(s.Peer.Number == "" && s.Peer.Password != "", "servers.peer.password", "needs a number")
	refuse(s.Peer.Number == "" && s.Peer.Registrar != "", "servers.peer.registrar", "needs a number")
	refuse(!isPeerNumber(s.Peer.Number), "servers.peer.number", "must be letters, digits, + - _ and . only")
	for name, at := range map[string]ServerAt{"primary": s.Primary, "backup": s.Backup} {
		refuse(s.Kind == OwnServers && s.Peer.Number != "" && at.Address == "", "servers."+name+".address", "must be ADDR:PORT, where the peer registers by UDP")
	}
}

func isPeerNumber(text string) bool {
	return strings.Trim(strings.ToLower(text), "abcdefghijklmnopqrstuvwxyz0123456789+-_.") == ""
}

func (p Place) commandTime() (time.Duration, error) {
	if p.Servers.Timeout == "" {
		return 30 * time.Second, nil
	}
	d, err := time.ParseDuration(p.Servers.Timeout)
	if err == nil && (d < time.Second || d > 10*time.Minute) {
		err = errors.New("out of range")
	}
	return d, err
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == ""
}
