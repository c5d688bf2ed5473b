package device

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"hilphone/sip/line"
)

func TestCheckURL(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"http://192.0.2.1", ""},
		{"https://lab.example:8443/phone?event=failover&line=$line&call=$call_id", ""},
		{"http://user:secret@192.0.2.1/x", ""},
		{"http://[2001:db8::1]:8080/", ""},
		{"http://10.0.0.1/", ""},
		{"http://lab_1.example./", ""},
		{"ftp://192.0.2.1/", "http://"},
		{"file:///etc/passwd", "address such as"},
		{"gopher://192.0.2.1:70/_x", "http://"},
		{"http:192.0.2.1", "address such as"},
		{"//192.0.2.1/", "http://"},
		{"192.0.2.1/x", "address such as"},
		{"http:///x", "address such as"},
		{"http://a b/", "spaces"},
		{"http://a/\r\nX: y", "spaces"},
		{`http://192.0.2.1\@169.254.169.254/`, "backslashes"},
		{"http://192.0.2.1/#x", "#"},
		{"http://192.0.2.1/#", "#"},
		{"http://$active_host/", "variables may stand"},
		{"http://$active_user:x@192.0.2.1/", "variables may stand"},
		{"http://192.0.2.1/$secret", "$secret"},
		{"http://192.0.2.1/$", "no variable"},
		{"http://192.0.2.1/$macx", "$macx"},
		{"http://192.0.2.1:0/", "port 0"},
		{"http://192.0.2.1:99999/", ""}, // refused by the dial
		{"http://" + strings.Repeat("a", 1100), "characters at most"},
		{"http://127.0.0.1/", "loopback"},
		{"http://127.1.2.3/", "loopback"},
		{"http://[::1]/", "loopback"},
		{"http://[::ffff:127.0.0.1]/", "loopback"},
		{"http://[::ffff:7f00:1]/", "loopback"},
		{"http://[::127.0.0.1]/", "loopback"},
		{"http://[64:ff9b::7f00:1]/", "loopback"},
		{"http://[2002:7f00:1::]/", "loopback"},
		{"http://0.0.0.0/", "unspecified"},
		{"http://[::]/", "unspecified"},
		{"http://169.254.169.254/latest/meta-data", "link-local"},
		{"http://[::ffff:a9fe:a9fe]/", "link-local"},
		{"http://[fe80::1]/", "link-local"},
		{"http://[fe80::1%25eth0]/", "link-local"},
		{"http://[fd00:ec2::254]/", "metadata"},
		{"http://100.100.100.200/", "metadata"},
		{"http://224.0.0.1/", "multicast"},
		{"http://[ff02::1]/", "multicast"},
		{"http://255.255.255.255/", "broadcast"},
		{"http://2130706433/", "usual form"},
		{"http://0x7f000001/", "usual form"},
		{"http://0177.0.0.1/", "usual form"},
		{"http://127.1/", "usual form"},
		{"http://0x7f.0.0.1./", "usual form"},
		{"http://127.0.0.1./", "usual form"},
		{"http://１２７.0.0.1/", "IP address or domain name"},
		{"http://-a.example/", "IP address or domain name"},
		{"http://a..example/", "IP address or domain name"},
		{"http://%31%32%37.0.0.1/", "address such as"},
	} {
		err := CheckURL(c.text, false)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	if err := CheckURL("http://127.0.0.1:8000/", true); err != nil {
		t.Errorf("loopback in a lab: %v", err)
	}
	if err := CheckURL("http://169.254.169.254/", true); err == nil {
		t.Error("metadata in a lab")
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		a    string
		lab  bool
		want bool
	}{
		{"192.0.2.1", false, false}, {"10.1.2.3", false, false}, {"2001:db8::1", false, false}, {"fd12::1", false, false},
		{"127.0.0.1", false, true}, {"127.0.0.1", true, false}, {"::1", false, true}, {"::1", true, false},
		{"::ffff:127.0.0.1", true, false}, {"::ffff:169.254.169.254", true, true}, {"2002:a9fe:a9fe::1", true, true},
		{"64:ff9b:1::a9fe:a9fe", true, true}, {"fe80::1%eth0", true, true}, {"0.1.2.3", true, true}, {"239.1.1.1", true, true},
	} {
		if got := Refused(netip.MustParseAddr(c.a), c.lab) != ""; got != c.want {
			t.Errorf("%s (lab %v): refused %v", c.a, c.lab, got)
		}
	}
	if Refused(netip.Addr{}, true) == "" {
		t.Error("no address is called")
	}
}

