package webui

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"hilphone/db/journal"
	"hilphone/sip/line"
)

// contract is the published OpenAPI document, read by another implementation than the one that wrote it.
type contract struct {
	doc    *openapi3.T
	router routers.Router
	seen   map[string]bool // operation ids that were driven
}

// A drawing is bytes like any other to the contract; ladder_test.go reads it.
func init() {
	for _, kind := range []string{"image/svg+xml", "application/jsonl", "text/csv", "application/xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}

func loadContract(t testing.TB, s *Server) *contract {
	t.Helper()
	w := serve(s, request("", "GET /openapi.json", ""))
	if w.Code != http.StatusOK {
		t.Fatalf("GET /openapi.json: %d", w.Code)
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{doc, router, map[string]bool{}}
}

// drive makes a request and holds request and answer against the document.
func (k *contract) drive(t *testing.T, s *Server, what, body string) (int, string) {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	r := request("tok-admin", method+" "+base+path, body)
	if len(body) == 1 {
		r.Header.Set("Content-Type", "text/plain")
	}
	route, params, err := k.router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s is not in the document: %v", what, err)
	}
	k.seen[route.Operation.OperationID] = true
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
	asked := openapi3filter.ValidateRequest(context.Background(), in)
	if body != "" {
		r.Body = io.NopCloser(strings.NewReader(body)) // the validation has read it
	}
	w := serve(s, r)
	if (asked == nil) == (w.Code == http.StatusUnprocessableEntity) {
		t.Errorf("%s %s: answered %d, but the document says of the request: %v", what, body, w.Code, asked)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true}}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		t.Errorf("%s %s: the answer %d is not what the document says: %v\n%s", what, body, w.Code, err, w.Body)
	}
	return w.Code, w.Body.String()
}

