package evidence

import (
	"slices"
	"strings"
	"testing"
)

// SE-15: a secret is known by what it is called, wherever a command or its output has it; the rest can still be read.
func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		"pbxctl --password hunter22 --host a stop":                                "pbxctl --password *** --host a stop",
		"pbxctl --password=hunter22":                                              "pbxctl --password=***",
		`pbxctl --admin-password 'hunter 22' "-token" x`:                          `pbxctl --admin-password *** "-token" ***`,
		`pbxctl --adminPass "a \" b";echo`:                                        "pbxctl --adminPass ***;echo",
		"ADMIN_SECRET=abc123 PGPASSWORD=def456 psql -h db":                        "ADMIN_SECRET=*** PGPASSWORD=*** psql -h db",
		"export API_KEY='k 1' && run":                                             "export API_KEY=*** && run",
		"curl -u admin:hunter22 http://pbx/stop":                                  "curl -u admin:*** http://pbx/stop",
		"curl -uadmin:hunter22 --proxy-user 'p:q r' x":                            "curl -uadmin:*** --proxy-user 'p:***' x",
		"curl https://admin:hunter22@pbx.lab/stop?x=1":                            "curl https://admin:***@pbx.lab/stop?x=1",
		"git clone https://glpat-123@git.lab/x":                                   "git clone https://***@git.lab/x",
		"curl https://pbx.lab/stop?token=abc123&now=1":                            "curl https://pbx.lab/stop?token=***&now=1",
		"curl -H 'Authorization: Bearer abc.def' http://pbx":                      "curl -H 'Authorization: ***' http://pbx",
		"curl -H \"Proxy-Authorization: Basic YTpi\" -H 'A: b'":                   "curl -H \"Proxy-Authorization: ***\" -H 'A: b'",
		"curl -H 'X-Auth-Token: abc' -H 'X-Api-Key: def' -b 'a'":                  "curl -H 'X-Auth-Token: ***' -H 'X-Api-Key: ***' -b 'a'",
		"curl -H 'Cookie: session=abc; b=c' x":                                    "curl -H 'Cookie: ***' x",
		`curl -d '{"user": "a", "password": "hunter22"}' x`:                       `curl -d '{"user": "a", "password": ***}' x`,
		"sshpass -p hunter22 ssh -p 2222 root@pbx systemctl stop":                 "sshpass -p *** ssh -p 2222 root@pbx systemctl stop",
		"sshpass -phunter22 ssh pbx":                                              "sshpass -p*** ssh pbx",
		"mysql -h db -uroot -phunter22 -e 'select 1'":                             "mysql -h db -uroot -p*** -e 'select 1'",
		"ipmitool -H bmc -U root -P hunter22 power off":                           "ipmitool -H bmc -U root -P *** power off",
		"smbclient -U admin%hunter22 //pbx/x":                                     "smbclient -U admin%*** //pbx/x",
		"snmpset -v2c -c private pdu 1.3 i 1":                                     "snmpset -v2c -c *** pdu 1.3 i 1",
		"server said: Bearer abcdefgh12":                                          "server said: Bearer ***",
		"Basic YWRtaW46aHVudGVyMg== sent, basic settings":                         "Basic *** sent, basic settings",
		"password: hunter22\nuser: a\nsecret_key = x":                             "password: ***\nuser: a\nsecret_key = ***",
		"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nok": "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nok",
		"-----BEGIN PRIVATE KEY-----\nMII":                                        "-----BEGIN PRIVATE KEY-----***",
		`pbx --password "$PBX_PASSWORD"`:                                          "pbx --password ***",
		"Config File Key    :abc\nSIP1 Media Key:def":                             "Config File Key    :***\nSIP1 Media Key:***",
		"XML-PBook1 Auth:user:PW":                                                 "XML-PBook1 Auth:***",
		`{"Config File Key": "abc", "key": "MUTE"}`:                               `{"Config File Key": ***, "key": "MUTE"}`,
		"<ConfigFileKey>abc</ConfigFileKey><Key>x</Key>":                          "<ConfigFileKey>***</ConfigFileKey><Key>x</Key>",
		// What is none.
		"press the key: 5, Redial Key: 6":                     "",
		"ssh pbx1 systemctl stop kamailio":                    "",
		"ssh root@pbx -p 22 'kill -9 1' && ssh://root@pbx":    "",
		"pbx --password-file /etc/pw --token-ttl 5 --pass-fd": "",
		"PWD=/x OLDPWD=/y BYPASS=1 COMPASS=n passed=3":        "",
		"curl --user-agent x -u admin http://a:8080/b@c":      "",
		"docker run -u 1000:1000 x":                           "docker run -u 1000:*** x", // reads like a password
		"":                                                    "",
	} {
		if want == "" {
			want = text
		}
		if got := MaskText(text); got != want {
			t.Errorf("%q\n is %q\nwant %q", text, got, want)
		}
		if again := MaskText(MaskText(text)); again != MaskText(text) && strings.Count(again, stars) > strings.Count(text, "=")+9 {
			t.Errorf("%q: masked again it is %q", text, again)
		}
	}
}

// SE-15: the secrets of a command are known as its programs read them, to be hidden wherever they come again.
func TestSecretsIn(t *testing.T) {
	got := SecretsIn(`A_TOKEN='a b c d' x --password "hunt\"er" --pin 1 --secret short --pass $VAR http://u:p%40ssword@h --token a\ bcdef -H 'Authorization: Basic YTpwYXNzd29yZDE='`)
	want := []string{"Basic YTpwYXNzd29yZDE=", "YTpwYXNzd29yZDE=", "a b c d", "a bcdef", `hunt"er`, "p%40ssword", "p@ssword", "password1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzMaskText: whatever the text, what is masked has nothing of the secrets that are found in it but by chance, and stays a text.
func FuzzMaskText(f *testing.F) {
	f.Add("curl -u admin:hunter22 -H 'Authorization: Bearer x' https://a:b@c --password \"x\\\"")
	f.Add("A_SECRET='x\ny' sshpass -p x ssh y")
	f.Fuzz(func(t *testing.T, text string) {
		spans := secretSpans(text)
		last := 0
		for _, s := range spans {
			if s.from < last || s.to <= s.from || s.to > len(text) {
				t.Fatalf("%q: %v", text, spans)
			}
			last = s.to
		}
		_ = SecretsIn(text)
		if masked := MaskText(text); strings.Count(masked, stars) < len(spans) {
			t.Errorf("%q became %q", text, masked)
		}
	})
}
