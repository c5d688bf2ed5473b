package line

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"hilphone/sip/netfault"
)

var update = flag.Bool("update", false, "write the golden traces anew")

// A trace is a text: lines beginning with > are what happens to the line, lines beginning with < what it does, with the instant
// in seconds. "> wait 7.5s" lets the clock run and fires the timers. The timers of transactions are left out.
func TestTraces(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s", firstDifference(string(want), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(end)", "(end)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
	return ""
}

// play runs the inputs of a trace and returns the trace with what the line did.
func play(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	var d *driver
	for i, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(l, "< ") {
			continue
		}
		fmt.Fprintln(&out, l)
		if strings.HasPrefix(l, "settings") {
			d = newDriver(t, strings.Fields(l)[1:])
		}
		if input, ok := strings.CutPrefix(l, "> "); ok {
			if d == nil {
				d = newDriver(t, nil)
			}
			d.out = &out
			if err := d.input(strings.Fields(input)); err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
		}
	}
	return out.String()
}

// driver runs a machine on a clock of its own.
type driver struct {
	m      *Machine
	alarms Alarms[Timer]
	now    time.Duration
	out    *bytes.Buffer // nil: nothing is written down
	saw    func(time.Duration, Action)
	after  func(Event) // each step
}

func testSettings(t testing.TB, values ...string) Settings {
	t.Helper()
	s := Default()
	base := []string{"enabled=1", "phone_number=1001", "auth_password=secret", "register_addr=192.0.2.1", "backup_addr=192.0.2.2"}
	for _, v := range append(base, values...) {
		name, value, _ := strings.Cut(v, "=")
		d, ok := ByName(name)
		if !ok {
			t.Fatalf("no setting %q", name)
		}
		if err := d.SetText(&s, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return s
}

func newDriver(t testing.TB, values []string) *driver {
	return &driver{m: New(1, testSettings(t, values...)), out: &bytes.Buffer{}}
}

func (d *driver) step(e Event) {
	for _, a := range d.m.Step(d.now, e) {
		switch a := a.(type) {
		case Set:
			d.alarms.Set(a.Timer, a.At)
		case Stop:
			if !d.alarms.Stop(a.Timer) {
				continue
			}
		}
		if d.saw != nil {
			d.saw(d.now, a)
		}
		if d.out == nil {
			continue
		}
		if s := describe(d.now, a); s != "" {
			fmt.Fprintf(d.out, "< %8.3f %s\n", d.now.Seconds(), s)
		}
	}
	if d.after != nil {
		d.after(e)
	}
}

// wait lets the clock run, firing timers in order.
func (d *driver) wait(until time.Duration) {
	for {
		timer, at, ok := d.alarms.Due(until)
		if !ok {
			d.now = until
			return
		}
		d.now = max(d.now, at)
		d.step(Expired{timer})
	}
}

func (d *driver) input(f []string) error {
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	call := CallID(arg(1))
	switch f[0] {
	case "wait":
		w, err := time.ParseDuration(arg(1))
		if err != nil {
			return err
		}
		d.wait(d.now + w)
		return nil
	case "set":
		s := d.m.Settings()
		for _, v := range f[1:] {
			name, value, _ := strings.Cut(v, "=")
			def, ok := ByName(name)
			if !ok {
				return fmt.Errorf("no setting %q", name)
			}
			if err := def.SetText(&s, value); err != nil {
				return err
			}
		}
		d.step(Reconfigured{s})
	case "resolved":
		if arg(2) == "not-offered" {
			d.step(Resolved{Slot: Slot(arg(1)), NotOffered: true})
			return nil
		}
		n, err := strconv.Atoi(arg(2))
		if err != nil {
			return err
		}
		d.step(Resolved{Slot: Slot(arg(1)), Targets: n})
	case "long":
		tx, err := txOf(arg(1))
		if err != nil {
			return err
		}
		d.step(TooLong{tx})
	case "connected":
		tx, err := txOf(arg(1))
		if err != nil {
			return err
		}
		d.step(Connected{tx})
	case "routed":
		tx, err := txOf(arg(1))
		if err != nil {
			return err
		}
		to, err := netip.ParseAddrPort(arg(2))
		if err != nil {
			return err
		}
		d.step(Routed{tx, to})
	case "icmp", "failed":
		tx, err := txOf(arg(1))
		if err != nil {
			return err
		}
		if f[0] == "failed" {
			e := Failed{Tx: tx, Cause: Cause(arg(2)), Reused: arg(3) == "reused"}
			if !e.Reused {
				e.Fault = netfault.Fault{Reason: netfault.Other, Detail: strings.Join(f[min(3, len(f)):], " ")}
			}
			d.step(e)
			return nil
		}
		var typ, code int
		if _, err := fmt.Sscanf(arg(2), "%d/%d", &typ, &code); err != nil {
			return err
		}
		d.step(ICMP{tx, typ, code})
	default:
		e, err := eventOf(f[0], call, arg(2), arg(3), f)
		if err != nil {
			return err
		}
		d.step(e)
	}
	return nil
}

func txOf(s string) (TxID, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "#"))
	return TxID(n), err
}

