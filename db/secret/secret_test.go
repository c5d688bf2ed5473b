package secret

import (
	"strings"
	"testing"
)

// IM-05: a key is a secret by what it is called, in every spelling; keys to press, and settings about secrets, are none.
func TestIs(t *testing.T) {
	for _, name := range []string{
		"Register Pswd", "RegisterPswd", "sip.line.1.RegisterPswd", "Register Pwd", "Proxy Pswd", "SIP1 Proxy Pswd", "SIP_1_Proxy_Pwd", "proxypwd", "BakProxy Pswd", "auth_password", "Account1 Password",
		"Config File Key", "ConfigFileKey", "Config_File_Key", "ap.ConfigFileKey", "configfilekey", "Common Cfg File Key", "Device Cfg File Key", "CONFIG FILE KEY", "config-file-key",
		"SIP1 Signal Key", "SIP1 Media Key", "Signal Key", "MediaKey", "sip.line.3.MediaKey", "SigCrypto Key", "MedCrypto Key", "mediakey", "Media Key1", "Media Key 2",
		"XML-PBook1 Auth", "XML-PBook1Auth", "XML_PBook1_Auth", "phone.XML-PBook1Auth", "XMLPBookAuth", "pbookauth", "Push XML Auth",
		"PPPoE Password", "PPPOE Passwd", "Dot1x Password", "XSUP Passwd", "ACS Password", "LDAP1 Passwd", "FTP PassWord", "Menu Password", "KeyLock Password", "Keypad Lock Passwor", "KeypadLockPasswo",
		"Wifi PSK", "WPAPSK", "WPA Passphrase", "WEP Key1", "WEPKey1", "AES Key", "SSL Private Key", "PrivateKey", "Private Key Data", "License Key", "API Key", "apikey", "Encryption Key",
		"Conf PIN", "SIMPIN", "Lock PIN Code", "PINCode", "Pin", "Access Code", "Fast Keylock Code", "Unlock Code", "User PW", "Login Pass", "Auth Pass", "SNMP Community", "Trap Community",
		"Access Token", "Auth Token", "Secret", "Shared Secret", "Client Secret", "Credentials", "Session Cookie", "Authorization", "dm.Password.Admin", "dm.password.1", "mmi.Account.1.Password",
		"X-auth_password", "Key", "Use Password", "Enable Password",
	} {
		if !Is(name, "canary") || !Named(name) {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{
		"", "1", ".", "Fkey1 Type", "Fkey1 Value", "Fkey1 Title", "dsskey.Fkey1Value", "dss.page.1.key.1.Type", "dsskey.SideKey.1.Key", "Key1 Type", "Soft Key", "SoftKey", "Side Key", "Line Key", "DSS Key",
		"Function Key", "Programmable Key", "P1 Dial By Pound Key", "Dial With Pound Key", "Redial Key", "Hold Key", "Hot Key", "Public Key", "Server Public Key", "Key Tone", "Keypad Type", "Key Lock",
		"Register User", "Phone Number", "Display Name", "Auth User", "Auth Name", "AuthUserName", "Pass Through", "Bypass", "Passed", "Pinyin Input", "Ping", "Pickup Num", "Spin", "Author", "Boss Secretary",
		"DND On Url", "SvcCode Mode", "CW On Code", "Send ANOn Code", "Country Code", "Record Start", "Call-ID Format", "Password User Name"[9:], "Monkey", "Turkey", "Authors",
	} {
		if Is(name, "canary") {
			t.Errorf("%s is a secret", name)
		}
	}
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"Keep AUTH", "0", false}, {"Keep AUTH", "x", true}, {"SRTP Auth-Tag", "1", false}, {"SRTP Auth-Tag", "canary", true}, {"Enable Push XML Auth", "", false}, {"Enable Push XML Auth", "u:p", true},
		{"Web Auth Changed Url", "http://192.0.2.1/x", false}, {"Web Auth Changed Url", "canary", true}, {"Password Length", "12", false}, {"Password Length", "canary", true},
		{"Password Timeout", "3600", false}, {"Enable Pswd Dial", "1", false}, {"Password Type", "0", false}, {"Private Key File", "/etc/key.pem", false}, {"Private Key File", "canary", true},
		{"Lock PIN", "1", true}, {"Config File Key", "0", true}, {"Register Pswd", "", true}, {"XML-PBook1 Auth", "user:PW", true}, {"XML-PBook1 Auth", "1234", true}, {"Enable Password", "1", false},
	} {
		if got := Is(c.name, c.value); got != c.want {
			t.Errorf("%s = %q: %v", c.name, c.value, got)
		}
	}
}

