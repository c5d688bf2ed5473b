package line

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const secret = "hunter2-hunter2"

func TestSettingsJSON(t *testing.T) {
	s := testSettings(t, "auth_password="+secret, "outbound_proxy_password="+secret, "transport=tls", "register_failover_codes=5??")
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	for _, d := range Table {
		v, ok := values[d.Name]
		if !ok {
			t.Errorf("%s is missing", d.Name)
		}
		if set, ok := values[d.Name+"_set"]; ok != d.Secret || ok && set != true {
			t.Errorf("%s_set is %v, %v", d.Name, set, ok)
		}
		if d.Secret && v != nil {
			t.Errorf("%s reads %v", d.Name, v)
		}
		delete(values, d.Name)
		delete(values, d.Name+"_set")
	}
	if len(values) > 0 {
		t.Errorf("not in the table: %v", values)
	}
	// What was read can be written back: the secret stays.
	back := s
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	if err := back.Merge(values); err != nil || back != s {
		t.Errorf("written back: %v, changed %v", err, Changed(s, back))
	}
	if data, _ := json.Marshal(Default()); !strings.Contains(string(data), `"auth_password_set":false`) {
		t.Errorf("no password is set: %s", data)
	}
}

// A secret is not in what is written for others to read, whichever way it is written and however wrong it is.
func TestSettingsSecret(t *testing.T) {
	s := testSettings(t, "auth_password="+secret)
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), secret) {
		t.Errorf("the secret is in the JSON: %s", data)
	}
	for _, d := range Table {
		if !d.Secret {
			continue
		}
		for _, v := range []any{secret + "\n", strings.Repeat(secret, 20), []any{secret}} {
			err := d.Set(&s, v)
			var fe *FieldError
			if !errors.As(err, &fe) {
				t.Fatalf("%v was taken", v)
			}
			if fe.Value != nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, fe, fe.Value), secret) {
				t.Errorf("the secret is in the error: %+v", fe)
			}
		}
		if err := d.SetText(&s, secret+"\x00"); err == nil || strings.Contains(fmt.Sprintf("%+v", err), secret) {
			t.Errorf("the secret is in the error: %v", err)
		}
	}
}

func TestMerge(t *testing.T) {
	before := testSettings(t, "auth_password="+secret)
	for _, c := range []struct {
		name   string
		values map[string]any
		faults []string
	}{
		{"nothing", map[string]any{}, nil},
		{"one", map[string]any{"register_port": 5070.0}, nil},
		{"a secret that is null stays", map[string]any{"auth_password": nil, "auth_password_set": true}, nil},
		{"a secret can be emptied", map[string]any{"auth_password": ""}, nil},
		{"one right, one wrong", map[string]any{"register_port": 5070.0, "register_ttl": 0.0}, []string{"register_ttl"}},
		{"unknown", map[string]any{"register_port": 5070.0, "nothing": 1}, []string{"nothing"}},
		{"unknown _set", map[string]any{"register_port_set": true}, []string{"register_port_set"}},
		{"null is no value", map[string]any{"register_port": nil}, []string{"register_port"}},
		{"several", map[string]any{"register_port": "x", "transport": "sctp", "t1_ms": 1.0}, []string{"register_port", "t1_ms", "transport"}},
		{"activated without a number", map[string]any{"phone_number": ""}, []string{"phone_number"}},
		{"T2 below T1", map[string]any{"t1_ms": 5000.0}, []string{"t2_ms"}},
		{"both together", map[string]any{"t1_ms": 5000.0, "t2_ms": 6000.0}, nil},
		{"period longer than 64*T1", map[string]any{"failover_mode": "period", "t1_ms": 100.0}, []string{"failover_period_ms"}},
		{"period not in use", map[string]any{"t1_ms": 100.0}, nil},
		{"two rules", map[string]any{"failover_mode": "period", "t1_ms": 100.0, "t2_ms": 50.0}, []string{"failover_period_ms", "t2_ms"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := before
			err := s.Merge(c.values)
			var names []string
			for _, fe := range FieldErrors(err) {
				names = append(names, fe.Name)
			}
			slices.Sort(names)
			if !slices.Equal(names, c.faults) {
				t.Errorf("faults %v, want %v: %v", names, c.faults, err)
			}
			if err != nil {
				if s != before {
					t.Errorf("refused, but %v changed", Changed(before, s))
				}
				return
			}
			for name, v := range c.values {
				if d, ok := ByName(name); ok && v != nil {
					if f, ok := v.(float64); ok {
						v = int(f)
					}
					if d.Get(s) != v {
						t.Errorf("%s is %v, want %v", name, d.Get(s), v)
					}
				}
			}
			if c.values["auth_password"] == nil && s.AuthPassword != secret {
				t.Error("the secret is gone")
			}
		})
	}
}

