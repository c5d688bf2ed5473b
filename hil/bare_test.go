package hil

import (
	"strings"
	"testing"

	"hilphone/hil/scenario"
)

// TestBareRefused: what only a phone's REST interface could do or tell is refused before anything is pressed, where there is none.
func TestBareRefused(t *testing.T) {
	servers := ServersAt{Kind: BenchServers, Primary: ServerAt{Address: "127.0.0.41:5060"}, Backup: ServerAt{Address: "127.0.0.42:5060"}}
	own := ServersAt{Kind: OwnServers, Primary: ServerAt{Address: "127.0.0.41:5060", Down: "false", Up: "true"}}
	const rest = "needs the REST interface of a phone, and this place has none"
	for _, c := range []struct {
		step, want string
		servers    ServersAt
	}{
		{"expect lamp line1 on within 1s", "", servers},
		{"expect lamp line1 on by rest within 1s", "x.scenario:3: lamp: " + rest, servers},
		{"expect lamp power on within 1s", "x.scenario:3: lamp: rig.yaml has no sensor on the lamp power", servers},
		{"expect sip INVITE to primary within 1s", "", servers},
		{"expect sip INVITE to primary within 1s", "x.scenario:3: sip: is seen by servers of the bench only", own},
		{"expect call talking within 1s", "x.scenario:3: call: " + rest, servers},
		{"expect display x within 1s", "x.scenario:3: display: " + rest, servers},
		{"expect event failover within 1s", "x.scenario:3: event: " + rest, servers},
		{"expect peer up within 1s", "", servers},
		{"peer busy\nexpect peer up within 1s", "", servers},
		{"peer call\nexpect peer up within 1s", "x.scenario:3: peer: which number has the phone?", servers},
		{"call 1002\nexpect peer up within 1s", "x.scenario:3: call: " + rest, servers},
		{"setting t1_ms 100\nexpect peer up within 1s", "x.scenario:3: setting: " + rest, servers},
		{"press 12\nexpect peer up within 1s", "x.scenario:3: press: rig.yaml has no output at key 2", servers},
		{"server primary down\nexpect lamp line1 on within 1s", "", own},
		{"server primary hang\nexpect lamp line1 on within 1s", "x.scenario:3: server: servers of one's own can only be down or serve", own},
		{"hook off\nexpect lamp line1 on within 1s", "place: servers.primary.address: is needed", ServersAt{}},
	} {
		g, m := newMemoryRig(t, memoryRigFile)
		s, err := scenario.Parse("x.scenario", []byte("scenario A\nhook off\n"+c.step+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		servers := c.servers
		if servers.Kind == "" {
			servers.Backup.Address = "127.0.0.42:5060"
		}
		b := &Bench{Place: Place{Servers: servers}, Rig: g}
		err = b.Check(t.Context(), s)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.step, err, c.want)
		}
		if m.high[2] {
			t.Error("the handset was lifted")
		}
	}
	s, err := scenario.Parse("x.scenario", []byte("scenario A\nneeds tls\nhook off\nexpect lamp line1 on within 1s\n"))
	if err != nil {
		t.Fatal(err)
	}
	g, _ := newMemoryRig(t, memoryRigFile)
	for _, c := range []struct {
		bench *Bench
		want  string
	}{
		{&Bench{Place: Place{Servers: servers}, Rig: g}, "x.scenario: needs tls: the servers of this place use udp"},
		{&Bench{Place: Place{Servers: servers}}, "the place has neither the address of a phone nor a rig"},
	} {
		if err := c.bench.Check(t.Context(), s); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