const canary = "cAnary/7"

// IM-05: every user:password@ in a value is masked, and all else stays readable.
func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"http://u:PW@192.0.2.1/x?a=b":                               "http://u:***@192.0.2.1/x?a=b",
		"HTTPS://u:PW@[2001:db8::1]:8443":                           "HTTPS://u:***@[2001:db8::1]:8443",
		"ftp://u:p@PW@h/a:b@c":                                      "ftp://u:***@h/a:b@c",
		"ftp://u:PW/x@h/y":                                          "ftp://u:***@h/y",
		"ftp://u:PW?x#y@h/y":                                        "ftp://u:***@h/y",
		"tftp://u:PW@h":                                             "tftp://u:***@h",
		"http://u:PW%40x%2Fy@h":                                     "http://u:***@h",
		"http://u%3APW@h/":                                          "http://u%3A***@h/",
		"http://:PW@h/":                                             "http://:***@h/",
		"http://u:PW PW@h/x":                                        "http://u:***@h/x",
		"http://u:PW\"x<y>'z@h/x":                                   "http://u:***@h/x",
		"http%3A%2F%2Fu%3APW%40h%2Fx":                               "http%3A%2F%2Fu%3A***%40h%2Fx",
		"http%253a%252f%252fu%253aPW%2540h":                         "http%253a%252f%252fu%253a***%2540h",
		"http://h/?next=http%3A%2F%2Fu%3APW%40h2%2F&x=1":            "http://h/?next=http%3A%2F%2Fu%3A***%40h2%2F&x=1",
		"http://h/?next=http://u:PW@h2/&x=1":                        "http://h/?next=http://u:***@h2/&x=1",
		"http://a:PW@h1/x,http://b:PW@h2/y":                         "http://a:***@h1/x,http://b:***@h2/y",
		"http://a:PW@h1,ftp://h2;http://b:PW@h3|http://c:PW@h4 d:e": "http://a:***@h1,ftp://h2;http://b:***@h3|http://c:***@h4 d:e",
		"http://a:PW@h1 http://b:PW@h2":                             "http://a:***@h1 http://b:***@h2",
		"http://h1:8080,u:PW@h2":                                    "http://h1:8080,u:***@h2",
		"u:PW@h":                                                    "u:***@h",
		"u:PW@192.0.2.1:8080/x:y@z":                                 "u:***@192.0.2.1:8080/x:***@z", // the second reads like another
		"//u:PW@h/x":                                                "//u:***@h/x",
		"u:PW@h1,v:PW@h2;w:PW@h3 x:PW@h4":                           "u:***@h1,v:***@h2;w:***@h3 x:***@h4",
		"h1:8080,u:PW@h2":                                           "h1:8080,u:***@h2",
		"u:p@PW@h":                                                  "u:***@h",
		"u%3APW%40h":                                                "u%3A***%40h",
		"server=u:PW@h;mode=1":                                      "server=u:***@h;mode=1",
		"sip:1001:PW@pbx;transport=tls":                             "sip:1001:***@pbx;transport=tls",
		"<sips:1001:PW@pbx:5061>":                                   "<sips:1001:***@pbx:5061>",
		"1001:PW@pbx":                                               "1001:***@pbx",
		"http://h/?password=PW&x=$line&Token=PW&pwd=&auth=$mac":     "http://h/?password=***&x=$line&Token=***&pwd=&auth=$mac",
		"http://h/?apikey=PW;sig=PW&api_key=PW&key=PW":              "http://h/?apikey=***;sig=***&api_key=***&key=***",
		"ldap://cn=x,dc=y:PW@h/dc=z":                                "ldap://cn=x,dc=y:***@h/dc=z",
		"mysql://root:PW@tcp(db:3306)/x":                            "mysql://root:***@tcp(db:3306)/x",
		"http://u:PW%21@h1,http://v:PW@h2,http://w:PW@h3":           "http://u:***@h1,http://v:***@h2,http://w:***@h3",
	} {
		given, want := strings.ReplaceAll(text, "PW", "c4n4ry"), strings.ReplaceAll(want, "PW", "c4n4ry")
		got := Mask(given)
		if got != want || Mask(got) != got {
			t.Errorf("%s\n is %s\nwant %s", given, got, want)
		}
		if back, ok := Restore(got, given); !ok || back != given {
			t.Errorf("%s: restored %q, %v", given, back, ok)
		}
	}
	for _, text := range []string{
		"", "1001", "a@b.example", "sip:1001@192.0.2.1", "sip:1001@192.0.2.1:5060;transport=udp", "sips:1001@[2001:db8::1]", "http://192.0.2.1:8080/x@y", "http://h:80?x=a@b", "http://u@h/", "$id@$ip",
		"http://h/a:b@c", "10:30", "Record:on", "PCMU,PCMA", "mailto:a@b", "tel:+81", "100%", "%zz", "http://h/?key=MUTE", "1001@1/bc", "*72", "http://[2001:db8::1]:80/", "00:11:22:33:44:55", "a: b@c", "http://",
		"http://h:80/?m=a@b.example", "a@b.example,http://u:", "http://h/a:b@c,http://h2/d:e@f", "h:5060;[2001:db8::1]:5060?m=a@b", "x@", ":@", "@:", "::@@", "http://u:@h/",
	} {
		if got := Mask(text); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		"REGISTER sip:u:PW@h SIP/2.0\r\nFrom: \"x\" <sip:u:PW@h;a=b>;tag=a:b@c\r\nCall-ID: 12:34@h\r\nX: http://u:PW@h/ y:z@h\r\n": "REGISTER sip:u:***@h SIP/2.0\r\nFrom: \"x\" <sip:u:***@h;a=b>;tag=a:b@c\r\nCall-ID: 12:34@h\r\nX: http://u:***@h/ y:z@h\r\n",
		"Contact: <sip:1001@192.0.2.1:5060>": "Contact: <sip:1001@192.0.2.1:5060>",
		`{"url":"http://u:PW@h/?token=PW"}`:  `{"url":"http://u:***@h/?token=***"}`,
		"no":                                 "no",
		"GET http://h/?token=PW HTTP/1.1":    "GET http://h/?token=*** HTTP/1.1",
		`{"url":"http://u:a\"b\\PW'(c@h/","x":"a\u003csip:u:PW@h\u003e\nsip:v:PW@h"}`: `{"url":"http://u:***@h/","x":"a\u003csip:u:***@h\u003e\nsip:v:***@h"}`,
	} {
		if got := MaskText(strings.ReplaceAll(text, "PW", "c4n4ry")); got != want {
			t.Errorf("%q\n is %q\nwant %q", text, got, want)
		}
		if got := string(MaskBytes([]byte(strings.ReplaceAll(text, "PW", "c4n4ry")))); got != want {
			t.Errorf("%q as bytes is %q", text, got)
		}
	}
}

