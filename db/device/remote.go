package device

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"hilphone/db/secret"
	"hilphone/sip/line"
)

// RemoteControl is how scripts that were written for the vendor's phones reach this one, at the paths of the vendor. The zero value lets
// nobody in.
type RemoteControl struct {
	Enabled  bool     // the vendor's key "Enabled Active Uri"
	Allow    []string // the vendor's key "Active Uri IP": addresses and networks that may; none: nobody
	Faithful bool     // answer result = [success] to whatever is asked, as the vendor's phones do
}

// maxAllow is how many addresses and networks may be let in.
const maxAllow = 32

// Validate returns nil or the faults joined, each a *line.FieldError.
func (r RemoteControl) Validate() error {
	var faults []error
	if len(r.Allow) > maxAllow {
		faults = append(faults, &line.FieldError{Name: "allow", Message: fmt.Sprintf("must be %d addresses at most", maxAllow)})
	}
	for _, text := range r.Allow {
		if _, err := network(text); err != nil {
			faults = append(faults, &line.FieldError{Name: "allow", Message: "must be IP addresses or networks such as 192.0.2.0/24: " + shown(text) + " is neither", Value: text})
		}
	}
	return errors.Join(faults...)
}

// Allows reports whether somebody at that address may use the vendor's paths.
func (r RemoteControl) Allows(from netip.Addr) bool {
	from = from.Unmap().WithZone("")
	for _, text := range r.Allow {
		if p, err := network(text); err == nil && p.Contains(from) {
			return r.Enabled
		}
	}
	return false
}

// network reads an address or a network in CIDR form.
func network(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, err
		}
		if a.Zone() != "" {
			return netip.Prefix{}, errors.New("has a zone")
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, err
	}
	if p.Addr().Is4In6() {
		return p, errors.New("is an IPv4 network in IPv6 form")
	}
	return p.Masked(), nil
}

// shown is a value as an error text has it.
func shown(text string) string {
	text = secret.Mask(text)
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