func eventOf(verb string, call CallID, a, b string, f []string) (Event, error) {
	switch verb {
	case "start":
		return Start{}, nil
	case "register":
		return Register{}, nil
	case "unregister":
		return Unregister{}, nil
	case "shutdown":
		return Shutdown{}, nil
	case "moved":
		return Moved{}, nil
	case "resumed":
		return Resumed{}, nil
	case "trust-changed":
		return TrustChanged{}, nil
	case "dial":
		return Dial{call, a}, nil
	case "hangup":
		return HangUp{call}, nil
	case "answer":
		return Answer{call}, nil
	case "reject":
		code, _ := strconv.Atoi(a)
		return Reject{call, code}, nil
	case "invited":
		return Invited{Call: call, Remote: a, Slot: Slot(b), Offer: f[len(f)-1] != "empty"}, nil
	case "reinvited":
		return Reinvited{Call: call, Held: a == "held", Offer: a != "empty"}, nil
	case "hold":
		return Hold{call}, nil
	case "resume":
		return Resume{call}, nil
	case "transfer":
		return Transfer{call, a}, nil
	case "notified":
		code, _ := strconv.Atoi(a)
		return Notified{Call: call, Code: code, Over: b == "over"}, nil
	case "acked":
		return Acked{Call: call, Held: a == "held", Answer: a != ""}, nil
	case "cancelled":
		return Cancelled{call}, nil
	case "bye":
		return PeerHungUp{call}, nil
	}
	return responseOf(verb, f)
}

func responseOf(verb string, f []string) (Event, error) {
	code, err := strconv.Atoi(verb)
	if err != nil || len(f) < 2 {
		return nil, fmt.Errorf("unknown input %q", f)
	}
	tx, err := txOf(f[1])
	if err != nil {
		return nil, err
	}
	r := Response{Tx: tx, Code: code, Tag: "b"}
	if code == 401 || code == 407 {
		r.Challenge = FreshChallenge
	}
	for _, o := range f[2:] {
		name, value, _ := strings.Cut(o, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "expires":
			r.Expires = n
		case "min":
			r.MinExpires = n
		case "after":
			r.RetryAfter = time.Duration(n) * time.Second
		case "redirect":
			r.Redirect = true
		case "tag":
			r.Tag = value
		case "answer":
			r.Answer, r.Held = true, value == "held"
		case "challenge":
			r.Challenge = Challenge(value)
		case "realm":
			r.Refusal.Realm = value
		case "algorithm":
			r.Refusal.Algorithm = value
		case "target":
			r.Refusal.Target = value
		case "reason":
			r.Refusal.Reason = RefusalReason(value)
		default:
			return nil, fmt.Errorf("unknown option %q", o)
		}
	}
	return r, nil
}