const canary = "canary-pa55"

func TestMask(t *testing.T) {
	for _, c := range [][2]string{
		{"http://192.0.2.1/x?a=b", "http://192.0.2.1/x?a=b"},
		{"http://u:" + canary + "@192.0.2.1/x", "http://u:***@192.0.2.1/x"},
		{"http://u:" + canary + "@192.0.2.1", "http://u:***@192.0.2.1"},
		{"http://u:" + canary + "@192.0.2.1?x=1", "http://u:***@192.0.2.1?x=1"},
		{"http://u:" + canary + "@x@192.0.2.1/p:q@r", "http://u:***@192.0.2.1/p:q@r"},
		{"http://u@192.0.2.1/", "http://u@192.0.2.1/"},
		{"http://192.0.2.1/?password=" + canary + "&x=$line&Token=" + canary + "&pwd=&auth=$mac", "http://192.0.2.1/?password=***&x=$line&Token=***&pwd=&auth=$mac"},
	} {
		if got := Mask(c[0]); got != c[1] || Mask(got) != got {
			t.Errorf("Mask(%s) = %s, want %s", c[0], got, c[1])
		}
	}
}

// SE-09: of an address no more than scheme and host is left, wherever a password may stand.
func TestOrigin(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "http://192.0.2.1": "http://192.0.2.1", "http://192.0.2.1:8080/": "http://192.0.2.1:8080", "https://u:p@hooks.example/T0/B0?x=y": "https://hooks.example",
		"http://u:p@x@192.0.2.1?x=1": "http://192.0.2.1", "http://[2001:db8::1]:80/a": "http://[2001:db8::1]:80", "http://192.0.2.1#x": "http://192.0.2.1", "no address": "", "ftp://u:p@h": "ftp://h",
	} {
		if got := Origin(text); got != want || Origin(got) != got {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if only := text == want || text == want+"/"; IsOrigin(text) != only {
			t.Errorf("%q is an origin: %v", text, IsOrigin(text))
		}
	}
}

func TestChanged(t *testing.T) {
	old := ActionURLs{"failover": "http://u:" + canary + "@192.0.2.1/a", "reg_on": "http://192.0.2.1/b"}
	next, err := old.Changed(map[string]string{"failover": "http://u:***@192.0.2.1/a", "reg_on": "", "reg_off": "http://192.0.2.1/c"}, false)
	if err != nil || !maps.Equal(next, ActionURLs{"failover": old["failover"], "reg_off": "http://192.0.2.1/c"}) {
		t.Errorf("%v, %v", next, err)
	}
	_, err = old.Changed(map[string]string{"failover": "http://u:***@192.0.2.2/a", "nothing": "", "reg_on": "http://127.0.0.1/?password=" + canary}, false)
	faults := line.FieldErrors(err)
	if len(faults) != 3 || faults[0].Name != "failover" || !strings.Contains(faults[0].Message, "again") || faults[1].Name != "nothing" || faults[2].Name != "reg_on" {
		t.Errorf("%v", err)
	}
	if strings.Contains(err.Error(), canary) || faults[2].Value != nil {
		t.Error("an error shows a password")
	}
}

