package webui

import (
	"maps"
	"strings"
	"testing"

	"hilphone/sip/line"
	"hilphone/sip/netfault"
)

// RS-10: whatever a REGISTER ends with has a reason and a remedy in each language.
func TestEveryRegistrationReasonInWords(t *testing.T) {
	var results []line.RegisterResult
	for code := 300; code < 700; code++ {
		results = append(results, line.RegisterResult{Cause: line.CauseResponse, Code: code, Phrase: "Reason"})
	}
	for _, refusal := range line.RefusalReasons {
		if refusal != line.RefusedCancel { // of a CANCEL only
			results = append(results, line.RegisterResult{Cause: line.CauseResponse, Code: 401, Phrase: "Unauthorized", Refusal: refusal})
		}
	}
	for _, cause := range []line.Cause{line.CauseNoResponse, line.CauseICMP, line.CauseConnect, line.CauseTLS, line.CauseDNS, line.CauseLocal} {
		results = append(results, line.RegisterResult{Cause: cause, Fault: netfault.Fault{Reason: netfault.Other, Detail: "detail"}})
	}
	for _, reason := range netfault.Reasons { // UX-05
		if reason != netfault.Other {
			results = append(results, line.RegisterResult{Cause: line.CauseConnect, Fault: netfault.Fault{Reason: reason, Detail: "detail"}})
		}
	}
	known := map[string]line.Label{}
	maps.Copy(known, registrationWords)
	maps.Copy(known, faultWords)
	used := map[string]bool{"socket": true} // ExplainSocket
	for _, r := range results {
		why := NewRegistrationReason(r)
		used[why.Word] = true
		for _, l := range languages {
			for _, group := range []string{"reason.", "remedy."} {
				if _, ok := known[group+why.Word]; !ok {
					t.Fatalf("%+v: no words %s%s", r, group, why.Word)
				}
			}
			if text := why.Remedy(l.Tag); strings.ContainsAny(text, "{}") {
				t.Errorf("%+v in %s: %q", r, l.Name, text)
			}
			if text := why.Text(l.Tag); !strings.Contains(text, why.Detail) || strings.Contains(text, "%!") {
				t.Errorf("%+v in %s: %q", r, l.Name, text)
			}
		}
	}
	for key := range known {
		group, word, _ := strings.Cut(key, ".")
		if group != "fault" && word != "answer" && word != "detail" && word != "label" && word != "other" && !used[word] {
			t.Errorf("%s is the %s of nothing", key, group)
		}
	}
}

