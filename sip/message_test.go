package sip

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"hilphone/sip/line"
	"hilphone/sip/wire"
)

func TestHostInURIs(t *testing.T) { // FO-15
	for _, c := range []struct {
		domain, addr string
		port         int
		slot         line.Slot
		name         string
		wantPort     int
	}{
		{"", "192.0.2.1", 5060, line.Primary, "192.0.2.1", 0},
		{"", "192.0.2.1", 5070, line.Primary, "192.0.2.1", 5070},
		{"", "2001:db8::1", 5062, line.Primary, "[2001:db8::1]", 5062},
		{"", "pbx.example.test", 5060, line.Primary, "pbx.example.test", 0},
		{"example.test", "192.0.2.1", 5070, line.Primary, "example.test", 0},
		{"2001:db8::2", "192.0.2.1", 5060, line.Primary, "[2001:db8::2]", 0},
		{"", "192.0.2.1", 5060, line.Backup, "192.0.2.9", 5080},
	} {
		s := line.Default()
		s.Domain, s.RegisterAddr, s.RegisterPort, s.BackupAddr, s.BackupPort = c.domain, c.addr, c.port, "192.0.2.9", 5080
		if name, port := host(s, c.slot); name != c.name || port != c.wantPort {
			t.Errorf("%+v: %s %d", c, name, port)
		}
	}
}

func TestDialled(t *testing.T) {
	for to, want := range map[string]string{
		"1002":                   "sip:1002@192.0.2.1:5070",
		"*21#":                   "sip:*21%23@192.0.2.1:5070",
		"+81-3(1234)":            "sip:+81-3%281234%29@192.0.2.1:5070",
		"a b":                    "sip:a%20b@192.0.2.1:5070",
		"座席":                     "sip:%E5%BA%A7%E5%B8%AD@192.0.2.1:5070",
		"10:20":                  "sip:10%3A20@192.0.2.1:5070", // else 20 would be a password
		"100%":                   "sip:100%25@192.0.2.1:5070",
		`"<>\^{}`:                "sip:%22%3C%3E%5C%5E%7B%7D@192.0.2.1:5070",
		"bob@example.test":       "sip:bob@example.test",
		"sip:bob@example.test":   "sip:bob@example.test",
		"bob@[2001:db8::1]:5080": "sip:bob@[2001:db8::1]:5080",
		"a\r\nX: y":              "sip:a%0D%0AX:%20y@192.0.2.1:5070",
	} {
		want = strings.ReplaceAll(want, "X:%20y", "X%3A%20y")
		u, err := dialled(to, "192.0.2.1", 5070)
		if err != nil || u.String() != want {
			t.Errorf("%q: %s, %v, want %s", to, u.String(), err, want)
		}
	}
	for _, to := range []string{"", "bob@", "bob@exa mple", "a@b@c", "bob@h\r\nX: y", "bob@h;x=\r\ny", "bob@h?X=y\r\n", "bob@<h>"} {
		if u, err := dialled(to, "192.0.2.1", 0); err == nil {
			t.Errorf("%q is taken for %s", to, u.String())
		}
	}
}