func TestExpand(t *testing.T) {
	got := Expand("http://192.0.2.1/$mac/x?l=$line&r=$remote&d=$display_remote&n=$cause", map[string]string{
		"mac": "0c383e", "line": "1", "remote": "10&x=#/../a", "display_remote": "東京 \"x\"\r\n",
	})
	if want := "http://192.0.2.1/0c383e/x?l=1&r=10%26x%3D%23%2F..%2Fa&d=%E6%9D%B1%E4%BA%AC+%22x%22%0D%0A&n="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// SE-13: a value stays within its segment of the path, and makes no segment of dots, however a server decodes it.
func TestExpandPath(t *testing.T) {
	for value, want := range map[string]string{
		"1002": "/a/1002/b", "..": "/a/__/b", ".": "/a/_/b", "...": "/a/.../b", "": "/a//b", "a b+c": "/a/a%20b+c/b", "x/y": "/a/x%2Fy/b", "../../admin": "/a/__%2F__%2Fadmin/b",
		"x/..": "/a/x%2F__/b", "..\\x": "/a/__%5Cx/b", "%2e%2e": "/a/__/b", "%252e.": "/a/__/b", "100%": "/a/100%25/b", "%252525252e%252525252e": "/a/_252e_252e/b", "..;x": "/a/__%3Bx/b", "?q#f": "/a/%3Fq%23f/b", "1.2": "/a/1.2/b", "sip:1@x.example": "/a/sip:1@x.example/b",
	} {
		got := Expand("http://192.0.2.1/a/$remote/b?r=$remote", map[string]string{"remote": value})
		path, query, _ := strings.Cut(strings.TrimPrefix(got, "http://192.0.2.1"), "?")
		u, err := url.Parse(got)
		if path != want || err != nil || u.Query().Get("r") != value || !strings.HasPrefix(query, "r=") {
			t.Errorf("%q: %s, want the path %s, %v", value, got, want, err)
		}
	}
	// Values beside each other, and beside what stands in the address.
	for text, want := range map[string]string{
		"/a/$remote$line/b": "/a/__/b", "/a/.$remote/b": "/a/__/b", "/a/$remote.html": "/a/..html", "/../$line": "/../_", "/$server/$remote": "//_", "/a/.$server./b": "/a/__/b",
	} {
		if got := Expand("http://192.0.2.1"+text, map[string]string{"remote": ".", "line": "."}); got != "http://192.0.2.1"+want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, value := range []string{"..", "../x", "%2e%2e/", "..;", "\\..", "a\x00"} {
		f.Add("http://192.0.2.1/a/$remote/b?x=$remote", value)
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		if CheckURL(text, true) != nil || strings.Contains(text, "..") || strings.Contains(text, "/.") || strings.Contains(text, "%") || strings.Contains(text, ";") {
			return
		}
		got := Expand(text, map[string]string{"remote": value})
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("%q with %q: %v", text, value, err)
		}
		before, _, _ := strings.Cut(text, "?")
		after, _, _ := strings.Cut(got, "?")
		if strings.Count(before, "/") != strings.Count(after, "/") || u.Fragment != "" {
			t.Errorf("%q with %q: %q", text, value, got)
		}
		for _, p := range strings.FieldsFunc(u.Path, func(r rune) bool { return r == '/' || r == '\\' }) {
			if p == "." || p == ".." {
				t.Errorf("%q with %q leads to %q", text, value, u.Path)
			}
		}
	})
}