// RS-10: what REST says of a line whose REGISTER was not accepted.
func TestRegistrationReason(t *testing.T) {
	answered := func(code int, phrase string, refusal line.RefusalReason) line.RegisterResult {
		return line.RegisterResult{Cause: line.CauseResponse, Code: code, Phrase: phrase, Refusal: refusal}
	}
	accepted := answered(200, "OK", "")
	silent := line.RegisterResult{Cause: line.CauseNoResponse}
	for _, c := range []struct {
		name            string
		state           line.State
		primary, backup line.RegisterResult
		by              line.Slot
		result, word    string
		reason          string
	}{
		{"403", line.StateTimeout, answered(403, "Forbidden", ""), line.RegisterResult{}, line.Primary, "403 Forbidden", "forbidden",
			"403 Forbidden: the server does not allow this account to register"},
		{"401 to the password", line.StateTimeout, answered(401, "Unauthorized", line.RefusedLogin), line.RegisterResult{}, line.Primary, "401 Unauthorized", "credentials_rejected",
			"401 Unauthorized: user or password is wrong"},
		{"407 without password", line.StateTimeout, answered(407, "Proxy Authentication Required", line.RefusedPassword), line.RegisterResult{}, line.Primary,
			"407 Proxy Authentication Required", "no_password", "407 Proxy Authentication Required: the server asks for a password, and none is set"},
		{"404, no phrase", line.StateTimeout, answered(404, "", ""), line.RegisterResult{}, line.Primary, "404", "not_found", "404: the server does not know this number"},
		{"unknown 4xx", line.StateTimeout, answered(499, "Odd", ""), line.RegisterResult{}, line.Primary, "499 Odd", "refused", "499 Odd: the server refused the registration"},
		{"unknown 6xx", line.StateTimeout, answered(699, "Odd", ""), line.RegisterResult{}, line.Primary, "699 Odd", "declined", "699 Odd: the server declined the registration"},
		{"silence of both", line.StateTimeout, silent, silent, line.Backup, "no_response", "no_response", "the server did not answer"},
		{"silence, then 403", line.StateTimeout, silent, answered(403, "Forbidden", ""), line.Backup, "403 Forbidden", "forbidden",
			"403 Forbidden: the server does not allow this account to register"},
		{"tried again", line.StateTrying, silent, answered(403, "Forbidden", ""), line.None, "no_response", "no_response", "the server did not answer"},
		{"certificate", line.StateTimeout, line.RegisterResult{Cause: line.CauseTLS,
			Fault: netfault.Fault{Reason: netfault.CertificateName, Detail: "the certificate is for a.example, wanted b.example"}}, line.RegisterResult{}, line.Primary, "tls", "certificate_name",
			"the certificate of the server is for another name (the certificate is for a.example, wanted b.example)"},
		{"registered", line.StateRegistered, answered(403, "Forbidden", ""), accepted, line.None, "", "", ""},
		{"switched off", line.StateUnapplied, answered(403, "Forbidden", ""), line.RegisterResult{}, line.None, "", "", ""},
	} {
		v := StatusView{State: c.state}
		v.Explain(c.primary, c.backup, c.by)
		if v.LastResult != c.result || v.ReasonWord != c.word || v.Reason != c.reason || (v.Remedy == "") != (c.word == "") {
			t.Errorf("%s: %q %q %q, do %q", c.name, v.LastResult, v.ReasonWord, v.Reason, v.Remedy)
		}
		if c.primary.Failed() != (v.Servers.Primary.Reason != "") || v.Servers.Backup.Reason != "" && !c.backup.Failed() {
			t.Errorf("%s: of the servers %q and %q", c.name, v.Servers.Primary.Reason, v.Servers.Backup.Reason)
		}
	}
}

// RS-10: the panel, the page of the line, System > Information, REST and the metrics say why a line is not registered; the word for the state
// is the vendor's.
func TestRegistrationReasonIsShown(t *testing.T) {
	h, s := inhabited(t)
	h.registers = map[int]line.RegisterResult{1: {Cause: line.CauseResponse, Code: 403, Phrase: "Forbidden <here>"}}
	for _, path := range []string{"/", "/line/sip?line=1", "/system/information"} {
		for l, want := range map[language][]string{
			english:  {"Timeout", "403 Forbidden &lt;here&gt;: the server does not allow this account to register", "check SIP User, Authentication User and Authentication Password"},
			japanese: {"403 Forbidden &lt;here&gt;: サーバーはこのアカウントの登録を許可していません", "SIPユーザー、認証ユーザー、認証パスワードを確認してください"},
			chinese:  {"403 Forbidden &lt;here&gt;：服务器不允许该账户注册", "请检查SIP用户"},
		} {
			page := browse(s, RoleAdmin, l, "GET "+path, nil).Body.String()
			for _, text := range want {
				if !strings.Contains(page, text) {
					t.Errorf("%s in %s lacks %q", path, l.tag, text)
				}
			}
		}
	}
	body := rest(s, "GET /lines/1/status", "").Body.String()
	for _, want := range []string{`"state":"timeout"`, `"last_result":"403 Forbidden `, `"reason_word":"forbidden"`, `"remedy":"check SIP User`} {
		if !strings.Contains(body, want) {
			t.Errorf("the status lacks %s: %s", want, body)
		}
	}
	if text := serve(s, request("tok-read", "GET /metrics", "")).Body.String(); !strings.Contains(text, `hilphone_line_failure{line="1",reason="forbidden"} 1`) {
		t.Error("the metrics do not have the reason")
	}
}