func TestFieldErrors(t *testing.T) {
	if got := FieldErrors(nil); got != nil {
		t.Errorf("of nil: %v", got)
	}
	if got := FieldErrors(errors.New("x")); got != nil {
		t.Errorf("of another error: %v", got)
	}
	a, b := &FieldError{Name: "a"}, &FieldError{Name: "b"}
	err := fmt.Errorf("line 3: %w", errors.Join(a, errors.Join(b)))
	if got := FieldErrors(errors.Join(a, errors.Join(b))); !slices.Equal(got, []*FieldError{a, b}) {
		t.Errorf("%v", got)
	}
	if got := FieldErrors(err); !slices.Equal(got, []*FieldError{a, b}) {
		t.Errorf("%v of a wrapped error", got)
	}
}

// FO-03 FO-60 FO-61: which servers there are.
func TestSlots(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   []Slot
	}{
		{nil, []Slot{Primary, Backup}},
		{[]string{"backup_addr="}, []Slot{Primary}},
		{[]string{"register_addr="}, []Slot{Backup}},
		{[]string{"register_addr=", "backup_addr="}, nil},
		{[]string{"backup_addr=192.0.2.1"}, []Slot{Primary}},
		{[]string{"backup_addr=192.0.2.1", "backup_port=5070"}, []Slot{Primary, Backup}},
		{[]string{"backup_addr=192.0.2.1", "backup_transport=tcp"}, []Slot{Primary, Backup}},
		{[]string{"backup_addr=192.0.2.1", "backup_ttl=60"}, []Slot{Primary}},
		{[]string{"register_addr=PBX.example.test", "backup_addr=pbx.example.test"}, []Slot{Primary}},
		{[]string{"register_addr=pbx.example.test.", "backup_addr=pbx.example.test"}, []Slot{Primary}},
		{[]string{"register_addr=2001:db8::1", "backup_addr=2001:DB8:0::1"}, []Slot{Primary}},
		{[]string{"register_addr=192.0.2.1", "backup_addr=::ffff:192.0.2.1"}, []Slot{Primary}},
	} {
		if got := testSettings(t, c.values...).Slots(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestServer(t *testing.T) {
	s := testSettings(t, "register_port=1", "register_ttl=11", "transport=tcp", "backup_port=2", "backup_ttl=12", "backup_transport=tls")
	for slot, want := range map[Slot]Server{
		Primary: {"192.0.2.1", 1, 11, TCP, Proxy{}}, Backup: {"192.0.2.2", 2, 12, TLS, Proxy{}}, None: {},
	} {
		if got := s.Server(slot); got != want {
			t.Errorf("%s: %+v, want %+v", slot, got, want)
		}
	}
	if got := s.AuthName(); got != "1001" {
		t.Errorf("authenticates as %q", got)
	}
	s.AuthUser = "u"
	if got := s.AuthName(); got != "u" {
		t.Errorf("authenticates as %q", got)
	}
}

// FO-60: a line without a server, a number or the switch does nothing.
func TestUsable(t *testing.T) {
	for _, c := range []struct {
		change func(*Settings)
		want   bool
	}{
		{func(*Settings) {}, true},
		{func(s *Settings) { s.Enabled = false }, false},
		{func(s *Settings) { s.PhoneNumber = "" }, false},
		{func(s *Settings) { s.RegisterAddr = "" }, true},
		{func(s *Settings) { s.BackupAddr = "" }, true},
		{func(s *Settings) { s.RegisterAddr, s.BackupAddr = "", "" }, false},
	} {
		s := testSettings(t)
		c.change(&s)
		if got := s.Usable(); got != c.want {
			t.Errorf("%+v: %v, want %v", s, got, c.want)
		}
		if !c.want {
			for _, a := range New(1, s).Step(0, Start{}) {
				t.Errorf("a line that cannot register does %+v", a)
			}
		}
	}
}

// FuzzMerge: what a script sends is taken whole or not at all, and what is taken can be run.
func FuzzMerge(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"enabled":true,"phone_number":"1"}`, `{"t1_ms":10000,"t2_ms":10000}`, `{"auth_password":null,"auth_password_set":true}`,
		`{"register_port":1e4}`, `{"register_port":5060.5}`, `{"transport":"tcp"}`, `{"nothing":1}`, `{"failover_mode":"period","t1_ms":10}`,
		`{"register_failover_codes":"5??"}`, `[]`, `{"auth_password":"` + secret + `\n"}`, `{"register_port":"5060"}`, `{"_set":true}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var values map[string]any
		if json.Unmarshal([]byte(text), &values) != nil {
			return
		}
		s := Default()
		s.AuthPassword = secret
		before := s
		if err := s.Merge(values); err != nil {
			if s != before || len(FieldErrors(err)) == 0 || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v, changed %v", text, err, Changed(before, s))
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s was taken: %v", text, err)
		}
		for name := range values {
			if _, ok := ByName(name); !ok && name != "auth_password_set" {
				t.Errorf("%s was taken", name)
			}
		}
	})
}

