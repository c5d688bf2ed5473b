package behaviour

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// full sets each property of a table to something that is not zero: the highest number, all choices, a line.
func full[T any](fields []Field[T]) (v T) {
	for _, f := range fields {
		switch p := f.At(&v).(type) {
		case *bool:
			*p = true
		case *string:
			*p = "x"
			if f.Choices != nil {
				*p = f.Choices[len(f.Choices)-1].Name
			}
		case *[]string:
			*p = []string{"INVITE", "BYE"}
			if f.Choices != nil {
				*p = Names(f.Choices)[:2]
			}
		default:
			f.setNumber(&v, f.Max)
		}
	}
	return v
}

// checkTable: each property has its own name and place, says what it does, and is the same after JSON and after a form.
func checkTable[T any](t *testing.T, name string, fields []Field[T]) {
	t.Helper()
	names, words := map[string]bool{}, map[string]bool{}
	v := full(fields)
	for _, f := range fields {
		if names[f.Name] || f.Word != "" && words[f.Word] || f.Doc == "" {
			t.Errorf("%s.%s is there twice, or says nothing", name, f.Name)
		}
		names[f.Name], words[f.Word] = true, true
		var zero, one T
		if !f.Zero(zero) || f.Zero(v) {
			t.Errorf("%s.%s: what is zero?", name, f.Name)
		}
		if err := f.Set(&one, f.Text(v)); err != nil || f.Text(one) != f.Text(v) {
			t.Errorf("%s.%s: %q typed is %q: %v", name, f.Name, f.Text(v), f.Text(one), err)
		}
		for _, other := range fields {
			if other.Name != f.Name && !other.Zero(one) {
				t.Errorf("%s.%s sets %s too", name, f.Name, other.Name)
			}
		}
		if f.Choices != nil {
			for _, c := range f.Choices {
				if c.Name == "" || c.Doc == "" || strings.ContainsAny(c.Name, " ,") {
					t.Errorf("%s.%s: the choice %+v", name, f.Name, c)
				}
			}
		}
	}
	data, err := Marshal(fields, v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := Unmarshal(fields, data, &back); err != nil || !reflect.DeepEqual(back, v) {
		t.Errorf("%s: %s became %+v: %v", name, data, back, err)
	}
	if fields := reflect.TypeFor[T]().NumField(); fields < len(names) {
		t.Errorf("%s has %d properties in %d fields", name, len(names), fields)
	}
}

func TestTables(t *testing.T) {
	checkTable(t, "server", ServerFields)
	checkTable(t, "answering", AnsweringFields)
	checkTable(t, "call", CallFields)
	checkTable(t, "request", RequestFields)
	if n := reflect.TypeFor[Server]().NumField(); n != len(ServerFields) {
		t.Errorf("a server has %d fields, and its table %d", n, len(ServerFields))
	}
	if n := reflect.TypeFor[Answering]().NumField(); n != len(AnsweringFields) {
		t.Errorf("answering has %d fields, and its table %d", n, len(AnsweringFields))
	}
}

// TestWrong: what is out of range, is none of the choices or contradicts another property is named, and changes nothing.
func TestWrong(t *testing.T) {
	for text, field := range map[string]string{
		`{"behaviour":"angry"}`:                             "behaviour",
		`{"behaviour":1}`:                                   "behaviour",
		`{"status":200}`:                                    "status",
		`{"retry_after_s":1.5}`:                             "retry_after_s",
		`{"retry_after_s":86401}`:                           "retry_after_s",
		`{"delay_ms":"1"}`:                                  "delay_ms",
		`{"delay_ms":1e300}`:                                "delay_ms",
		`{"drop":-0.1}`:                                     "drop",
		`{"drop_first":0.5}`:                                "drop_first",
		`{"seed":9007199254740993}`:                         "seed",
		`{"methods":["A1"]}`:                                "methods",
		`{"methods":"INVITE"}`:                              "methods",
		`{"methods":["INVITE"],"behaviour":"refuse"}`:       "methods",
		`{"no_tcp":1}`:                                      "no_tcp",
		`{"no_handshake":true,"bad_handshake":true}`:        "bad_handshake",
		`{"spelling":["sideways"]}`:                         "spelling",
		`{"spelling":["spaces","spaces"]}`:                  "spelling",
		`{"spelling":["compact","lower-case"]}`:             "spelling",
		`{"record_route":["strict","unresolvable"]}`:        "record_route",
		`{"challenges":["two-realms","proxy-then-server"]}`: "challenges",
		`{"challenges":["md5-sess","sha-256"]}`:             "challenges",
		`{"noise":["music"]}`:                               "noise",
		`{"pad":-1}`:                                        "pad",
		`{"pad":2000001}`:                                   "pad",
		`{"add":["a\nb"]}`:                                  "add",
		`{"add":[" folded"]}`:                               "add",
		`{"add":["` + strings.Repeat("x", 1001) + `"]}`:     "add",
		`{"batch":11}`:                                      "batch",
		`{"cut":65536}`:                                     "cut",
		`{"mode":"serve"}`:                                  "mode",
		`{"add":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]}`: "add",
	} {
		before := Server{Mode: Hang, Pad: 7}
		b := before
		err := json.Unmarshal([]byte(text), &b)
		wrong := (*FieldError)(nil)
		if !errors.As(err, &wrong) || wrong.Field != field || wrong.Message == "" || !reflect.DeepEqual(b, before) {
			t.Errorf("%s: %v, %+v", text, err, b)
		}
	}
	for text, field := range map[string]string{
		`{"answering":"sulk"}`: "answering", `{"early":200}`: "early", `{"sdp":"g728"}`: "sdp", `{"answering":"status","status":100}`: "status",
	} {
		var a Answering
		wrong := (*FieldError)(nil)
		if err := json.Unmarshal([]byte(text), &a); !errors.As(err, &wrong) || wrong.Field != field || a != (Answering{}) {
			t.Errorf("%s: %v, %+v", text, err, a)
		}
	}
	for text, field := range map[string]string{`{}`: "to", `{"to":"<1>"}`: "to", `{"to":"1001","via":"third"}`: "via", `{"to":"1001","cseq":"lower"}`: "cseq", `{"to":"1001","ack":"late"}`: "ack"} {
		wrong := (*FieldError)(nil)
		if _, err := ReadCall([]byte(text)); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("call %s: %v", text, err)
		}
	}
	for text, field := range map[string]string{`{"to":"1001"}`: "method", `{"method":"ACK"}`: "method", `{"method":"NOTIFY","event":"a b"}`: "event", `{"method":"INFO","cseq":"next"}`: "cseq"} {
		wrong := (*FieldError)(nil)
		if _, err := ReadRequest([]byte(text)); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("request %s: %v", text, err)
		}
	}
}