// IM-04: what is a mask beyond doubt.
func TestIsMask(t *testing.T) {
	for _, text := range []string{"*", "**", "****", "************", " **** ", `"***"`, "••••", "●●●●●●", "＊＊＊", "*•*", "%2A%2A%2A", "<hidden>", "(secret)", "[REDACTED]", "{masked}", "■■■"} {
		if !IsMask(text) || !HasMask(text) {
			t.Errorf("%q is no mask", text)
		}
	}
	for _, text := range []string{"", " ", "xxxx", "XXXX", "0000", "....", "----", "####", "a****", "****1", "*72", "hidden", "secret", "<secret1>", "<>", "p%2A"} {
		if IsMask(text) {
			t.Errorf("%q is a mask", text)
		}
	}
	for _, text := range []string{"http://u:****@h/", "user:****", "u:••@h", "http%3A%2F%2Fu%3A***%40h", "http://h/?token=***"} {
		if !HasMask(text) {
			t.Errorf("%q has no mask", text)
		}
	}
	if HasMask("http://u:p@h/*") || HasMask("http://h/?x=***") {
		t.Error("there is no mask")
	}
}

// IM-04: a password comes back to its own user and host alone.
func TestRestore(t *testing.T) {
	const stored = "http://u:one@h1/a?token=two,ftp://v:three@h2"
	for given, want := range map[string]string{
		"http://u:****@h1/b":                           "http://u:one@h1/b",
		"http://u:••@h1/":                              "http://u:one@h1/",
		"ftp://v:***@h2/x":                             "ftp://v:three@h2/x",
		"http://u:***@h1/a?token=***,ftp://v:***@h2":   stored,
		"http://x:y@h3":                                "http://x:y@h3",
		"http://u:***@evil/":                           "",
		"http://w:***@h1/":                             "",
		"http://h9/a?token=***":                        "",
		"http://u:***@h1/ http://u:***@h1/":            "",
		"http://u:***@h1:8080/":                        "",
		"http://u:***@h1/a?token=new,ftp://v:***@h2/z": "http://u:one@h1/a?token=new,ftp://v:three@h2/z",
	} {
		got, ok := Restore(given, stored)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", given, got, ok, want)
		}
	}
	if _, ok := Restore("http://u:***@h1/x", "http://u:***@h1/"); ok {
		t.Error("a mask was restored from a mask")
	}
}

