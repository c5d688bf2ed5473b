package kamailio

import (
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"text/template"
)

//go:embed kamailio.cfg
var configText string

//go:embed proxy.cfg
var proxyText string

//go:embed edge.cfg
var edgeText string

var (
	configTemplate = parse("kamailio.cfg", configText)
	proxyTemplate  = parse("proxy.cfg", proxyText)
	edgeTemplate   = parse("edge.cfg", edgeText)
)

func parse(name, text string) *template.Template {
	return template.Must(template.New(name).Option("missingkey=error").Parse(text))
}

// config is what kamailio.cfg leaves open.
type config struct {
	Name          string     // primary, backup or registrar
	Address, Peer netip.Addr // its own and the other server's; no peer: it shares no registrations
	Port          uint16     // SIP, UDP and TCP
	TLSPort       uint16     // SIP over TLS
	SyncPort      uint16     // registrations shared with the other server, UDP
	Domain, Realm string
	LongDomain    string
	Control       string // path of the socket that takes commands
	Certificate   string // path, in PEM
	Key           string // of the certificate

	TCP    bool         // it listens on TCP
	Strict bool         // its Record-Route has no lr
	Chain  []netip.Addr // the proxies that calls go through, from here to the phones; none without a chain
}

// edgeConfig is what edge.cfg leaves open.
type edgeConfig struct {
	Name            string     // primary or backup
	Address         netip.Addr // its own
	Peer            netip.Addr // of the other one, whose routes it takes for its own; invalid: it does not
	Registrar       netip.Addr // where requests go that begin something
	Port, TLSPort   uint16
	TCP             bool
	Control         string // path of the socket that takes commands
	Certificate     string // path, in PEM
	Key             string // of the certificate
	Account         bool   // it asks for a password itself
	Realm, Password string // of the account
}

// proxyConfig is what proxy.cfg leaves open.
type proxyConfig struct {
	Name        string
	Address     netip.Addr
	Port        uint16
	TCP         bool
	Domain      string
	Inward      netip.Addr // where a request for the domain goes: the proxy before it, or the primary
	Backup      netip.Addr // the server that takes it when Inward does not answer; invalid: none
	BackupAfter int64      // milliseconds
	Stateless   bool
	TCPIfLong   bool   // sends requests of more than 1300 octets by TCP (RFC 3261 18.1.1)
	Quoted      bool   // its Record-Route has its parameters after the angle brackets, one of them a quoted string
	Parameter   string // value of the parameter that makes its Via and Record-Route long
}

// write writes the configuration file that a template makes of the data.
func write(path string, t *template.Template, data any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := t.Execute(file, data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}