func TestContract(t *testing.T) {
	h := newHouse()
	s := newServer(t, h)
	k := loadContract(t, s)
	s.Journal.Message(journal.Message{Line: 1, Out: true, Slot: "primary", Transport: "udp", Local: "127.0.0.1:5060", Remote: "127.0.0.2:5060", CallID: "a@b",
		Start: "REGISTER sip:127.0.0.2 SIP/2.0", Raw: []byte("REGISTER sip:127.0.0.2 SIP/2.0\r\n\r\n")})
	s.Journal.Message(journal.Message{Line: 1, Transport: "udp", Local: "127.0.0.1:5060", Remote: "127.0.0.66:6000", Raw: []byte{0x80, 0xff}, Fault: "no SIP message"})
	for _, step := range []struct {
		what, body string
		want       int
	}{
		{"GET /lines", "", 200},
		{"GET /lines/1/sip", "", 200},
		{"PUT /lines/1/sip", `{"enabled":true,"phone_number":"1001","register_addr":"127.0.0.2","auth_password":"` + canary + `"}`, 200},
		{"GET /lines/1/sip", "", 200},
		{"PATCH /lines/1/sip", `{"failback_interval":60}`, 200},
		{"PATCH /lines/1/sip", `{"failback_interval":60.0}`, 200},
		{"PATCH /lines/1/sip", `{"auth_password":null}`, 200},
		{"PATCH /lines/1/sip", `{"failback_interval":-1}`, 422},
		{"PATCH /lines/1/sip", `{"failback_interval":1.5}`, 422},
		{"PATCH /lines/1/sip", `{"failback_interval":"60"}`, 422},
		{"PATCH /lines/1/sip", `{"failback_intervall":60}`, 422},
		{"PATCH /lines/1/sip", `{"transport":"sctp"}`, 422},
		{"PATCH /lines/1/sip", `{"display_name":"` + strings.Repeat("x", 65) + `"}`, 422},
		{"PATCH /lines/1/sip", `{"enabled":1}`, 422},
		{"PATCH /lines/1/sip", `[]`, 422},
		{"GET /lines/21/sip", "", 404},
		{"GET /lines/one/sip", "", 422},
		{"GET /lines/1/plan", "", 200},
		{"GET /lines/2/plan", "", 409},
		{"GET /lines/21/plan", "", 404},
		{"POST /lines/1/plan", `{"backup_addr":"127.0.0.3","options_keepalive":true,"failback_interval":60,"auth_password":"` + canary + `"}`, 200},
		{"POST /lines/1/plan", `{}`, 200},
		{"POST /lines/1/plan", `{"register_addr":""}`, 409},
		{"POST /lines/2/plan", `{"phone_number":"1","backup_addr":"127.0.0.3"}`, 200},
		{"POST /lines/1/plan", `{"failback_interval":-1}`, 422},
		{"POST /lines/1/plan", `{"failback_intervall":60}`, 422},
		{"POST /lines/1/plan", `[]`, 422},
		{"POST /lines/0/plan", `{}`, 404},
		{"GET /lines/1/status", "", 200},
		{"GET /lines/2/status", "", 200},
		{"GET /lines", "", 200},
		{"POST /lines/1/register", "", 202},
		{"POST /lines/2/register", "", 409},
		{"POST /lines/1/unregister", "", 202},
		{"GET /phone", "", 200},
		{"PUT /phone/hook", `{"state":"off"}`, 200},
		{"PUT /phone/hook", `{"state":"up"}`, 422},
		{"PUT /phone/hook", `{}`, 422},
		{"POST /phone/keys", `{"keys":"1002#"}`, 200},
		{"POST /phone/keys", `{"keys":"","press_ms":80}`, 422},
		{"POST /phone/keys", `{"keys":"1","press_ms":0}`, 422},
		{"POST /calls", `{"line":1,"to":"1002"}`, 201},
		{"POST /calls", `{"line":2,"to":"1002"}`, 409},
		{"POST /calls", `{"to":"10 02"}`, 422},
		{"GET /io", "", 200},
		{"GET /io/hook", "", 200},
		{"GET /io/nose", "", 404},
		{"PUT /io/hook", "1", 204},
		{"PUT /io/hook", "2", 422},
		{"PUT /io/lamp_power", "0", 409},
		{"PUT /io/nose", "0", 404},
		{"GET /calls", "", 200},
		{"GET /calls?state=ended", "", 200},
		{"GET /calls?state=ended&line=1&direction=incoming&server=backup&by=peer&cause=response&remote=2&before=9", "", 200},
		{"GET /calls?by=nobody", "", 422},
		{"GET /calls?state=lost", "", 422},
		{"GET /calls/1", "", 200},
		{"GET /calls/77", "", 404},
		{"POST /calls/1/answer", "", 409},
		{"POST /calls/1/reject", "", 202},
		{"POST /calls/1/reject", `{"code":603}`, 202},
		{"POST /calls/1/reject", `{"code":200}`, 422},
		{"POST /calls/1/dtmf", `{"digits":"12#"}`, 202},
		{"POST /calls/1/mute", `{"muted":true}`, 202},
		{"POST /calls/1/hold", "", 202},
		{"POST /calls/1/resume", "", 202},
		{"POST /calls/nobody/hold", "", 404},
		{"POST /calls/1/mute", `{"muted":"yes"}`, 422},
		{"POST /calls/1/transfer", `{"to":"1003"}`, 202},
		{"POST /calls/1/transfer", `{"to":"<1003>"}`, 422},
		{"POST /calls/1/transfer", `{"to":""}`, 422},
		{"POST /calls/1/transfer", `{}`, 422},
		{"POST /calls/99/transfer", `{"to":"1003"}`, 404},
		{"DELETE /calls/1", "", 202},
		{"DELETE /calls/77", "", 404},
		{"GET /events", "", 200},
		{"GET /events?type=settings,login&line=1&since=0&limit=1", "", 200},
		{"GET /events?wait_s=61", "", 422},
		{"GET /events?before=2&newest=true&call=1", "", 200},
		{"GET /lines/1/timeline", "", 200},
		{"GET /lines/1/timeline?since=2026-03-12T10:00:00Z&until=2026-03-12T11:00:00Z", "", 200},
		{"GET /lines/1/timeline?since=2026-03-12&until=x", "", 422},
		{"GET /lines/21/timeline", "", 404},
		{"GET /events.jsonl?type=lab", "", 200},
		{"GET /events.csv?line=1&since=0&call=1", "", 200},
		{"GET /trace", "", 200},
		{"GET /trace?line=1&call_id=a@b&since=0&limit=10", "", 200},
		{"GET /trace.pcapng", "", 200},
		{"GET /trace.svg?line=1&limit=10", "", 200},
		{"GET /trace.svg?line=21", "", 422},
		{"GET /gpio.vcd", "", 200},
		{"GET /system/board", "", 200},
		{"PUT /system/board", `{"board":"virtual"}`, 200},
		{"PUT /system/board", `{"board":"chip: auto\n"}`, 200},
		{"PUT /system/board", `{}`, 422},
		{"PUT /system/board", `{"board":1}`, 422},
		{"PUT /system/board", `{"board":""}`, 422},
		{"POST /system/board/show", `{"name":"lamp_power"}`, 200},
		{"POST /system/board/show", `{"name":"lamp_nose"}`, 404},
		{"POST /system/board/show", `{}`, 422},
		{"POST /system/board/walk", "", 409}, // the handset is lifted
		{"DELETE /system/board/walk", "", 200},
		{"GET /gpio.vcd?since=1000000", "", 200},
		{"GET /gpio.vcd?since=-1", "", 422},
		{"GET /lab/servers/primary", "", 200},
		{"GET /lab/servers/third", "", 422},
		{"PUT /lab/servers/backup", `{"behaviour":"status","status":500,"retry_after_s":3,"delay_ms":10,"drop":0.25}`, 200},
		{"PUT /lab/servers/backup", `{"behaviour":"sulk"}`, 422},
		{"PUT /lab/servers/backup", `{"behaviour":"serve","drop":1.5}`, 422},
		{"GET /lab/phone", "", 200},
		{"PUT /lab/phone", `{"answering":"status","status":404,"after_ms":5}`, 200},
		{"PUT /lab/phone", `{"answering":"sulk"}`, 422},
		{"PUT /lab/phone", `{"answering":"answer","after_ms":-1}`, 422},
		{"DELETE /lab/phone/calls", "", 409},
		{"POST /lab/phone/calls", `{"to":"1001","via":"backup"}`, 200},
		{"POST /lab/phone/calls", `{"to":"<1001>"}`, 422},
		{"POST /lab/phone/calls", `{"to":"1001","via":"both"}`, 422},
		{"POST /lab/phone/requests", `{"to":"1001","method":"NOTIFY","event":"presence","add":["Require: foo"]}`, 200},
		{"POST /lab/phone/requests", `{"to":"1001","method":"CANCEL"}`, 422},
		{"POST /lab/phone/requests", `{"to":"1001"}`, 422},
		{"POST /lab/phone/calls", `{"to":"1001","sdp":"g729","ack":"missing","again":true}`, 200},
		{"POST /lab/phone/calls", `{"to":"1001","sdp":"g728"}`, 422},
		{"GET /lab/phone/calls", "", 200},
		{"DELETE /lab/phone/calls", "", 200},
		{"GET /system/token", "", 200},
		{"GET /system/tokens", "", 200},
		{"POST /system/tokens", `{"name":"lab","scope":"control"}`, 201},
		{"POST /system/tokens", `{"name":"lab"}`, 409},
		{"POST /system/tokens", `{"name":"la b"}`, 422},
		{"DELETE /system/tokens/lab", "", 204},
		{"DELETE /system/tokens/lab", "", 404},
		{"GET /system/audit", "", 200},
		{"GET /system/audit?group=access&before=9&limit=2", "", 200},
		{"GET /system/audit?group=nothing", "", 422},
		{"GET /system/information", "", 200},
		{"GET /lock", "", 200},
		{"POST /lock", `{"owner":"nightly run","ttl_s":60}`, 200},
		{"POST /lock", `{"owner":"nightly run","ttl_s":0}`, 422},
		{"POST /lock", `{"owner":"nightly run","ttl_s":86401}`, 422},
		{"POST /lock", `{"owner":""}`, 422},
		{"POST /lock", `{"ttl_s":60}`, 422},
		{"GET /lock", "", 200},
		{"DELETE /lock", "", 204},
		{"DELETE /lock", "", 204},
		{"GET /config/export", "", 200},
		{"GET /config/export?format=xml&secrets=1", "", 200},
		{"GET /config/export?format=json", "", 200},
		{"GET /config/export?format=yaml", "", 422},
		{"POST /config/import?dry_run=1", `{"lines":{"1":{"failback_interval":90,"auth_password":"another"}}}`, 200},
		{"POST /config/import", `{"lines":{"1":{"failback_interval":90,"keys":{"Need Reg On":"1","Moon":"full"}}}}`, 200},
		{"POST /config/import?dry_run=perhaps", `{}`, 422},
		{"GET /config/copies", "", 200},
		{"POST /config/copies/1/restore?dry_run=1", "", 200},
		{"POST /config/copies/1/restore", "", 200},
		{"POST /config/copies/77/restore", "", 404},
		{"GET /system/time", "", 200},
		{"PUT /system/time", `{"time_zone":"Asia/Tokyo"}`, 200},
		{"PUT /system/time", `{"time":"2026-01-01T00:00:00Z"}`, 422},
		{"POST /system/restart", "", 202},
		{"POST /system/factory-reset", `{"confirm":"factory-reset"}`, 202},
		{"POST /system/factory-reset", `{"confirm":"yes"}`, 422},
		{"GET /system/accounts", "", 200},
		{"PUT /system/accounts", `{"account":"user","password":"another one"}`, 204},
		{"PUT /system/accounts", `{"account":"user","password":"short"}`, 422},
		{"PUT /system/accounts", `{"account":"nobody","password":"another one"}`, 404},
		{"GET /system/action-urls", "", 200},
		{"PUT /system/action-urls", `{"failover":"http://u:` + canary + `@192.0.2.1/?line=$line","reg_on":""}`, 200},
		{"GET /system/action-urls", "", 200},
		{"PUT /system/action-urls", `{"failover":1}`, 422},
		{"PUT /system/action-urls", `{"failoverr":"http://192.0.2.1"}`, 422},
		{"PUT /system/action-urls", `{"failover":"` + strings.Repeat("x", 1025) + `"}`, 422},
		{"PUT /system/action-urls", `[]`, 422},
		{"POST /system/action-urls/test", `{"event":"failover"}`, 200},
		{"POST /system/action-urls/test", `{"event":"reg_on"}`, 409},
		{"POST /system/action-urls/test", `{}`, 422},
		{"GET /system/remote-control", "", 200},
		{"PUT /system/remote-control", `{"enabled":true,"allow":["192.0.2.1","10.0.0.0/8"],"faithful":true}`, 200},
		{"PUT /system/remote-control", `{}`, 200},
		{"PUT /system/remote-control", `{"enabled":"yes"}`, 422},
		{"PUT /system/remote-control", `{"allow":"192.0.2.1"}`, 422},
		{"PUT /phone/features", `{"call_timeout":45,"ring_timeout":0,"auto_onhook":false,"auto_onhook_time":0,"busy_return_code":600,"reject_return_code":488}`, 200},
		{"GET /phone/features", "", 200},
		{"PATCH /phone/features", `{"call_timeout":60}`, 200},
		{"PATCH /phone/features", `{"call_timeout":"60"}`, 422},
		{"PATCH /phone/features", `{"call_timeout":1.5}`, 422},
		{"PATCH /phone/features", `{"call_timeout":null}`, 422},
		{"PATCH /phone/features", `{"auto_onhook":1}`, 422},
		{"PATCH /phone/features", `{"sip_port":5070}`, 422},
		{"PUT /phone/features", `{}`, 200},
		{"GET /line/basic-settings", "", 200},
		{"PUT /line/basic-settings", `{"sip_port":65535}`, 200},
		{"PUT /line/basic-settings", `{"sip_port":65536}`, 422},
		{"PATCH /line/basic-settings", `{}`, 200},
	} {
		if code, body := k.drive(t, s, step.what, step.body); code != step.want {
			t.Errorf("%s %s: %d, want %d\n%s", step.what, step.body, code, step.want, body)
		}
	}
	k.seen["stream-events"] = true // endless: TestStream
	if len(k.seen) < 70 || k.doc.Paths.Len() < 50 {
		t.Errorf("only %d operations are driven, of %d paths", len(k.seen), k.doc.Paths.Len())
	}
	for path, item := range k.doc.Paths.Map() {
		for method, op := range item.Operations() {
			if !k.seen[op.OperationID] {
				t.Errorf("%s %s (%s) is not driven by this test", method, path, op.OperationID)
			}
		}
	}
}