func BenchmarkMaskBytes(b *testing.B) {
	message := []byte(strings.Repeat("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\nFrom: <sip:1001@192.0.2.1:5060>;tag=1\r\nCall-ID: abc@192.0.2.1\r\n", 4))
	for b.Loop() {
		_ = MaskBytes(message)
	}
}

// FuzzSecret: whatever the text, masking it twice is masking it once, what is masked can be restored, and a password that is known to be in it goes.
func FuzzSecret(f *testing.F) {
	for _, seed := range []string{"http://u:p@h/?token=x&y=http%3A%2F%2Fa%3Ab%40c", "u:p@h1,v:q@h2", "sip:1:2@h", "http://h:80,u:p@h", "%25253A@:", "a:b@c/d:e@f", "http://u:p w@h", "XML-PBook1Auth", "u%3Ap%40h@x:%2A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, s := range find(text) {
			if s.from < last || s.to <= s.from || s.to > len(text) {
				t.Fatalf("%q: %v", text, find(text))
			}
			last = s.to
		}
		once := Mask(text)
		if strings.Count(once, Stars) < len(find(text)) {
			t.Errorf("%q became %q", text, once)
		}
		if back, ok := Restore(once, text); !ok || back != text {
			t.Errorf("%q became %q and %q", text, once, back)
		}
		if host := strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return -1
		}, text); host != "" {
			if got := Mask("http://u:" + canary + "@" + host + "/"); strings.Contains(got, "ary") {
				t.Errorf("%q is shown", got)
			}
			_ = Is(text, host)
		}
		_, _, _ = MaskText(text), IsMask(text), HasMask(text)
	})
}