// SE-13: the addresses of this computer count as loopback, in every form.
func TestOwnAddressesAreRefused(t *testing.T) {
	interfaces := func() ([]net.Addr, error) {
		_, four, _ := net.ParseCIDR("192.0.2.61/24")
		four.IP = net.IPv4(192, 0, 2, 61)
		six := &net.IPNet{IP: net.ParseIP("2001:db8::61"), Mask: net.CIDRMask(64, 128)}
		return []net.Addr{four, six, &net.UnixAddr{Name: "none"}}, nil
	}
	for text, own := range map[string]bool{
		"192.0.2.61": true, "::ffff:192.0.2.61": true, "64:ff9b::192.0.2.61": true, "2002:c000:23d::": true, "2001:db8::61": true,
		"192.0.2.62": false, "192.0.2.1": false, "2001:db8::62": false,
	} {
		a := netip.MustParseAddr(text)
		if got := refused(a, false, interfaces) != ""; got != own {
			t.Errorf("%s is refused: %v", text, got)
		}
		if got := refused(a, true, interfaces); got != "" {
			t.Errorf("%s is refused to a phone with a lab: %s", text, got)
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		a, _ := netip.AddrFromSlice(one.(*net.IPNet).IP)
		if Refused(a, false) == "" || CheckURL("http://"+netip.AddrPortFrom(a.Unmap(), 80).String()+"/", false) == nil {
			t.Errorf("%s, an address of this computer, may be called", a)
		}
	}
}

func TestRemoteControl(t *testing.T) {
	r := RemoteControl{Enabled: true, Allow: []string{"192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::ffff:198.51.100.1"}}
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	for a, want := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "192.0.2.2": false, "10.9.8.7": true, "2001:db8::5": true, "::1": false, "198.51.100.1": true, "fe80::1%eth0": false,
	} {
		if got := r.Allows(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
	off := r
	off.Enabled = false
	if off.Allows(netip.MustParseAddr("192.0.2.1")) || (RemoteControl{Enabled: true}).Allows(netip.MustParseAddr("192.0.2.1")) {
		t.Error("somebody is let in")
	}
	for _, bad := range []string{"", "x", "192.0.2.1/33", "192.0.2.0-9", "::ffff:10.0.0.0/104", "fe80::1%eth0", "0177.0.0.1"} {
		if (RemoteControl{Allow: []string{bad}}).Validate() == nil {
			t.Errorf("%q is let in", bad)
		}
	}
	if (RemoteControl{Allow: make([]string, 33)}).Validate() == nil {
		t.Error("33 addresses")
	}
}

func TestText(t *testing.T) {
	s := Settings{
		ActionURLs:    ActionURLs{"failover": "http://192.0.2.1/?l=$line", "reg_on": ""},
		RemoteControl: RemoteControl{Enabled: true, Allow: []string{"192.0.2.1", "10.0.0.0/8"}, Faithful: true},
	}
	back, err := FromText(s.Text())
	if err != nil || !maps.Equal(back.Text(), s.Text()) || len(s.Text()) != 4 {
		t.Errorf("%+v, %v", back, err)
	}
	if text := (Settings{}).Text(); len(text) != 0 {
		t.Errorf("the factory's settings are %v", text)
	}
	back, err = FromText(map[string]string{"action_url_failover": "ftp://x", "action_url_nothing": "http://192.0.2.1", "remote_control_allow": "x", "time_zone": "UTC", "remote_control_enabled": "1"})
	if len(line.FieldErrors(err)) != 3 || len(back.ActionURLs) != 0 || back.RemoteControl.Allow != nil || !back.RemoteControl.Enabled {
		t.Errorf("%+v, %v", back, err)
	}
}

// IM-10: each number has a default within its range and words in three languages; what is set is stored, what is wrong is refused and changes nothing.
func TestNumbers(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range Numbers {
		if seen[d.Name] || d.Label.EN == "" || d.Label.JA == "" || d.Label.ZH == "" || d.Hint.EN == "" || d.Hint.JA == "" || d.Hint.ZH == "" || d.Key == "" || d.Page == "" || d.check(d.standard()) != nil {
			t.Errorf("%+v", d)
		}
		seen[d.Name] = true
		var s Settings
		if s.Number(d.Name) != d.standard() || s.Value(d.Name) != d.Default {
			t.Errorf("%s is %d, %q as delivered", d.Name, s.Number(d.Name), s.Value(d.Name))
		}
		other := d.Max
		if other == d.standard() {
			other = d.Min
		}
		if err := s.SetValue(d.Name, " "+strconv.Itoa(other)+" ", false); err != nil || s.Number(d.Name) != other || len(Changed(Settings{}, s)) != 1 || s.Validate() != nil {
			t.Errorf("%s: %v, %v", d.Name, err, s.Numbers)
		}
		back, err := FromText(s.Text())
		if err != nil || len(Changed(s, back)) != 0 {
			t.Errorf("%s: stored as %v, read as %v, %v", d.Name, s.Text(), back.Numbers, err)
		}
		before := s.Clone()
		for _, bad := range []string{"x", "1.5", strconv.Itoa(d.Max + 1), strconv.Itoa(d.Min - 1), "99999999999", "0x10"} {
			if err := s.SetValue(d.Name, bad, false); len(line.FieldErrors(err)) != 1 || len(Changed(before, s)) != 0 {
				t.Errorf("%s %q: %v, %v", d.Name, bad, err, s.Numbers)
			}
		}
		if err := s.SetValue(d.Name, "", false); err != nil || s.Number(d.Name) != other {
			t.Errorf("%s: an empty value is not set: %v, %v", d.Name, err, s.Numbers)
		}
		if err := s.SetValue(d.Name, d.Default, false); err != nil || s.Numbers != nil {
			t.Errorf("%s: back at its default it is kept as %v, %v", d.Name, s.Numbers, err)
		}
	}
	s := Settings{Numbers: map[string]int{RingTimeout: 20}}
	err := s.SetValues(Features, map[string]any{CallTimeout: 45, RejectReturnCode: 200, SIPPort: 5070, AutoOnHook: 1})
	if len(line.FieldErrors(err)) != 3 || len(s.Numbers) != 1 {
		t.Errorf("%v, %v", err, s.Numbers)
	}
	if (Settings{Numbers: map[string]int{BusyReturnCode: 0}}).Validate() == nil {
		t.Error("a busy code of 0 is valid")
	}
}

// IM-10: white space around a value of a file does not count, whatever the setting.
func TestSpaceAroundValues(t *testing.T) {
	for name, value := range map[string]string{CallTimeout: "45", "action_url_failover": "http://192.0.2.1/x", "remote_control_allow": "192.0.2.1,192.0.2.0/24", "remote_control_enabled": "1", "remote_control_faithful": "1"} {
		var s Settings
		if err := s.SetValue(name, " \t"+value+"\r\n", false); err != nil || s.Value(name) != value {
			t.Errorf("%s: %v, %q, want %q", name, err, s.Value(name), value)
		}
		if err := s.SetValue(name, " ", false); err != nil {
			t.Errorf("%s of a space: %v", name, err)
		}
	}
}

func TestActions(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range Actions {
		if seen[a.Name] || a.Label.EN == "" || a.Label.JA == "" || a.Label.ZH == "" {
			t.Errorf("%+v", a)
		}
		seen[a.Name] = true
	}
}

func FuzzURL(f *testing.F) {
	for _, s := range []string{"http://u:p@192.0.2.1/x?a=$line", "http://[::ffff:127.0.0.1]/", "http://0x7f.1/", "https://a.example:1/?token=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		masked := Mask(text)
		if Mask(masked) != masked {
			t.Errorf("%q is masked as %q and then as %q", text, masked, Mask(masked))
		}
		if CheckURL(text, false) != nil {
			return
		}
		if err := CheckURL(masked, false); err != nil {
			t.Errorf("%q is right, %q is not: %v", text, masked, err)
		}
		next, err := ActionURLs{"failover": text}.Changed(map[string]string{"failover": masked}, false)
		if err != nil && text != "" || next["failover"] != text {
			t.Errorf("%q came back as %q: %v", text, next["failover"], err)
		}
	})
}