func TestQuotedName(t *testing.T) { // RFC 3261 25.1, quoted-string
	for name, want := range map[string]string{"": "", "Desk": "Desk", `a"b\c`: `a\"b\\c`, "座席": "座席"} {
		if got := quotedName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestSeconds(t *testing.T) {
	for v, want := range map[string]int{
		"": 0, "5": 5, " 5 ": 5, "120 (maintenance)": 120, "18000;duration=3600": 18000, "-1": 0, "x": 0, `"60"`: 60, "0": 0,
		"2147483647": 2147483647, "2147483648": 2147483647, "4294967296": 0, "45abc": 0, "99999999999999999999": 0, "Mon, 01 Jan": 0,
	} {
		if got, _ := wire.Seconds(v); got != want {
			t.Errorf("%q: %d, want %d", v, got, want)
		}
	}
}

// FO-16: the grant is that of our own Contact among those of other phones, in one header field or in several, else the Expires header
// field's, else none is said.
func TestGrantedExpires(t *testing.T) {
	for _, c := range []struct {
		name, own string
		heads     []string
		want      int
	}{
		{"one", "127.0.0.1", []string{"Contact: <sip:1001@127.0.0.1:5070>;expires=60"}, 60},
		{"ours is second", "127.0.0.1", []string{"Contact: <sip:1001@127.0.0.9:5070>;expires=10", "Contact: <sip:1001@127.0.0.1:5070>;expires=60"}, 60},
		{"in one header field", "127.0.0.1", []string{"Contact: <sip:1001@127.0.0.9:5070>;expires=10, <sip:1001@127.0.0.1:5070>;expires=60, <sip:1001@127.0.0.1:5071>;expires=20"}, 60},
		{"a comma in a name", "127.0.0.1", []string{`Contact: "a, b" <sip:1001@127.0.0.9:5070>;expires=10, "x" <sip:1001@127.0.0.1:5070;ob>;q=0.5;expires=60`}, 60},
		{"short form", "127.0.0.1", []string{"m: <sip:1001@127.0.0.1:5070>;expires=60"}, 60},
		{"another user", "127.0.0.1", []string{"Contact: <sip:1002@127.0.0.1:5070>;expires=60", "Expires: 90"}, 90},
		{"without a grant of its own", "127.0.0.1", []string{"Contact: <sip:1001@127.0.0.1:5070>", "Expires: 90"}, 90},
		{"its own comes first", "127.0.0.1", []string{"Contact: <sip:1001@127.0.0.1:5070>;expires=60", "Expires: 90"}, 60},
		{"header field only", "127.0.0.1", []string{"Expires: 90"}, 90},
		{"nothing", "127.0.0.1", nil, 0},
		{"IPv6", "[2001:db8::1]", []string{"Contact: <sip:1001@[2001:db8::9]:5070>;expires=10, <sip:1001@[2001:db8::1]:5070>;expires=60"}, 60},
		{"upper case", "127.0.0.1", []string{"CONTACT: <SIP:1001@127.0.0.1:5070>;Expires=60"}, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "127.0.0.2"})
			req.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "1001", Host: c.own, Port: 5070}, Params: sip.NewParams()})
			lines := append([]string{"SIP/2.0 200 OK", "Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1", "CSeq: 1 REGISTER"}, c.heads...)
			msg, err := wire.Read([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			l := &Line{log: slog.New(slog.DiscardHandler)}
			if got := l.grantedExpires(&transaction{request: req}, msg.Response); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

func TestBrackets(t *testing.T) {
	for name, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8::1": "[2001:db8::1]", "::ffff:192.0.2.1": "[::ffff:192.0.2.1]", "pbx.test": "pbx.test", "": ""} {
		if got := bracketed(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
		if back := trimBrackets(bracketed(name)); back != name {
			t.Errorf("%q comes back as %q", name, back)
		}
	}
	for uri, want := range map[string]string{
		"sip:192.0.2.1": "192.0.2.1:5060", "sip:a@[2001:db8::1]:5070;lr": "[2001:db8::1]:5070", "sip:a@[2001:db8::1]": "[2001:db8::1]:5060",
		"sips:192.0.2.1": "192.0.2.1:5061", "sip:192.0.2.1;transport=TLS": "192.0.2.1:5061", "sip:pbx.test": "invalid AddrPort",
	} {
		var u sip.Uri
		if err := sip.ParseUri(uri, &u); err != nil {
			t.Fatal(err)
		}
		if a, _ := uriAddr(u); a.String() != want {
			t.Errorf("%s: %s", uri, a)
		}
	}
}

func TestQuotedByICMP(t *testing.T) { // FO-05
	full := "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKabc;rport\r\nX: y\r\n"
	for n := range len(full) {
		branch, method := quoted([]byte(full[:n]))
		if complete := n > strings.Index(full, ";rport"); complete != (branch == "z9hG4bKabc") || complete != (method == "REGISTER") {
			t.Fatalf("%d octets: %q %q", n, branch, method)
		}
	}
}
