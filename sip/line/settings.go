package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"hilphone/db/nearest"
)

// Settings are the SIPN settings of one line. Their names, defaults, ranges and labels stand in Table and nowhere else.
type Settings struct {
	Enabled      bool
	PhoneNumber  string
	DisplayName  string
	AuthUser     string
	AuthPassword string
	Domain       string

	RegisterAddr string
	RegisterPort int
	RegisterTTL  int // seconds
	Transport    Transport

	BackupAddr      string
	BackupPort      int
	BackupTTL       int // seconds
	BackupTransport Transport

	OutboundProxyAddr     string
	OutboundProxyPort     int
	OutboundProxyUser     string
	OutboundProxyPassword string
	OutboundProxyNeedReg  bool

	BackupOutboundProxyAddr    string
	BackupOutboundProxyPort    int
	BackupOutboundProxyNeedReg bool

	EnableFailback    bool
	FailbackInterval  int // seconds
	SignalRetryCounts int

	RegFailInterval      int // seconds
	RetrySemantics       string
	FailoverMode         string
	FailoverPeriod       int // milliseconds
	T1, T2, T4           int // milliseconds
	TCPUseRetryTimer     bool
	TLSCAFile            string
	RegisterCodes        Codes
	RequestCodes         Codes
	InDialogFailover     string
	ICMPFailover         bool
	ICMPAdminProhibited  bool
	HonorRetryAfter      bool
	Verify500            bool
	FailbackIdleOnly     bool
	FailbackSuccessCount int

	OptionsKeepalive         bool
	UDPUpdateTTL             int // seconds
	OptionsFailCount         int
	FailbackUnregisterBackup bool
	FailbackProbe            string
	Wraparound               bool
	Symmetric                bool
	StrictProxy              bool
	AcceptFrom               Sources
	DNSSRV                   bool
	DNSExpand                bool
	InviteRetryCounts        int
	InviteRegisters          bool
	RegisteredOnly           bool
	RegBackoff               string
	FailoverJitter           int // milliseconds
	FailbackJitter           int // milliseconds
}

// Default returns the factory settings: those of the vendor document, and where it is silent those of Table.
func Default() Settings { return factory() }

// factory reads the table once: a phone has twenty lines.
var factory = sync.OnceValue(func() Settings {
	var s Settings
	for _, d := range Table {
		if err := d.SetText(&s, d.Default); err != nil {
			panic("line: the default of " + d.Name + ": " + err.Error())
		}
	}
	return s
})

// AuthName is the user name given to a challenge: the authentication user, or the phone number where none is set.
func (s Settings) AuthName() string {
	if s.AuthUser != "" {
		return s.AuthUser
	}
	return s.PhoneNumber
}

// Usable reports whether the line can register at all: activated, with a number and at least one server.
func (s Settings) Usable() bool { return s.Enabled && s.PhoneNumber != "" && len(s.Slots()) > 0 }

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// FieldError says which setting is wrong and why, in words for the user.
type FieldError struct {
	Name    string // the JSON name of the setting
	Message string
	Value   any // what was given; nil for a secret
}

func (e *FieldError) Error() string { return e.Name + ": " + e.Message }

// Validate checks every setting and then those that depend on one another. The result is nil or joins one FieldError per fault.
// Whatever passes can be run: an unreachable or unresolvable server is a state of the line, not a fault of its settings.
func (s Settings) Validate() error {
	var errs []error
	for _, d := range Table {
		if err := d.check(&s); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Enabled && s.PhoneNumber == "" {
		errs = append(errs, &FieldError{"phone_number", "is needed to activate the line", ""})
	}
	if s.T2 < s.T1 {
		errs = append(errs, &FieldError{"t2_ms", fmt.Sprintf("must not be less than t1_ms (%d)", s.T1), s.T2})
	}
	errs = append(errs, s.checkPorts()...)
	errs = append(errs, s.checkProxies()...)
	if limit := 64 * s.T1; s.FailoverMode == Period && s.FailoverPeriod > limit {
		errs = append(errs, &FieldError{"failover_period_ms", fmt.Sprintf("must not exceed 64*T1 (%d)", limit), s.FailoverPeriod})
	}
	return errors.Join(errs...)
}

// FieldErrors returns the field errors that err joins and wraps, in order.
func FieldErrors(err error) []*FieldError {
	switch err := err.(type) {
	case *FieldError:
		return []*FieldError{err}
	case interface{ Unwrap() []error }:
		var all []*FieldError
		for _, e := range err.Unwrap() {
			all = append(all, FieldErrors(e)...)
		}
		return all
	case interface{ Unwrap() error }:
		return FieldErrors(err.Unwrap())
	}
	return nil
}

// MarshalJSON writes every setting under its JSON name. Secrets are write-only: they read as null with NAME_set beside them.
func (s Settings) MarshalJSON() ([]byte, error) {
	m := make(map[string]any, len(Table)+1)
	for _, d := range Table {
		v := d.value(&s)
		if d.Secret {
			m[d.Name+"_set"] = v != ""
			v = nil
		}
		m[d.Name] = v
	}
	return json.Marshal(m)
}

// Values returns every setting as REST shows it, secrets included, in the order of Table.
func (s Settings) Values() []any {
	values := make([]any, len(Table))
	for i, d := range Table {
		values[i] = d.value(&s)
	}
	return values
}

// Texts returns every setting as the vendor's files write it, by its JSON name.
func (s Settings) Texts() map[string]string {
	texts := make(map[string]string, len(Table))
	for _, d := range Table {
		texts[d.Name] = d.text(d.value(&s))
	}
	return texts
}

// Merge sets the given settings, by JSON name, and leaves the others as they are. It validates the result; on any error s is unchanged.
// A secret that is null or absent stays what it was; names ending in _set are what was read and are ignored.
func (s *Settings) Merge(values map[string]any) error {
	next := *s
	var errs []error
	for name, v := range values {
		d, ok := ByName(name)
		switch {
		case ok && d.Secret && v == nil:
		case ok:
			if err := d.Set(&next, v); err != nil {
				errs = append(errs, err)
			}
		case strings.HasSuffix(name, "_set") && isSecret(strings.TrimSuffix(name, "_set")):
		default:
			errs = append(errs, &FieldError{name, "is not a setting of a line" + nearest.Hint(name, Names()), v})
		}
	}
	if errs == nil {
		if err := next.Validate(); err != nil {
			errs = append(errs, err)
		}
	}
	if errs != nil {
		return errors.Join(errs...)
	}
	*s = next
	return nil
}

func isSecret(name string) bool {
	d, ok := ByName(name)
	return ok && d.Secret
}

// Changed returns the JSON names of the settings in which two lines differ, in the order of Table.
func Changed(a, b Settings) []string {
	var names []string
	for _, d := range Table {
		if d.value(&a) != d.value(&b) {
			names = append(names, d.Name)
		}
	}
	return names
}
