package line

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// The plan of the default settings is FAILOVER 2.4: UX-15, FO-01, FO-02, FO-17, FO-18, FB-03, FB-05.
func TestPlan(t *testing.T) {
	const backup = `"backup_ms":[7500,8000,9000,11000,15000,19000,23000,27000,31000,35000,39000],"told_ms":39500}`
	const late = `"backup_ms":[15000,15500,16500,18500,22500,26500,30500,34500,38500,42500,46500],"told_ms":47000}`
	const register = `"sends_ms":[0,500,1500,3500],"failover_ms":7500,` + backup
	const cancel = `"sends_ms":[0,500,1500,3500,7500,8000,9000,11000],"failover_ms":15000,` + late
	const off = `"no_connection":{"sends_ms":[0],"failover_ms":7500,"backup_ms":[7500],"told_ms":39500}`
	full := `[0,500,1500,3500,7500,11500,15500,19500,23500,27500,31500]`
	for _, c := range []struct {
		name     string
		settings []string
		want     string
	}{
		{"default", nil, `{"REGISTER":{` + register + `,"INVITE":{` + register + `,"BYE":{` + register + `,"CANCEL":{` + cancel + `,"OPTIONS":null,
			"probe":{"first_ms":1800000,"sends_ms":` + full + `,"next_ms":3632000},"idle":{"backup_ms":3547500,"with_options_ms":45000,"options_every_s":30},
			"refresh_s":{"primary":3540,"backup":3540},"retry_s":32,"transports":{"primary":"udp","backup":"udp"},"addresses":{"primary":1,"backup":1}}`},
		{"one server", []string{"backup_addr="}, `{"REGISTER":{"sends_ms":` + full + `,"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"INVITE":{"sends_ms":[0,500,1500,3500,7500,15500,31500],"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"BYE":{"sends_ms":` + full + `,"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"CANCEL":{"sends_ms":[0,500,1500,3500,7500,8000,9000,11000,15000,19000,23000,27000,31000,35000,39000],"failover_ms":null,"backup_ms":null,"told_ms":39500},
			"OPTIONS":null,"probe":null,"idle":null,"refresh_s":{"primary":3540},"retry_s":32,"transports":{"primary":"udp"},"addresses":{"primary":1}}`},
		// UX-01: over a connection a server has 64*T1 to answer, and the count's time to take it.
		{"tcp", []string{"transport=1", "backup_transport=1"}, `{"REGISTER":{"sends_ms":[0],"failover_ms":32000,"backup_ms":[32000],"told_ms":64000,` + off + `},
			"INVITE":{"sends_ms":[0],"failover_ms":32000,"backup_ms":[32000],"told_ms":64000,` + off + `},
			"BYE":{"sends_ms":[0],"failover_ms":32000,"backup_ms":[32000],"told_ms":64000,` + off + `},
			"CANCEL":{"sends_ms":[0,32000],"failover_ms":64000,"backup_ms":[64000],"told_ms":96000,
			"no_connection":{"sends_ms":[0,7500],"failover_ms":15000,"backup_ms":[15000],"told_ms":47000}},"OPTIONS":null,
			"probe":{"first_ms":1800000,"sends_ms":[0],"next_ms":3632000},"idle":{"backup_ms":3572000,"with_options_ms":94000,"options_every_s":30},
			"refresh_s":{"primary":3540,"backup":3540},"retry_s":32,"transports":{"primary":"tcp","backup":"tcp"},"addresses":{"primary":1,"backup":1}}`},
		{"tcp with its retry timer", []string{"transport=1", "tcp_use_retry_timer=1", "backup_addr="}, `{"REGISTER":{"sends_ms":[0],"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"INVITE":{"sends_ms":[0],"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"BYE":{"sends_ms":[0],"failover_ms":null,"backup_ms":null,"told_ms":32000},
			"CANCEL":{"sends_ms":[0,7500],"failover_ms":null,"backup_ms":null,"told_ms":39500},
			"OPTIONS":null,"probe":null,"idle":null,"refresh_s":{"primary":3540},"retry_s":32,"transports":{"primary":"tcp"},"addresses":{"primary":1}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(NewPlan(testSettings(t, c.settings...), nil))
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, string(got), c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	named := testSettings(t, "register_addr=p.example.test", "transport=3")
	if p := NewPlan(named, map[Slot]int{Primary: 2, Backup: 3}); *p.REGISTER.Failover != 64000 || *p.REGISTER.NoConnection.Failover != 15000 || p.Addresses[Primary] != 2 ||
		p.Addresses[Backup] != 1 || p.Probe.Next != 1800000+64000+1800000 || p.Probe.NoConnection.Next != 1800000+39500+1800000 {
		t.Errorf("two addresses: %+v, probe %+v", *p.REGISTER, *p.Probe)
	}
	if p := NewPlan(named, nil); *p.REGISTER.Failover != 32000 || p.Addresses[Primary] != 1 {
		t.Errorf("a name that was not looked up: %+v", *p.REGISTER)
	}
	if p := NewPlan(testSettings(t, "options_keepalive=1"), nil); *p.OPTIONS.Failover != 15000 || len(p.OPTIONS.Sends) != 8 {
		t.Errorf("OPTIONS: %+v", *p.OPTIONS)
	}
	if NewPlan(Default(), nil) != nil {
		t.Error("a line without a server has a plan")
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	j, _ := json.Marshal(x)
	k, _ := json.Marshal(y)
	return string(j) == string(k)
}

// Whatever is valid has a plan, and it ends.
func TestPlanOfExtremes(t *testing.T) {
	for _, settings := range [][]string{
		{"signal_retry_counts=20"}, {"t1_ms=10", "t2_ms=10"}, {"t1_ms=10000", "t2_ms=60000"}, {"failback_interval=2147483647"},
		{"failback_interval=1", "backup_ttl=10"}, {"register_ttl=10"}, {"wraparound=1"}, {"failover_symmetric=1"}, {"transport=1"},
		{"failback_probe=options"}, {"failover_mode=period", "failover_period_ms=100"}, {"signal_registered_only=1"}, {"register_addr="},
		{"options_keepalive=1", "udp_update_ttl=5", "options_fail_count=10"}, {"reg_backoff=rfc5626"}, {"failback_success_count=10"},
		{"outbound_proxy_addr=192.0.2.7", "outbound_proxy_need_reg=1"}, {"backup_addr=", "backup_outbound_proxy_addr=b.example.test", "backup_outbound_proxy_need_reg=1"},
	} {
		p := NewPlan(testSettings(t, settings...), nil)
		for name, m := range map[string]*MethodPlan{"REGISTER": p.REGISTER, "INVITE": p.INVITE, "BYE": p.BYE, "CANCEL": p.CANCEL} {
			if len(m.Sends) == 0 || m.Told == nil {
				t.Errorf("%v: %s: %+v", settings, name, *m)
			}
		}
	}
}

// OP-11: the plan names the outbound proxies, and is that of two servers where a backup proxy makes the second one (OP-02).
func TestPlanNamesProxies(t *testing.T) {
	two := NewPlan(testSettings(t), nil)
	p := NewPlan(proxied(t, "backup_transport=tcp", "register_addr=pbx.example.test", "outbound_proxy_port=5080"), nil)
	want := map[Slot]PlanProxy{Primary: {"pbx.example.test:5060", "192.0.2.7:5080", UDP}, Backup: {"pbx.example.test:5060", "192.0.2.8:5060", TCP}}
	if !reflect.DeepEqual(p.Proxies, want) {
		t.Errorf("%+v, want %+v", p.Proxies, want)
	}
	if p = NewPlan(proxied(t), nil); !reflect.DeepEqual(p.REGISTER, two.REGISTER) || !reflect.DeepEqual(p.INVITE, two.INVITE) || !reflect.DeepEqual(p.BYE, two.BYE) || !reflect.DeepEqual(p.Probe, two.Probe) {
		t.Errorf("%+v, want %+v", p, two)
	}
	if b, _ := json.Marshal(two); strings.Contains(string(b), "proxies") {
		t.Errorf("%s", b)
	}
}
