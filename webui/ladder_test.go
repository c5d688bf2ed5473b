package webui

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hilphone/db/journal"
)

// svg reads a drawing as XML and returns its texts.
func svg(t testing.TB, body string) []string {
	t.Helper()
	var texts []string
	d := xml.NewDecoder(strings.NewReader(body))
	for in := ""; ; {
		token, err := d.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, body)
		}
		switch token := token.(type) {
		case xml.StartElement:
			in = token.Name.Local
		case xml.CharData:
			if (in == "text" || in == "tspan") && strings.TrimSpace(string(token)) != "" {
				texts = append(texts, strings.TrimSpace(string(token)))
			}
		}
	}
}

func TestLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, newHouse())
		send := func(out bool, slot, start string) {
			s.Journal.Message(journal.Message{Line: 1, Out: out, Slot: slot, Transport: "udp", Local: "127.0.0.1:5070", Remote: "127.0.0.9:5060", CallID: "c", Start: start, Raw: []byte(start)})
		}
		send(true, "primary", "REGISTER sip:127.0.0.2 SIP/2.0")
		time.Sleep(500 * time.Millisecond)
		send(true, "primary", "REGISTER sip:127.0.0.2 SIP/2.0")
		time.Sleep(7 * time.Second)
		s.Journal.Event("failover", 1, "", map[string]any{"from": "primary", "to": "backup", "cause": "no_response"})
		send(true, "backup", "REGISTER sip:127.0.0.3 SIP/2.0")
		send(false, "backup", "SIP/2.0 200 OK")
		w := rest(s, "GET /trace.svg?line=1", "")
		if kind := w.Header().Get("Content-Type"); w.Code != http.StatusOK || kind != "image/svg+xml" {
			t.Fatalf("%d %s", w.Code, kind)
		}
		got := strings.Join(svg(t, w.Body.String()), "|")
		for _, want := range []string{"phone|127.0.0.1:5070|primary|127.0.0.9:5060|backup|127.0.0.9:5060|", "|REGISTER|", "|again (1)|", "|7.000 s|",
			"|failover to the backup|· no response|", "|7.500 s|", "|200 OK"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %q", want, got)
			}
		}
		if strings.Contains(got, "other") || strings.Count(got, "|again") != 1 {
			t.Errorf("drawn: %q", got)
		}
		send(false, "", "OPTIONS sip:<script>alert(1)</script>\x00\xff]]>& SIP/2.0")
		got = strings.Join(svg(t, rest(s, "GET /trace.svg?call_id=c", "").Body.String()), "|")
		if !strings.Contains(got, "|other|") || !strings.Contains(got, "|OPTIONS") {
			t.Errorf("a stranger's message: %q", got)
		}
		if got := svg(t, rest(s, "GET /trace.svg?call_id=none", "").Body.String()); strings.Join(got, "") != "phoneprimarybackup" {
			t.Errorf("no messages: %q", got)
		}
	})
}