// IM-05: each word of a keyboard makes a key one to press, by itself and under it; the same name without such a word is one of cryptography.
func TestKeysToPress(t *testing.T) {
	for _, word := range []string{
		"F", "Fn", "Func", "Function", "Soft", "Softkey", "DSS", "Dsskey", "Side", "Sidekey", "Line", "Programmable", "Prog", "Memory", "Speed", "BLF", "Expansion", "Exp", "Hot", "Pound", "Hash", "Star",
		"Asterisk", "Dial", "Dialing", "Dialling", "Send", "End", "Hold", "Mute", "Redial", "Menu", "OK", "Enter", "Cancel", "Back", "Up", "Down", "Left", "Right", "Navigation", "Nav", "Volume", "Vol",
		"Headset", "Handsfree", "Speaker", "Hook", "Transfer", "Conf", "Conference", "Intercom", "Pickup", "Park", "Record", "Voicemail", "MWI", "DND", "Fwd", "Forward", "Tone", "Press", "Pressed", "Long",
		"Short", "Any", "Digit", "DTMF", "Number", "Home", "Arrow", "Power", "Emergency", "Panic", "Call", "Answer", "Reject", "Hangup", "Release", "Flash", "Pause", "Shift", "Quick", "Fast", "Touch",
		"Physical", "Hardware", "Keypad", "Keyboard", "Action", "Public", "Fkey",
	} {
		for _, name := range []string{word + " Key", "P1 " + word + " Key", strings.ToLower(word) + ".1.Key"} {
			if Is(name, "canary") {
				t.Errorf("%s is a secret", name)
			}
		}
	}
	for _, name := range []string{"Tunnel Key", "P1 Tunnel Key", "tunnel.1.Key", "Tunnel Keys"} {
		if !Is(name, "canary") {
			t.Errorf("%s is no secret", name)
		}
	}
}

