package hil

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"hilphone/hil/scenario"
	"hilphone/hil/server"
)

// A bare phone is one without a REST interface: any desk phone, reached by the hands and eyes of a rig alone. What it sends is seen by the servers
// of the bench, which it has been told to use by hand.

// bare tells whether the phone of the place is one.
func (b *Bench) bare() bool { return b.Place.Phone == "" }

// bareTime is how long a message may take from a server of the bench into sight.
const bareTime = 20 * time.Millisecond

// barePhone is what a bare phone is called in the evidence.
const barePhone = "a phone without a REST interface"

// checkBare says what a scenario wants that a place with a bare phone cannot give.
func (b *Bench) checkBare(ctx context.Context, s *scenario.Scenario) error {
	if b.Rig == nil {
		return &Unplayable{errors.New("the place has neither the address of a phone nor a rig")}
	}
	kind, err := b.kind(ctx, nil)
	if err != nil {
		return err
	}
	if err := b.bareServers(kind); err != nil {
		return &Unplayable{err}
	}
	transport := b.Place.Servers.Transport
	if transport == "" {
		transport = "udp"
	}
	peerless, err := b.peerless(ctx, kind, nil)
	if err != nil {
		return err
	}
	var problems scenario.Problems
	for _, need := range s.Needs {
		why := b.lacks(kind, need, map[string]any{"transport": transport})
		if slices.Contains([]scenario.Need{scenario.NeedUDP, scenario.NeedTCP, scenario.NeedTLS}, need) && string(need) != transport {
			why = "the servers of this place use " + transport + ", as the phone has been told by hand: servers.transport in the place file"
		}
		if need == scenario.NeedPeer {
			why = peerless
		}
		if why != "" {
			problems = append(problems, scenario.Problem{File: s.File, Field: "needs " + string(need), Message: why})
		}
	}
	servers := b.checker(kind, nil)
	for _, step := range s.Steps {
		field, why := b.outOfReach(kind, step.Do)
		if err := servers.Check(step.Do); err != nil {
			field, why = "server", err.Error()
		}
		if why != "" {
			problems = append(problems, scenario.Problem{File: s.File, Line: step.Line, Field: field, Message: why})
		}
	}
	if problems = append(problems, b.checkRig(s)...); len(problems) > 0 {
		return &Unplayable{problems}
	}
	return nil
}

// bareServers refuses servers that a phone cannot have been told of by hand.
func (b *Bench) bareServers(kind string) error {
	switch {
	case kind == LabServers && b.Place.Servers.URL == "":
		return errors.New("place: servers.url: is needed for servers of kind lab, as the phone has no REST interface")
	case kind != BenchServers:
		return nil
	case b.Place.Servers.Transport == "tls":
		return errors.New("place: servers.transport: must be udp or tcp, as each run has an authority of its own, which nobody could tell the phone of")
	}
	for name, at := range map[string]ServerAt{"primary": b.Place.Servers.Primary, "backup": b.Place.Servers.Backup} {
		if _, err := netip.ParseAddrPort(at.Address); err != nil {
			return fmt.Errorf("place: servers.%s.address: is needed, as the phone has no REST interface: it has to be told by hand where its servers are", name)
		}
	}
	return nil
}

// outOfReach says why a step cannot be carried out with a bare phone, or nothing.
func (b *Bench) outOfReach(kind string, do scenario.Action) (field, why string) {
	const rest = "needs the REST interface of a phone, and this place has none"
	file := b.Rig.Config().File
	switch do := do.(type) {
	case scenario.Press:
		for _, key := range do.Names() {
			if !b.Rig.Can(key) {
				return "press", file + " has no output at key " + key
			}
		}
	case scenario.Hook:
		if !b.Rig.CanLift() {
			return "hook", file + " has no output at the hook"
		}
	case scenario.Call:
		return "call", rest
	case scenario.Line:
		return "line", rest
	case scenario.Setting:
		return "setting", rest
	case scenario.Peer:
		if (do.Do == "call" || do.Do == "send") && b.Place.Number == "" {
			return "peer", "which number has the phone? number in the place file"
		}
	case scenario.Expect:
		return string(do.What), b.invisible(kind, do, rest)
	}
	return "", ""
}

// invisible says why what is expected of a bare phone cannot be seen, or nothing.
func (b *Bench) invisible(kind string, e scenario.Expect, rest string) string {
	switch e.What {
	case scenario.Lamp, scenario.Ringer:
		if e.By == scenario.ByREST {
			return rest
		}
		if e.By == "" && !b.Rig.Sees(partOf(e)) {
			return b.Rig.Config().File + " has no sensor on the " + partOf(e)
		}
	case scenario.SIP:
		if kind != BenchServers {
			return "is seen by servers of the bench only, as the phone has no REST interface: --servers bench"
		}
	case scenario.LevelOf, scenario.PeerState:
	default:
		return rest
	}
	return ""
}

// prepareBare brings a bare phone and its servers to where a scenario begins, as far as hands can: the handset is put back, both servers serve.
func (r *run) prepareBare(ctx context.Context) error {
	r.report.Phone = barePhone
	r.feed = &feed{clock: r.clock, sight: r.sight, folder: r.folder, step: func() int { return int(r.step.Load()) }}
	r.openRig()
	if err := r.bench.open(ctx, r); err != nil {
		return err
	}
	r.report.Servers = r.servers.String()
	if p, ok := r.servers.(*pair); ok {
		if err := p.atHome(r.bench.Place.Servers); err != nil {
			return err
		}
	}
	r.after(r.calm)
	return r.calm(ctx)
}

// atHome refuses a pair that is elsewhere than it should be, as somebody has its addresses: a bare phone would not find it.
func (p *pair) atHome(want ServersAt) error {
	for _, c := range []struct {
		is   *server.Server
		want string
	}{{p.lab.Primary, want.Primary.Address}, {p.lab.Backup, want.Backup.Address}} {
		if is := p.address(c.is).String(); is != c.want {
			return fmt.Errorf("nobody can listen at %s: another program does, or it is no address of this machine", c.want)
		}
	}
	return nil
}

// tapped takes what a server of the pair has sent or received; of a bare phone that is all there is of its messages.
func (r *run) tapped(peer netip.AddrPort, name string, m server.Message) {
	at := r.clock.at(m.At)
	r.folder.Message(seenBy(name, m, at))
	remote, direction := m.From, "sent"
	if m.Sent {
		remote, direction = m.To, "received"
	}
	if r.phone != nil || name == server.Callee || remote == peer {
		return
	}
	r.sight.add(message{Direction: direction, Slot: name, Start: m.Start, Raw: string(m.Raw)}.observe(at))
}

// number is that of the phone on the line of the bench.
func (r *run) number(ctx context.Context) (string, error) {
	if r.phone == nil {
		return r.bench.Place.Number, nil
	}
	var settings struct {
		Number string `json:"phone_number"`
	}
	err := r.phone.Get(ctx, r.bench.path("sip"), &settings)
	return settings.Number, err
}