// TestForms: what is typed is read in its unit, and what is wrong leaves the property as if nothing had been typed.
func TestForms(t *testing.T) {
	for _, c := range []struct{ name, typed, text string }{
		{"delay_ms", " 12.5 ", "12.5"}, {"delay_ms", "", ""}, {"delay_ms", "60001", "!"}, {"retry_after_s", "1.5", "!"}, {"drop", "0.25", "0.25"}, {"drop", "NaN", "!"},
		{"seed", "9007199254740991", "9007199254740991"}, {"seed", "-1", "!"}, {"methods", "INVITE,BYE ACK", "INVITE BYE ACK"}, {"methods", "invite", "!"},
		{"spelling", "spaces folded", "spaces folded"}, {"spelling", "x", "!"}, {"add", "Require: foo\r\n  X: 1  \n\n", "Require: foo\nX: 1"}, {"then", "silent", "silent"}, {"then", "x", "!"},
		{"cancel", "1", "1"}, {"cancel", "", ""}, {"pad", "1e3", "1000"}, {"pad", "x", "!"},
	} {
		f, ok := Find(ServerFields, c.name)
		if !ok {
			t.Fatal(c.name)
		}
		var b Server
		err := f.Set(&b, c.typed)
		if want := strings.TrimPrefix(c.text, "!"); f.Text(b) != want || (err != nil) != (c.text == "!") {
			t.Errorf("%s: %q is %q: %v", c.name, c.typed, f.Text(b), err)
		}
	}
	if f, _ := Find(ServerFields, "delay_ms"); f.Integer() || f.Unit != time.Millisecond {
		t.Error("a delay is not a number of milliseconds")
	}
	if _, ok := Find(ServerFields, "weather"); ok {
		t.Error("there is a weather")
	}
}

// TestDefaults: a status that is needed and missing has a default, and one that is not needed is left out.
func TestDefaults(t *testing.T) {
	var b Server
	if err := json.Unmarshal([]byte(`{"behaviour":"status"}`), &b); err != nil || b.Status != 503 {
		t.Errorf("%+v: %v", b, err)
	}
	if b = (Server{Status: 500, RetryAfter: time.Second}).Clean(); b.Mode != Serve || b.Status != 0 || b.RetryAfter != 0 {
		t.Errorf("%+v", b)
	}
	if !Same(ServerFields, b, Server{Mode: Serve}) || Same(ServerFields, b, Server{Mode: Hang}) || Same(ServerFields, b, Server{Mode: Serve, Add: []string{"x"}}) {
		t.Error("what is the same?")
	}
	var a Answering
	if err := json.Unmarshal([]byte(`{"answering":"status"}`), &a); err != nil || a.Status != 480 {
		t.Errorf("%+v: %v", a, err)
	}
	if text, err := json.Marshal(Answering{}); err != nil || string(text) != `{"answering":"answer","after_ms":0,"hang_up_after_ms":0}` {
		t.Errorf("%s: %v", text, err)
	}
}