// IM-05: each word that names a secret, by itself and between others, and what only looks like it.
func TestWordsOfSecrets(t *testing.T) {
	for _, word := range []string{
		"Password", "Passwd", "Passwort", "Pswd", "Pwd", "Passphrase", "Passcode", "Secret", "Credential", "Privatekey", "Privkey", "Cryptokey", "Apikey",
		"Pw", "PSK", "Pin", "Pincode", "PUK", "OTP", "Token", "Tokens", "Community", "Authorization", "Cookie", "Pass",
		"Mytoken", "Filekey", "Cfgkey", "Configkey", "Mediakey", "Signalkey", "Aeskey", "Wepkey", "Wpakey", "Enckey", "Encryptkey", "Encryptionkey", "Sharedkey", "Accesskey", "Masterkey", "Licensekey",
		"Authkey", "Sessionkey", "Srtpkey", "Vpnkey", "Sslkey", "Tlskey",
	} {
		for _, name := range []string{word, "P1 " + word, "x." + word + ".1", "Service " + word + " 2"} {
			if !Is(name, "canary") {
				t.Errorf("%s is no secret", name)
			}
		}
	}
	for _, name := range []string{"Priv Key Data", "PassWd Hint", "Api-Key-1-Data"} {
		if !Is(name, "canary") {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{"Adminpass", "userpass", "sip.line.1.Regpass2"} {
		if !Is(name, "canary") {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, before := range []string{"Private", "Crypto", "Crypt", "Encrypt", "Encryption", "Encrypted", "Decrypt", "Decryption", "AES", "DES", "WEP", "WPA", "API", "Access", "Secret", "Shared", "Signing", "Master",
		"License", "Auth", "Authentication", "Session", "SRTP"} {
		if name := before + " Key Data"; !Is(name, "canary") {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, before := range []string{"Lock", "Keylock", "Keypadlock", "Unlock", "Access", "Auth", "Authentication", "Security", "Door", "Verification", "Activation", "Login", "Pin"} {
		if name := "P1 " + before + " Code"; !Is(name, "canary") {
			t.Errorf("%s is no secret", name)
		}
	}
	for _, name := range []string{"Bypass", "Compass", "Trespass", "Surpass", "Overpass", "Underpass", "Multipass", "High Pass", "Low Pass", "Band Pass", "All Pass", "By Pass", "Pass Count", "Area Code", "Tunnel Key Data"} {
		if Is(name, "canary") {
			t.Errorf("%s is a secret", name)
		}
	}
}

// IM-05: a name that is about a secret has a number, a place or a switch for its value; anything else is taken for a secret.
func TestNamesAboutSecrets(t *testing.T) {
	for _, last := range []string{"Length", "Len", "Timeout", "Time", "TTL", "Interval", "Expire", "Expires", "Count", "Counts", "Times", "Retry", "Retries", "Port", "Size", "Max", "Min", "Age", "Lifetime"} {
		name := "Password " + last
		if Is(name, "123456") || !Is(name, "1234567") || !Is(name, "canary") {
			t.Errorf("%s: 123456 is none, 1234567 and text are secrets", name)
		}
	}
	for _, last := range []string{"Url", "Uri", "Server", "Path", "File", "Dir"} {
		name := "Password " + last
		if Is(name, "a/b") || Is(name, `a\b`) || !Is(name, "123") || !Is(name, "canary") {
			t.Errorf("%s: what has a slash is none, 123 and text are secrets", name)
		}
	}
	for _, last := range []string{"Enable", "Enabled", "Type", "Mode", "Policy", "Level", "Method", "Tag", "Set", "Dial", "Prompt", "Prefix", "Algorithm", "Format", "Version"} {
		name := "Password " + last
		if Is(name, "12") || Is(name, "") || !Is(name, "123") || !Is(name, "canary") {
			t.Errorf("%s: 12 and nothing are none, 123 and text are secrets", name)
		}
	}
	for _, first := range []string{"Enable", "Ena", "En", "Disable", "Use", "Need", "Allow", "Show", "Hide", "Keep", "Save", "Require", "Support", "Is", "Has", "With", "Enabled"} {
		name := first + " Password"
		if Is(name, "1") || !Is(name, "123") {
			t.Errorf("%s: 1 is none, 123 is a secret", name)
		}
	}
	for _, last := range []string{"User", "Username", "Name", "Id", "Realm", "Domain", "Protocol", "Host", "Addr", "Address"} {
		if name := "Auth " + last; Is(name, "canary") || Named(name) {
			t.Errorf("%s is a secret", name)
		}
	}
}

// IM-05: a value is decoded three times; what is hidden deeper is no URI to any reader of the file.
func TestDepthOfEncoding(t *testing.T) {
	value := "u:c4n4ry@h"
	for range 3 {
		value = strings.NewReplacer("%", "%25", ":", "%3A", "@", "%40").Replace(value)
		if strings.Contains(Mask(value), "c4n4ry") {
			t.Errorf("%s is not masked", value)
		}
	}
	if value = strings.ReplaceAll(value, "%", "%25"); Mask(value) != value {
		t.Errorf("%s is %s", value, Mask(value))
	}
}

// IM-05: in JSON a word ends at an escaped line break or tab, as it does at one that is not escaped.
func TestEscapedSpace(t *testing.T) {
	for _, space := range []string{" ", "\t", "\r", "\n", `\n`, `\r`, `\t`, `\u0020`} {
		text := "sip:u:c4n4ry@h" + space + "b:c@d" + space + "sip:v:c4n4ry@h2"
		if got, want := MaskText(text), "sip:u:***@h"+space+"b:c@d"+space+"sip:v:***@h2"; got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// IM-05: without a secret the text itself comes back; a word with colons before one with an @ is no user, and :/ alone is no URL.
func TestMaskTextWithoutSecret(t *testing.T) {
	for _, text := range []string{"a:b:c d@e", "v:/x?token=abc", "see http://h/?a=b and c?token=d", "sip:a@b?x=y", "12:34:56 a@b"} {
		if got := string(MaskBytes([]byte(text))); got != text {
			t.Errorf("%q is %q", text, got)
		}
		if got := MaskText(text); got != text {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"Config File Key": "config file key", "ConfigFileKey": "config file key", "Config_File-Key2": "config file key", "XMLPBookAuth": "xmlp book auth", "ABc": "a bc", "aB": "a b", "SIMPIN": "sim pin",
		"WPAPSK": "wpa psk", "APIKEY": "api key", "PIN": "pin", "SIP1 Key": "sip key", "Key12": "key", "a1B": "a b", "12": "", "": "", "  ": "", "Übung": "übung",
	} {
		if got := strings.Join(Words(name), " "); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