// What scripts hold on to is in the document.
func TestContractPaths(t *testing.T) {
	k := loadContract(t, newServer(t, newHouse()))
	for _, want := range strings.Split(`GET /lines, GET /lines/{n}/sip, PUT /lines/{n}/sip, PATCH /lines/{n}/sip, GET /lines/{n}/status, GET /lines/{n}/plan, POST /lines/{n}/plan, POST /lines/{n}/register,
		POST /lines/{n}/unregister, GET /io, GET /io/{name}, PUT /io/{name}, GET /phone, PUT /phone/hook, POST /phone/keys, GET /calls, POST /calls, GET /calls/{id}, DELETE /calls/{id}, POST /calls/{id}/answer,
		POST /calls/{id}/reject, POST /calls/{id}/dtmf, POST /calls/{id}/mute, POST /calls/{id}/hold, POST /calls/{id}/resume, POST /calls/{id}/transfer, GET /events, GET /events/stream, GET /trace, GET /trace.pcapng, GET /trace.svg, GET /gpio.vcd, GET /system/board, PUT /system/board, POST /system/board/show, POST /system/board/walk, DELETE /system/board/walk, GET /lab/servers/{server},
		PUT /lab/servers/{server}, GET /lab/phone, PUT /lab/phone, GET /lab/phone/calls, POST /lab/phone/calls, POST /lab/phone/requests, DELETE /lab/phone/calls, GET /system/tokens, POST /system/tokens, DELETE /system/tokens/{name}, GET /system/information, GET /system/audit, GET /system/accounts, PUT /system/accounts`, ",") {
		method, path, _ := strings.Cut(strings.TrimSpace(want), " ")
		if item := k.doc.Paths.Value(path); item == nil || item.GetOperation(method) == nil {
			t.Errorf("%s is missing", want)
		}
	}
}

// The document describes every setting as line.Table does, and nothing else.
func TestContractSettings(t *testing.T) {
	k := loadContract(t, newServer(t, newHouse()))
	schema := k.doc.Components.Schemas["LineSettings"].Value
	secrets := 0
	for _, d := range line.Table {
		p := schema.Properties[d.Name]
		if p == nil {
			t.Errorf("%s is missing", d.Name)
			continue
		}
		if d.Secret {
			secrets++
			if !p.Value.WriteOnly {
				t.Errorf("%s is a secret and not write-only", d.Name)
			}
		}
		if d.Kind == line.Number && (*p.Value.Min != float64(d.Min) || *p.Value.Max != float64(d.Max)) {
			t.Errorf("%s: %v to %v, want %d to %d", d.Name, *p.Value.Min, *p.Value.Max, d.Min, d.Max)
		}
		if d.Kind == line.Choice && len(p.Value.Enum) != len(d.Choices) {
			t.Errorf("%s: choices %v, want %v", d.Name, p.Value.Enum, d.Choices)
		}
	}
	if want := len(line.Table) + secrets; len(schema.Properties) != want {
		t.Errorf("%d properties, want %d", len(schema.Properties), want)
	}
}
