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

var configTemplate = template.Must(template.New("kamailio.cfg").Option("missingkey=error").Parse(configText))

// config is what kamailio.cfg leaves open.
type config struct {
	Name          string     // primary or backup
	Address, Peer netip.Addr // its own and the other server's
	Port          uint16     // SIP, UDP and TCP
	TLSPort       uint16     // SIP over TLS
	SyncPort      uint16     // registrations shared with the other server, UDP
	Domain, Realm string
	Control       string // path of the socket that takes commands
	Certificate   string // path, in PEM
	Key           string // of the certificate
}

func (c config) write(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := configTemplate.Execute(file, c); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return file.Close()
}