// describe writes an action as traces show it.
func describe(now time.Duration, a Action) string {
	switch a := a.(type) {
	case Send:
		return describeSend(a)
	case Ack:
		return fmt.Sprintf("ack #%d", a.Tx)
	case Confirm:
		return fmt.Sprintf("confirm 2xx of #%d from %s", a.Tx, a.Dialog.Tag)
	case Resolve:
		return "resolve " + string(a.Slot)
	case Respond:
		return fmt.Sprintf("respond %d to call %s, datagram %d", a.Code, a.Call, a.K+1)
	case Set:
		if a.Timer.Tx == 0 && a.Timer.Call == "" {
			return fmt.Sprintf("set %s %s", a.Timer.Name, a.At-now)
		}
	case Stop:
		if a.Timer.Tx == 0 && a.Timer.Call == "" {
			return "stop " + string(a.Timer.Name)
		}
	case Done:
		text := strings.TrimSpace(fmt.Sprintf("done #%d %s after %s %s", a.Tx, a.Cause, a.Elapsed, nonZero(a.Code)))
		if a.Fault.Reason != "" {
			text += fmt.Sprintf(", %s: %s", a.Fault.Reason, a.Fault.Detail)
		}
		return text
	case CallChanged:
		c := a.Call
		s := fmt.Sprintf("call %s %s %s via %s", c.ID, c.Remote, c.State, c.Server)
		if c.State == Ended {
			s += strings.TrimRight(fmt.Sprintf(" by %s %s %s %s", c.End.By, c.End.Cause, nonZero(c.End.Code), c.End.Reason), " ")
		}
		return s
	case Note:
		text := fmt.Sprintf("note %s %+v", a.Data.EventType(), a.Data)
		return strings.ReplaceAll(strings.ReplaceAll(text, " Reason:}", "}"), " Detail:}", "}") // most have none
	case Finished:
		return "finished"
	}
	return ""
}

func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func describeSend(a Send) string {
	if a.K > 0 {
		return fmt.Sprintf("send #%d again, datagram %d", a.Tx, a.K+1)
	}
	if a.Datagram {
		return fmt.Sprintf("send #%d by UDP all the same", a.Tx)
	}
	s := fmt.Sprintf("send %s to %s", a.Method, a.Slot)
	if a.Target > 0 {
		s += fmt.Sprintf(" address %d", a.Target+1)
	}
	s += fmt.Sprintf(" #%d cseq %d", a.Tx, a.CSeq)
	switch a.Method {
	case REGISTER:
		s += fmt.Sprintf(" dialog %d expires %d", a.Series, a.Expires)
	case CANCEL:
		s += fmt.Sprintf(" of #%d", a.Of)
	case REFER:
		s += fmt.Sprintf(" to %s in dialog %s/#%d/%s", a.To, a.Dialog.Call, a.Dialog.Invite, a.Dialog.Tag)
	case BYE:
		s += fmt.Sprintf(" in dialog %s/#%d/%s", a.Dialog.Call, a.Dialog.Invite, a.Dialog.Tag)
	case INVITE:
		if a.Dialog == (Dialog{}) {
			s += " to " + a.To
			break
		}
		s += fmt.Sprintf(" in dialog %s/#%d/%s", a.Dialog.Call, a.Dialog.Invite, a.Dialog.Tag)
		if a.Hold {
			s += " hold"
		}
	}
	if a.Auth != 0 {
		s += fmt.Sprintf(" with credentials for #%d", a.Auth)
	}
	if a.Follow != 0 {
		s += fmt.Sprintf(" where #%d pointed", a.Follow)
	}
	if a.Renew {
		s += " renewed"
	}
	s += fmt.Sprintf(" within %s", a.Budget)
	if a.Connect > 0 {
		s += fmt.Sprintf(", %s to connect", a.Connect)
	}
	if a.Last {
		s += " (last)"
	}
	return s
}
