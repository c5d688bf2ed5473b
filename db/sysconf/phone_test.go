package sysconf

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// phoneText configures a phone with one line, an unknown key and a password of each kind.
const phoneText = currentText + `<NET CONFIG MODULE>
MTU:1400
<SIP CONFIG MODULE>
SIP  Port:5062
--SIP Line List--:
SIP1 Phone Number:1001
SIP1 Register Addr:pbx.lab
SIP1 Register Pswd:pw-1
SIP1 Proxy Pswd:pw-2
SIP1 Backup Addr:192.0.2.2
SIP1 Backup Transport:2
SIP1 Enable Reg:1
SIP1 Enable Failback:0
SIP1 Failback Interval:60
SIP1 Signal Retry Counts:5
SIP1 MedCrypto Key:pw-3
SIP1 Moon Phase:full
SIP1 X-failover_mode:period
<CALL FEATURE MODULE>
P1 Reject Return Code:486
` + end

// TestWholePhone: what a phone exports, whole and in each format. The files were held against the vendor's list of keys, their order and their defaults; but for
// UDPUpdate Try Times, which is 1 here, they are the same. Legacy files do not cut Session Timer T1, T2 and T4, which would be one key.
func TestWholePhone(t *testing.T) {
	c, _ := merged(t, Factory(), phoneText)
	// Without secrets the rows of all keys that hold one are gone, empty ones too, and the rest is the same (IM-05).
	secrets := map[Format]*regexp.Regexp{
		Text:       regexp.MustCompile(`(?m)^SIP1 (Register Pswd|Proxy Pswd|SigCrypto Key|MedCrypto Key) .*\n`),
		LegacyText: regexp.MustCompile(`(?m)^SIP1 (Register Pswd|Proxy Pswd|SigCrypto Key|MedCrypto Key) .*\n`),
		XML:        regexp.MustCompile(`(?m)^ *<(RegisterPswd|ProxyPswd|SigCryptoKey|MedCryptoKey)>.*\n`),
		LegacyXML:  regexp.MustCompile(`(?m)^ *<(Register_Pswd|Proxy_Pswd|SigCrypto_Key|MedCrypto_Key)>.*\n`),
		JSON:       regexp.MustCompile(`(?m)^ *"(auth_password|outbound_proxy_password|SigCrypto Key|MedCrypto Key)": .*\n`),
	}
	for format, name := range wholeNames {
		data, err := os.ReadFile(filepath.Join("testdata", "phone", name))
		if err != nil {
			t.Fatal(err)
		}
		want := string(data)
		if got := string(c.Export(format, true)); got != want {
			t.Errorf("%s: %s", format, firstDifference(want, got))
		}
		open := secrets[format].ReplaceAllString(want, "")
		if n := len(secrets[format].FindAllString(want, -1)); n != 4 {
			t.Errorf("%s: %d keys of secrets in the file", format, n)
		}
		if got := string(c.Export(format, false)); got != open {
			t.Errorf("%s without secrets: %s", format, firstDifference(open, got))
		}
	}
}