// Settings that were not made by SetText or Merge, such as those of an old database, are checked whole: each fault is one of its field, in the order of
// the table, and then what depends on one another.
func TestValidateFindsEveryFault(t *testing.T) {
	for _, c := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(s *Settings) {}, ""},
		{func(s *Settings) { s.RegisterPort = 65536 }, "register_port"},
		{func(s *Settings) { s.RegisterPort = 65535 }, ""},
		{func(s *Settings) { s.BackupPort = -1 }, "backup_port"},
		{func(s *Settings) { s.RegisterAddr = "a b" }, "register_addr"},
		{func(s *Settings) { s.Transport = "sctp" }, "transport"},
		{func(s *Settings) { s.FailoverMode = "x" }, "failover_mode"},
		{func(s *Settings) { s.RegisterCodes = "500,50" }, "register_failover_codes"},
		{func(s *Settings) { s.AuthPassword = "a\nb" }, "auth_password"},
		{func(s *Settings) { s.T1, s.T2 = 0, 0 }, "t1_ms t2_ms"},
		{func(s *Settings) { s.T1, s.T2 = 4000, 4000 }, ""},
		{func(s *Settings) { s.T1, s.T2 = 4001, 4000 }, "t2_ms"},
		{func(s *Settings) { s.FailoverMode, s.T1, s.FailoverPeriod = Period, 100, 6401 }, "failover_period_ms"},
		{func(s *Settings) { s.FailoverMode, s.T1, s.FailoverPeriod = Period, 100, 6400 }, ""},
		{func(s *Settings) { s.PhoneNumber = "" }, "phone_number"},
		{func(s *Settings) { s.PhoneNumber, s.Enabled = "", false }, ""},
		{func(s *Settings) {
			s.SignalRetryCounts, s.BackupTTL, s.RegisterTTL, s.T1, s.PhoneNumber = -1, -1, -1, 5000, ""
		}, "register_ttl backup_ttl signal_retry_counts phone_number t2_ms"},
	} {
		s := testSettings(t)
		c.change(&s)
		var names []string
		for _, e := range FieldErrors(s.Validate()) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("faults of %q, want %q", got, c.want)
		}
	}
}