// FuzzServer: any JSON is refused, or is a behaviour that is in range and the same when it is written and read again.
func FuzzServer(f *testing.F) {
	whole, _ := json.Marshal(Server{Mode: Status, Status: 503, Spelling: []string{"spaces"}, Add: []string{"Require: foo"}, Pad: 3, Cancel: true})
	for _, text := range []string{string(whole), `{}`, `null`, `[]`, `{"drop":1e-400}`, `{"delay_ms":0.0000001}`, `{"methods":null}`, `{"add":[""]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Server
		if json.Unmarshal(data, &b) != nil {
			return
		}
		if err := b.Check(); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var back Server
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s became %s: %v", data, text, err)
		}
		again, _ := json.Marshal(back)
		if string(again) != string(text) {
			t.Errorf("%s became %s and then %s", data, text, again)
		}
	})
}

// TestMessages: what is wrong in JSON is refused in these words.
func TestMessages(t *testing.T) {
	for text, want := range map[string]string{
		`{"no_tcp":1}`:                     "no_tcp: 1 is not true or false",
		`{"behaviour":1}`:                  "behaviour: 1 is not a text",
		`{"methods":"INVITE"}`:             "methods: \"INVITE\" is not a list of texts",
		`{"delay_ms":"1"}`:                 "delay_ms: \"1\" is not a number",
		`{"delay_ms":60000.1}`:             "delay_ms: 60000.1 is not in 0..60000",
		`{"delay_ms":-1}`:                  "delay_ms: -1 is not in 0..60000",
		`{"retry_after_s":1.5}`:            "retry_after_s: 1.5 is not a whole number",
		`{"retry_after_s":86401}`:          "retry_after_s: 86401 is not in 0..86400",
		`{"drop":1.01}`:                    "drop: 1.01 is not in 0..1",
		`{"status":299}`:                   "status: 299 is not in 300..699",
		`{"status":700}`:                   "status: 700 is not in 300..699",
		`{"spelling":["spaces","spaces"]}`: "spelling: spaces is there twice",
		`{"then":"silnet"}`:                "then: \"silnet\" is not one of serve, silent, refuse, hang, close, status; did you mean silent?",
	} {
		var b Server
		if err := json.Unmarshal([]byte(text), &b); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// TestRanges: each number of a server at the ends of its range, which are written here by hand, and one step beyond.
func TestRanges(t *testing.T) {
	for _, c := range []struct {
		name            string
		low, high, step float64
	}{{"status", 300, 699, 1}, {"retry_after_s", 0, 86400, 1}, {"delay_ms", 0, 60000, 0.001}, {"drop", 0, 1, 0.001}, {"pad", 0, 2000000, 1}, {"batch", 0, 10, 1}, {"cut", 0, 65535, 1}} {
		f, ok := Find(ServerFields, c.name)
		if !ok {
			t.Errorf("no %s", c.name)
			continue
		}
		for n, fits := range map[float64]bool{c.low: true, c.high: true, c.low - c.step: c.low-c.step == 0, c.high + c.step: false, 0: true} {
			var b Server
			err := f.Set(&b, fmt.Sprint(n))
			if (err == nil) != fits || (fits && n != 0) == f.Zero(b) {
				t.Errorf("%s %v: %v, %q", c.name, n, err, f.Text(b))
			}
			var read Server
			if err := Unmarshal(ServerFields, fmt.Appendf(nil, `{%q:%v}`, c.name, n), &read); (err == nil) != fits {
				t.Errorf("%s %v in JSON: %v", c.name, n, err)
			}
		}
	}
}

// TestRequests: a call and any other request are written with their own properties, and are checked by them.
func TestRequests(t *testing.T) {
	for want, r := range map[string]Request{
		`{"method":"NOTIFY","to":"1001","event":"presence","cseq":"lower"}`: {Method: "NOTIFY", To: "1001", Event: "presence", CSeq: "lower"},
		`{"to":"1001","via":"backup","again":true}`:                         {To: "1001", Via: "backup", Again: true},
	} {
		text, err := json.Marshal(r)
		if err != nil || string(text) != want {
			t.Errorf("%s, %v, want %s", text, err, want)
		}
		read := ReadCall
		if r.Method != "" {
			read = ReadRequest
		}
		if back, err := read([]byte(want)); err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("%s: %+v, %v", want, back, err)
		}
	}
	for want, r := range map[string]Request{
		"to: is missing": {}, `event: "a b" is not the name of an event package`: {Method: "NOTIFY", To: "1001", Event: "a b"}, `cseq: "next" is not one of lower, same`: {Method: "INFO", CSeq: "next"},
		`to: "<1>" is not a number: letters, digits and + - _ . only, 64 at most`: {To: "<1>"},
	} {
		if err := r.Check(); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", r, err, want)
		}
	}
	if err := (Request{Method: "INFO"}).Check(); err != nil { // in the call that is up
		t.Error(err)
	}
}
